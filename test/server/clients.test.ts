/** The clients people use work against the listener, over TCP and a unix socket. */
import { execFile } from 'node:child_process';
import { statSync } from 'node:fs';
import { promisify } from 'node:util';
import { Redis } from 'ioredis';
import { createClient } from 'redis';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { EmbeddedServer } from '../../src/server/index.js';
import { describeWithRedis } from '../support/servers.js';
import { listeningServer, socketPath } from './support.js';

const run = promisify(execFile);
const password = 'p@ss word';

let server: EmbeddedServer;
let port: number;
const path = socketPath();

beforeAll(async () => {
  ({ server, port } = await listeningServer({ password }));
  await server.listen({ path });
});

afterAll(() => server.close());

it('lets nobody but its owner use the unix socket', () => {
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

describe.each([
  ['TCP', () => ({ port })],
  ['a unix socket', () => ({ path })],
])('ioredis over %s', (_name, where) => {
  it('reads, writes, pipelines and runs transactions', async () => {
    const redis = new Redis({ ...where(), password, db: 2, connectionName: 'me' });
    try {
      expect(await redis.set('key', 'välue', 'PX', 100_000)).toBe('OK');
      expect(await redis.get('key')).toBe('välue');
      await redis.hset('hash', { a: '1', b: '2' });
      expect(await redis.hgetall('hash')).toEqual({ a: '1', b: '2' });
      expect(await redis.pipeline().incr('n').incr('n').get('nope').exec()).toEqual([
        [null, 1],
        [null, 2],
        [null, null],
      ]);
      expect(await redis.multi().set('t', '1').incr('t').exec()).toEqual([
        [null, 'OK'],
        [null, 2],
      ]);
      await expect(redis.incr('hash')).rejects.toThrow('WRONGTYPE');
      expect(await redis.client('GETNAME')).toBe('me');
      const big = Buffer.alloc(5_000_000, 'x');
      await redis.set('big', big);
      expect((await redis.getBuffer('big'))?.equals(big)).toBe(true);
      const found: string[] = [];
      for await (const keys of redis.scanStream({ match: '*a*' })) found.push(...(keys as string[]));
      expect(found.sort()).toEqual(['hash']);
      await redis.flushdb();
    } finally {
      redis.disconnect();
    }
  });
});

it('ioredis subscribes, to keyspace events as well, and watches', async () => {
  const [subscriber, redis] = [new Redis({ port, password }), new Redis({ port, password })];
  try {
    await redis.config('SET', 'notify-keyspace-events', 'KEA');
    const heard: string[] = [];
    const all = new Promise<void>((resolve) => {
      const hear = (...words: string[]): void => {
        heard.push(words.join(' '));
        if (heard.length === 3) resolve();
      };
      subscriber.on('message', (channel, message) => hear(channel, message));
      subscriber.on('pmessage', (pattern, channel, message) => hear(pattern, channel, message));
    });
    await subscriber.subscribe('news');
    await subscriber.psubscribe('__keyevent@0__:*');
    await redis.publish('news', 'hello');
    await redis.set('watched', '1');
    await redis.del('watched');
    await all;
    expect(heard).toEqual([
      'news hello',
      '__keyevent@0__:* __keyevent@0__:set watched',
      '__keyevent@0__:* __keyevent@0__:del watched',
    ]);
    await redis.watch('w');
    const other = redis.duplicate();
    await other.set('w', '1');
    expect(await redis.multi().set('w', '2').exec()).toBe(null);
    other.disconnect();
    await redis.config('SET', 'notify-keyspace-events', '');
  } finally {
    subscriber.disconnect();
    redis.disconnect();
  }
});

describe.each([
  ['RESP2 over TCP', 2, () => ({ host: '127.0.0.1', port })],
  ['RESP3 over TCP', 3, () => ({ host: '127.0.0.1', port })],
  ['RESP3 over a unix socket', 3, () => ({ path })],
] as const)('node-redis in %s', (_name, RESP, where) => {
  it('reads, writes and runs transactions', async () => {
    const client = createClient({
      socket: where() as { path: string; tls: false },
      password,
      RESP,
      database: 1,
      name: 'node-redis',
    });
    await client.connect();
    try {
      await client.set('key', 'value', { expiration: { type: 'EX', value: 100 } });
      expect(await client.get('key')).toBe('value');
      await client.hSet('hash', { a: '1', b: '2' });
      expect({ ...(await client.hGetAll('hash')) }).toEqual({ a: '1', b: '2' });
      expect(await client.multi().incr('n').ttl('key').exec()).toEqual([1, 100]);
      const line = await client.sendCommand<string>(['CLIENT', 'INFO']);
      expect(line).toMatch(/name=node-redis .*db=1 .*lib-name=node-redis/);
      await client.flushAll();
    } finally {
      client.destroy();
    }
  });
});

describeWithRedis('redis-cli', () => {
  const source = inject('redis');
  const cli = async (...args: string[]): Promise<string> => {
    // Comes with redis-server; where that runs elsewhere, so does the client.
    expect(source.from).toBe('path');
    const { stdout } = await run('redis-cli', ['--no-auth-warning', '-a', password, ...args]);
    return stdout.trim();
  };

  it.runIf(source.from === 'path')('talks over TCP and a unix socket, in both protocols', async () => {
    expect(await cli('-p', String(port), 'set', 'key', 'value')).toBe('OK');
    expect(await cli('-s', path, '-3', 'get', 'key')).toBe('value');
    expect(await cli('-s', path, '-3', '--json', 'hello')).toContain('"proto":3');
    expect(await cli('-p', String(port), '--scan')).toBe('key');
    const info = await cli('-p', String(port), 'info');
    expect(info).toMatch(/redis_version:7\.0\.15\r\nserver_name:lookaside\r\n/);
    expect(info).toMatch(/db0:keys=1,expires=0/);
  });
});
