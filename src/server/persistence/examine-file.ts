/** Decides what can be told of an RDB file without a server: whether it is whole, and what is in it. Knows no keyspace. */
import type { Bytes } from '../byte-string.js';
import { textOf } from '../byte-string.js';
import { encodingLimitDefaults } from '../encoding-limits.js';
import { Container, type TypeName } from '../keyspace/container.js';
import { NEVER, type Value } from '../keyspace/entry.js';
import { besideOthers, sizeOf, withFile } from './file-steps.js';
import { type Files, systemFiles } from './files.js';
import { type FileEntry, parseRdb, type RdbListener } from './rdb/parse-file.js';

/** What keys of one kind come to. */
export interface Share {
  keys: number;
  /** What names and values weigh in a server: not the bytes of the file. */
  bytes: number;
}

export interface LargeKey {
  readonly database: number;
  readonly key: string;
  readonly type: TypeName;
  readonly bytes: number;
  /** Of a container: its members, fields, elements or entries. */
  readonly parts: number | null;
}

export interface FileReport {
  readonly path: string;
  readonly fileBytes: number;
  readonly version: number;
  /** `none`: it was written without one. */
  readonly checksum: 'right' | 'none';
  /** Bytes behind its end, which nobody reads. */
  readonly bytesBehind: number;
  readonly facts: ReadonlyMap<string, string>;
  readonly functions: number;
  readonly keys: number;
  readonly volatileKeys: number;
  /** Past their time now. */
  readonly expiredKeys: number;
  readonly databases: ReadonlyMap<number, Share>;
  readonly types: ReadonlyMap<TypeName, Share>;
  /** By what stands before the first of `:.-_/|`; the largest, and one named `*` for the others. */
  readonly prefixes: ReadonlyMap<string, Share>;
  readonly largest: readonly LargeKey[];
}

export interface ExamineOptions {
  readonly nowMs: number;
  readonly files?: Files;
  /** How many of the largest keys and prefixes are told. Default: 10. */
  readonly listed?: number;
}

const PREFIXES_MAX = 10_000;
const OTHERS = '*';

/** @throws LookasideError `LOOKASIDE_FILE_BROKEN` with the place where it is not whole; what the system says */
export async function examineRdb(
  path: string,
  { nowMs, files = systemFiles, listed = 10 }: ExamineOptions,
): Promise<FileReport> {
  const steps = withFile(path, 'read', function* (file) {
    const fileBytes = (yield* sizeOf(path)) ?? 0;
    const examiner = new Examiner(nowMs, listed);
    const limits = encodingLimitDefaults;
    const parsed = yield* parseRdb({ file, path, size: fileBytes, limits, checks: true }, examiner);
    const { version, checksum, endAt } = parsed;
    return { path, fileBytes, version, checksum, bytesBehind: fileBytes - endAt, ...examiner.report() };
  });
  return besideOthers(files, steps);
}

class Examiner implements RdbListener {
  private readonly facts = new Map<string, string>();
  private functionCount = 0;
  private volatileKeys = 0;
  private expiredKeys = 0;
  private readonly databases = new Map<number, Share>();
  private readonly types = new Map<TypeName, Share>();
  private readonly prefixes = new Map<string, Share>();
  private largest: LargeKey[] = [];

  constructor(
    private readonly nowMs: number,
    private readonly listed: number,
  ) {}

  aux(name: string, value: string): void {
    this.facts.set(name, value);
  }

  functions(): void {
    this.functionCount++;
  }

  string: RdbListener['string'] = (entry, memory, keyStart, keyEnd, start, end) => {
    const key = memory.bytes.toString('latin1', keyStart, keyEnd);
    this.add(entry, key, 'string', end - start, null);
  };

  value(entry: FileEntry, key: Bytes, value: Value): void {
    const isContainer = value instanceof Container;
    const name = typeof key === 'string' ? key : key.toString('latin1');
    const bytes = isContainer ? value.weightBytes : value.length;
    this.add(entry, name, isContainer ? value.type : 'string', bytes, isContainer ? value.size : null);
  }

  report(): Omit<FileReport, 'path' | 'fileBytes' | 'version' | 'checksum' | 'bytesBehind'> {
    const { facts, databases, types, largest, volatileKeys, expiredKeys } = this;
    let keys = 0;
    for (const share of databases.values()) keys += share.keys;
    const prefixes = this.largestPrefixes();
    return {
      facts,
      databases,
      types,
      largest,
      volatileKeys,
      expiredKeys,
      keys,
      prefixes,
      functions: this.functionCount,
    };
  }

  private add(entry: FileEntry, key: string, type: TypeName, valueBytes: number, parts: number | null): void {
    const bytes = key.length + valueBytes;
    const { database, expireAtMs } = entry;
    count(this.databases, database, bytes);
    count(this.types, type, bytes);
    const prefix = /^[^:.\-_/|]*[:.\-_/|]/.exec(key)?.[0] ?? OTHERS;
    const isKnown = this.prefixes.has(prefix) || this.prefixes.size < PREFIXES_MAX;
    count(this.prefixes, isKnown ? prefix : OTHERS, bytes);
    if (expireAtMs !== NEVER) {
      this.volatileKeys++;
      if (expireAtMs < this.nowMs) this.expiredKeys++;
    }
    const least = this.largest.at(-1);
    if (this.largest.length >= this.listed && least !== undefined && least.bytes >= bytes) return;
    const large: LargeKey = { database, key: textOf(key), type, bytes, parts };
    this.largest = [...this.largest, large]
      .sort((left, right) => right.bytes - left.bytes)
      .slice(0, this.listed);
  }

  private largestPrefixes(): Map<string, Share> {
    const sorted = [...this.prefixes].sort(([, left], [, right]) => right.bytes - left.bytes);
    const shown = new Map(sorted.filter(([prefix]) => prefix !== OTHERS).slice(0, this.listed));
    const others: Share = { keys: 0, bytes: 0 };
    for (const [prefix, share] of sorted)
      if (!shown.has(prefix)) {
        others.keys += share.keys;
        others.bytes += share.bytes;
      }
    const texts = new Map([...shown].map(([prefix, share]) => [textOf(prefix), share]));
    return others.keys === 0 ? texts : texts.set(OTHERS, others);
  }
}

function count<Key>(shares: Map<Key, Share>, key: Key, bytes: number): void {
  const share = shares.get(key);
  if (share === undefined) shares.set(key, { keys: 1, bytes });
  else {
    share.keys++;
    share.bytes += bytes;
  }
}
