/** Decides how files fail in a test: as the system's would, at a call that the test names. */
import { type Files, systemFiles } from '../../src/server/persistence/files.js';

export type Operation = 'open' | 'write' | 'sync' | 'datasync' | 'rename' | 'remove' | 'read';

export interface FaultyFiles extends Files {
  /** What these calls fail with from now on; null: they work again. */
  fail(operations: readonly Operation[], code: string | null): void;
  /** At most so many bytes go into one write. */
  writeAtMost(bytes: number): void;
  /** How often each was called. */
  readonly calls: Map<Operation, number>;
}

function errorOf(code: string, operation: string): Error {
  return Object.assign(new Error(`${code}: made to fail, ${operation}`), { code });
}

export function faultyFiles(): FaultyFiles {
  const faults = new Map<Operation, string>();
  const calls = new Map<Operation, number>();
  let bytesMax = Number.POSITIVE_INFINITY;
  const check = (operation: Operation): void => {
    calls.set(operation, (calls.get(operation) ?? 0) + 1);
    const code = faults.get(operation);
    if (code !== undefined) throw errorOf(code, operation);
  };
  const isWritten = (path: string): boolean => !path.endsWith('lookaside.lock');
  return {
    ...systemFiles,
    calls,
    fail(operations, code) {
      for (const operation of operations)
        if (code === null) faults.delete(operation);
        else faults.set(operation, code);
    },
    writeAtMost(bytes) {
      bytesMax = bytes;
    },
    open: async (path, mode) => {
      if (mode !== 'read') check('open');
      return systemFiles.open(path, mode);
    },
    write: async (file, bytes, offset, length) => {
      check('write');
      return systemFiles.write(file, bytes, offset, Math.min(length, bytesMax));
    },
    read: async (file, bytes, offset, length, position) => {
      check('read');
      return systemFiles.read(file, bytes, offset, length, position);
    },
    sync: async (file) => {
      check('sync');
      return systemFiles.sync(file);
    },
    datasync: async (file) => {
      check('datasync');
      return systemFiles.datasync(file);
    },
    rename: async (from, to) => {
      check('rename');
      return systemFiles.rename(from, to);
    },
    remove: async (path) => {
      check('remove');
      return systemFiles.remove(path);
    },
    openNow: (path, mode) => {
      if (mode !== 'read' && isWritten(path)) check('open');
      return systemFiles.openNow(path, mode);
    },
    writeNow: (file, bytes, offset, length) => {
      if (length > 200) check('write');
      return systemFiles.writeNow(file, bytes, offset, Math.min(length, bytesMax));
    },
    syncNow: (file) => {
      check('sync');
      systemFiles.syncNow(file);
    },
    renameNow: (from, to) => {
      check('rename');
      systemFiles.renameNow(from, to);
    },
    removeNow: (path) => {
      if (isWritten(path)) check('remove');
      systemFiles.removeNow(path);
    },
  };
}
