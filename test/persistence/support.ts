/** Decides what the tests of persistence fill servers with, and how two servers' data is compared. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { seededRandom } from '../../src/clock.js';
import {
  createServer,
  type EmbeddedServer,
  ErrorReply,
  type ServerConfig,
  type Value,
} from '../../src/server/index.js';
import { redisServer } from '../support/servers.js';
import { approvedAtTheEnd } from './approved.js';

export type Run = (command: string, ...args: (string | Buffer | number)[]) => unknown;

export const sharedFolder = (): string => mkdtempSync(join(tmpdir(), 'lookaside-persistence-'));

/** Of the test at hand: what is in it at the end has to please Redis' tools. */
export const folder = (): string => approvedAtTheEnd(sharedFolder());

/** A server that keeps its files in a folder and has loaded what is there. */
export async function serverIn(
  dir: string,
  config: Omit<ServerConfig, 'persistence'> = {},
): Promise<EmbeddedServer> {
  const server = createServer({
    persistence: { dir },
    protection: { debugCommand: 'yes' },
    ...config,
  });
  await server.ready();
  return server;
}

/** A redis-server on the same folder; it has loaded what is there. */
export async function redisIn(
  dir: string,
  ...args: string[]
): Promise<{ client: Redis; stop(): Promise<void> }> {
  const server = await redisServer({ args: ['--dir', dir, '--enable-debug-command', 'yes', ...args] });
  const client = new Redis(server.url);
  return {
    client,
    stop: async () => {
      client.disconnect();
      await server.stop();
    },
  };
}

export const runOn =
  (server: EmbeddedServer): Run =>
  (command, ...args) =>
    server.execute(command, ...args.map((arg) => (typeof arg === 'number' ? String(arg) : arg)));

export const runOnRedis =
  (client: Redis): Run =>
  (command, ...args) =>
    client.call(command, args);

export function digestOf(server: EmbeddedServer): string {
  return textOf(server.execute('DEBUG', 'DIGEST'));
}

/** What the tool of Redis says of a file. @throws when it finds a fault */
export function checkRdb(path: string): string {
  return execFileSync('redis-check-rdb', [path]).toString();
}

export async function saved(server: EmbeddedServer): Promise<void> {
  while (isSaving(server)) await new Promise((resolve) => setImmediate(resolve));
}

export function isSaving(server: EmbeddedServer): boolean {
  return infoOf(server, 'rdb_bgsave_in_progress') === '1';
}

export function infoOf(server: EmbeddedServer, field: string): string | undefined {
  const text = textOf(server.execute('INFO', 'persistence'));
  return new RegExp(`^${field}:(.*)\r$`, 'm').exec(text)?.[1];
}

export function lockIn(dir: string): boolean {
  return existsSync(join(dir, 'lookaside.lock'));
}

/** Keys and values of every kind, on both sides of every threshold. */
export async function fill(run: Run, seed: number): Promise<void> {
  const random = seededRandom(seed);
  const below = (limit: number): number => Math.floor(random.fraction() * limit);
  const bytes = (length: number): Buffer => Buffer.from(Array.from({ length }, () => below(256)));
  const text = (length: number): string => 'abcdefgh'.repeat(Math.ceil(length / 8)).slice(0, length);
  for (const length of [0, 1, 20, 21, 63, 64, 100, 16_383, 16_384, 70_000]) {
    await run('SET', `text${length}`, text(length));
    await run('SET', `bytes${length}`, bytes(length));
  }
  for (const number of [0, -1, 127, 128, -129, 32_767, -32_769, 2_147_483_647, -2_147_483_649])
    await run('SET', `integer${number}`, number);
  for (const number of ['9223372036854775807', '-9223372036854775808', '9223372036854775808', '007', '1.5'])
    await run('SET', `number${number}`, number);
  for (const size of [1, 511, 512, 513, 2_000]) {
    const numbers = Array.from({ length: size }, (_, index) => String(index * 3 - size));
    await run('SADD', `integers${size}`, ...numbers);
    await run('SADD', `wide${size}`, ...numbers.map((number) => String(BigInt(number) * 10_000_000_000n)));
    await run('SADD', `names${size}`, ...numbers.map((number) => `m${number}`));
    await run('RPUSH', `list${size}`, ...numbers, ...numbers.map((number) => `e${number}`));
    await run('HSET', `hash${size}`, ...numbers.flatMap((number) => [`f${number}`, number]));
    await run(
      'ZADD',
      `sorted${size}`,
      ...numbers.flatMap((number) => [String(Number(number) / 7), `m${number}`]),
    );
  }
  for (const size of [64, 65]) {
    await run('HSET', `hashOf${size}`, 'f', text(size), text(size), 'v');
    await run('ZADD', `sortedOf${size}`, '1', text(size), '-inf', 'low', 'inf', 'high', '0', 'zero');
  }
  await run(
    'ZADD',
    'sorted128',
    ...Array.from({ length: 128 }, (_, index) => [String(index), `m${index}`]).flat(),
  );
  await run('RPUSH', 'listOfLong', text(9_000), 'x', bytes(10_000), text(8_192), '1', text(20_000));
  await run('SETBIT', 'bits', '1000', '1');
  await run('PFADD', 'estimate', ...Array.from({ length: 300 }, (_, index) => `p${index}`));
  await run('SET', bytes(300), 'a key of bytes');
  await run('SET', 'далеко', 'ключ', 'PXAT', '4102444800000');
  await run('SET', 'soon', 'x', 'EX', '100000');
  await run('HSET', 'hashThatEnds', 'a', 'b');
  await run('PEXPIREAT', 'hashThatEnds', '4102444800123');
  for (let count = 0; count < 300; count++)
    await run(
      'XADD',
      'stream',
      `${count + 1}-${count % 3}`,
      'field',
      `v${count}`,
      'other',
      String(below(1_000)),
    );
  for (let count = 0; count < 50; count++) await run('XADD', 'stream', '*', `f${count}`, text(count * 9));
  await run('XDEL', 'stream', '7-0', '8-1');
  await run('XGROUP', 'CREATE', 'stream', 'group', '0');
  await run('XGROUP', 'CREATE', 'stream', 'other', '$');
  await run('XGROUP', 'CREATECONSUMER', 'stream', 'other', 'idle');
  await run('XREADGROUP', 'GROUP', 'group', 'ann', 'COUNT', '20', 'STREAMS', 'stream', '>');
  await run('XREADGROUP', 'GROUP', 'group', 'bob', 'COUNT', '200', 'STREAMS', 'stream', '>');
  await run('XACK', 'stream', 'group', '2-1');
  await run('XGROUP', 'CREATE', 'emptyStream', 'group', '$', 'MKSTREAM');
  await run('SELECT', '5');
  for (let count = 0; count < 500; count++) await run('SET', `key${count}`, bytes(below(150)));
  await run('SELECT', '15');
  await run('SET', 'last', 'database');
  await run('SELECT', '0');
}

/** Every key of database 0 with its type, its time and the digest of its value. */
export function stateOf(server: EmbeddedServer, database = 0): Map<string, string> {
  server.execute('SELECT', String(database));
  const state = new Map<string, string>();
  for (const key of (server.execute('KEYS', '*') as Buffer[]).map((each) => each.toString('latin1'))) {
    const name = Buffer.from(key, 'latin1');
    const [digest] = server.execute('DEBUG', 'DIGEST-VALUE', name) as Value[];
    const [type, at] = [server.execute('TYPE', name), server.execute('PEXPIRETIME', name)];
    const pending = pendingOf(server, name, textOf(type));
    state.set(key, `${textOf(type)} ${textOf(at)} ${textOf(digest)} ${pending}`);
  }
  server.execute('SELECT', '0');
  return state;
}

/** Short answers. */
export function textOf(value: Value | undefined): string {
  if (Buffer.isBuffer(value) || typeof value === 'string' || typeof value === 'number')
    return value.toString();
  if (value instanceof ErrorReply) return `-${value.message}`;
  return JSON.stringify(value) ?? '';
}

/** What a stream's digest does not tell. */
function pendingOf(server: EmbeddedServer, key: Buffer, type: string): string {
  if (type !== 'stream') return '';
  return JSON.stringify(
    server.execute('XINFO', 'STREAM', key, 'FULL', 'COUNT', '0'),
    (_name, value: unknown) =>
      typeof value === 'object' &&
      value !== null &&
      'type' in value &&
      value.type === 'Buffer' &&
      'data' in value
        ? Buffer.from(value.data as number[]).toString('latin1')
        : value,
  );
}
