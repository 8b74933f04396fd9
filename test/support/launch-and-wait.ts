/** Decides nothing: a process that starts a Postgres, says where, and stays until it is killed. For `launcher.test.ts`. */
import { startPostgres } from '../../scripts/lib/postgres.js';

async function main(): Promise<void> {
  const { pid, url } = await startPostgres();
  process.stdout.write(`${JSON.stringify({ ownerPid: process.pid, pid, url })}\n`);
  setInterval(() => undefined, 60_000);
}

void main();
