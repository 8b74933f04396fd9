/**
 * Decides whether a process that hears only the old primary, and not that it was deposed, serves anything that others
 * have changed since. The old primary answers it all the while.
 */
import { expect, it } from 'vitest';
import type { Config } from '../../src/index.js';
import { LEASE_MS } from '../../src/topology/lease.js';
import { slotOf } from '../../src/topology/slots.js';
import {
  describeWithCluster,
  ownedByAnother,
  replicaOf,
  startCluster,
  withClient,
} from '../support/cluster.js';
import {
  ask,
  describeWithSentinel,
  eventually,
  followed,
  type RedisProcess,
  sentinelFailover,
  startSentinels,
} from '../support/sentinel.js';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.js';
import { type ReadOptions, Sharer } from './sharer.js';

const LONG_MS = 60_000;

/** What stands for the database: one row, written by one process and read by the others. */
class Row {
  private value = 0;
  private acknowledged = 0;
  private ending = false;
  /** Between writes no intent stands: only then would the old primary let anybody hit. */
  isWriting = true;
  readonly wrong: string[] = [];
  private readonly loops: Promise<void>[] = [];
  hits = 0;
  reads = 0;
  writes = 0;
  lastHitAtMs = 0;

  writtenBy(sharer: Sharer): void {
    this.loops.push(
      this.loop(async () => {
        if (!this.isWriting) return this.readOnce(sharer);
        const placed = await sharer.write('row');
        const written = ++this.value;
        await placed.end();
        this.acknowledged = written;
        this.writes++;
        for (let again = 0; again < 2; again++) await this.readOnce(sharer); // a fill, then perhaps a hit
      }),
    );
  }

  readBy(sharer: Sharer): void {
    this.loops.push(this.loop(() => this.readOnce(sharer)));
  }

  query(): string {
    return String(this.value);
  }

  private async readOnce(sharer: Sharer): Promise<void> {
    const least = this.acknowledged;
    const [from, text] = await sharer.read(rowOf(this));
    this.reads++;
    if (from !== 'database') {
      this.hits++;
      this.lastHitAtMs = performance.now();
    }
    if (Number(text) < least) this.wrong.push(`${from}: ${text} after ${least}`);
  }

  private async loop(step: () => Promise<void>): Promise<void> {
    while (!this.ending && this.wrong.length < 10) {
      await step();
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** More of everything, or something is wrong. */
  async goesOn(): Promise<void> {
    const { hits, writes } = this;
    const isMore = (): boolean => this.hits > hits + 10 && this.writes > writes + 10;
    await eventually('more hits and writes', async () => this.wrong.length > 0 || isMore());
  }

  async end(): Promise<void> {
    this.ending = true;
    await Promise.all(this.loops);
  }
}

const rowOf = (row: Row): ReadOptions => ({ table: 'row', query: () => row.query() });

let serial = 0;

/** Two processes, of which the first reaches some servers through proxies only. */
async function twoSharers(
  topology: NonNullable<Config['topology']>,
  behindProxies: readonly RedisProcess[],
): Promise<{ cutOff: Sharer; other: Sharer; proxies: TcpProxy[]; close: () => Promise<void> }> {
  const proxies = await Promise.all(behindProxies.map(({ port }) => startTcpProxy({ port })));
  const natMap = Object.fromEntries(
    behindProxies.map(({ host, port }, index) => {
      const proxy = proxies[index] as TcpProxy; // one each
      return [`${host}:${port}`, { host: proxy.host, port: proxy.port }];
    }),
  );
  const namespace = `partition-${process.pid}-${serial++}`;
  const cutOff = Sharer.open(namespace, { topology: { ...topology, natMap } });
  const other = Sharer.open(namespace, { topology });
  await Promise.all([cutOff.cache.ready(), other.cache.ready()]);
  return {
    cutOff,
    other,
    proxies,
    close: async () => {
      await Promise.all([cutOff.cache.close(), other.cache.close()]);
      await Promise.all(proxies.map((proxy) => proxy.close()));
    },
  };
}

function loseEverything(proxies: readonly TcpProxy[]): void {
  for (const proxy of proxies) for (const way of ['toServer', 'toClient'] as const) proxy.lose(way);
}

describeWithSentinel('cut off from the sentinels, but not from the old primary', () => {
  it('a process serves nothing once its lease is over', { timeout: LONG_MS }, async () => {
    const running = await startSentinels();
    const old = await running.primary();
    await followed(running.client, old, 2);
    const { cutOff, other, proxies, close } = await twoSharers(running.topology, running.sentinels);
    const [row, quiet] = [new Row(), new Row()];
    try {
      row.writtenBy(other);
      row.readBy(cutOff);
      await eventually('hits', async () => row.hits > 10);
      row.isWriting = false;
      await eventually(
        'the last write is told',
        async () => (await cutOff.read(rowOf(row)))[0] !== 'database',
      );
      const table = cutOff.table('row');
      loseEverything(proxies);
      const cutAtMs = performance.now();
      quiet.readBy(cutOff);
      await sentinelFailover(running);
      const session = cutOff.place.store.session();
      await eventually('trust of the other', async () => other.place.store.trouble() === null);
      row.isWriting = true;
      await row.goesOn();
      // The old primary is there, takes itself for the primary, and has the tokens of before.
      expect(await ask(running.client(old), (client) => client.info('replication'))).toContain('role:master');
      expect((await session?.run([['HGETALL', table]]))?.[0]).not.toEqual([]);
      expect(session?.isTrusted(table)).toBe(false);
      expect(quiet.lastHitAtMs - cutAtMs).toBeLessThan(LEASE_MS + 500);
      await Promise.all([row.end(), quiet.end()]);
      expect([...row.wrong, ...quiet.wrong]).toEqual([]);
      process.stdout.write(`${row.reads} reads checked, ${row.hits} hits, ${row.writes} writes\n`);
    } finally {
      await Promise.all([row.end(), quiet.end()]);
      await close();
      await running.stop();
    }
  });
});

describeWithCluster(
  'cut off from all nodes but the old primary, which does not hear of its successor',
  () => {
    it('a process serves nothing once its lease is over', { timeout: LONG_MS }, async () => {
      const cluster = await startCluster({ nodeConfig: ['cluster-require-full-coverage no'] });
      const namespace = `partition-${process.pid}-${serial}`;
      const slot = slotOf(`lookaside:t:{${namespace}:row}`);
      const old = await cluster.ownerOf(slot);
      const replica = await replicaOf(cluster, old);
      const others = cluster.nodes.filter((node) => node !== old);
      const { cutOff, other, proxies, close } = await twoSharers(cluster.topology, others);
      const row = new Row();
      try {
        const table = cutOff.table('row');
        expect(slotOf(table)).toBe(slot);
        row.writtenBy(other);
        row.readBy(cutOff);
        await eventually('hits', async () => row.hits > 10);
        row.isWriting = false;
        await eventually(
          'the last write is told',
          async () => (await cutOff.read(rowOf(row)))[0] !== 'database',
        );
        loseEverything(proxies);
        const session = cutOff.place.store.session();
        await withClient(cluster, old, async (client) => {
          const nodes = String(await client.call('CLUSTER', 'NODES'))
            .trim()
            .split('\n');
          for (const line of nodes)
            if (!line.includes('myself'))
              await client.call('CLUSTER', 'FORGET', line.split(' ')[0] as string);
        });
        await withClient(cluster, replica, (client) => client.call('CLUSTER', 'FAILOVER', 'TAKEOVER'));
        await ownedByAnother(cluster, slot, old);
        await eventually('trust of the other', async () => {
          const now = other.place.store.session();
          return now?.isTrusted(table) === true && now.voucher(table) !== session?.voucher(table);
        });
        row.isWriting = true;
        await row.goesOn();
        expect((await session?.run([['HGETALL', table]]))?.[0]).not.toEqual([]);
        expect(session?.isTrusted(table)).toBe(false);
        await row.end();
        expect(row.wrong).toEqual([]);
        process.stdout.write(`${row.reads} reads checked, ${row.hits} hits, ${row.writes} writes\n`);
      } finally {
        await row.end();
        await close();
        await cluster.stop();
      }
    });
  },
);
