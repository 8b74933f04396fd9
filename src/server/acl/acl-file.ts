/** Decides how the file with the users is read and written: whole or not at all. Knows no rules. */
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs';

export function readAclFile(path: string): { readonly text: string } | { readonly problem: string } {
  try {
    // Byte strings, as names and patterns are.
    return { text: readFileSync(path, 'latin1') };
  } catch (error) {
    return { problem: `Error loading ACLs, opening file '${path}': ${messageOf(error)}` };
  }
}

/** Null, or why it could not be written. The file that was there stays then. */
export function writeAclFile(path: string, lines: readonly string[]): string | null {
  const beside = `${path}.${process.pid}.tmp`;
  try {
    const file = openSync(beside, 'w', 0o644);
    try {
      writeSync(file, Buffer.from(`${lines.join('\n')}\n`, 'latin1'));
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

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
