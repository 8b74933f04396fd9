/** A file that is written while commands go on holds what was there when it was begun, key by key. */
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { type Random, seededRandom } from '../../src/clock.js';
import type { EmbeddedServer } from '../../src/server/index.js';
import { describeWithRedis } from '../support/servers.js';
import {
  checkRdb,
  digestOf,
  fill,
  folder,
  infoOf,
  isSaving,
  type Run,
  runOn,
  serverIn,
  stateOf,
} from './support.js';

const KEYS = 1_500;

/** Each takes some twenty seconds. */
const seeds = Array.from(
  { length: Number(process.env['LOOKASIDE_SNAPSHOT_SEEDS'] ?? 1) },
  (_, index) => index + 1,
);

/** Values that are told at once and values that are told piece by piece, many of each. */
function fillMore(run: Run): void {
  for (let count = 0; count < KEYS; count++) {
    run('SET', `s${count}`, 'x'.repeat(count % 300));
    run('HSET', `h${count}`, 'f', count, 'g', 'y'.repeat(count % 80));
  }
  const names = Array.from({ length: 4_000 }, (_, index) => `member-${index}`);
  for (let count = 0; count < 6; count++) {
    run('SADD', `bigset${count}`, ...names);
    run('HSET', `bighash${count}`, ...names.flatMap((name) => [name, `${name}!`]));
    run('ZADD', `bigsorted${count}`, ...names.flatMap((name, index) => [String(index % 700), name]));
    run('RPUSH', `biglist${count}`, ...names, ...names);
    for (let entry = 0; entry < 1_500; entry++)
      run('XADD', `bigstream${count}`, `${entry + 1}-0`, 'a', names[entry] ?? '');
    run('XGROUP', 'CREATE', `bigstream${count}`, 'g', '0');
    run('XREADGROUP', 'GROUP', 'g', 'ann', 'COUNT', '900', 'STREAMS', `bigstream${count}`, '>');
    run('SET', `bigstring${count}`, 'z'.repeat(200_000 + count));
  }
}

/** A change of any kind, of some key that is there or was. */
function change(run: Run, random: Random): void {
  const below = (limit: number): number => Math.floor(random.fraction() * limit);
  const big = String(below(6));
  const small = below(2) === 0 ? `s${below(KEYS)}` : `h${below(KEYS)}`;
  const member = `member-${below(4_000)}`;
  const any = [
    small,
    ...['bigset', 'bighash', 'bigsorted', 'biglist', 'bigstream', 'bigstring'].map((name) => name + big),
  ];
  const key = any[below(any.length)] ?? small;
  const other = any[below(any.length)] ?? small;
  const changes: (() => unknown)[] = [
    () => run('SET', `s${below(KEYS)}`, `new${below(1_000)}`),
    () => run('APPEND', `s${below(KEYS)}`, 'more'),
    () => run('SETRANGE', `bigstring${big}`, below(100_000), 'in place'),
    () => run('SETBIT', `bigstring${big}`, below(100_000), below(2)),
    () => run('HSET', `h${below(KEYS)}`, 'f', 'changed'),
    () => run('HDEL', `bighash${big}`, member, `member-${below(4_000)}`),
    () => run('HSET', `bighash${big}`, member, 'changed', `new-${member}`, 'x'),
    () => run('HINCRBY', `bighash${big}`, 'counter', 1),
    () => run('SREM', `bigset${big}`, member),
    () => run('SPOP', `bigset${big}`, below(5)),
    () => run('SADD', `bigset${big}`, `new-${member}`),
    () => run('SMOVE', `bigset${big}`, `bigset${below(6)}`, member),
    () => run('SINTERSTORE', `bigset${below(6)}`, `bigset${big}`, `bigset${below(6)}`),
    () => run('ZADD', `bigsorted${big}`, below(900), member),
    () => run('ZINCRBY', `bigsorted${big}`, '5', member),
    () => run('ZREM', `bigsorted${big}`, member),
    () => run('ZPOPMIN', `bigsorted${big}`, below(20)),
    () => run('ZREMRANGEBYSCORE', `bigsorted${big}`, below(700), below(700)),
    () => run('LPOP', `biglist${big}`),
    () => run('RPOP', `biglist${big}`, below(10)),
    () => run('LPUSH', `biglist${big}`, 'new', member),
    () => run('LSET', `biglist${big}`, below(100), 'set'.repeat(below(50))),
    () => run('LINSERT', `biglist${big}`, 'BEFORE', member, 'inserted'),
    () => run('LREM', `biglist${big}`, 1, member),
    () => run('LTRIM', `biglist${big}`, below(20), -1 - below(20)),
    () => run('LMOVE', `biglist${big}`, `biglist${below(6)}`, 'LEFT', 'RIGHT'),
    () => run('XADD', `bigstream${big}`, '*', 'a', member),
    () => run('XDEL', `bigstream${big}`, `${below(1_500)}-0`),
    () => run('XTRIM', `bigstream${big}`, 'MAXLEN', 1_000 + below(500)),
    () => run('XACK', `bigstream${big}`, 'g', `${below(1_500)}-0`),
    () => run('XREADGROUP', 'GROUP', 'g', `c${below(3)}`, 'COUNT', '5', 'STREAMS', `bigstream${big}`, '>'),
    () => run('XCLAIM', `bigstream${big}`, 'g', 'bob', 0, `${below(900)}-0`),
    () => run('XAUTOCLAIM', `bigstream${big}`, 'g', 'eve', 0, '0', 'COUNT', 3),
    () => run('XGROUP', 'SETID', `bigstream${big}`, 'g', `${below(900)}-0`),
    () => run('XGROUP', 'CREATECONSUMER', `bigstream${big}`, 'g', `d${below(9)}`),
    () => run('XGROUP', 'DESTROY', `bigstream${big}`, `g${below(3)}`),
    () => run('DEL', small),
    () => run('UNLINK', key),
    () => run('GETDEL', `s${below(KEYS)}`),
    () => run('GETEX', `s${below(KEYS)}`, 'EX', 1_000),
    () => run('PEXPIRE', key, below(3)),
    () => run('EXPIRE', key, 1_000),
    () => run('PERSIST', key),
    () => run('RENAME', key, other),
    () => run('RENAMENX', key, `other-${below(1_000)}`),
    () => run('COPY', key, other, 'REPLACE'),
    () => run('MOVE', small, '1'),
    () => run('INCR', `s${below(KEYS) - (below(KEYS) % 300)}`),
    () => run('SWAPDB', '0', String(1 + below(3))),
    () => run('SORT', `biglist${big}`, 'ALPHA', 'LIMIT', 0, 10, 'STORE', small),
    () => run('RESTORE', other, 0, (run('DUMP', small) as Buffer | null) ?? '', 'REPLACE'),
  ];
  changes[below(changes.length)]?.();
}

async function snapshotOf(
  dir: string,
  server: EmbeddedServer,
  meanwhile: () => void,
): Promise<{ digest: string; state: Map<string, string>; slices: number }> {
  const [digest, state] = [digestOf(server), stateOf(server)];
  expect(server.execute('BGSAVE')).toBe('Background saving started');
  let slices = 0;
  while (isSaving(server)) {
    meanwhile();
    slices++;
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(infoOf(server, 'rdb_last_bgsave_status')).toBe('ok');
  expect(checkRdb(join(dir, 'dump.rdb'))).toContain('RDB looks OK!');
  return { digest, state, slices };
}

describeWithRedis('a snapshot', () => {
  it.each(seeds)(
    'is what was there when it began, whatever is done (seed %i)',
    { timeout: 120_000 },
    async (seed) => {
      const dir = folder();
      const server = await serverIn(dir);
      const random = seededRandom(seed);
      const run = runOn(server);
      await fill(run, seed);
      fillMore(run);
      const { digest, state, slices } = await snapshotOf(dir, server, () => {
        for (let count = 0; count < 3; count++) change(run, random);
      });
      expect(slices).toBeGreaterThan(50);
      expect(digestOf(server)).not.toBe(digest);
      await server.close();
      const again = await serverIn(dir);
      expect(stateOf(again)).toEqual(state);
      expect(digestOf(again)).toBe(digest);
      await again.close();
    },
  );

  it.each([
    ['FLUSHALL', ['FLUSHALL']],
    ['FLUSHDB of one of two', ['FLUSHDB']],
    ['SWAPDB and FLUSHALL', ['SWAPDB', 'FLUSHALL']],
  ])('outlives %s, twice, and lets go of what it kept', { timeout: 120_000 }, async (_name, commands) => {
    const dir = folder();
    const server = await serverIn(dir);
    const run = runOn(server);
    fillMore(run);
    if (commands[0] !== 'FLUSHALL') {
      run('SELECT', '1');
      run('SET', 'elsewhere', 'x');
      run('SELECT', '0');
    }
    let turns = 0;
    const { digest, state } = await snapshotOf(dir, server, () => {
      turns++;
      if (turns !== 10 && turns !== 30) return;
      for (const command of commands) run(command, ...(command === 'SWAPDB' ? ['0', '1'] : []));
      for (let count = 0; count < 500; count++) run('SET', `s${count}`, 'new');
    });
    expect(turns).toBeGreaterThan(30);
    run('FLUSHALL');
    expect(server.stats().usedBytes).toBe(0);
    await server.close();
    const again = await serverIn(dir);
    expect(stateOf(again)).toEqual(state);
    expect(digestOf(again)).toBe(digest);
    await again.close();
  });
});
