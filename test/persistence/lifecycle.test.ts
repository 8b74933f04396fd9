/** When data is saved and loaded: on demand, at save points, at the end and at the start; and who may use a folder. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { manualClock } from '../../src/clock.js';
import { createServer } from '../../src/server/index.js';
import { isDamaged } from './approved.js';
import { digestOf, folder, infoOf, isSaving, lockIn, saved, serverIn, textOf } from './support.js';

it('SAVE, BGSAVE and LASTSAVE answer as in Redis', async () => {
  const dir = folder();
  const server = await serverIn(dir);
  const before = Number(server.execute('LASTSAVE'));
  expect(before).toBeGreaterThan(1_700_000_000);
  for (let count = 0; count < 20_000; count++) server.execute('SET', `k${count}`, 'v');
  expect(infoOf(server, 'rdb_changes_since_last_save')).toBe('20000');
  expect(server.execute('BGSAVE')).toBe('Background saving started');
  expect(textOf(server.execute('BGSAVE'))).toBe('-ERR Background save already in progress');
  expect(textOf(server.execute('BGSAVE', 'SCHEDULE'))).toBe('-ERR Background save already in progress');
  expect(textOf(server.execute('SAVE'))).toBe('-ERR Background save already in progress');
  expect(textOf(server.execute('BGSAVE', 'NOW'))).toBe('-ERR syntax error');
  expect(infoOf(server, 'current_save_keys_total')).toBe('20000');
  server.execute('SET', 'k0', 'changed');
  await saved(server);
  expect(infoOf(server, 'rdb_changes_since_last_save')).toBe('1');
  expect(infoOf(server, 'rdb_saves')).toBe('1');
  expect(server.execute('SAVE')).toBe('OK');
  expect(infoOf(server, 'rdb_changes_since_last_save')).toBe('0');
  expect(infoOf(server, 'rdb_saves')).toBe('2');
  server.execute('MULTI');
  expect(textOf(server.execute('SAVE'))).toBe('-ERR Command not allowed inside a transaction');
  server.execute('DISCARD');
  await server.close();
});

it('a server without a folder keeps nothing and says so', async () => {
  const server = createServer();
  await server.ready();
  for (const command of ['SAVE', 'BGSAVE'])
    expect(textOf(server.execute(command))).toMatch(/^-ERR this server keeps nothing on disk/);
  expect(textOf(server.execute('SHUTDOWN', 'SAVE'))).toMatch(/keeps nothing on disk/);
  await server.close();
});

it('saves at a save point, once so much has changed and so much time has passed', async () => {
  const clock = manualClock();
  const server = await serverIn(folder(), { clock, parameters: [['save', '60 3 10 5']] });
  expect(server.parameter('save')).toBe('60 3 10 5');
  for (const key of ['a', 'b', 'c']) server.execute('SET', key, 'x');
  clock.advance(59_000);
  expect(isSaving(server)).toBe(false);
  clock.advance(1_200);
  expect(isSaving(server)).toBe(true);
  await saved(server);
  expect(infoOf(server, 'rdb_saves')).toBe('1');
  for (const key of ['a', 'b', 'c', 'd', 'e']) server.execute('SET', key, 'y');
  clock.advance(9_000);
  expect(isSaving(server)).toBe(false);
  clock.advance(1_500);
  expect(isSaving(server)).toBe(true);
  await saved(server);
  clock.advance(1_000_000);
  expect(infoOf(server, 'rdb_saves')).toBe('2');
  await server.close();
});

it.each([
  ['close()', true, async (server) => server.close()],
  ['SHUTDOWN', true, async (server) => void server.execute('SHUTDOWN')],
  ['SHUTDOWN NOSAVE', false, async (server) => void server.execute('SHUTDOWN', 'NOSAVE')],
  ['SHUTDOWN NOW SAVE', true, async (server) => void server.execute('SHUTDOWN', 'NOW', 'SAVE')],
] satisfies [string, boolean, (server: Awaited<ReturnType<typeof serverIn>>) => Promise<void>][])(
  '%s saves where there are save points: %s',
  async (_name, saves, end) => {
    const dir = folder();
    const server = await serverIn(dir, { parameters: [['save', '900 1']] });
    server.execute('SET', 'k', 'v');
    server.execute('BGSAVE');
    await saved(server);
    server.execute('SET', 'k', 'last');
    // What is being saved meanwhile is older.
    server.execute('BGSAVE');
    await end(server);
    await server.closed;
    expect(lockIn(dir)).toBe(false);
    const again = await serverIn(dir);
    expect(textOf(again.execute('GET', 'k'))).toBe(saves ? 'last' : 'v');
    await again.close();
  },
);

it('close() saves nothing where nobody asked for it', async () => {
  const dir = folder();
  const server = await serverIn(dir);
  server.execute('SET', 'k', 'v');
  await server.close();
  expect(existsSync(join(dir, 'dump.rdb'))).toBe(false);
});

it('SHUTDOWN ABORT finds nothing to abort, and words that exclude each other are refused', async () => {
  const server = await serverIn(folder());
  expect(textOf(server.execute('SHUTDOWN', 'ABORT'))).toBe('-ERR No shutdown in progress.');
  expect(textOf(server.execute('SHUTDOWN', 'SAVE', 'NOSAVE'))).toBe('-ERR syntax error');
  expect(textOf(server.execute('SHUTDOWN', 'ABORT', 'NOW'))).toBe('-ERR syntax error');
  await server.close();
});

it('until everything is loaded commands are answered with LOADING, and INFO tells how far it is', async () => {
  const dir = folder();
  const server = await serverIn(dir);
  for (let count = 0; count < 40_000; count++) server.execute('SET', `k${count}`, 'x'.repeat(100));
  server.execute('SAVE');
  const digest = digestOf(server);
  await server.close();

  const again = createServer({ persistence: { dir }, protection: { debugCommand: 'yes' } });
  expect(textOf(again.execute('GET', 'k1'))).toBe('-LOADING Redis is loading the dataset in memory');
  expect(textOf(again.execute('PING'))).toBe('-LOADING Redis is loading the dataset in memory');
  const seen: number[] = [];
  while (infoOf(again, 'loading') === '1') {
    seen.push(Number(infoOf(again, 'loading_loaded_bytes')));
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(seen.some((bytes) => bytes > 0)).toBe(true);
  await again.ready();
  expect(digestOf(again)).toBe(digest);
  expect(infoOf(again, 'rdb_changes_since_last_save')).toBe('0');
  await again.close();

  const early = createServer({ persistence: { dir } });
  await early.close();
  await expect(early.ready()).rejects.toThrow(/closed while it loaded/);
  expect(lockIn(dir)).toBe(false);
});

it('a server that could not begin leaves what is in the folder alone, however it is closed', async () => {
  const dir = isDamaged(folder());
  const path = join(dir, 'dump.rdb');
  const parameters = [['save', '900 1']] as const;
  const first = await serverIn(dir, { parameters });
  first.execute('SET', 'k', 'v');
  first.execute('SAVE');
  const good = readFileSync(path);
  const second = createServer({ persistence: { dir }, parameters });
  await second.close();
  await expect(second.ready()).rejects.toThrow(/is held by process/);
  expect(readFileSync(path).equals(good)).toBe(true);
  await first.close();

  const early = createServer({ persistence: { dir }, parameters });
  await early.close();
  await expect(early.ready()).rejects.toThrow();
  expect(readFileSync(path).equals(good)).toBe(true);

  const bad = good.subarray(0, good.length - 20);
  writeFileSync(path, bad);
  const third = createServer({ persistence: { dir }, parameters });
  await expect(third.ready()).rejects.toThrow(/cannot be read/);
  await third.close();
  expect(readFileSync(path).equals(bad)).toBe(true);
});

it('a second server is refused the folder and told who holds it; what a dead process left is taken over', async () => {
  const dir = folder();
  const server = await serverIn(dir);
  await expect(serverIn(dir)).rejects.toThrow(new RegExp(`${dir} is held by process ${process.pid} `));
  await server.close();

  const lock = join(dir, 'lookaside.lock');
  const dead = execFileSync(process.execPath, ['-e', 'console.log(process.pid)']).toString().trim();
  const host = execFileSync('hostname').toString().trim();
  writeFileSync(lock, `${dead} 1 ${host}\n`);
  const after = await serverIn(dir);
  expect(readFileSync(lock, 'utf8')).toContain(`${process.pid} `);
  await after.close();

  // The number lives on in another process, which was started at another time.
  writeFileSync(lock, `${process.pid} 1 ${host}\n`);
  await (await serverIn(dir)).close();

  writeFileSync(lock, `${process.pid} 1 elsewhere\n`);
  await expect(serverIn(dir)).rejects.toThrow(/is held by process \d+ on elsewhere/);
});
