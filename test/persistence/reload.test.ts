/** DEBUG RELOAD and DEBUG LOADAOF: what was saved takes the place of what is there, and what cannot be loaded changes nothing. */
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { EmbeddedServer, ServerConfig, Value } from '../../src/server/index.js';
import { createServer } from '../../src/server/index.js';
import { isDamaged } from './approved.js';
import {
  digestOf,
  fill,
  folder,
  infoOf,
  isSaving,
  runOn,
  saved,
  serverIn,
  stateOf,
  textOf,
} from './support.js';

const servers: EmbeddedServer[] = [];

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

async function start(dir: string, config: ServerConfig = {}): Promise<EmbeddedServer> {
  const { persistence = { dir }, ...rest } = config;
  const server = createServer({ persistence, protection: { debugCommand: 'yes' }, ...rest });
  servers.push(server);
  await server.ready();
  return server;
}

function replicationIdOf(server: EmbeddedServer): string | undefined {
  return /master_replid:(\w+)/.exec(textOf(server.execute('INFO', 'replication')))?.[1];
}

/** What the data is counted to weigh: INFO adds what clients have. */
function usedBytesOf(server: EmbeddedServer): number {
  return Number(/used_memory_dataset:(\d+)/.exec(textOf(server.execute('INFO', 'memory')))?.[1]);
}

function without(state: Map<string, string>, how: string): Map<string, string> {
  if (how === 'RELOAD') return state;
  return new Map([...state].map(([key, text]) => [key, text.replaceAll(/"seen-time",\d+/g, '')]));
}

/** The RDB file alone, where another server may be. */
function copyOf(dir: string): string {
  const other = folder();
  copyFileSync(join(dir, 'dump.rdb'), join(other, 'dump.rdb'));
  return other;
}

const kinds = [
  ['RDB', 'RELOAD', undefined],
  ['RDB beside AOF', 'RELOAD', {}],
  ['AOF', 'LOADAOF', {}],
] as const;

describe('DEBUG RELOAD and DEBUG LOADAOF', () => {
  it.each(kinds)('with %s, %s leaves values of every type and size as they were', async (_kind, how, aof) => {
    const dir = folder();
    const server = await start(dir, { persistence: { dir, ...(aof === undefined ? {} : { aof }) } });
    await fill(runOn(server), 11);
    const digest = digestOf(server);
    const state = stateOf(server);
    const usedBytes = usedBytesOf(server);
    expect(server.execute('DEBUG', how)).toBe('OK');
    expect(digestOf(server)).toBe(digest);
    // When a reader was last seen is in no append only file.
    expect(without(stateOf(server), how)).toEqual(without(state, how));
    expect(usedBytesOf(server)).toBeLessThan(usedBytes * 1.1);
    expect(infoOf(server, 'rdb_changes_since_last_save')).toBe('0');
    server.execute('FLUSHALL');
    expect(usedBytesOf(server)).toBe(0);
  });

  it('a file that is not whole changes nothing: neither the data nor what is not saved', async () => {
    const dir = isDamaged(folder());
    const server = await start(dir, { persistence: { dir, aof: {} } });
    await fill(runOn(server), 12);
    expect(server.execute('DEBUG', 'RELOAD')).toBe('OK');
    const path = join(dir, 'dump.rdb');
    writeFileSync(path, readFileSync(path).subarray(0, -20_000));
    server.execute('SET', 'later', '1');
    const [digest, changes] = [digestOf(server), infoOf(server, 'rdb_changes_since_last_save')];
    const usedBytes = usedBytesOf(server);
    const refused = '-ERR Error trying to load the RDB dump';
    for (const options of [['NOSAVE'], ['NOSAVE', 'NOFLUSH'], ['NOSAVE', 'NOFLUSH', 'MERGE']]) {
      expect(textOf(server.execute('DEBUG', 'RELOAD', ...options))).toBe(refused);
      expect(digestOf(server)).toBe(digest);
      expect(infoOf(server, 'rdb_changes_since_last_save')).toBe(changes);
    }
    expect(usedBytesOf(server)).toBe(usedBytes);
    const incr = join(dir, 'appendonlydir', 'appendonly.aof.1.incr.aof');
    writeFileSync(incr, Buffer.concat([readFileSync(incr), Buffer.from('nonsense\r\n')]));
    expect(textOf(server.execute('DEBUG', 'LOADAOF'))).toBe('-ERR Error trying to load the AOF files');
    expect(digestOf(server)).toBe(digest);
    expect(infoOf(server, 'rdb_changes_since_last_save')).toBe(changes);
  });

  it('a key that is there already is in the way of NOFLUSH, unless MERGE says which one counts', async () => {
    const server = await start(folder());
    server.execute('SET', 'kept', 'saved');
    server.execute('RPUSH', 'list', 'a', 'b');
    expect(server.execute('DEBUG', 'RELOAD')).toBe('OK');
    server.execute('SET', 'kept', 'later');
    server.execute('DEL', 'list');
    expect(textOf(server.execute('DEBUG', 'RELOAD', 'NOSAVE', 'NOFLUSH'))).toMatch(/^-ERR Error trying/);
    expect(textOf(server.execute('GET', 'kept'))).toBe('later');
    expect(server.execute('EXISTS', 'list')).toBe(0);
    server.execute('RENAME', 'kept', 'own');
    expect(server.execute('DEBUG', 'RELOAD', 'NOSAVE', 'NOFLUSH')).toBe('OK');
    expect(String(server.execute('MGET', 'kept', 'own') as Buffer[])).toBe('saved,later');
    server.execute('SET', 'kept', 'later', 'EX', '1000');
    expect(server.execute('DEBUG', 'RELOAD', 'NOSAVE', 'NOFLUSH', 'MERGE')).toBe('OK');
    expect(textOf(server.execute('GET', 'kept'))).toBe('saved');
    expect(server.execute('TTL', 'kept')).toBe(-1);
    expect(server.execute('DBSIZE')).toBe(3);
  });

  it.each([['NOSAVE'], []])(
    'a snapshot under way is still of the moment when it was begun: %s',
    async (...options) => {
      const dir = folder();
      const server = await start(dir);
      await fill(runOn(server), 13);
      for (let key = 0; key < 20_000; key++) server.execute('SET', `many${key}`, `value${key}`);
      expect(server.execute('DEBUG', 'RELOAD')).toBe('OK');
      const state = stateOf(server);
      server.execute('BGSAVE');
      server.execute('SET', 'afterwards', '1');
      expect(isSaving(server)).toBe(true);
      expect(server.execute('DEBUG', 'RELOAD', ...options)).toBe('OK');
      expect(server.execute('EXISTS', 'afterwards')).toBe(options.length === 0 ? 1 : 0);
      server.execute('SET', 'many1', 'other');
      server.execute('RPUSH', 'list2000', 'other');
      server.execute('SREM', 'names2000', 'm0');
      server.execute('HSET', 'hash2000', 'f0', 'other');
      server.execute('ZADD', 'sorted2000', '5', 'm0');
      server.execute('XTRIM', 'stream', 'MAXLEN', '3');
      expect(isSaving(server)).toBe(true);
      await saved(server);
      const second = await serverIn(copyOf(dir));
      servers.push(second);
      expect(stateOf(second)).toEqual(state);
    },
  );

  it('what is written after LOADAOF follows in the same files', async () => {
    const dir = folder();
    const server = await start(dir, { persistence: { dir, aof: {} } });
    server.execute('SELECT', '4');
    server.execute('SET', 'a', '1');
    expect(server.execute('DEBUG', 'LOADAOF')).toBe('OK');
    server.execute('SET', 'b', '2');
    const digest = digestOf(server);
    await server.close();
    const second = await start(dir, { persistence: { dir, aof: {} } });
    expect(digestOf(second)).toBe(digest);
    second.execute('SELECT', '4');
    expect(String(second.execute('MGET', 'a', 'b') as Buffer[])).toBe('1,2');
  });

  it('who relied on the data is told that it may be older: the replication id is another one', async () => {
    const server = await start(folder());
    const before = replicationIdOf(server);
    expect(server.execute('DEBUG', 'RELOAD')).toBe('OK');
    expect(replicationIdOf(server)).not.toBe(before);
    expect(textOf(server.execute('DEBUG', 'LOADAOF'))).toBe('-ERR Error trying to load the AOF files');
  });

  it('a watched key that MERGE replaces has changed, and one that is not in the file has not', async () => {
    const server = await start(folder());
    server.execute('MSET', 'saved', '1', 'other', '1');
    expect(server.execute('DEBUG', 'RELOAD')).toBe('OK');
    server.execute('SET', 'own', '1');
    for (const [key, outcome] of [
      ['saved', null],
      ['own', ['1']],
    ] as const) {
      const client = server.connect();
      await client.execute('WATCH', key);
      server.execute('DEBUG', 'RELOAD', 'NOSAVE', 'NOFLUSH', 'MERGE');
      await client.execute('MULTI');
      await client.execute('GET', key);
      const replies = await client.execute('EXEC');
      expect(replies === null ? null : (replies as Value[]).map((reply) => textOf(reply))).toEqual(outcome);
      client.close();
    }
  });

  it('a server that keeps nothing says so', async () => {
    const server = createServer({ protection: { debugCommand: 'yes' } });
    servers.push(server);
    for (const how of ['RELOAD', 'LOADAOF'])
      expect(textOf(server.execute('DEBUG', how))).toMatch(/^-ERR this server keeps nothing on disk/);
  });
});
