/** What ioredis and node-redis document beyond single commands works against the embedded server. */
import { Redis } from 'ioredis';
import { BasicClientSideCache, createClient, createClientPool, WatchError } from 'redis';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { EmbeddedServer } from '../../src/server/index.js';
import { listeningServer } from './support.js';

let server: EmbeddedServer;
let port: number;

beforeAll(async () => {
  ({ server, port } = await listeningServer());
});

afterAll(() => server.close());

beforeEach(() => void server.execute('FLUSHALL'));

describe('ioredis', () => {
  const use = async (options: object, run: (redis: Redis) => Promise<void>): Promise<void> => {
    const redis = new Redis({ port, ...options });
    try {
      await run(redis);
    } finally {
      redis.disconnect();
    }
  };

  it('prefixes keys, and pipelines by itself', () =>
    use({ keyPrefix: 'app:', enableAutoPipelining: true }, async (redis) => {
      await Promise.all(['a', 'b', 'c'].map((key) => redis.set(key, `${key}!`)));
      expect(await Promise.all(['a', 'b', 'c'].map((key) => redis.get(key)))).toEqual(['a!', 'b!', 'c!']);
      expect(await redis.mget('a', 'nope')).toEqual(['a!', null]);
      expect((server.execute('KEYS', '*') as Buffer[]).map(String).sort()).toEqual([
        'app:a',
        'app:b',
        'app:c',
      ]);
    }));

  it('waits for elements while another connection works', () =>
    use({}, async (redis) => {
      await use({}, async (other) => {
        const waiting = redis.brpop('queue', 0);
        await other.ping();
        await other.lpush('queue', 'job');
        expect(await waiting).toEqual(['queue', 'job']);
        const moved = redis.blmove('queue', 'done', 'LEFT', 'RIGHT', 0);
        await other.rpush('queue', 'next');
        expect(await moved).toBe('next');
        expect(await other.lrange('done', 0, -1)).toEqual(['next']);
      });
    }));

  it('reads streams in groups, waiting for entries', () =>
    use({}, async (redis) => {
      await use({}, async (other) => {
        await redis.xgroup('CREATE', 'log', 'workers', '$', 'MKSTREAM');
        const waiting = redis.xreadgroup('GROUP', 'workers', 'me', 'BLOCK', 0, 'STREAMS', 'log', '>');
        await other.xadd('log', '7-1', 'what', 'happened');
        expect(await waiting).toEqual([['log', [['7-1', ['what', 'happened']]]]]);
        expect(await redis.xpending('log', 'workers')).toEqual([1, '7-1', '7-1', [['me', '1']]]);
        expect(await redis.xack('log', 'workers', '7-1')).toBe(1);
      });
    }));

  it('scans every type as a stream', () =>
    use({}, async (redis) => {
      const names = Array.from({ length: 600 }, (_, index) => `n${index}`);
      await redis.sadd('set', ...names);
      await redis.hset('hash', Object.fromEntries(names.map((name) => [name, '1'])));
      await redis.zadd('zset', ...names.flatMap((name, index) => [index, name]));
      const seen = new Set<string>();
      for await (const members of redis.sscanStream('set'))
        for (const member of members) seen.add(member as string);
      expect(seen).toEqual(new Set(names));
      let pairs = 0;
      for await (const found of redis.hscanStream('hash')) pairs += (found as string[]).length / 2;
      expect(pairs).toBe(600);
      let scored = 0;
      for await (const found of redis.zscanStream('zset', { match: 'n59*' }))
        scored += (found as string[]).length / 2;
      expect(scored).toBe(11);
    }));

  it('monitors', () =>
    use({}, async (redis) => {
      const monitor = await redis.monitor();
      const heard = new Promise<string[]>((resolve) =>
        monitor.once('monitor', (_time: string, args: string[]) => resolve(args)),
      );
      await redis.set('seen', 'yes');
      expect((await heard).map((word) => word.toLowerCase())).toEqual(['set', 'seen', 'yes']);
      monitor.disconnect();
    }));

  it('sends again what it had not sent when its connection was cut', () =>
    use({ retryStrategy: () => 1 }, async (redis) => {
      await redis.set('kept', '1');
      const id = await redis.client('ID');
      const closed = new Promise((resolve) => redis.once('close', resolve));
      server.execute('CLIENT', 'KILL', 'ID', String(id));
      await closed;
      expect(await redis.get('kept')).toBe('1');
      expect(await redis.client('ID')).not.toBe(id);
    }));
});

describe.each([2, 3] as const)('node-redis in RESP%i', (RESP) => {
  const connected = async () => {
    const client = createClient({ socket: { host: '127.0.0.1', port }, RESP });
    await client.connect();
    return client;
  };
  type Client = Awaited<ReturnType<typeof connected>>;
  const use = async (run: (client: Client) => Promise<void>): Promise<void> => {
    const client = await connected();
    try {
      await run(client);
    } finally {
      client.destroy();
    }
  };

  it('subscribes to channels, patterns and shards', () =>
    use(async (publisher) => {
      await use(async (subscriber) => {
        const heard: string[] = [];
        let told = (): void => undefined;
        const all = new Promise<void>((resolve) => (told = resolve));
        const hear = (message: string, channel: string): void => {
          heard.push(`${channel}: ${message}`);
          if (heard.length === 3) told();
        };
        await subscriber.subscribe('news', hear);
        await subscriber.pSubscribe('weather.*', hear);
        await subscriber.sSubscribe('shard', hear);
        expect(await publisher.publish('news', 'one')).toBe(1);
        expect(await publisher.publish('weather.rain', 'two')).toBe(1);
        expect(await publisher.sPublish('shard', 'three')).toBe(1);
        await all;
        expect(heard).toEqual(['news: one', 'weather.rain: two', 'shard: three']);
        await subscriber.unsubscribe('news');
        expect(await publisher.publish('news', 'nobody')).toBe(0);
      });
    }));

  it('scans, and reads what it wrote in every type', () =>
    use(async (client) => {
      await client.mSet(Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`k${index}`, '1'])));
      const found = new Set<string>();
      for await (const keys of client.scanIterator({ MATCH: 'k*', COUNT: 50 }))
        for (const key of keys) found.add(key);
      expect(found.size).toBe(500);
      await client.zAdd('scores', [
        { value: 'a', score: 1.5 },
        { value: 'b', score: Number.POSITIVE_INFINITY },
      ]);
      expect(await client.zRangeWithScores('scores', 0, -1)).toEqual([
        { value: 'a', score: 1.5 },
        { value: 'b', score: Number.POSITIVE_INFINITY },
      ]);
      await client.geoAdd('places', { longitude: 13.361389, latitude: 38.115556, member: 'Palermo' });
      expect(await client.geoDist('places', 'Palermo', 'Palermo', 'km')).toBe(0);
      expect(await client.sIsMember('nope', 'x')).toBe(0);
      await client.xAdd('log', '1-1', { a: 'b' });
      expect(await client.xRange('log', '-', '+')).toMatchObject([{ id: '1-1', message: { a: 'b' } }]);
    }));

  it('gives up a transaction whose watched key was changed', () =>
    use(async (client) => {
      await client.watch('watched');
      server.execute('SET', 'watched', 'by another');
      await expect(client.multi().set('watched', 'mine').exec()).rejects.toBeInstanceOf(WatchError);
    }));

  it('waits in a pool without holding anybody up', async () => {
    const pool = createClientPool({ socket: { host: '127.0.0.1', port }, RESP }, { minimum: 2, maximum: 4 });
    await pool.connect();
    try {
      const waiting = pool.execute((client) => client.blPop('queue', 0));
      await pool.rPush('queue', 'job');
      expect(await waiting).toEqual({ key: 'queue', element: 'job' });
    } finally {
      pool.destroy();
    }
  });
});

it('node-redis keeps values by client-side caching, and hears when they change', async () => {
  const clientSideCache = new BasicClientSideCache({ ttl: 0, maxEntries: 100 });
  const client = createClient({ socket: { host: '127.0.0.1', port }, RESP: 3, clientSideCache });
  await client.connect();
  try {
    server.execute('SET', 'cached', 'one');
    expect([await client.get('cached'), await client.get('cached')]).toEqual(['one', 'one']);
    expect(clientSideCache.stats()).toMatchObject({ hitCount: 1, missCount: 1 });
    const told = new Promise((resolve) => clientSideCache.once('invalidate', resolve));
    server.execute('SET', 'cached', 'two');
    await told;
    expect(await client.get('cached')).toBe('two');
  } finally {
    client.destroy();
  }
});
