/** Decides how a file is replaced: whole or not at all, and on the disk before it counts. Knows nothing of what it says. */
import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';

/** Null, or what was in the way: the file that was there stays then. `content` may throw as well. */
export function replaceFile(path: string, content: () => string | Buffer): string | null {
  const beside = `${path}.${process.pid}.tmp`;
  try {
    const made = content();
    const bytes = typeof made === 'string' ? Buffer.from(made) : made;
    const file = openSync(beside, 'w', 0o644);
    try {
      writeSync(file, bytes);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(beside, path);
    return null;
  } catch (error) {
    rmSync(beside, { force: true });
    return messageOf(error);
  }
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
