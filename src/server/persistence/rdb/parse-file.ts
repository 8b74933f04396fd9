/**
 * Decides how an RDB file is read: its head, what stands between the values, the checksum; in parts, so that a file may be
 * larger than memory and others have their turn. The file may be damaged or forged: whatever is not as it must be is
 * refused with the place where it is. Knows no keyspace. (Redis: `rdb.c`, rdbLoadRioWithLoadingCtx.)
 */

import { LookasideError } from '../../../errors.js';
import { type Bytes, copyBytes, Memory } from '../../byte-string.js';
import type { EncodingLimits } from '../../encoding-limits.js';
import { type ExpireAtMs, NEVER, type Value } from '../../keyspace/entry.js';
import { type FileSteps, readPart } from '../file-steps.js';
import { Crc64 } from './crc64.js';
import { decodeBody } from './decode-value.js';
import { EmptyValue, MoreNeeded, RdbFormatError, RdbReader, type StringPlace } from './reader.js';
import { opcodes, RDB_MAGIC, RDB_VERSION, rdbTypes } from './value-types.js';

const WINDOW_BYTES = 1024 * 1024;
const HEAD_BYTES = 9;
/** Strings no longer than this, with their keys, are handed over without an object for them. */
const SCRATCH_BYTES = 64 * 1024;

/** A key and what is said of it in front of its value. */
export interface FileEntry {
  database: number;
  expireAtMs: ExpireAtMs;
  idleSeconds: number | null;
  frequency: number | null;
}

/** Hears what is in a file. What it throws as an `RdbFormatError` is a fault of the file. */
export interface RdbListener {
  aux?(name: string, value: string): void;
  functions?(library: Buffer): void;
  /** Key and value are parts of the same memory, good until the call returns. */
  string(
    entry: FileEntry,
    memory: Memory,
    keyStart: number,
    keyEnd: number,
    start: number,
    end: number,
  ): void;
  value(entry: FileEntry, key: Bytes, value: Value): void;
  /** A container without parts was passed over. */
  empty?(entry: FileEntry): void;
  /** So many bytes are through. Called now and then. */
  progress?(bytes: number): void;
}

export interface ParsedFile {
  readonly version: number;
  /** Where it ended. */
  readonly endAt: number;
  /** What the file is called that it was written with the sum of; null: it has none. */
  readonly checksum: 'right' | 'none';
}

export interface ParseOptions {
  readonly file: number;
  readonly path: string;
  readonly size: number;
  readonly limits: EncodingLimits;
  /** Whether the sum is compared (`rdbchecksum`). */
  readonly checks: boolean;
}

/** @throws LookasideError `LOOKASIDE_FILE_BROKEN` with the file and the place in it; what reading fails with */
export function* parseRdb(options: ParseOptions, listener: RdbListener): FileSteps<ParsedFile> {
  const parser = new FileParser(options, listener);
  for (;;) {
    yield* parser.fill();
    const parsed = parser.advance();
    listener.progress?.(parser.position);
    if (parsed !== null) return parsed;
  }
}

class FileParser extends RdbReader {
  private memory: Memory;
  private readonly scratch = new Memory(Buffer.allocUnsafeSlow(SCRATCH_BYTES));
  private readonly keyPlace: StringPlace = { memory: this.scratch, start: 0, end: 0 };
  private readonly valuePlace: StringPlace = { memory: this.scratch, start: 0, end: 0 };
  private readonly sum = new Crc64();
  /** Where in the window the next thing begins; what is before is through. */
  private begun = 0;
  /** Where in the file the window begins. */
  private windowAt = 0;
  private wantedBytes = 0;
  private version = 0;
  private readonly entry: FileEntry = {
    database: 0,
    expireAtMs: NEVER,
    idleSeconds: null,
    frequency: null,
  };

  constructor(
    private readonly options: ParseOptions,
    private readonly listener: RdbListener,
  ) {
    super(Buffer.alloc(0));
    this.memory = new Memory(this.bytes);
    this.beyond = options.size;
  }

  get position(): number {
    return this.windowAt + this.begun;
  }

  /** Reads on behind what is still to be looked at. */
  *fill(): FileSteps<void> {
    const { file } = this.options;
    const rest = this.bytes.subarray(this.begun);
    this.sum.add(this.bytes, 0, this.begun);
    const wanted = Math.max(WINDOW_BYTES, this.wantedBytes, rest.length * 2);
    const length = Math.min(wanted, rest.length + this.beyond);
    const window =
      this.memory.bytes.length === length && this.begun > 0
        ? this.memory.bytes
        : Buffer.allocUnsafeSlow(length);
    if (window === this.bytes) window.copyWithin(0, this.begun);
    else rest.copy(window);
    for (let at = rest.length; at < length; ) {
      const position = this.windowAt + this.begun + at;
      const read = yield* readPart(file, { bytes: window, offset: at, length: length - at, position });
      if (read === 0) throw this.broken('the file became shorter while it was read');
      at += read;
    }
    if (window !== this.bytes) this.memory = new Memory(window);
    this.bytes = window;
    this.windowAt += this.begun;
    this.beyond = this.options.size - this.windowAt - length;
    this.begun = this.at = 0;
  }

  /** Goes on as far as what has been read goes; not null at the end of the file. */
  advance(): ParsedFile | null {
    try {
      if (this.version === 0) this.head();
      for (;;) {
        this.begun = this.at;
        this.wantedBytes = 0;
        const parsed = this.next();
        if (parsed !== null) return parsed;
      }
    } catch (error) {
      if (error instanceof MoreNeeded) {
        this.wantedBytes = this.at - this.begun + error.bytes;
        this.resetEntry();
        return null;
      }
      if (error instanceof RdbFormatError) throw this.broken(error.message);
      throw error;
    }
  }

  private head(): void {
    const head = this.raw(HEAD_BYTES).toString('latin1');
    const version = Number(head.slice(RDB_MAGIC.length));
    if (!head.startsWith(RDB_MAGIC) || !Number.isInteger(version))
      throw new RdbFormatError('it does not begin as an RDB file does');
    if (version < 1 || version > RDB_VERSION)
      throw new RdbFormatError(`it is of version ${version}; this server reads 1 to ${RDB_VERSION}`);
    this.version = version;
    this.begun = this.at;
  }

  /** One key with its value, or something between them. */
  private next(): ParsedFile | null {
    const { entry } = this;
    this.resetEntry();
    for (;;) {
      const type = this.byte();
      switch (type) {
        case opcodes.expiryMs:
          entry.expireAtMs = this.milliseconds();
          break;
        case opcodes.expirySeconds:
          entry.expireAtMs = this.raw(4).readInt32LE() * 1000;
          break;
        case opcodes.idleTime:
          entry.idleSeconds = Number(this.length());
          break;
        case opcodes.frequency:
          entry.frequency = this.byte();
          break;
        case opcodes.select:
          entry.database = Number(this.length());
          return null;
        case opcodes.resize:
          this.length();
          this.length();
          return null;
        case opcodes.aux: {
          // Read also where nobody listens.
          const [name, value] = [this.text(), this.text()];
          this.listener.aux?.(name, value);
          return null;
        }
        case opcodes.functions: {
          const library = this.buffer();
          this.listener.functions?.(library);
          return null;
        }
        case opcodes.functionsOfPreview:
          throw new RdbFormatError(
            'it has functions in the form of a preview of Redis 7, which nobody reads',
          );
        case opcodes.moduleAux:
          throw new RdbFormatError('it has data of a module, and this server has no modules');
        case opcodes.end:
          return this.finish();
        default:
          this.pair(type);
          return null;
      }
    }
  }

  private resetEntry(): void {
    const { entry } = this;
    entry.expireAtMs = NEVER;
    entry.idleSeconds = entry.frequency = null;
  }

  private pair(type: number): void {
    if (type !== rdbTypes.string) {
      this.container(type);
      return;
    }
    const { keyPlace, valuePlace, scratch, memory } = this;
    const start = this.at;
    if (this.stringAt(keyPlace, memory, scratch, 0)) {
      const keyEnd = keyPlace.memory === scratch ? keyPlace.end : keyPlace.end - keyPlace.start;
      if (keyEnd <= scratch.bytes.length && this.stringAt(valuePlace, memory, scratch, keyEnd)) {
        if (this.tellString(keyPlace, valuePlace)) return;
      }
    }
    this.at = start;
    this.container(type);
  }

  /** Both parts have to be in the same memory: what is packed was unpacked to the scratch. */
  private tellString(key: StringPlace, value: StringPlace): boolean {
    const { scratch, entry, listener } = this;
    if (key.memory === value.memory) {
      listener.string(entry, key.memory, key.start, key.end, value.start, value.end);
      return true;
    }
    const keyLength = key.end - key.start;
    if (key.memory === scratch) {
      const length = value.end - value.start;
      if (keyLength + length > scratch.bytes.length) return false;
      copyBytes(value.memory, value.start, value.end, scratch, keyLength);
      listener.string(entry, scratch, 0, keyLength, keyLength, keyLength + length);
    } else {
      copyBytes(key.memory, key.start, key.end, scratch, 0);
      listener.string(entry, scratch, 0, keyLength, value.start, value.end);
    }
    return true;
  }

  private container(type: number): void {
    const key = this.string();
    try {
      const value = decodeBody(type, this, this.options.limits);
      this.listener.value(this.entry, key, value);
    } catch (error) {
      if (!(error instanceof EmptyValue)) throw error;
      this.listener.empty?.(this.entry);
    }
  }

  private finish(): ParsedFile {
    const { version } = this;
    // Before version 5 there was no sum.
    if (version < 5) return { version, endAt: this.windowAt + this.at, checksum: 'none' };
    const end = this.at;
    const stored = this.raw(8);
    this.sum.add(this.bytes, 0, end);
    const isNone = stored.every((byte) => byte === 0);
    if (this.options.checks && !isNone && !stored.equals(this.sum.bytes))
      throw new RdbFormatError('the checksum at its end is another one than that of its bytes');
    return { version, endAt: this.windowAt + this.at, checksum: isNone ? 'none' : 'right' };
  }

  private broken(problem: string): LookasideError {
    const at = this.windowAt + Math.min(this.at, this.bytes.length);
    return new LookasideError('FILE_BROKEN', `${this.options.path}, at byte ${at}: ${problem}`);
  }
}
