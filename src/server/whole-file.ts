/** Decides how a small file is replaced at once: whole or not at all. Knows nothing of what it says. */
import { basename, dirname } from 'node:path';
import { messageOf } from '../errors.js';
import { replaceFileNow } from './persistence/block-files.js';
import { systemFiles } from './persistence/files.js';

/** Null, or what was in the way: the file that was there stays then. `content` may throw as well. */
export function replaceFile(path: string, content: () => string | Buffer): string | null {
  const name = basename(path);
  try {
    const made = content();
    const bytes = typeof made === 'string' ? Buffer.from(made) : made;
    const names = { folder: dirname(path), name, temporary: `${name}.${process.pid}.tmp` };
    replaceFileNow(systemFiles, names, (file) => file.write(bytes));
    return null;
  } catch (error) {
    return messageOf(error);
  }
}
