/** Decides whether the sentinels and clusters that tests start are what they are taken for. */
import { expect, it } from 'vitest';
import {
  beginSlotMove,
  clusterFailover,
  describeWithCluster,
  moveSlot,
  ownedByAnother,
  startCluster,
  withClient,
} from '../support/cluster.js';
import {
  ask,
  describeWithSentinel,
  followed,
  pauseReplication,
  promotedInstead,
  sentinelFailover,
  startSentinels,
} from '../support/sentinel.js';

describeWithSentinel('sentinels of a test', () => {
  it('promote a replica when the primary dies and when they are asked, without what was not replicated', async () => {
    const running = await startSentinels();
    try {
      const { client } = running;
      await followed(client, await running.primary(), 2);
      const first = await sentinelFailover(running);
      await followed(client, first, 1); // who was primary is told some seconds later
      await ask(client(first), (asked) => asked.set('before', 'seen'));
      await ask(client(first), (asked) => asked.wait(1, 5_000));
      await pauseReplication(client(first));
      await ask(client(first), (asked) => asked.set('after', 'lost'));
      await first.kill();
      const second = await promotedInstead(running, first);
      expect(await ask(client(second), (asked) => asked.mget('before', 'after'))).toEqual(['seen', null]);
    } finally {
      await running.stop();
    }
  });
});

describeWithCluster('a cluster of a test', () => {
  it('moves slots there and back, fails over when asked and when a primary dies', async () => {
    const cluster = await startCluster();
    try {
      const [first] = cluster.nodes;
      if (first === undefined) throw new Error('there are six nodes');
      const slot = Number(
        await withClient(cluster, first, (client) => client.call('CLUSTER', 'KEYSLOT', '{tag}one')),
      );
      const owner = await cluster.ownerOf(slot);
      const get = (node: typeof owner): Promise<string | null> =>
        withClient(cluster, node, (client) => client.get('{tag}one'));
      await withClient(cluster, owner, (client) => client.set('{tag}one', '1'));
      const other = cluster.nodes.find((node, index) => index < 3 && node !== owner);
      if (other === undefined) throw new Error('there are three primaries');

      const move = await beginSlotMove(cluster, { slot, to: other });
      await move.moveKeys();
      await expect(get(owner)).rejects.toThrow(/^ASK /);
      await move.finish();
      await expect(get(owner)).rejects.toThrow(/^MOVED /);
      expect(await get(other)).toBe('1');
      await moveSlot(cluster, { slot, to: owner });
      expect(await get(owner)).toBe('1');

      const second = await clusterFailover(cluster, { slot });
      expect(await get(second)).toBe('1');
      await second.kill();
      const third = await ownedByAnother(cluster, slot, second);
      expect(third).toBe(owner);
    } finally {
      await cluster.stop();
    }
  });
});
