/** Decides whether the Postgres launcher keeps its promises. Uses the npm binaries whatever the run's own server is. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, it } from 'vitest';
import { startPostgres } from '../../scripts/lib/postgres.js';
import { findPostgresPackage, postgresPackageName } from '../../scripts/lib/postgres-binaries.js';
import { isRunning } from './is-running.js';
import { valueOf } from './query.js';
import { describeWith } from './servers.js';

const dataDirectoryOf = async (url: string): Promise<string> =>
  String(await valueOf(url, "select current_setting('data_directory')"));

function launcherSuite(): void {
  it('gives two launches at once two servers, and stops them without a trace', async () => {
    const servers = await Promise.all([startPostgres(), startPostgres()]);
    const directories = await Promise.all(servers.map(({ url }) => dataDirectoryOf(url)));
    expect(new Set(servers.map(({ port }) => port)).size).toBe(2);
    expect(new Set(directories).size).toBe(2);
    for (const directory of directories) expect(existsSync(directory)).toBe(true);
    for (const { pid } of servers) expect(isRunning(pid)).toBe(true);

    await Promise.all(servers.map((server) => server.stop()));
    for (const { pid } of servers) expect(isRunning(pid)).toBe(false);
    for (const directory of directories) expect(existsSync(dirname(directory))).toBe(false);
  });

  it('runs Postgres 18 with the settings it was given, over settings for logical decoding', async () => {
    const server = await startPostgres({ settings: { work_mem: '7MB' } });
    expect(await valueOf(server.url, 'show server_version_num')).toMatch(/^18/);
    expect(await valueOf(server.url, 'show work_mem')).toBe('7MB');
    expect(await valueOf(server.url, 'show wal_level')).toBe('logical');
    await Promise.all([server.stop(), server.stop()]);
  });

  it('reports the words of a server that refuses to start', async () => {
    await expect(startPostgres({ settings: { work_mem: 'plenty' } })).rejects.toThrow(
      /invalid value.*work_mem/,
    );
  });

  it('leaves neither a server nor files behind when its process is killed', async () => {
    const tsx = join('node_modules', '.bin', 'tsx');
    const owner = spawn(tsx, ['test/support/launch-and-wait.ts'], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [line] = (await once(createInterface(owner.stdout), 'line')) as [string];
    const launched = JSON.parse(line) as { ownerPid: number; pid: number; url: string };
    const directory = dirname(await dataDirectoryOf(launched.url));
    process.kill(launched.ownerPid, 'SIGKILL');
    await expect.poll(() => isRunning(launched.pid), { timeout: 20_000 }).toBe(false);
    await expect.poll(() => existsSync(directory), { timeout: 20_000 }).toBe(false);
  });
}

describe('the Postgres launcher', () => {
  const installed = findPostgresPackage() !== null;
  describeWith({
    name: 'from the npm binaries',
    suite: launcherSuite,
    server: 'Postgres launcher',
    missing: installed ? null : `${postgresPackageName()} is not installed`,
  });
});
