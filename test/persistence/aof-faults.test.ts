/** When the disk fails under an append only file, it is said, nothing acknowledged is lost, and it ends when the fault does. */
import { readFileSync } from 'node:fs';
import { readdir, truncate } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type ManualClock, manualClock } from '../../src/clock.js';
import { createServer, type EmbeddedServer, type ServerConfig } from '../../src/server/index.js';
import { type Files, systemFiles } from '../../src/server/persistence/files.js';
import { copyOf, FOLDER, NAME, ours, ownFolder } from './aof-servers.js';
import { encode } from './aof-wire.js';
import { digestOf, infoOf } from './support.js';

const MISCONF = 'MISCONF Errors writing to the AOF file: ';

/** Each fdatasync is done beside, so that the test says how long it takes. */
const { datasyncNow: _datasyncNow, ...withoutWaiting } = systemFiles;

/** Files of which the calls of the append only file can fail, wait, or do only a part. */
class TestFiles {
  writeFailure: string | null = null;
  /** A write that fails has written so many bytes before. */
  partBytes = 0;
  syncFailure: string | null = null;
  renameFailure: string | null = null;
  syncs = 0;
  /** While it is set, an fdatasync waits. */
  waiting: Promise<void> | null = null;
  private release: () => void = () => undefined;

  hold(): void {
    this.waiting = new Promise((resolve) => {
      this.release = resolve;
    });
  }

  letGo(): void {
    this.waiting = null;
    this.release();
  }

  readonly files: Files = {
    ...withoutWaiting,
    writeNow: (file, bytes, offset, length) => {
      if (this.writeFailure === null || length < 8) return systemFiles.writeNow(file, bytes, offset, length);
      const { partBytes } = this;
      this.partBytes = 0;
      if (partBytes > 0) return systemFiles.writeNow(file, bytes, offset, partBytes);
      throw Object.assign(new Error(this.writeFailure), { code: this.writeFailure });
    },
    datasync: async (file) => {
      this.syncs++;
      await this.waiting;
      if (this.syncFailure !== null) throw Object.assign(new Error('sync'), { code: this.syncFailure });
      return systemFiles.datasync(file);
    },
    syncNow: (file) => {
      if (this.syncFailure !== null) throw Object.assign(new Error('sync'), { code: this.syncFailure });
      systemFiles.syncNow(file);
    },
    renameNow: (from, to) => {
      if (this.renameFailure !== null) throw Object.assign(new Error('rename'), { code: this.renameFailure });
      systemFiles.renameNow(from, to);
    },
  };
}

interface Faulty {
  readonly dir: string;
  readonly server: EmbeddedServer;
  readonly disk: TestFiles;
  readonly clock: ManualClock;
  readonly port: number;
}

async function faulty(fsync: 'always' | 'everysec' | 'no', config: ServerConfig = {}): Promise<Faulty> {
  const [dir, disk, clock] = [await ownFolder(), new TestFiles(), manualClock()];
  const server = createServer({
    persistence: { dir, aof: { fsync } },
    protection: { debugCommand: 'yes' },
    files: disk.files,
    clock,
    ...config,
  });
  onTestFinished(async () => {
    disk.letGo();
    disk.writeFailure = disk.syncFailure = disk.renameFailure = null;
    await server.close();
  });
  await server.ready();
  const { port = 0 } = await server.listen({ port: 0 });
  return { dir, server, disk, clock, port };
}

/** What is under way gets its turns. */
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setImmediate(resolve));
}

const rewritten = (server: EmbeddedServer): Promise<void> =>
  until(() => infoOf(server, 'aof_rewrite_in_progress') === '0');

/** It tries again every second; when exactly is not said. */
const recovered = (server: EmbeddedServer, clock: ManualClock): Promise<void> =>
  until(() => {
    clock.advance(100);
    return infoOf(server, 'aof_last_write_status') === 'ok';
  });

const written = (server: EmbeddedServer): Promise<void> =>
  until(() => infoOf(server, 'aof_buffer_length') === '0');

class Talker {
  said = '';
  isClosed = false;
  private readonly socket: Socket;

  constructor(port: number) {
    this.socket = connect(port, '127.0.0.1');
    this.socket.on('data', (chunk) => {
      this.said += chunk.toString();
    });
    this.socket.on('close', () => {
      this.isClosed = true;
    });
    this.socket.on('error', () => undefined);
    onTestFinished(() => void this.socket.destroy());
  }

  ask(...commands: string[][]): void {
    this.socket.write(Buffer.concat(commands.map(encode)));
  }
}

const incrOf = (dir: string): string => join(dir, FOLDER, `${NAME}.1.incr.aof`);

describe('a disk that is full', () => {
  it.each([0, 13])(
    'refuses writes and serves reads until there is room, %i bytes of a command written',
    async (part) => {
      const { dir, server, disk, clock } = await faulty('everysec');
      server.execute('SET', 'before', '1');
      await written(server);
      const { length } = readFileSync(incrOf(dir));
      disk.writeFailure = 'ENOSPC';
      disk.partBytes = part;
      expect(server.execute('SET', 'a', '1')).toBe('OK');
      await until(() => infoOf(server, 'aof_last_write_status') === 'err');
      await until(() => readFileSync(incrOf(dir)).length === length);
      const client = server.connect();
      await expect(client.execute('SET', 'b', '1')).rejects.toThrow(`${MISCONF}No space left on device`);
      await expect(client.execute('PING')).rejects.toThrow(MISCONF);
      expect(server.executeText('GET', 'a')).toBe('1');
      clock.advance(1000);
      expect(infoOf(server, 'aof_last_write_status')).toBe('err');
      disk.writeFailure = null;
      await recovered(server, clock);
      expect(await client.execute('SET', 'b', '1')).toBe('OK');
      await written(server);
      expect(digestOf((await ours(await copyOf(dir))).server)).toBe(digestOf(server));
    },
  );

  it('under always drops whoever waits for an answer, and tells callers in process', async () => {
    const { dir, server, disk, clock, port } = await faulty('always');
    expect(server.execute('SET', 'kept', '1')).toBe('OK');
    const talker = new Talker(port);
    talker.ask(['SET', 'told', '1']);
    await until(() => talker.said === '+OK\r\n');
    disk.writeFailure = 'ENOSPC';
    talker.ask(['SET', 'a', '1'], ['SET', 'b', '1']);
    await until(() => talker.isClosed);
    expect(talker.said).toBe('+OK\r\n');
    expect(server.execute('SET', 'c', '1')).toMatchObject({ message: `${MISCONF}No space left on device` });
    expect(server.executeText('GET', 'kept')).toBe('1');
    const reader = new Talker(port);
    reader.ask(['GET', 'kept'], ['SET', 'd', '1']);
    await until(() => reader.said.startsWith('$1\r\n1\r\n-MISCONF Errors writing to the AOF file'));
    disk.writeFailure = null;
    await recovered(server, clock);
    expect(server.execute('SET', 'c', '2')).toBe('OK');
    expect(digestOf((await ours(await copyOf(dir))).server)).toBe(digestOf(server));
  });

  it('tells a caller in process whose own write cannot be made safe', async () => {
    const { server, disk } = await faulty('always');
    disk.writeFailure = 'EIO';
    expect(server.execute('SET', 'a', '1')).toMatchObject({ message: `${MISCONF}Input/output error` });
    disk.writeFailure = null;
    await server.close();
  });
});

describe('a disk that cannot make a file last', () => {
  it.each(['everysec', 'always'] as const)(
    'is not trusted again before everything is written anew: %s',
    async (fsync) => {
      const { dir, server, disk, clock } = await faulty(fsync);
      server.execute('SET', 'before', '1');
      await written(server);
      disk.syncFailure = 'EIO';
      server.execute('SET', 'a', '1');
      clock.advance(1000);
      await until(() => infoOf(server, 'aof_last_write_status') === 'err');
      expect(server.execute('SET', 'b', '1')).toMatchObject({ message: `${MISCONF}Input/output error` });
      expect(server.executeText('GET', 'a')).toBe('1');
      disk.syncFailure = null;
      await recovered(server, clock);
      await rewritten(server);
      expect(await readdir(join(dir, FOLDER))).toContain(`${NAME}.2.base.rdb`);
      expect(server.execute('SET', 'b', '1')).toBe('OK');
      await written(server);
      expect(digestOf((await ours(await copyOf(dir))).server)).toBe(digestOf(server));
    },
  );
});

describe('a rewrite that fails', () => {
  it('leaves the files as they are, pauses after three, and succeeds when the fault is gone', async () => {
    const { dir, server, disk, clock } = await faulty('everysec', {
      parameters: [
        ['auto-aof-rewrite-min-size', '0'],
        ['auto-aof-rewrite-percentage', '1'],
      ],
    });
    server.execute('SET', 'a', 'x'.repeat(2000));
    await written(server);
    disk.renameFailure = 'EIO';
    for (let failures = 1; failures <= 3; failures++) {
      clock.advance(1000);
      await until(() => infoOf(server, 'aof_rewrites_consecutive_failures') === String(failures));
      expect(infoOf(server, 'aof_last_bgrewrite_status')).toBe('err');
      server.execute('INCR', 'n');
    }
    disk.renameFailure = null;
    clock.advance(1000);
    expect(infoOf(server, 'aof_rewrite_in_progress')).toBe('0');
    await written(server);
    expect(digestOf((await ours(await copyOf(dir))).server)).toBe(digestOf(server));
    for (let second = 0; second < 61; second++) clock.advance(1000);
    await until(() => infoOf(server, 'aof_last_bgrewrite_status') === 'ok');
    server.execute('INCR', 'n');
    await written(server);
    expect(digestOf((await ours(await copyOf(dir))).server)).toBe(digestOf(server));
  });
});

describe('always', () => {
  it('answers nobody, not even who only reads, before everything told is safe; one fdatasync for all', async () => {
    const { server, disk, port } = await faulty('always');
    const talkers = Array.from({ length: 4 }, () => new Talker(port));
    for (const talker of talkers) talker.ask(['PING']);
    await until(() => talkers.every((talker) => talker.said === '+PONG\r\n'));
    disk.hold();
    const before = disk.syncs;
    talkers[0]?.ask(['SET', 'a', '1']);
    await until(() => disk.syncs === before + 1);
    talkers[1]?.ask(['GET', 'a']);
    talkers[2]?.ask(['INCR', 'a']);
    talkers[3]?.ask(['INCR', 'a']);
    await until(() => server.stats().commands >= 8);
    expect(talkers.map((talker) => talker.said)).toEqual([
      '+PONG\r\n',
      '+PONG\r\n',
      '+PONG\r\n',
      '+PONG\r\n',
    ]);
    disk.letGo();
    await until(() => talkers.every((talker) => talker.said.length > 7));
    expect(talkers.map((talker) => talker.said.slice(7))).toEqual([
      '+OK\r\n',
      '$1\r\n1\r\n',
      ':2\r\n',
      ':3\r\n',
    ]);
    expect(disk.syncs).toBe(before + 2);
  });

  it('has made safe whatever it answered: what was not synced may be gone', async () => {
    const dir = await ownFolder();
    const paths = new Map<number, string>();
    const safe = new Map<string, number>();
    const remember = (file: number): void => {
      const path = paths.get(file);
      if (path !== undefined) safe.set(path, readFileSync(path).length);
    };
    const files: Files = {
      ...systemFiles,
      open: async (path, mode) => {
        const file = await systemFiles.open(path, mode);
        paths.set(file, path);
        return file;
      },
      // What is in the file when the call is made is what is safe when it returns.
      datasync: async (file) => {
        const [path, length] = [paths.get(file), readFileSync(paths.get(file) ?? '').length];
        await systemFiles.datasync(file);
        if (path !== undefined) safe.set(path, length);
      },
      syncNow: (file) => {
        systemFiles.syncNow(file);
        remember(file);
      },
      datasyncNow: (file) => {
        systemFiles.syncNow(file);
        remember(file);
      },
    };
    const server = createServer({ persistence: { dir, aof: { fsync: 'always' } }, files });
    onTestFinished(() => server.close());
    await server.ready();
    const { port = 0 } = await server.listen({ port: 0 });
    const talkers = Array.from({ length: 6 }, () => new Talker(port));
    for (const [index, talker] of talkers.entries())
      talker.ask(...Array.from({ length: 200 }, () => ['RPUSH', `l${index}`, 'x'.repeat(50)]));
    for (let look = 1; look <= 5; look++) {
      if (look === 3) server.execute('BGREWRITEAOF');
      const wanted = look * 30;
      await until(() => talkers.every(({ said }) => said.split('\r\n').length > wanted));
      await rewritten(server);
      const answered = talkers.map(({ said }) => said.split('\r\n').length - 1);
      const copy = await copyOf(dir);
      for (const name of await readdir(join(copy, FOLDER))) {
        const length = safe.get(`${dir}/${FOLDER}/${name}`);
        if (name.endsWith('.incr.aof')) await truncate(join(copy, FOLDER, name), length ?? 0);
      }
      const after = await ours(copy);
      for (const [index, count] of answered.entries())
        expect(Number(after.server.execute('LLEN', `l${index}`))).toBeGreaterThanOrEqual(count);
      await after.server.close();
    }
  });

  it('bounds what waits: a client that asks without end is read no further', async () => {
    const { server, disk, port } = await faulty('always');
    disk.hold();
    const talker = new Talker(port);
    talker.ask(['SET', 'a', 'x'.repeat(100_000)]);
    for (let index = 0; index < 200; index++) talker.ask(...Array.from({ length: 10 }, () => ['GET', 'a']));
    await until(() => server.stats().commands > 12);
    for (let turn = 0; turn < 200; turn++) await new Promise((resolve) => setImmediate(resolve));
    expect(server.stats().commands).toBeLessThan(2001);
    disk.letGo();
    await until(() => server.stats().commands >= 2001);
    await until(() => talker.said.length > 200_000_000);
  });
});

it('every second is not held up by an fdatasync that hangs, and is after two', async () => {
  const { dir, server, disk, clock } = await faulty('everysec');
  server.execute('INCR', 'a');
  await written(server);
  disk.hold();
  clock.advance(1000);
  await until(() => infoOf(server, 'aof_pending_bio_fsync') === '1');
  const { length } = readFileSync(incrOf(dir));
  server.execute('INCR', 'a');
  await until(() => infoOf(server, 'aof_buffer_length') !== '0');
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
  expect(readFileSync(incrOf(dir)).length).toBe(length);
  clock.advance(2000);
  expect(readFileSync(incrOf(dir)).length).toBeGreaterThan(length);
  expect(infoOf(server, 'aof_delayed_fsync')).toBe('1');
});
