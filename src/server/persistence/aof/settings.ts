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

/** What a server is told that keeps every change. */
export interface AofInput {
  /** When it is made to last. Default: every second. */
  readonly fsync?: FsyncPolicy;
  /** When it is written anew. Default: when it has doubled, from 64 MB on. A percentage of 0 is never. */
  readonly rewrite?: { readonly percentage?: number; readonly bytesMin?: number };
}

export function aofDefaults(input: AofInput | undefined): AofSettings {
  return {
    isOn: input !== undefined,
    fileName: 'appendonly.aof',
    folderName: 'appendonlydir',
    fsync: input?.fsync ?? 'everysec',
    noFsyncOnRewrite: false,
    rewritePercentage: input?.rewrite?.percentage ?? 100,
    rewriteBytesMin: input?.rewrite?.bytesMin ?? 64 * 1024 * 1024,
    loadsTruncated: true,
    usesRdbPreamble: true,
    hasTimestamps: false,
  };
}
