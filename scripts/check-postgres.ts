/** Decides whether the Postgres binaries from npm are here for this machine and run. For `install-test-servers`. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { preparePostgresBinaries } from './lib/postgres-binaries.js';

async function main(): Promise<void> {
  const scratch = mkdtempSync(join(tmpdir(), 'lookaside-check-'));
  try {
    const { postgres } = await preparePostgresBinaries(scratch);
    const version = execFileSync(postgres, ['--version'], { encoding: 'utf8' }).trim();
    process.stdout.write(`test servers: ${version} from npm\n`);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

main().catch((error: unknown) => {
  process.stdout.write(
    `test servers: MISSING Postgres: ${String(error)} (npm ci, without --omit=optional)\n`,
  );
  process.exitCode = 1;
});
