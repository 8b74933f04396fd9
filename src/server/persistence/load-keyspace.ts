/** Decides how what a file tells becomes data. Knows nothing of the file's form, nor of who else wants to serve. */
import { byteString, latin1Text, textOf } from '../byte-string.js';
import type { EncodingLimits } from '../encoding-limits.js';
import type { Database } from '../keyspace/database.js';
import { NEVER } from '../keyspace/entry.js';
import type { Keyspace } from '../keyspace/keyspace.js';
import { type FileSteps, sizeOf, withFile } from './file-steps.js';
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
  readonly keyspace: Keyspace;
  readonly limits: EncodingLimits;
  readonly checks: boolean;
  /** What is past its time is left out. In front of an append only file it is not: what follows may lengthen it. */
  readonly dropsExpired: boolean;
  /** What is there already is replaced. Otherwise the file is at fault. */
  readonly merges?: boolean;
  /** Whether nobody wants it any more. */
  readonly isStopped: () => boolean;
}

/**
 * Loads an RDB file, or what an append only file begins with. Others have their turn meanwhile, where they may.
 * @returns where it ended
 * @throws LookasideError `LOOKASIDE_FILE_BROKEN`; then the keyspace holds a part of the data
 */
export function* loadRdb(path: string, options: LoadOptions, counts: LoadCounts): FileSteps<ParsedFile> {
  return yield* readRdb(path, options, new Loader(options, counts));
}

/**
 * Reads a file to its end and changes nothing: whether it can be loaded beside what is there.
 * @throws LookasideError `LOOKASIDE_FILE_BROKEN`
 */
export function* checkRdb(path: string, options: LoadOptions): FileSteps<void> {
  const { keyspace, merges } = options;
  const check = ({ database }: FileEntry, key: string): void => {
    if (databaseOf(keyspace, database).has(key) && merges !== true) throw occursTwice(key);
  };
  yield* readRdb(path, options, {
    string: (entry, memory, keyStart, keyEnd) => check(entry, latin1Text(memory.bytes, keyStart, keyEnd)),
    value: (entry, key) => check(entry, byteString(key)),
  });
}

function* readRdb(
  path: string,
  { limits, checks }: LoadOptions,
  listener: RdbListener,
): FileSteps<ParsedFile> {
  const size = (yield* sizeOf(path)) ?? 0;
  return yield* withFile(path, 'read', (file) => parseRdb({ file, path, size, limits, checks }, listener));
}

function databaseOf({ databases }: Keyspace, database: number): Database {
  const db = databases[database];
  if (db === undefined)
    throw new RdbFormatError(`it has a database ${database}, and this server has ${databases.length}`);
  return db;
}

function occursTwice(key: string): RdbFormatError {
  return new RdbFormatError(`the key '${textOf(key)}' occurs twice`);
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
    const db = databaseOf(this.options.keyspace, entry.database);
    if (this.options.merges === true) db.delete(latin1Text(memory.bytes, keyStart, keyEnd));
    if (!db.load(memory, keyStart, keyEnd, start, end, entry.expireAtMs))
      throw occursTwice(latin1Text(memory.bytes, keyStart, keyEnd));
    if (entry.frequency !== null || entry.idleSeconds !== null)
      this.usage(entry, memory.bytes.toString('latin1', keyStart, keyEnd));
    this.counts.keysLoaded++;
  };

  value: RdbListener['value'] = (entry, key, value) => {
    if (this.isOver(entry)) return;
    const db = databaseOf(this.options.keyspace, entry.database);
    const name = byteString(key);
    if (this.options.merges === true) db.delete(name);
    if (db.has(name)) throw occursTwice(name);
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

  private usage(entry: FileEntry, key: string): void {
    const { keyspace } = this.options;
    const { usage } = keyspace;
    const { idleSeconds, frequency } = entry;
    if (idleSeconds === null && frequency === null) return;
    const db = databaseOf(keyspace, entry.database);
    const found = db.peek(key);
    if (found === undefined) return;
    if (usage.countsFrequency) {
      if (frequency !== null) db.setFrequency(found, frequency);
    } else if (idleSeconds !== null) db.setIdleSeconds(found, idleSeconds);
  }
}
