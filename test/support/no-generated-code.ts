/** Decides how a child of a test runs in a process that forbids code made from strings. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/**
 * @param file in TypeScript; it is told the database as `DATABASE_URL`
 * @returns what it prints, as JSON says it
 */
export async function runWithoutGeneratedCode(file: string, databaseUrl: string): Promise<unknown> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--disallow-code-generation-from-strings', '--import', 'tsx', file],
    { env: { ...process.env, DATABASE_URL: databaseUrl } },
  );
  return JSON.parse(stdout) as unknown;
}
