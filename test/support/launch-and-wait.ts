/**
 * Decides nothing: a process that starts the server it was named, says where, and stays until it is killed. For
 * `launcher.test.ts` and `mysql.test.ts`.
 */
import { startMariadb } from '../../scripts/lib/mariadb.js';
import { startMysql57 } from '../../scripts/lib/mysql57.js';
import { startPostgres } from '../../scripts/lib/postgres.js';

const launchers = { postgres: startPostgres, mariadb: startMariadb, mysql57: startMysql57 };

const isLauncher = (name: string): name is keyof typeof launchers => Object.hasOwn(launchers, name);

async function main(name = 'postgres'): Promise<void> {
  if (!isLauncher(name)) throw new Error(`There is no launcher ${name}.`);
  const server = await launchers[name]();
  const { pid, url } = server;
  const filesDirectory = 'filesDirectory' in server ? server.filesDirectory : undefined;
  process.stdout.write(`${JSON.stringify({ ownerPid: process.pid, pid, url, filesDirectory })}\n`);
  setInterval(() => undefined, 60_000);
}

void main(process.argv[2]);
