/**
 * Decides that Redis' own tools approve of every file that a test leaves behind. Whoever damages files on purpose says so.
 * Knows nothing of what is in them.
 */
import { execFile } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { onTestFinished } from 'vitest';

const run = promisify(execFile);
/** Without them, the suites that need a redis-server say so. */
const hasTools = (process.env['PATH'] ?? '')
  .split(delimiter)
  .some((place) => existsSync(join(place, 'redis-check-aof')));
const damaged = new Set<string>();

/** Once the test is over, and whatever it started has been stopped, the files in its folder are looked at. */
export function approvedAtTheEnd(dir: string): string {
  onTestFinished(async () => {
    if (hasTools && !damaged.has(dir)) await approve(dir);
  });
  return dir;
}

/** The same at once, for what several tests share. */
export async function approvedNow(dir: string): Promise<void> {
  if (hasTools) await approve(dir);
}

/** What is in this folder is not whole, and is not meant to be. */
export function isDamaged(dir: string): string {
  damaged.add(dir);
  return dir;
}

async function approve(dir: string): Promise<void> {
  for (const name of readdirSync(dir, { recursive: true, encoding: 'utf8' })) {
    // A file that was being written when its server was killed has no name yet.
    if (/(^|\/)temp-/.test(name)) continue;
    if (name.endsWith('.manifest')) await run('redis-check-aof', [join(dir, name)]);
    else if (name.endsWith('.rdb') && !name.endsWith('.base.rdb'))
      await run('redis-check-rdb', [join(dir, name)]);
  }
}
