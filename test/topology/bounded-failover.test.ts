/** `bounded` where a primary has to be confirmed: what a failover does to what is known without asking. */
import { expect, it } from 'vitest';
import type { Config } from '../../src/index.js';
import { LEASE_MS } from '../../src/topology/lease.js';
import { slotOf } from '../../src/topology/slots.js';
import { clusterFailover, describeWithCluster, moveSlot, startCluster } from '../support/cluster.js';
import {
  describeWithSentinel,
  eventually,
  followed,
  sentinelFailover,
  startSentinels,
} from '../support/sentinel.js';
import { Sharer } from './sharer.js';

let serial = 0;

async function twoOn(topology: NonNullable<Config['topology']>): Promise<[Sharer, Sharer]> {
  const namespace = `bounded-${process.pid}-${serial++}`;
  const open = () => Sharer.open(namespace, { topology, consistency: 'bounded', bound: '200ms' });
  const sharers: [Sharer, Sharer] = [open(), open()];
  await Promise.all(sharers.map(({ cache }) => cache.ready()));
  return sharers;
}

const peek = (sharer: Sharer) => sharer.peek({ table: 'a' });

/** Served without asking. */
const known = (sharer: Sharer, answer: string): Promise<void> =>
  eventually('it is known', async () => {
    await sharer.read({ table: 'a', query: () => answer });
    return peek(sharer) !== undefined;
  });

/** While `harm` goes on, what was known ends in time, and what others write afterwards is never missed. */
async function expectCurrent([one, other]: [Sharer, Sharer], harm: () => Promise<unknown>): Promise<void> {
  await known(one, 'before');
  const before = peek(one);
  await harm();
  await eventually('the other can write', async () => {
    const placed = await other.write('a');
    await placed.end();
    return other.engine.trouble() === null;
  });
  const writtenAtMs = performance.now();
  let knownAtMs = writtenAtMs; // not when this was looked at: that may be much later on a busy machine
  await eventually(
    'it is not known any more',
    async () => {
      const nowMs = performance.now();
      if (before === undefined || peek(one) !== before) return true;
      knownAtMs = nowMs;
      return false;
    },
    { pauseMs: 1 },
  );
  expect(knownAtMs - writtenAtMs).toBeLessThan(LEASE_MS);
  await known(one, 'after');
  expect(peek(one)).toBe('after');
}

describeWithSentinel('bounded, under Sentinel', () => {
  it('knows nothing of the old primary any more when the new one is trusted', async () => {
    const running = await startSentinels();
    const sharers = await twoOn(running.topology);
    try {
      await followed(running.client, await running.primary(), 2);
      await expectCurrent(sharers, () => sentinelFailover(running));
    } finally {
      for (const { cache } of sharers) await cache.close();
      await running.stop();
    }
  });
});

describeWithCluster('bounded, in a Cluster', () => {
  it('knows nothing of the old owner of a slot any more when the new one is trusted', async () => {
    const cluster = await startCluster();
    const sharers = await twoOn(cluster.topology);
    try {
      const slot = slotOf(sharers[0].table('a'));
      await expectCurrent(sharers, () => clusterFailover(cluster, { slot, how: 'TAKEOVER' }));
      const owner = await cluster.ownerOf(slot);
      const others = await Promise.all([0, 8_000, 16_000].map((one) => cluster.ownerOf(one)));
      const to = others.find((node) => node !== owner);
      if (to === undefined) throw new Error('there are three primaries');
      await expectCurrent(sharers, () => moveSlot(cluster, { slot, to }));
    } finally {
      for (const { cache } of sharers) await cache.close();
      await cluster.stop();
    }
  });
});
