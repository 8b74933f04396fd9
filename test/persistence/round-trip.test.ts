/** Files go from one server to the other and back and keep all data: ours, redis-server's, and the tools' verdict. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { describeWithRedis } from '../support/servers.js';
import {
  checkRdb,
  digestOf,
  fill,
  folder,
  infoOf,
  isSaving,
  lockIn,
  redisIn,
  runOn,
  runOnRedis,
  saved,
  serverIn,
  stateOf,
} from './support.js';

describeWithRedis('an RDB file', () => {
  it.each([1, 2])('of ours is redis-server’s, and its is ours (seed %i)', async (seed) => {
    const dir = folder();
    const ours = await serverIn(dir);
    await fill(runOn(ours), seed);
    const [digest, state] = [digestOf(ours), stateOf(ours)];
    ours.execute('SAVE');
    await ours.close();
    expect(checkRdb(join(dir, 'dump.rdb'))).toContain('RDB looks OK!');

    const redis = await redisIn(dir);
    expect(await redis.client.call('DEBUG', ['DIGEST'])).toBe(digest);
    await redis.client.save();
    await redis.stop();

    const again = await serverIn(dir);
    expect(digestOf(again)).toBe(digest);
    expect(stateOf(again)).toEqual(state);
    await again.close();
    expect(lockIn(dir)).toBe(false);
  });

  it.each([
    ['rdbcompression', 'no'],
    ['rdbchecksum', 'no'],
  ])('is read with %s %s', async (name, value) => {
    const dir = folder();
    const ours = await serverIn(dir, { parameters: [[name, value]] });
    await fill(runOn(ours), 3);
    const digest = digestOf(ours);
    ours.execute('SAVE');
    await ours.close();
    checkRdb(join(dir, 'dump.rdb'));
    const redis = await redisIn(dir, `--${name}`, value);
    expect(await redis.client.call('DEBUG', ['DIGEST'])).toBe(digest);
    await redis.client.save();
    await redis.stop();
    const again = await serverIn(dir);
    expect(digestOf(again)).toBe(digest);
    await again.close();
  });

  it('of redis-server has the encodings of every limit, and all of them are read', async () => {
    const dir = folder();
    const limits = [
      ['list-max-listpack-size', '-2', '4'],
      ['hash-max-listpack-entries', '512', '2'],
      ['zset-max-listpack-entries', '128', '2'],
      ['set-max-intset-entries', '512', '2'],
      ['stream-node-max-entries', '100', '3'],
    ];
    const redis = await redisIn(dir);
    for (const column of [1, 2]) {
      for (const limit of limits) await redis.client.config('SET', limit[0] ?? '', limit[column] ?? '');
      await redis.client.select(column - 1);
      await fill(runOnRedis(redis.client), 10 + column);
      await redis.client.swapdb(0, 7 + column);
    }
    const digest = await redis.client.call('DEBUG', ['DIGEST']);
    await redis.client.save();
    await redis.stop();
    const ours = await serverIn(dir);
    expect(digestOf(ours)).toBe(digest);
    ours.execute('SAVE');
    await ours.close();
    checkRdb(join(dir, 'dump.rdb'));
  });

  it('keeps what the policies know of use', async () => {
    for (const [policy, question, command] of [
      ['allkeys-lfu', 'FREQ', 'FREQ'],
      ['allkeys-lru', 'IDLETIME', 'IDLETIME'],
    ] as const) {
      const dir = folder();
      const ours = await serverIn(dir, { memory: { maxBytes: 2 ** 30, policy } });
      ours.execute('RESTORE', 'k', '0', dumped(ours), command, '100');
      ours.execute('SAVE');
      await ours.close();
      const redis = await redisIn(dir, '--maxmemory-policy', policy);
      expect(Number(await redis.client.call('OBJECT', [question, 'k']))).toBeGreaterThanOrEqual(99);
      await redis.client.save();
      await redis.stop();
      const again = await serverIn(dir, { memory: { maxBytes: 2 ** 30, policy } });
      expect(Number(again.execute('OBJECT', question, 'k'))).toBeGreaterThanOrEqual(99);
      await again.close();
    }
  });

  it('keeps libraries of functions that it cannot run', async () => {
    const dir = folder();
    const redis = await redisIn(dir);
    const library = "#!lua name=lib\nredis.register_function('f', function() return 1 end)";
    await redis.client.call('FUNCTION', ['LOAD', library]);
    await redis.client.save();
    await redis.stop();
    const said: string[] = [];
    const ours = await serverIn(dir, { log: (_level, message) => said.push(message) });
    expect(said.join('\n')).toContain('1 libraries of functions are kept');
    ours.execute('SET', 'k', 'v');
    ours.execute('SAVE');
    await ours.close();
    const again = await redisIn(dir);
    expect(JSON.stringify(await again.client.call('FUNCTION', ['LIST', 'WITHCODE']))).toContain(
      'register_function',
    );
    expect(await again.client.get('k')).toBe('v');
    await again.stop();
  });

  it('leaves out what is past its time, and counts it', async () => {
    const dir = folder();
    const ours = await serverIn(dir);
    ours.execute('DEBUG', 'SET-ACTIVE-EXPIRE', '0');
    ours.execute('SET', 'over', 'x', 'EXAT', '1');
    ours.execute('SET', 'lasting', 'x');
    ours.execute('SAVE');
    await ours.close();
    const again = await serverIn(dir);
    expect(infoOf(again, 'rdb_last_load_keys_expired')).toBe('1');
    expect(infoOf(again, 'rdb_last_load_keys_loaded')).toBe('1');
    expect(again.execute('DBSIZE')).toBe(1);
    await again.close();
  });

  it('written while commands go on is that of SAVE', async () => {
    const dir = folder();
    const ours = await serverIn(dir);
    await fill(runOn(ours), 5);
    ours.execute('BGSAVE');
    expect(isSaving(ours)).toBe(true);
    await saved(ours);
    const digest = digestOf(ours);
    await ours.close();
    expect(checkRdb(join(dir, 'dump.rdb'))).toContain('Checksum OK');
    expect(readFileSync(join(dir, 'dump.rdb')).subarray(0, 9).toString()).toBe('REDIS0010');
    const again = await serverIn(dir);
    expect(digestOf(again)).toBe(digest);
    await again.close();
  });
});

function dumped(server: Awaited<ReturnType<typeof serverIn>>): Buffer {
  server.execute('SET', 'dumped', 'x');
  const dump = server.execute('DUMP', 'dumped') as Buffer;
  server.execute('DEL', 'dumped');
  return dump;
}
