/** Decides how the file with the users is read and written: whole or not at all. Knows no rules. */
import { readFileSync } from 'node:fs';
import { messageOf } from '../../errors.js';
import { replaceFile } from '../whole-file.js';

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
  return replaceFile(path, () => Buffer.from(`${lines.join('\n')}\n`, 'latin1'));
}
