/** Decides whether the state of a cache in a Cluster is only ever trusted to the one primary of each slot. */
import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Session } from '../../src/cache/executor.js';
import { HANDOVER_MS, LEASE_MS } from '../../src/topology/lease.js';
import { slotOf } from '../../src/topology/slots.js';
import { bundle } from '../consistency/history/bundle.js';
import {
  beginSlotMove,
  clusterFailover,
  describeWithCluster,
  moveSlot,
  ownedByAnother,
  type RunningCluster,
  replicaOf,
  startCluster,
  withClient,
} from '../support/cluster.js';
import { eventually, type RedisProcess } from '../support/sentinel.js';
import { openClusterStore, opened } from './stores.js';

const table = 'lookaside:t:{default:one}';
const value = `${table}:id:7`;
const slot = slotOf(table);

/** One key in each third of the slots. */
const spread = ['{b}1', '{c}2', '{a}3'];

describeWithCluster('a store in a Cluster', () => {
  let cluster: RunningCluster;
  beforeAll(async () => {
    cluster = await startCluster();
  });
  afterAll(async () => cluster.stop());

  const otherPrimary = async (owner: RedisProcess): Promise<RedisProcess> => {
    for (const key of spread) {
      const node = await cluster.ownerOf(slotOf(key));
      if (node !== owner) return node;
    }
    throw new Error('there is one primary only');
  };

  it('keeps a process alive that waits for the cache to be ready, and no longer', async () => {
    const contents = `import { createCache } from './src/index.ts';
      createCache(${JSON.stringify({ topology: cluster.topology })}).ready().then(() => console.log('ready'))`;
    const program = await bundle({ contents }, null);
    const { status, stdout, stderr } = spawnSync(process.execPath, [program.file], {
      encoding: 'utf8',
      timeout: 25_000,
    });
    await program.dispose();
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: 'ready\n', stderr: '' });
  });

  it('finds all nodes from one, and spreads a pipeline over the owners of its keys, in order', async () => {
    const { port, host } = await cluster.ownerOf(slot);
    const alone = { ...cluster, topology: { kind: 'cluster' as const, nodes: [{ host, port }] } };
    const store = openClusterStore(alone);
    try {
      await store.ready();
      const session = opened(store);
      const owners = await Promise.all(spread.map((key) => cluster.ownerOf(slotOf(key))));
      expect(new Set(owners).size).toBe(3);
      expect(new Set(spread.map((key) => session.voucher(key))).size).toBe(3);
      expect(spread.every((key) => session.isTrusted(key))).toBe(true);
      const written = spread.flatMap((key) => [
        ['SET', key, 'first'],
        ['SET', key, key],
        ['GET', key],
      ]);
      expect(await session.run(written)).toEqual(spread.flatMap((key) => ['OK', 'OK', key]));
      expect(await session.runBinary([['GET', '{a}3']])).toEqual([Buffer.from('{a}3')]);
      expect(store.nodes?.()).toHaveLength(3);
    } finally {
      await store.close();
    }
  });

  it('is void where a slot has moved, and trusts the new owner after the lease of the old', async () => {
    const store = openClusterStore(cluster);
    try {
      await store.ready();
      const session = opened(store);
      await session.run([['SET', table, 'here']]);
      const owner = await cluster.ownerOf(slot);
      const voucher = session.voucher(table);
      await moveSlot(cluster, { slot, to: await otherPrimary(owner) });
      await expect(session.run([['GET', table]])).rejects.toThrow(/MOVED/);
      expect(store.session()?.isTrusted(table)).toBe(false);
      await store.settled?.([table]);
      expect(opened(store).voucher(table)).not.toBe(voucher);
      expect(await opened(store).run([['GET', table]])).toEqual(['here']);
      await moveSlot(cluster, { slot, to: owner });
      await eventually('the old owner is trusted again', async () => {
        const now = opened(store);
        return now.isTrusted(table) && now.voucher(table) === voucher;
      });
    } finally {
      await store.close();
    }
  });

  it('follows a slot on its way key by key, both nodes vouching', async () => {
    const store = openClusterStore(cluster);
    try {
      await store.ready();
      const owner = await cluster.ownerOf(slot);
      await opened(store).run([
        ['DEL', table, value, `${value}1`],
        ['HSET', table, 'any', '1'],
        ['SET', value, '2'],
      ]);
      const before = opened(store).voucher(table);
      const move = await beginSlotMove(cluster, { slot, to: await otherPrimary(owner) });
      const isOnItsWay = async (): Promise<boolean> => {
        const session: Session = opened(store);
        return session.isTrusted(table) && session.voucher(table).startsWith(`${before}>`);
      };
      await eventually('both vouch', isOnItsWay);
      await withClient(cluster, owner, async (client) => {
        const to = await otherPrimary(owner);
        await client.call('MIGRATE', to.host, to.port, value, 0, 5_000);
      });
      const commands = [
        ['HGETALL', table],
        ['GET', value],
        ['SET', `${value}1`, '3'],
        ['MGET', value, `${value}1`, `${value}2`],
        ['DEL', value, `${value}1`, `${value}2`],
        ['HSET', table, 'any', '4'],
        ['GET', '{b}1'],
        ['HGETALL', table],
      ];
      const expected = [['any', '1'], '2', 'OK', ['2', '3', null], 2, 0, '{b}1', ['any', '4']];
      expect(await opened(store).run(commands)).toEqual(expected);
      await move.finish();
      await eventually('the new owner alone vouches', async () => {
        const session: Session = opened(store);
        return session.isTrusted(table) && !session.voucher(table).includes('>');
      });
      expect(opened(store).voucher(table)).not.toBe(before);
      expect(await opened(store).run([['HGETALL', table]])).toEqual([['any', '4']]);
      await moveSlot(cluster, { slot, to: owner });
    } finally {
      await store.close();
    }
  });

  it('trusts a promoted replica only when nobody can trust the old primary any more', async () => {
    const [pinned, other] = [openClusterStore(cluster), openClusterStore(cluster)];
    try {
      await Promise.all([pinned.ready(), other.ready()]);
      const old = opened(pinned);
      const voucher = old.voucher(table);
      let lastTrustedAtMs = 0;
      const failing = clusterFailover(cluster, { slot, how: 'TAKEOVER' });
      await eventually(
        'trust in the new primary',
        async () => {
          const nowMs = performance.now();
          if (old.isTrusted(table)) lastTrustedAtMs = nowMs;
          const now = opened(other);
          return now.isTrusted(table) && now.voucher(table) !== voucher;
        },
        { pauseMs: 1 },
      );
      const trustedAtMs = performance.now();
      expect(old.isTrusted(table)).toBe(false);
      expect(trustedAtMs - lastTrustedAtMs).toBeGreaterThan(HANDOVER_MS - LEASE_MS - 100);
      await failing;
      process.stdout.write(`no primary was trusted for ${Math.round(trustedAtMs - lastTrustedAtMs)} ms\n`);
    } finally {
      await Promise.all([pinned.close(), other.close()]);
    }
  });

  it('goes on with the other slots when a primary dies, and with its own when a replica was promoted', async () => {
    const store = openClusterStore(cluster);
    try {
      await store.ready();
      const owner = await cluster.ownerOf(slot);
      const elsewhere = spread.find((key) => opened(store).voucher(key) !== opened(store).voucher(table));
      if (elsewhere === undefined) throw new Error('there are three primaries');
      expect(await replicaOf(cluster, owner)).toBeDefined();
      const session = opened(store);
      await owner.kill();
      const killedAtMs = performance.now();
      await expect(session.run([['GET', value]])).rejects.toMatchObject({ code: 'LOOKASIDE_STORE_AWAY' });
      expect(opened(store).isTrusted(elsewhere)).toBe(true);
      await ownedByAnother(cluster, slot, owner);
      await eventually('trust', async () => opened(store).isTrusted(table));
      process.stdout.write(`trusted again after ${Math.round(performance.now() - killedAtMs)} ms\n`);
      expect(await opened(store).run([['GET', value]])).toEqual([null]);
    } finally {
      await store.close();
    }
  });
});
