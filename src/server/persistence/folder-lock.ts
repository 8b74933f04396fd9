/**
 * Decides that one server keeps its files in a folder: a file names who holds it. What a process left that is gone is
 * taken over. Knows nothing of the other files.
 */
import fs from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { LookasideError } from '../../errors.js';
import { type Files, isMissing, writeAllNow } from './files.js';

const NAME = 'lookaside.lock';

export interface FolderLock {
  release(): void;
}

/** @throws LookasideError `LOOKASIDE_FOLDER_IN_USE`; what the system says where the folder cannot be written to */
export function lockFolder(files: Files, folder: string): FolderLock {
  const path = join(folder, NAME);
  for (let tries = 0; tries < 3; tries++) {
    const file = createNew(files, path);
    if (file !== null) {
      try {
        writeAllNow(files, file, Buffer.from(`${process.pid} ${startOf(process.pid)} ${hostname()}\n`));
      } finally {
        files.closeNow(file);
      }
      return { release: () => files.removeNow(path) };
    }
    const holder = holderOf(path);
    if (holder !== null) refuseIfAlive(holder, folder);
    // Its process is gone. Whoever renames it is the only one who takes it away.
    const left = `${path}.${process.pid}`;
    if (renamed(files, path, left)) {
      const moved = holderOf(left);
      if (moved !== null && moved !== holder) {
        // Somebody else was faster, and this was his.
        files.renameNow(left, path);
        refuseIfAlive(moved, folder);
      }
      files.removeNow(left);
    }
  }
  throw new LookasideError('FOLDER_IN_USE', `${folder}: others take it again and again`);
}

/** Null when it is there already. */
function createNew(files: Files, path: string): number | null {
  try {
    return files.openNow(path, 'new');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return null;
    throw error;
  }
}

function renamed(files: Files, from: string, to: string): boolean {
  try {
    files.renameNow(from, to);
    return true;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}

/** Null when there is none any more. */
function holderOf(path: string): string | null {
  try {
    return fs.readFileSync(path, 'utf8');
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

function refuseIfAlive(holder: string, folder: string): void {
  const [pid = '', start = '', ...host] = holder.trim().split(' ');
  const where = host.join(' ');
  // On another machine nobody can look: a folder that two share has to be unlocked by hand.
  const isElsewhere = where !== '' && where !== hostname();
  if (!isElsewhere && !isAlive(Number(pid), start)) return;
  throw new LookasideError(
    'FOLDER_IN_USE',
    `${folder} is held by process ${pid}${isElsewhere ? ` on ${where}` : ''} (${NAME}); stop it, or use another folder`,
  );
}

function isAlive(pid: number, start: string): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    // Somebody else's process is alive as well.
    if (!(error instanceof Error && 'code' in error && error.code === 'EPERM')) return false;
  }
  // The number may have been given to another process since.
  const now = startOf(pid);
  return now === '-' || start === '-' || now === start;
}

/** When a process was started, in the system's own count; `-` where it does not say. */
function startOf(pid: number): string {
  try {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name in parentheses may hold spaces; 20 fields behind it stands the start.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '-';
  } catch (error) {
    if (error instanceof Error && 'code' in error) return '-';
    throw error;
  }
}
