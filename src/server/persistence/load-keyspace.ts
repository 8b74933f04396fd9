/** Decides how what a file tells becomes data. Knows nothing of the file's form, nor of who else wants to serve. */
import { join } from 'node:path';
import { byteString } from '../byte-string.js';
import type { EncodingLimits } from '../encoding-limits.js';
import { NEVER } from '../keyspace/entry.js';
import type { Keyspace } from '../keyspace/keyspace.js';
import type { Files } from './files.js';
import { type FileEntry, type ParsedFile, parseRdb, type RdbListener } from './rdb/parse-file.js';
import { RdbFormatError } from './rdb/reader.js';

/** What has been found so far. */
export interface LoadCounts {
  keysLoaded: number;
  /** Their time was over. */
  keysExpired: number;
  /** Containers without parts. */
  keysEmpty: number;
  bytes: number;
  readonly functions: Buffer[];
  readonly aux: Map<string, string>;
}

export function newCounts(): LoadCounts {
  return { keysLoaded: 0, keysExpired: 0, keysEmpty: 0, bytes: 0, functions: [], aux: new Map() };
}

export interface LoadOptions {
  readonly files: Files;
  readonly keyspace: Keyspace;
  readonly limits: EncodingLimits;
  readonly checks: boolean;
  /** What is past its time is left out. In front of an append only file it is not: what follows may lengthen it. */
  readonly dropsExpired: boolean;
  /** Whether nobody wants it any more. */
  readonly isStopped: () => boolean;
}

/**
 * Loads an RDB file, or what an append only file begins with, into an empty keyspace. Others have their turn meanwhile.
 * @returns where it ended
 * @throws LookasideError `LOOKASIDE_FILE_BROKEN`; then the keyspace holds a part of the data
 */
export async function loadRdb(path: string, options: LoadOptions, counts: LoadCounts): Promise<ParsedFile> {
  const { files, limits, checks } = options;
  const size = (await files.size(path)) ?? 0;
  const file = await files.open(path, 'read');
  try {
    return await parseRdb({ files, file, path, size, limits, checks }, new Loader(options, counts));
  } finally {
    await files.close(file);
  }
}

/** The path of an RDB file, if it is there. */
export async function existing(files: Files, folder: string, name: string): Promise<string | null> {
  const path = join(folder, name);
  return (await files.size(path)) === null ? null : path;
}

class Loader implements RdbListener {
  constructor(
    private readonly options: LoadOptions,
    private readonly counts: LoadCounts,
  ) {}

  aux(name: string, value: string): void {
    this.counts.aux.set(name, value);
  }

  functions(library: Buffer): void {
    this.counts.functions.push(library);
  }

  empty(): void {
    this.counts.keysEmpty++;
  }

  progress(bytes: number): void {
    if (this.options.isStopped()) throw new Error('the server was closed while it loaded');
    this.counts.bytes = bytes;
    this.options.keyspace.beginCommand();
  }

  string: RdbListener['string'] = (entry, memory, keyStart, keyEnd, start, end) => {
    if (this.isOver(entry)) return;
    const db = this.databaseOf(entry);
    if (!db.load(memory, keyStart, keyEnd, start, end, entry.expireAtMs))
      throw new RdbFormatError(`the key '${memory.bytes.toString('utf8', keyStart, keyEnd)}' occurs twice`);
    if (entry.frequency !== null || entry.idleSeconds !== null)
      this.usage(entry, memory.bytes.toString('latin1', keyStart, keyEnd));
    this.counts.keysLoaded++;
  };

  value: RdbListener['value'] = (entry, key, value) => {
    if (this.isOver(entry)) return;
    const db = this.databaseOf(entry);
    const name = byteString(key);
    if (db.has(name)) throw new RdbFormatError(`the key '${name}' occurs twice`);
    db.set(name, value, entry.expireAtMs);
    this.usage(entry, name);
    this.counts.keysLoaded++;
  };

  private isOver({ expireAtMs }: FileEntry): boolean {
    const { dropsExpired, keyspace } = this.options;
    if (!dropsExpired || expireAtMs === NEVER || expireAtMs >= keyspace.nowMs()) return false;
    this.counts.keysExpired++;
    return true;
  }

  private databaseOf({ database }: FileEntry): Keyspace['databases'][number] {
    const { databases } = this.options.keyspace;
    const db = databases[database];
    if (db === undefined)
      throw new RdbFormatError(`it has a database ${database}, and this server has ${databases.length}`);
    return db;
  }

  private usage(entry: FileEntry, key: string): void {
    const { usage } = this.options.keyspace;
    const { idleSeconds, frequency } = entry;
    if (idleSeconds === null && frequency === null) return;
    const db = this.databaseOf(entry);
    const found = db.peek(key);
    if (found === undefined) return;
    if (usage.countsFrequency) {
      if (frequency !== null) db.setFrequency(found, frequency);
    } else if (idleSeconds !== null) db.setIdleSeconds(found, idleSeconds);
  }
}
