/** An append only file comes back whole, or it is said which file is wrong at which place; and what is cut off is mended. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { LookasideError } from '../../src/errors.js';
import { createServer, type EmbeddedServer } from '../../src/server/index.js';
import { EMPTY_MANIFEST, manifestText, parseManifest } from '../../src/server/persistence/aof/manifest.js';
import { describeWithRedis } from '../support/servers.js';
import { checkedByRedis, contentOf, copyOf, FOLDER, NAME, ours, ownFolder, theirs } from './aof-servers.js';
import { converseInCommands, encode } from './aof-wire.js';
import { isDamaged } from './approved.js';
import { digestOf, fill, infoOf, runOn, serverIn } from './support.js';

const BASE = `${NAME}.1.base.rdb`;
const INCR = `${NAME}.1.incr.aof`;
const MANIFEST = `${NAME}.manifest`;

/** A folder whose append only file says this, on top of a base of its own. */
async function folderSaying(...parts: (Buffer | string)[]): Promise<string> {
  // Written by hand, and mostly wrong.
  const dir = isDamaged(await ownFolder());
  await (await ours(dir)).server.close();
  writeFileSync(join(dir, FOLDER, INCR), Buffer.concat(parts.map((part) => Buffer.from(part))));
  return dir;
}

const set = (key: string, value: string): Buffer => encode(['SET', key, value]);

/** What loading it is answered with, or the values of a few keys. */
async function loaded(dir: string, parameters: readonly [string, string][] = []): Promise<string> {
  const server = createServer({ persistence: { dir, aof: {} }, parameters });
  try {
    await server.ready();
    const values = ['a', 'b', 'c'].map((key) => server.executeText('GET', key));
    return values.map((value) => (typeof value === 'string' ? value : '')).join(' ');
  } catch (error) {
    return textOf(error);
  } finally {
    await server.close();
  }
}

const textOf = (error: unknown): string =>
  error instanceof LookasideError ? `${error.code}: ${error.message}` : String(error);

const rewritten = async (server: EmbeddedServer): Promise<void> => {
  while (infoOf(server, 'aof_rewrite_in_progress') === '1' || infoOf(server, 'aof_rewrite_scheduled') === '1')
    await new Promise((resolve) => setImmediate(resolve));
};

describe('a file that is cut off', () => {
  it('is mended at the end of the last whole command, at whatever byte it ends', async () => {
    const bytes = Buffer.concat([set('a', '1'), set('b', '2')]);
    for (let length = set('a', '1').length; length < bytes.length; length++) {
      const dir = await folderSaying(bytes.subarray(0, length));
      expect(await loaded(dir)).toBe('1  ');
      expect(readFileSync(join(dir, FOLDER, INCR)).length).toBe(set('a', '1').length);
    }
  });

  it('is refused with its place where nothing may be cut off', async () => {
    const dir = await folderSaying(set('a', '1'), set('b', '2').subarray(0, 12));
    const answer = await loaded(dir, [['aof-load-truncated', 'no']]);
    expect(answer).toContain(`${INCR}, at byte ${set('a', '1').length}`);
    expect(answer).toContain('aof-load-truncated is no');
  });

  it('loses a transaction as a whole', async () => {
    const dir = await folderSaying(set('a', '1'), encode(['MULTI']), set('b', '2'));
    expect(await loaded(dir)).toBe('1  ');
    expect(readFileSync(join(dir, FOLDER, INCR)).length).toBe(set('a', '1').length);
  });

  it('is refused when it is not the last one', async () => {
    const dir = await folderSaying(set('a', '1'), set('b', '2').subarray(0, 12));
    const second = `${NAME}.2.incr.aof`;
    writeFileSync(join(dir, FOLDER, second), set('c', '3'));
    writeFileSync(
      join(dir, FOLDER, MANIFEST),
      `file ${BASE} seq 1 type b\nfile ${INCR} seq 1 type i\nfile ${second} seq 2 type i\n`,
    );
    expect(await loaded(dir)).toMatch(/1\.incr\.aof, at byte 27: .* not the last one/);
  });
});

describe('a damaged file', () => {
  it.each([
    ['a sign', [set('a', '1'), 'x3\r\n'], 27],
    ['a number of arguments', ['*0\r\n', set('a', '1')], 0],
    ['a length', ['*1\r\n$x\r\nPING\r\n'], 4],
    ['the end of an argument', ['*1\r\n$3\r\nPING\r\n'], 11],
    [
      'a length that reaches beyond the end',
      ['*3\r\n$3\r\nSET\r\n$900\r\na\r\n$1\r\n1\r\n', set('b', '2'), set('c', '3')],
      0,
    ],
    ['an unknown command', [set('a', '1'), encode(['NOPE', 'x'])], 27],
    ['a command without its arguments', [encode(['SET', 'a'])], 0],
    ['a command that is about no data', [encode(['SHUTDOWN'])], 0],
    ['EXEC alone', [encode(['EXEC'])], 0],
    ['MULTI inside of MULTI', [encode(['MULTI']), encode(['MULTI'])], 15],
  ])('is refused with its place: %s', async (_what, parts, offset) => {
    const dir = await folderSaying(...parts);
    expect(await loaded(dir)).toMatch(new RegExp(`LOOKASIDE_FILE_BROKEN.*${INCR}, at byte ${offset}:`));
  });

  it('is never taken for a shorter one, whichever byte is another', async () => {
    const parts = Array.from({ length: 4 }, (_, index) => encode(['RPUSH', 'l', `value ${index}`]));
    const bytes = Buffer.concat(parts);
    const last = bytes.length - (parts.at(-1)?.length ?? 0);
    for (let at = 0; at < last; at++) {
      const damaged = Buffer.from(bytes);
      damaged[at] = (damaged[at] ?? 0) ^ 0x01;
      const dir = await folderSaying(damaged);
      const server = createServer({ persistence: { dir, aof: {} } });
      const outcome = await server
        .ready()
        .then(() => Number(server.execute('LLEN', 'l')) + Number(server.execute('DBSIZE')), textOf);
      // One byte of a key or a value may be another; that is all that can go unnoticed.
      if (typeof outcome === 'number') expect([at, [4, 5].includes(outcome)]).toEqual([at, true]);
      else expect(outcome).toMatch(/FILE_BROKEN.*incr\.aof, at byte \d+/);
      await server.close();
    }
  }, 120_000);
});

describe('a manifest', () => {
  const file = (name: string, sequence: number) => ({ name, sequence });

  it('is read as it was written', () => {
    const manifest = {
      base: file('a b.1.base.rdb', 1),
      incrs: [file('ключ.3.incr.aof', 3), file('x"y.4.incr.aof', 4)],
      history: [file('old', 2)],
    };
    expect(parseManifest(manifestText(manifest))).toEqual(manifest);
    expect(parseManifest('# a comment\nfile x seq 1 type b\n')).toEqual({
      ...EMPTY_MANIFEST,
      base: file('x', 1),
    });
  });

  it.each([
    ['', 'empty'],
    ['file x seq 1 type b', 'too long line'],
    ['file x seq 1\n', 'line 1: Invalid AOF manifest file format'],
    ['file x seq 1 type b\n\n', 'line 2: Invalid'],
    ['file x seq one type b\n', 'line 1: Invalid'],
    ['file x seq 1 type z\n', 'line 1: Invalid'],
    ['file a/x seq 1 type b\n', "line 1: File can't be a path"],
    ['file x seq 1 type b\nfile y seq 2 type b\n', 'line 2: Found duplicate base'],
    ['file x seq 2 type i\nfile y seq 2 type i\n', 'line 2: Found a non-monotonic sequence'],
    [`file ${'x'.repeat(2000)} seq 1 type b\n`, 'line 1: The AOF manifest file contains too long line'],
    ['file "x seq 1 type b\n', 'line 1: Invalid'],
  ])('that is none is refused with its line: %j', async (text, problem) => {
    const dir = await folderSaying();
    writeFileSync(join(dir, FOLDER, MANIFEST), text);
    const answer = await loaded(dir);
    expect(answer).toContain(`${MANIFEST}: `);
    expect(answer).toContain(problem);
    expect(answer).toContain('LOOKASIDE_FILE_BROKEN');
  });

  it('that is none is refused also where the file is not in use, as by redis-server', async () => {
    const dir = await folderSaying();
    writeFileSync(join(dir, FOLDER, MANIFEST), 'nonsense\n');
    await expect(serverIn(dir)).rejects.toThrow(`${MANIFEST}: line 1: Invalid AOF manifest file format`);
  });

  it('that names a file which is not there is refused with its name', async () => {
    const dir = await folderSaying(set('a', '1'));
    await rm(join(dir, FOLDER, INCR));
    expect(await loaded(dir)).toContain(`${INCR}: it is in the manifest and not in the folder`);
  });
});

describeWithRedis('an append only file', () => {
  it.each(['yes', 'no'])('is written anew as Redis would, aof-use-rdb-preamble %s', async (preamble) => {
    const dir = await ownFolder();
    const { server, endpoint } = await ours(dir, { parameters: [['aof-use-rdb-preamble', preamble]] });
    await fill(runOn(server), 3);
    await converseInCommands(endpoint, [
      ['XADD', 'empty', '5-5', 'f', 'v'],
      ['XGROUP', 'CREATE', 'empty', 'g', '0'],
      ['XGROUP', 'CREATECONSUMER', 'empty', 'g', 'idle'],
      ['XDEL', 'empty', '5-5'],
      ['XADD', 'read', '5-5', 'f', 'v'],
      ['XADD', 'read', '6-5', 'f', 'v'],
      ['XGROUP', 'CREATE', 'read', 'g', '0'],
      ['XREADGROUP', 'GROUP', 'g', 'one', 'COUNT', '1', 'STREAMS', 'read', '>'],
      ['XGROUP', 'CREATE', 'never', 'g', '$', 'MKSTREAM'],
      ['SELECT', '7'],
      ['SET', 'there', 'x', 'PX', '100000000'],
    ]);
    server.execute('BGREWRITEAOF');
    await rewritten(server);
    await converseInCommands(endpoint, [['SET', 'behind', 'x']]);
    const names = readdirSync(join(dir, FOLDER)).toSorted();
    expect(names).toEqual([
      `${NAME}.2.base.${preamble === 'yes' ? 'rdb' : 'aof'}`,
      `${NAME}.2.incr.aof`,
      MANIFEST,
    ]);
    await checkedByRedis(dir);
    const content = await contentOf(endpoint);
    expect(await contentOf((await ours(await copyOf(dir))).endpoint)).toEqual(content);
    expect(await contentOf(await theirs(await copyOf(dir)))).toEqual(content);
  });

  it('from before Redis 7.0 becomes the base of one, an RDB file in front of it or not', async () => {
    for (const hasPreamble of [true, false]) {
      const source = await ownFolder();
      const { server } = await ours(source);
      server.execute('SET', 'a', 'x');
      server.execute('RPUSH', 'l', '1', '2');
      if (hasPreamble) {
        server.execute('BGREWRITEAOF');
        await rewritten(server);
      }
      server.execute('INCR', 'n');
      const digest = digestOf(server);
      const sequence = hasPreamble ? 2 : 1;
      const part = (name: string): Buffer => readFileSync(join(source, FOLDER, name));
      const base = hasPreamble ? part(`${NAME}.${sequence}.base.rdb`) : Buffer.alloc(0);
      const dir = await ownFolder();
      writeFileSync(join(dir, NAME), Buffer.concat([base, part(`${NAME}.${sequence}.incr.aof`)]));
      const upgraded = await ours(dir);
      expect(digestOf(upgraded.server)).toBe(digest);
      expect(readFileSync(join(dir, FOLDER, MANIFEST), 'utf8')).toBe(
        `file ${NAME} seq 1 type b\nfile ${NAME}.1.incr.aof seq 1 type i\n`,
      );
      await checkedByRedis(dir);
    }
  });

  it('whose upgrade was broken off is found where it was', async () => {
    // Its file is taken away again.
    const dir = isDamaged(await ownFolder());
    await mkdir(join(dir, FOLDER));
    writeFileSync(join(dir, FOLDER, MANIFEST), `file ${NAME} seq 1 type b\n`);
    writeFileSync(join(dir, NAME), set('a', '1'));
    expect(await loaded(dir)).toBe('1  ');
    await rename(join(dir, FOLDER, NAME), join(dir, 'moved'));
  });

  it('with times in it is read by both', async () => {
    const dir = await ownFolder();
    const { server } = await ours(dir, { parameters: [['aof-timestamp-enabled', 'yes']] });
    server.execute('SET', 'a', '1');
    const digest = digestOf(server);
    expect(readFileSync(join(dir, FOLDER, INCR), 'latin1')).toMatch(/^#TS:\d{10}\r\n\*2\r\n\$6\r\nSELECT/);
    await checkedByRedis(dir);
    expect(digestOf((await ours(await copyOf(dir))).server)).toBe(digest);
    const [real] = await converseInCommands(await theirs(await copyOf(dir)), [['DEBUG', 'DIGEST']]);
    expect(real?.[1]).toBe(digest);
  });
});

describe('turning it on and off', () => {
  it('while there is data and writing goes on loses nothing', async () => {
    const dir = await ownFolder();
    const server = createServer({ persistence: { dir }, protection: { debugCommand: 'yes' } });
    await server.ready();
    await fill(runOn(server), 5);
    for (let round = 0; round < 3; round++) {
      server.execute('CONFIG', 'SET', 'appendonly', 'yes');
      for (let index = 0; index < 50; index++) {
        server.execute('RPUSH', 'during', `${round} ${index}`);
        if (index % 10 === 0) await new Promise((resolve) => setImmediate(resolve));
      }
      await rewritten(server);
      server.execute('INCR', 'behind');
      expect(infoOf(server, 'aof_enabled')).toBe('1');
      server.execute('CONFIG', 'SET', 'appendfsync', 'always');
      server.execute('INCR', 'behind');
      const again = await ours(await copyOf(dir));
      expect(digestOf(again.server)).toBe(digestOf(server));
      server.execute('CONFIG', 'SET', 'appendfsync', 'everysec');
      server.execute('CONFIG', 'SET', 'appendonly', 'no');
      expect(infoOf(server, 'aof_enabled')).toBe('0');
      server.execute('INCR', 'behind');
    }
    await server.close();
  });

  it('for the first time takes over what an RDB file has', async () => {
    const dir = await ownFolder();
    const first = createServer({ persistence: { dir } });
    await first.ready();
    first.execute('SET', 'a', '1');
    first.execute('SAVE');
    await first.close();
    expect(await loaded(dir)).toBe('1  ');
    await rm(join(dir, 'dump.rdb'));
    expect(await loaded(dir)).toBe('1  ');
  });
});

describe('a rewrite', () => {
  it('while everything changes ends with the data as it is then', async () => {
    const dir = await ownFolder();
    const { server } = await ours(dir, { parameters: [['appendfsync', 'everysec']] });
    const run = runOn(server);
    for (let round = 0; round < 3; round++) {
      await fill(run, round);
      server.execute('BGREWRITEAOF');
      let steps = 0;
      while (infoOf(server, 'aof_rewrite_in_progress') === '1') {
        server.execute('SET', `new:${steps}`, 'x');
        server.execute('LPUSH', 'list', `${steps}`);
        const [cursor, keys] = server.execute('SCAN', '0', 'COUNT', '5') as [Buffer, Buffer[]];
        for (const key of keys) server.execute(steps % 2 === 0 ? 'DEL' : 'PERSIST', key);
        expect(cursor).toBeDefined();
        if (++steps % 5 === 0) await new Promise((resolve) => setImmediate(resolve));
      }
      server.execute('CONFIG', 'SET', 'appendfsync', 'always');
      server.execute('INCR', 'rounds');
      server.execute('CONFIG', 'SET', 'appendfsync', 'everysec');
      expect(infoOf(server, 'aof_last_bgrewrite_status')).toBe('ok');
      expect(digestOf((await ours(await copyOf(dir))).server)).toBe(digestOf(server));
    }
  });

  it('is scheduled inside of MULTI and while the data is saved, and refused while one is under way', async () => {
    const { server } = await ours(await ownFolder());
    await fill(runOn(server), 1);
    const client = server.connect();
    expect(server.executeText('BGSAVE')).toBe('Background saving started');
    expect(server.executeText('BGREWRITEAOF')).toBe('Background append only file rewriting scheduled');
    expect(infoOf(server, 'aof_rewrite_scheduled')).toBe('1');
    await client.execute('MULTI');
    await client.execute('BGREWRITEAOF');
    await client.execute('INCR', 'n');
    expect(await client.execute('EXEC')).toEqual(['Background append only file rewriting scheduled', 1]);
    await rewritten(server);
    server.execute('BGREWRITEAOF');
    expect(server.execute('BGREWRITEAOF')).toMatchObject({
      message: 'ERR Background append only file rewriting already in progress',
    });
    await rewritten(server);
  });
});
