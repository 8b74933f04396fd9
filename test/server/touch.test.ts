/** Every way a key can change is told to `onTouch` before the reply is given: what a cache hangs on. */
import { beforeEach, describe, expect, it } from 'vitest';
import { type ManualClock, manualClock, seededRandom } from '../../src/clock.js';
import { createServer, type EmbeddedServer } from '../../src/server/index.js';

let clock: ManualClock;
let server: EmbeddedServer;
let touched: (string | null)[];

beforeEach(() => {
  clock = manualClock();
  server = createServer({ clock, random: seededRandom(1) });
  touched = [];
});

const listen = (prefix = 'k'): (() => void) => server.onTouch(prefix, (key) => touched.push(key));
type Step = [string, ...(string | number)[]];

describe('a key that changes', () => {
  it.each<[Step[], Step]>([
    [[], ['SET', 'k', 'v']],
    [[], ['MSET', 'k', 'v']],
    [[['SET', 'k', 'v']], ['SET', 'k', 'w', 'XX', 'GET', 'KEEPTTL']],
    [[['SET', 'k', 'v']], ['DEL', 'k']],
    [[['SET', 'k', 'v']], ['UNLINK', 'k']],
    [[], ['INCR', 'k']],
    [[], ['DECRBY', 'k', 5]],
    [[], ['INCRBYFLOAT', 'k', '1.5']],
    [[], ['HSET', 'k', 'f', 'v']],
    [[['HSET', 'k', 'f', 'v']], ['HSET', 'k', 'f', 'w']],
    [[], ['HSETNX', 'k', 'f', 'v']],
    [[['HSET', 'k', 'f', 'v', 'g', 'w']], ['HDEL', 'k', 'f']],
    [[['HSET', 'k', 'f', 'v']], ['HDEL', 'k', 'f']],
    [[['SET', 'k', 'v']], ['EXPIRE', 'k', 100]],
    [[['SET', 'k', 'v']], ['EXPIRE', 'k', -1]],
    [[['SET', 'k', 'v']], ['PEXPIREAT', 'k', 1]],
    [[['SET', 'k', 'v', 'EX', 100]], ['PERSIST', 'k']],
  ])('after %j: %j tells its name', (before, change) => {
    for (const step of before) server.execute(...step);
    listen();
    server.execute(...change);
    expect(touched).toEqual(['k']);
  });

  it.each<Step[]>([
    [['GET', 'k']],
    [['SET', 'k', 'v', 'XX']],
    [['DEL', 'k']],
    [['HDEL', 'k', 'f']],
    [['EXPIRE', 'k', 1]],
    [['PERSIST', 'k']],
    [['SET', 'other', 'v']],
  ])('%j changes nothing and tells nothing', (step) => {
    listen();
    server.execute(...step);
    expect(touched).toEqual([]);
  });

  it('is told for each command of an EXEC', async () => {
    listen();
    const client = server.connect();
    await client.execute('MULTI');
    await client.execute('SET', 'k1', 'v');
    await client.execute('INCR', 'k2');
    expect(touched).toEqual([]);
    await client.execute('EXEC');
    expect(touched).toEqual(['k1', 'k2']);
  });
});

it('tells a key that expired when somebody asks for it', () => {
  server.execute('SET', 'k', 'v', 'PX', 50);
  listen();
  clock.advance(51);
  expect(touched).toEqual([]);
  expect(server.execute('GET', 'k')).toBeNull();
  expect(touched).toEqual(['k']);
});

it('tells keys that expired although nobody asks for them', () => {
  for (let index = 0; index < 1000; index++) server.execute('SET', `k${index}`, 'v', 'PX', 50);
  listen();
  clock.advance(1000);
  expect(new Set(touched).size).toBe(1000);
  expect(server.stats()).toMatchObject({ keys: 0, expired: 1000, usedBytes: 0 });
});

it('tells keys that were evicted', () => {
  server = createServer({
    clock,
    random: seededRandom(1),
    memory: { maxBytes: 5_000, policy: 'allkeys-lru' },
  });
  listen();
  for (let index = 0; index < 100; index++) server.execute('SET', `k${index}`, 'v'.repeat(100));
  const { evicted, keys } = server.stats();
  expect(evicted).toBeGreaterThan(50);
  expect(touched.length).toBe(100 + evicted);
  expect(keys).toBe(100 - evicted);
});

it('tells null when everything is flushed', () => {
  server.execute('SET', 'k', 'v');
  listen();
  server.execute('FLUSHDB');
  server.execute('FLUSHALL');
  expect(touched).toEqual([null, null]);
});

it('is about database 0 only', async () => {
  listen();
  const client = server.connect();
  await client.execute('SELECT', 1);
  await client.execute('SET', 'k', 'v');
  await client.execute('FLUSHDB');
  expect(touched).toEqual([]);
});

it('tells names as text, and only those with the prefix', () => {
  listen('schlüssel:');
  server.execute('SET', 'schlüssel:ä', 'v');
  server.execute('SET', 'schl', 'v');
  expect(touched).toEqual(['schlüssel:ä']);
});

it('tells before the reply is given', () => {
  let seen: unknown = 'nothing yet';
  server.onTouch('k', () => {
    seen = 'told';
  });
  const reply = server.execute('SET', 'k', 'v');
  expect([seen, reply]).toEqual(['told', 'OK']);
});

it('stops when asked to', () => {
  const stop = listen();
  server.execute('SET', 'k', 'v');
  stop();
  server.execute('SET', 'k', 'w');
  expect(touched).toEqual(['k']);
});
