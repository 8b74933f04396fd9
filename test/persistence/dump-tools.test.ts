/** `lookaside check-dump` and `lookaside dump-info`: what is in a file, and whether it is whole. */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { examineRdb } from '../../src/server/index.js';
import { type Bundle, bundle } from '../consistency/history/bundle.js';
import { isDamaged } from './approved.js';
import { fill, folder, runOn, serverIn } from './support.js';

/** A process that has to compile its sources first takes seconds to start. */
let bin: Bundle;

beforeAll(async () => {
  bin = await bundle({ entry: 'src/bin.ts' }, null);
});
afterAll(() => bin.dispose());

function run(...args: string[]): { status: number | null; text: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [bin.file, ...args], { encoding: 'utf8' });
  return { status, text: stdout + stderr };
}

async function file(): Promise<string> {
  const dir = folder();
  const server = await serverIn(dir);
  await fill(runOn(server), 1);
  for (let count = 0; count < 100; count++) server.execute('SET', `user:${count}`, 'x'.repeat(50));
  server.execute('SAVE');
  await server.close();
  return join(dir, 'dump.rdb');
}

it('a whole file is told as such, with its keys by type, database and prefix', async () => {
  const path = await file();
  const report = await examineRdb(path, { nowMs: 0, listed: 3 });
  expect(report).toMatchObject({
    version: 10,
    checksum: 'right',
    bytesBehind: 0,
    volatileKeys: 3,
    expiredKeys: 0,
  });
  expect(report.prefixes.get('user:')).toEqual({ keys: 100, bytes: 5_690 });
  expect(report.databases.get(5)?.keys).toBe(500);
  expect([...report.types.keys()].sort()).toEqual(['hash', 'list', 'set', 'stream', 'string', 'zset']);
  expect(report.types.get('stream')?.keys).toBe(2);
  expect(report.largest).toHaveLength(3);
  expect((await examineRdb(path, { nowMs: 5e12 })).expiredKeys).toBe(3);

  const told = run('check-dump', path);
  expect(told.text).toContain(`${path} is whole: version 10`);
  expect(told.text).toContain('checksum right');
  expect(told.status).toBe(0);
  const info = run('dump-info', path, '--top', '2');
  expect(info.text).toMatch(/prefix +keys +bytes\nuser: +100 +5690/);
  expect(info.text).toContain('redis-ver=7.0.15');
  const json = JSON.parse(run('dump-info', path, '--json').text) as { keys: number; types: object };
  expect(json.keys).toBe(report.keys);
  expect(Object.keys(json.types)).toContain('zset');
});

it('a file that is not whole is refused with the place, and a file that is not there by name', async () => {
  const path = await file();
  const bytes = readFileSync(path);
  isDamaged(dirname(path));
  writeFileSync(path, bytes.subarray(0, bytes.length - 100));
  const told = run('check-dump', path);
  expect(told.text).toMatch(
    /cannot be read: .*dump\.rdb, at byte \d+: the bytes end early\. \(LOOKASIDE_FILE_BROKEN\)/,
  );
  expect(told.status).toBe(1);
  expect(run('dump-info', path).status).toBe(1);
  const missing = run('check-dump', '/nowhere/dump.rdb');
  expect(missing.text).toContain('/nowhere/dump.rdb');
  expect(missing.status).toBe(1);
});
