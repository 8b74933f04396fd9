/**
 * Decides how an RDB file is put together from what a snapshot tells: the head, databases, keys, the checksum. Knows
 * neither the keyspace nor where the bytes go. (Redis: `rdb.c`, rdbSaveRio.)
 */

import type { Integer } from '../../integers.js';
import { type Container } from '../../keyspace/container.js';
import { NEVER } from '../../keyspace/entry.js';
import { REDIS_VERSION } from '../../version.js';
import type { LargeValue, SnapshotEntry, SnapshotSink } from '../snapshot-sink.js';
import { Crc64 } from './crc64.js';
import { encodeLarge, rdbTypeOfLarge } from './encode-large.js';
import { encodeBody, rdbTypeOf } from './encode-value.js';
import { opcodes, RDB_MAGIC, RDB_VERSION, rdbTypes } from './value-types.js';
import { RdbWriter } from './writer.js';

const BLOCK_BYTES = 256 * 1024;
/** So much is summed up at once: some 10 µs. */
const SUMMED_BYTES = 8 * 1024;
const ASIDE_BLOCK_BYTES = 64 * 1024;

/** Where the blocks of a file go. */
export interface BlockOutput {
  /** The bytes are the output's from here on. */
  write(block: Buffer): void;
  /** A block to fill, if one is through. */
  recycled(): Buffer | null;
  room(): Promise<void> | null;
}

export interface RdbFacts {
  readonly compresses: boolean;
  readonly sums: boolean;
  readonly wallMs: number;
  readonly usedBytes: number;
  /** It is what an append only file begins with. */
  readonly isAofBase: boolean;
  /** What each database holds. */
  readonly databases: readonly { readonly size: number; readonly volatileSize: number }[];
  /** Libraries of functions that a file brought: they are kept as they came. */
  readonly functions: readonly Buffer[];
}

/** Hears a snapshot and writes a file of it. After the last key: `end`. */
export class RdbFile implements SnapshotSink {
  private readonly main: FileWriter;
  /** What comes while a large value is being written, which must not be torn apart. */
  private aside: RdbWriter | null = null;
  private database = -1;
  private readonly announced = new Set<number>();

  constructor(
    private readonly output: BlockOutput,
    private readonly facts: RdbFacts,
  ) {
    this.main = new FileWriter(output, facts.compresses, facts.sums);
    this.main.raw(Buffer.from(RDB_MAGIC + String(RDB_VERSION).padStart(4, '0'), 'latin1'));
    this.aux('redis-ver', REDIS_VERSION);
    this.aux('redis-bits', '64');
    this.aux('ctime', String(Math.floor(facts.wallMs / 1000)));
    this.aux('used-mem', String(Math.floor(facts.usedBytes)));
    this.aux('aof-base', facts.isAofBase ? '1' : '0');
    for (const library of facts.functions) {
      this.main.byte(opcodes.functions);
      this.main.string(library);
    }
  }

  string(entry: SnapshotEntry, bytes: Buffer, start: number, end: number): void {
    const out = this.begin(entry, rdbTypes.string);
    out.stringPart(bytes, start, end);
    this.main.sumUp();
  }

  integer(entry: SnapshotEntry, value: Integer): void {
    const out = this.begin(entry, rdbTypes.string);
    out.integerString(value);
    this.main.sumUp();
  }

  container(entry: SnapshotEntry, value: Container): void {
    encodeBody(value, this.begin(entry, rdbTypeOf(value)));
    this.main.sumUp();
  }

  *large(entry: SnapshotEntry, value: LargeValue): Generator<void> {
    this.begin(entry, rdbTypeOfLarge(value));
    this.aside = new RdbWriter(this.facts.compresses, ASIDE_BLOCK_BYTES);
    for (const _piece of encodeLarge(value, this.main)) {
      this.main.sumUp();
      yield;
    }
    for (const block of this.aside.blocks) {
      this.main.raw(block);
      this.main.sumUp();
    }
    this.aside = null;
  }

  room(): Promise<void> | null {
    return this.output.room();
  }

  /** Writes what ends the file. */
  end(): void {
    this.main.byte(opcodes.end);
    this.main.end();
  }

  private aux(name: string, value: string): void {
    this.main.byte(opcodes.aux);
    this.main.string(name);
    this.main.string(value);
  }

  private begin(entry: SnapshotEntry, type: number): RdbWriter {
    const out = this.aside ?? this.main;
    if (entry.database !== this.database) this.select(entry.database, out);
    if (entry.expireAtMs !== NEVER) {
      out.byte(opcodes.expiryMs);
      out.milliseconds(entry.expireAtMs);
    }
    if (entry.idleSeconds !== null) {
      out.byte(opcodes.idleTime);
      out.length(entry.idleSeconds);
    }
    if (entry.frequency !== null) {
      out.byte(opcodes.frequency);
      out.byte(entry.frequency);
    }
    out.byte(type);
    out.stringPart(entry.keyBytes, entry.keyStart, entry.keyEnd);
    return out;
  }

  private select(database: number, out: RdbWriter): void {
    this.database = database;
    out.byte(opcodes.select);
    out.length(database);
    if (this.announced.has(database)) return;
    this.announced.add(database);
    const { size = 0, volatileSize = 0 } = this.facts.databases[database] ?? {};
    out.byte(opcodes.resize);
    out.length(size);
    out.length(volatileSize);
  }
}

/** Writes blocks that go to an output as they fill, and sums up what is in them. */
class FileWriter extends RdbWriter {
  private readonly sum = new Crc64();
  private summed = 0;

  constructor(
    private readonly output: BlockOutput,
    compresses: boolean,
    private readonly sums: boolean,
  ) {
    super(compresses, BLOCK_BYTES);
  }

  /** Adds what has come since to the sum, once it is worth the call. */
  sumUp(): void {
    if (this.sums && this.used - this.summed >= SUMMED_BYTES) this.sumAll();
  }

  end(): void {
    if (this.sums) this.sumAll();
    const checksum = this.sums ? this.sum.bytes : Buffer.alloc(8);
    if (this.used > 0) this.output.write(this.block.subarray(0, this.used));
    this.output.write(checksum);
  }

  protected override seal(block: Buffer): void {
    if (this.sums) this.sumAll();
    this.summed = 0;
    this.output.write(block);
  }

  protected override newBlock(bytes: number): Buffer {
    const recycled = bytes <= BLOCK_BYTES ? this.output.recycled() : null;
    return recycled ?? super.newBlock(bytes);
  }

  private sumAll(): void {
    this.sum.add(this.block, this.summed, this.used);
    this.summed = this.used;
  }
}
