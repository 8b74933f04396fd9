/**
 * Decides how files are reached: the few calls that persistence makes, as one object, so that a test can make each of
 * them fail. Knows nothing of what is written.
 */
import fs from 'node:fs';
import { promisify } from 'node:util';

/** `new`: must not be there yet. `fresh`: whatever was there is gone. `append`: every write goes to the end. */
export type OpenMode = 'read' | 'new' | 'fresh' | 'append' | 'update';

/**
 * The calls themselves, each as the system has it: `write` may write less than it was given, and every one may fail with
 * the system's error. Those that end in `Now` hold the thread, for SAVE, SHUTDOWN and DEBUG RELOAD, during which nothing else may happen.
 */
export interface Files {
  open(path: string, mode: OpenMode): Promise<number>;
  /** How many bytes were written, of `length` from `offset` on. */
  write(file: number, bytes: Buffer, offset: number, length: number): Promise<number>;
  /** How many bytes were read to `offset`; 0 at the end of the file. */
  read(file: number, bytes: Buffer, offset: number, length: number, position: number): Promise<number>;
  /** The data, and what is needed to find it. */
  datasync(file: number): Promise<void>;
  /** The same with everything that is known about the file. A folder can be synced too: then its names are. */
  sync(file: number): Promise<void>;
  truncate(file: number, length: number): Promise<void>;
  close(file: number): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  /** It need not be there. */
  remove(path: string): Promise<void>;
  /** How long it is; null when it is not there. */
  size(path: string): Promise<number | null>;
  names(folder: string): Promise<string[]>;
  makeFolder(path: string): Promise<void>;

  openNow(path: string, mode: OpenMode): number;
  readNow(file: number, bytes: Buffer, offset: number, length: number, position: number): number;
  sizeNow(path: string): number | null;
  truncateNow(file: number, length: number): void;
  writeNow(file: number, bytes: Buffer, offset: number, length: number): number;
  syncNow(file: number): void;
  /** Absent where nobody may be held up for it. */
  datasyncNow?(file: number): void;
  closeNow(file: number): void;
  renameNow(from: string, to: string): void;
  removeNow(path: string): void;
}

const flags: Readonly<Record<OpenMode, string>> = {
  read: 'r',
  new: 'wx',
  fresh: 'w',
  append: 'a',
  update: 'r+',
};
/** As redis-server's files under the usual umask. */
const MODE = 0o644;

const system = {
  open: promisify(fs.open),
  datasync: promisify(fs.fdatasync),
  sync: promisify(fs.fsync),
  truncate: promisify(fs.ftruncate),
  close: promisify(fs.close),
};

export const systemFiles: Files = {
  open: (path, mode) => system.open(path, flags[mode], MODE),
  write: (file, bytes, offset, length) =>
    new Promise((resolve, reject) => {
      fs.write(file, bytes, offset, length, null, (error, written) =>
        error === null ? resolve(written) : reject(error),
      );
    }),
  read: (file, bytes, offset, length, position) =>
    new Promise((resolve, reject) => {
      fs.read(file, bytes, offset, length, position, (error, read) =>
        error === null ? resolve(read) : reject(error),
      );
    }),
  datasync: system.datasync,
  sync: system.sync,
  truncate: system.truncate,
  close: system.close,
  rename: (from, to) => fs.promises.rename(from, to),
  remove: (path) => fs.promises.rm(path, { force: true }),
  async size(path) {
    try {
      return (await fs.promises.stat(path)).size;
    } catch (error) {
      if (isMissing(error)) return null;
      throw error;
    }
  },
  names: (folder) => fs.promises.readdir(folder),
  makeFolder: async (path) => {
    await fs.promises.mkdir(path, { recursive: true });
  },

  openNow: (path, mode) => fs.openSync(path, flags[mode], MODE),
  readNow: (file, bytes, offset, length, position) => fs.readSync(file, bytes, offset, length, position),
  sizeNow: (path) => fs.statSync(path, { throwIfNoEntry: false })?.size ?? null,
  truncateNow: (file, length) => fs.ftruncateSync(file, length),
  writeNow: (file, bytes, offset, length) => fs.writeSync(file, bytes, offset, length),
  syncNow: (file) => fs.fsyncSync(file),
  datasyncNow: (file) => fs.fdatasyncSync(file),
  closeNow: (file) => fs.closeSync(file),
  renameNow: (from, to) => fs.renameSync(from, to),
  removeNow: (path) => fs.rmSync(path, { force: true }),
};

/** Writes all of some bytes, in as many calls as it takes. */
export async function writeAll(files: Files, file: number, bytes: Buffer): Promise<void> {
  for (let at = 0; at < bytes.length; ) {
    const written = await files.write(file, bytes, at, bytes.length - at);
    if (written === 0) throw new Error('nothing more could be written');
    at += written;
  }
}

/** The same, holding the thread. */
export function writeAllNow(files: Files, file: number, bytes: Buffer): void {
  for (let at = 0; at < bytes.length; ) {
    const written = files.writeNow(file, bytes, at, bytes.length - at);
    if (written === 0) throw new Error('nothing more could be written');
    at += written;
  }
}

/** Makes sure that a name given to a file in this folder is there after a power failure. */
export async function syncFolder(files: Files, folder: string): Promise<void> {
  const file = await files.open(folder, 'read');
  try {
    await files.sync(file);
  } finally {
    await files.close(file);
  }
}

/** The same, holding the thread. */
export function syncFolderNow(files: Files, folder: string): void {
  const file = files.openNow(folder, 'read');
  try {
    files.syncNow(file);
  } finally {
    files.closeNow(file);
  }
}

/** Whether an error says that there is no such file. */
export function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
