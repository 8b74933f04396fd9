/** When an append only file is written anew by itself and when it is not, what else may be saved meanwhile, and turning it on over what is there. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type ManualClock, manualClock } from '../../src/clock.js';
import { createServer, type EmbeddedServer, type ServerConfig } from '../../src/server/index.js';
import { RewriteLimit } from '../../src/server/persistence/aof/rewrite-limit.js';
import { copyOf, FOLDER, NAME, ours, ownFolder } from './aof-servers.js';
import { converseInCommands } from './aof-wire.js';
import { digestOf, fill, infoOf, runOn, saved, textOf } from './support.js';

async function started(config: ServerConfig): Promise<EmbeddedServer> {
  const server = createServer({ protection: { debugCommand: 'yes' }, ...config });
  onTestFinished(() => server.close());
  await server.ready();
  return server;
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setImmediate(resolve));
}

const rewrites = (server: EmbeddedServer): number => Number(infoOf(server, 'aof_rewrites'));

describe('automatic rewrites', () => {
  /** So many bytes are appended, and a second passes. */
  async function append(server: EmbeddedServer, clock: ManualClock, bytes: number): Promise<void> {
    server.execute('SET', 'k', 'x'.repeat(bytes));
    await until(() => infoOf(server, 'aof_buffer_length') === '0');
    clock.advance(1100);
    await until(() => infoOf(server, 'aof_rewrite_in_progress') === '0');
  }

  it('begin once the file has grown by so much and is so large', async () => {
    const [clock, dir] = [manualClock(), await ownFolder()];
    const rewrite = { percentage: 100, bytesMin: 10_000 };
    const server = await started({ clock, persistence: { dir, aof: { rewrite } } });
    expect(server.parameter('auto-aof-rewrite-percentage')).toBe('100');
    expect(server.parameter('auto-aof-rewrite-min-size')).toBe('10000');
    const before = rewrites(server);
    await append(server, clock, 4_000);
    await append(server, clock, 4_000);
    expect(rewrites(server)).toBe(before);
    await append(server, clock, 4_000);
    expect(rewrites(server)).toBe(before + 1);
    // One value is left of the three, packed: the file has to be 10,000 bytes again.
    expect(Number(infoOf(server, 'aof_base_size'))).toBeLessThan(1_000);
    await append(server, clock, 9_000);
    expect(rewrites(server)).toBe(before + 1);
    await append(server, clock, 3_000);
    expect(rewrites(server)).toBe(before + 2);
    expect(readdirSync(join(dir, FOLDER)).toSorted()).toEqual([
      `${NAME}.3.base.rdb`,
      `${NAME}.3.incr.aof`,
      `${NAME}.manifest`,
    ]);
  });

  it('do not begin before the file is twice as large, nor at all where the percentage is 0', async () => {
    const [clock, dir] = [manualClock(), await ownFolder()];
    const server = await started({
      clock,
      persistence: { dir, aof: { rewrite: { percentage: 0, bytesMin: 1 } } },
    });
    await fill(runOn(server), 2);
    await until(() => infoOf(server, 'aof_buffer_length') === '0');
    clock.advance(5_000);
    expect(infoOf(server, 'aof_rewrite_in_progress')).toBe('0');
    server.execute('BGREWRITEAOF');
    await until(() => infoOf(server, 'aof_rewrite_in_progress') === '0');
    const before = rewrites(server);
    server.execute('CONFIG', 'SET', 'auto-aof-rewrite-percentage', '100');
    const base = Number(infoOf(server, 'aof_base_size'));
    await append(server, clock, Math.floor(base * 0.9));
    expect(rewrites(server)).toBe(before);
    await append(server, clock, Math.floor(base * 0.2));
    expect(rewrites(server)).toBe(before + 1);
  });
});

it('automatic rewrites that keep failing pause for a minute, then two, up to an hour, until one succeeds', () => {
  const clock = manualClock();
  const limit = new RewriteLimit(clock);
  const pauses: number[] = [];
  for (let round = 0; round < 10; round++) {
    limit.failed();
    let seconds = 0;
    for (; limit.isTooEarly(); seconds++) clock.advance(1_000);
    pauses.push(seconds / 60);
  }
  expect(pauses).toEqual([0, 0, 1, 2, 4, 8, 16, 32, 60, 60]);
  limit.succeeded();
  limit.failed();
  expect(limit.isTooEarly()).toBe(false);
});

it('BGSAVE while the file is written anew is refused, and scheduled where that is asked for', async () => {
  const dir = await ownFolder();
  const server = await started({ persistence: { dir, aof: {} } });
  await fill(runOn(server), 3);
  server.execute('BGREWRITEAOF');
  expect(infoOf(server, 'aof_rewrite_in_progress')).toBe('1');
  expect(textOf(server.execute('BGSAVE'))).toBe(
    "-ERR Another child process is active (AOF?): can't BGSAVE right now. Use BGSAVE SCHEDULE in order to schedule a BGSAVE whenever possible.",
  );
  expect(server.execute('BGSAVE', 'SCHEDULE')).toBe('Background saving scheduled');
  server.execute('INCR', 'n');
  expect(Number(infoOf(server, 'rdb_changes_since_last_save'))).toBeGreaterThan(0);
  await until(() => infoOf(server, 'rdb_saves') === '1');
  await saved(server);
  expect(infoOf(server, 'rdb_changes_since_last_save')).toBe('0');
  expect(infoOf(server, 'rdb_last_bgsave_status')).toBe('ok');
});

describe('turning it on', () => {
  it('leaves what is there from before alone until everything has been written anew', async () => {
    const dir = await ownFolder();
    const first = await started({ persistence: { dir, aof: {} } });
    first.execute('SET', 'old', '1');
    await first.close();
    const before = new Map(
      readdirSync(join(dir, FOLDER)).map((name) => [name, readFileSync(join(dir, FOLDER, name), 'latin1')]),
    );
    const second = await started({ persistence: { dir } });
    await fill(runOn(second), 4);
    second.execute('CONFIG', 'SET', 'appendonly', 'yes');
    second.execute('SET', 'new', '1');
    // Were it killed here, what the manifest names would have to be what it was.
    await until(() => readdirSync(join(dir, FOLDER)).some((name) => name.startsWith('temp-')));
    for (const [name, bytes] of before)
      expect(readFileSync(join(dir, FOLDER, name), 'latin1') === bytes, name).toBe(true);
    await until(() => infoOf(second, 'aof_rewrite_in_progress') === '0');
    expect(readdirSync(join(dir, FOLDER)).toSorted()).toEqual([
      `${NAME}.2.base.rdb`,
      `${NAME}.2.incr.aof`,
      `${NAME}.manifest`,
    ]);
    const digest = digestOf(second);
    await second.close();
    expect(digestOf((await ours(await copyOf(dir))).server)).toBe(digest);
  });

  it('and off again under the load of clients loses nothing that was answered while it was on', async () => {
    const dir = await ownFolder();
    const server = await started({ persistence: { dir } });
    await fill(runOn(server), 5);
    const { port = 0 } = await server.listen({ port: 0 });
    const load = { isOver: false };
    let answered = 0;
    const clients = Array.from({ length: 4 }, async (_, client) => {
      for (let round = 0; !load.isOver; round++) {
        const writes = Array.from({ length: 20 }, (_each, at) => [
          'RPUSH',
          `list${client}`,
          `${round}.${at}`,
        ]);
        await converseInCommands({ host: '127.0.0.1', port }, writes);
        answered += writes.length;
      }
    });
    for (let round = 0; round < 3; round++) {
      server.execute('CONFIG', 'SET', 'appendonly', 'yes');
      await until(() => infoOf(server, 'aof_rewrite_in_progress') === '0');
      const enough = answered + 200;
      await until(() => answered >= enough);
      // In one turn: what was answered up to here, and what is in the file that is closed.
      const digest = digestOf(server);
      server.execute('CONFIG', 'SET', 'appendonly', 'no');
      await until(() => infoOf(server, 'aof_enabled') === '0' && answered > enough);
      const again = await ours(await copyOf(dir));
      expect(digestOf(again.server)).toBe(digest);
      await again.server.close();
    }
    load.isOver = true;
    await Promise.all(clients);
  });
});
