/** What the disk refuses is told as Redis tells it: writes are refused, reads go on, and nothing that was saved is lost. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { EmbeddedServer } from '../../src/server/index.js';
import { type FaultyFiles, faultyFiles, type Operation } from './faulty-files.js';
import { checkRdb, digestOf, folder, infoOf, saved, serverIn, textOf } from './support.js';

const MISCONF =
  /^-MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk\./;

function fill(server: EmbeddedServer): void {
  for (let count = 0; count < 5_000; count++) server.execute('SET', `k${count}`, 'x'.repeat(count % 500));
}

async function prepared(): Promise<{
  dir: string;
  files: FaultyFiles;
  server: EmbeddedServer;
  before: Buffer;
}> {
  const dir = folder();
  const files = faultyFiles();
  const server = await serverIn(dir, { files, parameters: [['save', '1000000 1000000']] });
  fill(server);
  expect(server.execute('SAVE')).toBe('OK');
  return { dir, files, server, before: readFileSync(join(dir, 'dump.rdb')) };
}

it.each<[Operation, string]>([
  ['open', 'EACCES'],
  ['open', 'EROFS'],
  ['write', 'ENOSPC'],
  ['write', 'EIO'],
  ['sync', 'EIO'],
  ['rename', 'EACCES'],
])(
  'a background save in which %s fails with %s leaves the file as it was, and writes are refused until one succeeds',
  async (operation, code) => {
    const { dir, files, server, before } = await prepared();
    const lastSave = server.execute('LASTSAVE');
    server.execute('SET', 'later', 'x');
    files.fail([operation], code);
    expect(server.execute('BGSAVE')).toBe('Background saving started');
    await saved(server);
    expect(infoOf(server, 'rdb_last_bgsave_status')).toBe('err');
    expect(server.execute('LASTSAVE')).toBe(lastSave);
    expect(textOf(server.execute('SET', 'a', 'b'))).toMatch(MISCONF);
    expect(textOf(server.execute('PING'))).toMatch(MISCONF);
    expect(textOf(server.execute('GET', 'later'))).toBe('x');
    server.execute('MULTI');
    expect(textOf(server.execute('SET', 'a', 'b'))).toMatch(MISCONF);
    server.execute('DISCARD');
    expect(readFileSync(join(dir, 'dump.rdb')).equals(before)).toBe(true);
    expect(readdirSync(dir).sort()).toEqual(['dump.rdb', 'lookaside.lock']);

    expect(textOf(server.execute('SAVE'))).toBe('-ERR');
    expect(textOf(server.execute('SHUTDOWN'))).toBe('-ERR Errors trying to SHUTDOWN. Check logs.');
    expect(server.execute('CONFIG', 'SET', 'stop-writes-on-bgsave-error', 'no')).toBe('OK');
    expect(server.execute('SET', 'a', 'b')).toBe('OK');
    expect(server.execute('CONFIG', 'SET', 'stop-writes-on-bgsave-error', 'yes')).toBe('OK');
    expect(textOf(server.execute('SET', 'a', 'c'))).toMatch(MISCONF);

    files.fail([operation], null);
    expect(server.execute('BGSAVE')).toBe('Background saving started');
    await saved(server);
    expect(infoOf(server, 'rdb_last_bgsave_status')).toBe('ok');
    expect(server.execute('SET', 'a', 'd')).toBe('OK');
    server.execute('SAVE');
    const digest = digestOf(server);
    await server.close();
    const again = await serverIn(dir);
    expect(digestOf(again)).toBe(digest);
    await again.close();
  },
);

it('short writes make a whole file', async () => {
  const { dir, files, server } = await prepared();
  files.writeAtMost(777);
  server.execute('SET', 'later', 'x');
  server.execute('BGSAVE');
  await saved(server);
  expect(checkRdb(join(dir, 'dump.rdb'))).toContain('Checksum OK');
  server.execute('SET', 'again', 'x');
  expect(server.execute('SAVE')).toBe('OK');
  expect(checkRdb(join(dir, 'dump.rdb'))).toContain('[info] 5002 keys read');
  await server.close();
});

it('what cannot be saved at the end is told by close(), and SHUTDOWN FORCE does not mind', async () => {
  const { files, server } = await prepared();
  files.fail(['write'], 'ENOSPC');
  await expect(server.close()).rejects.toThrow(/could not save its data: ENOSPC/);
  expect(() => server.execute('PING')).toThrow(/closed/);

  const other = await prepared();
  other.files.fail(['write'], 'ENOSPC');
  other.server.execute('SHUTDOWN', 'FORCE');
  await other.server.closed;
});

it('a file that cannot be read while it is loaded closes the server with what the system said', async () => {
  const { dir, server } = await prepared();
  await server.close();
  const files = faultyFiles();
  files.fail(['read'], 'EIO');
  await expect(serverIn(dir, { files })).rejects.toThrow(/EIO/);
  const again = await serverIn(dir);
  expect(again.execute('DBSIZE')).toBe(5_000);
  await again.close();
});
