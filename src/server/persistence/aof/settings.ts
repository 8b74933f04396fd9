/** Decides what can be set about the append only file, with the defaults of Redis. Knows nothing of how it is done. */
import type { FsyncPolicy } from './append-log.js';

export interface AofSettings {
  /** What was asked for (`appendonly`). */
  isOn: boolean;
  fileName: string;
  /** Within `dir`. */
  folderName: string;
  fsync: FsyncPolicy;
  /** No fdatasync while a rewrite or a save keeps the disk busy. */
  noFsyncOnRewrite: boolean;
  /** By how much it has to grow until it is rewritten; 0 is never. */
  rewritePercentage: number;
  rewriteBytesMin: number;
  loadsTruncated: boolean;
  usesRdbPreamble: boolean;
  hasTimestamps: boolean;
}

export function aofDefaults(): AofSettings {
  return {
    isOn: false,
    fileName: 'appendonly.aof',
    folderName: 'appendonlydir',
    fsync: 'everysec',
    noFsyncOnRewrite: false,
    rewritePercentage: 100,
    rewriteBytesMin: 64 * 1024 * 1024,
    loadsTruncated: true,
    usesRdbPreamble: true,
    hasTimestamps: false,
  };
}
