/**
 * Decides whether application processes notice a failover of their store by anything but time: no query fails, and no
 * read is older than what was acknowledged before it.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Config } from '../../src/index.js';
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
import {
  ask,
  describeWithSentinel,
  followed,
  pauseReplication,
  promotedInstead,
  type RedisProcess,
  type RunningSentinels,
  resumeReplication,
  sentinelFailover,
  startSentinels,
} from '../support/sentinel.js';
import { postgres, type TestDatabase } from '../support/servers.js';
import { described, workDuring } from './load.js';

const LONG_MS = 90_000;

let database: TestDatabase;
beforeAll(async () => {
  if (postgres().available) database = await postgres().createDatabase();
});
afterAll(async () => {
  if (postgres().available) await database.drop();
});

describe.runIf(postgres().available)('while two processes work', () => {
  describeWithSentinel('under Sentinel', () => {
    let running: RunningSentinels;
    const expectNothingNoticed = async (harm: () => Promise<void>): Promise<void> => {
      const config: Config = { topology: running.topology, changes: { kind: 'none' } };
      const report = await workDuring(database, config, harm);
      expect(report.writes).toBeGreaterThan(0);
      process.stdout.write(described(report));
    };
    beforeAll(async () => {
      running = await startSentinels();
    });
    afterAll(async () => running.stop());

    it('an operator asks for a failover', { timeout: LONG_MS }, async () => {
      await followed(running.client, await running.primary(), 2);
      await expectNothingNoticed(async () => void (await sentinelFailover(running)));
    });

    it('the primary dies, and with it what was not replicated', { timeout: LONG_MS }, async () => {
      const primary = await running.primary();
      await followed(running.client, primary, 1);
      await expectNothingNoticed(async () => {
        await pauseReplication(running.client(primary));
        await primary.kill();
        await promotedInstead(running, primary);
      });
    });
  });

  describeWithCluster('in a Cluster', () => {
    let cluster: RunningCluster;
    const expectNothingNoticed = async (
      harm: (owner: RedisProcess, slot: number) => Promise<void>,
    ): Promise<void> => {
      const config: Config = { topology: cluster.topology, changes: { kind: 'none' } };
      const report = await workDuring(database, config, async () => {
        const { owner, slot } = await whereTheTableIs();
        await harm(owner, slot);
      });
      expect(report.writes).toBeGreaterThan(0);
      process.stdout.write(described(report));
    };
    /** The slot of the hash of the table that is worked on. */
    const whereTheTableIs = async (): Promise<{ owner: RedisProcess; slot: number }> => {
      for (const node of cluster.nodes.filter(({ isRunning }) => isRunning)) {
        const keys = await withClient(cluster, node, (client) => client.keys('lookaside:t:*'));
        const withShapes = keys.find((key) => /\}:/.test(key));
        if (withShapes === undefined) continue;
        const slot = await withClient(cluster, node, (client) => client.cluster('KEYSLOT', withShapes));
        return { owner: await cluster.ownerOf(slot), slot };
      }
      throw new Error('no value of the table is known to the store');
    };
    beforeAll(async () => {
      cluster = await startCluster();
    });
    afterAll(async () => cluster.stop());

    it('the slot moves to another primary and back', { timeout: LONG_MS }, async () => {
      await expectNothingNoticed(async (owner, slot) => {
        const other = cluster.nodes.find((node, index) => index < 3 && node !== owner);
        if (other === undefined) throw new Error('there are three primaries');
        const move = await beginSlotMove(cluster, { slot, to: other });
        await move.moveKeys();
        await move.finish();
        await moveSlot(cluster, { slot, to: owner });
      });
    });

    it('a replica takes over, asked by an operator', { timeout: LONG_MS }, async () => {
      await expectNothingNoticed(async (_, slot) => void (await clusterFailover(cluster, { slot })));
    });

    it('a replica takes over without asking anybody, and without the last writes', {
      timeout: LONG_MS,
    }, async () => {
      await expectNothingNoticed(async (owner, slot) => {
        await pauseReplication(cluster.client(owner));
        await clusterFailover(cluster, { slot, how: 'TAKEOVER' });
        await resumeReplication(cluster.client(owner));
      });
    });

    it('everything is flushed', { timeout: LONG_MS }, async () => {
      await expectNothingNoticed(async () => {
        for (let round = 0; round < 20; round++)
          for (const node of cluster.nodes)
            await ask(cluster.client(node), async (client) => {
              if ((await client.info('replication')).includes('role:master')) await client.flushall();
            });
      });
    });

    it('the primary dies, and with it what was not replicated', { timeout: LONG_MS }, async () => {
      await expectNothingNoticed(async (owner, slot) => {
        expect(await replicaOf(cluster, owner)).toBeDefined();
        await pauseReplication(cluster.client(owner));
        await owner.kill();
        await ownedByAnother(cluster, slot, owner);
      });
    });
  });
});
