/**
 * Decides how lengths, strings and numbers are written in Redis' dump format, one after the other into blocks of memory.
 * Knows no values, nor where the blocks go. (Redis: `rdb.c`.)
 */
import { type Bytes, bufferOf, byteString, latin1Text, writeLatin1 } from '../../byte-string.js';
import { type Integer, parseInteger } from '../../integers.js';
import { compressedBytesMax, compressPart } from './lzf.js';

/** What begins a compressed string. */
const COMPRESSED = 0xc3;
const INTEGER_BYTES_MAX = 11;
const COMPRESSED_BYTES_MIN = 21;
/** Longer strings are written as they are where nobody may be held up for them; encode-large.ts compresses them in parts. */
const COMPRESSED_BYTES_MAX = 64 * 1024;
/** A string's length, or two of them and a byte in front. */
const LENGTHS_BYTES_MAX = 19;
/** Below this, a loop is cheaper than a call into the runtime. */
const LOOP_BYTES_MAX = 128;
const BLOCK_BYTES = 512;
/** Where strings are spelled out before they are compressed. */
const scratch = Buffer.allocUnsafeSlow(COMPRESSED_BYTES_MAX);

export class RdbWriter {
  protected block: Buffer;
  protected used = 0;
  private readonly sealed: Buffer[] = [];

  constructor(
    readonly compresses = true,
    private readonly blockBytes = BLOCK_BYTES,
  ) {
    this.block = Buffer.allocUnsafe(blockBytes);
  }

  /** All that was written, in its parts. */
  get blocks(): readonly Buffer[] {
    return [...this.sealed, this.block.subarray(0, this.used)];
  }

  get bytes(): Buffer {
    return Buffer.concat(this.blocks);
  }

  raw(bytes: Buffer): void {
    this.makeRoom(bytes.length);
    bytes.copy(this.block, this.used);
    this.used += bytes.length;
  }

  byte(value: number): void {
    this.makeRoom(1);
    this.block[this.used++] = value;
  }

  length(value: Integer): void {
    this.makeRoom(9);
    this.used = writeLength(this.block, this.used, value);
  }

  string(value: Bytes): void {
    const { length } = value;
    if (length <= INTEGER_BYTES_MAX) {
      const integer = parseInteger(byteString(value));
      if (typeof integer === 'number' && integer === (integer | 0)) {
        this.integer(integer);
        return;
      }
    }
    if (typeof value !== 'string') this.part(value, 0, length);
    else if (length <= scratch.length) {
      writeLatin1(value, scratch, 0);
      this.part(scratch, 0, length);
    } else this.part(bufferOf(value), 0, length);
  }

  /** The same for a part of some bytes. */
  stringPart(bytes: Buffer, start: number, end: number): void {
    if (end - start <= INTEGER_BYTES_MAX) {
      const integer = integerIn(bytes, start, end);
      if (integer !== null) {
        this.integer(integer);
        return;
      }
    }
    this.part(bytes, start, end);
  }

  /** A string that is the text of an integer. */
  integerString(value: Integer): void {
    if (typeof value === 'number' && value === (value | 0)) this.integer(value);
    else this.string(String(value));
  }

  /** The lengths in front of a string that was compressed. */
  compressedHead(compressedBytes: number, bytes: number): void {
    this.byte(COMPRESSED);
    this.length(compressedBytes);
    this.length(bytes);
  }

  milliseconds(value: Integer): void {
    this.makeRoom(8);
    if (typeof value === 'number') {
      const at = this.block.writeInt32LE(value | 0, this.used);
      this.used = this.block.writeInt32LE(Math.floor(value / 2 ** 32) | 0, at);
    } else this.used = this.block.writeBigInt64LE(value, this.used);
  }

  /** The highest byte first. Without a sign. */
  id(value: Integer): void {
    this.makeRoom(8);
    if (typeof value === 'number') {
      const at = this.block.writeUInt32BE(Math.floor(value / 2 ** 32), this.used);
      this.used = this.block.writeUInt32BE(value >>> 0, at);
    } else this.used = this.block.writeBigUInt64BE(value, this.used);
  }

  double(value: number): void {
    this.makeRoom(8);
    this.used = this.block.writeDoubleLE(value, this.used);
  }

  /** A block is full, or has no room for what comes. */
  protected seal(block: Buffer): void {
    this.sealed.push(block);
  }

  protected makeRoom(bytes: number): void {
    if (this.used + bytes <= this.block.length) return;
    if (this.used > 0) this.seal(this.block.subarray(0, this.used));
    this.block = this.newBlock(bytes);
    this.used = 0;
  }

  protected newBlock(bytes: number): Buffer {
    return Buffer.allocUnsafe(Math.max(this.blockBytes, bytes));
  }

  private part(bytes: Buffer, start: number, end: number): void {
    const length = end - start;
    if (this.compresses && length >= COMPRESSED_BYTES_MIN && length <= COMPRESSED_BYTES_MAX)
      if (this.compressed(bytes, start, end)) return;
    this.makeRoom(9 + LOOP_BYTES_MAX);
    this.used = writeLength(this.block, this.used, length);
    if (length <= LOOP_BYTES_MAX) {
      const { block } = this;
      let { used } = this;
      for (let at = start; at < end; at++) block[used++] = bytes[at] as number;
      this.used = used;
      return;
    }
    for (let at = start; at < end; ) {
      // Long ones go over as many blocks as they fill.
      this.makeRoom(Math.min(end - at, this.blockBytes));
      const count = Math.min(end - at, this.block.length - this.used);
      this.used += bytes.copy(this.block, this.used, at, at + count);
      at += count;
    }
  }

  private compressed(bytes: Buffer, start: number, end: number): boolean {
    const length = end - start;
    this.makeRoom(LENGTHS_BYTES_MAX + compressedBytesMax(length));
    const { block, used } = this;
    // How long it becomes is not known before: the lengths in front are given as many bytes as they may need.
    const head = 1 + 2 * lengthBytes(length);
    const packed = compressPart(bytes, start, end, block, used + head);
    if (packed === 0) return false;
    block[used] = COMPRESSED;
    let at = writeLength(block, used + 1, packed);
    at = writeLength(block, at, length);
    if (at < used + head) block.copyWithin(at, used + head, used + head + packed);
    this.used = at + packed;
    return true;
  }

  private integer(value: number): void {
    this.makeRoom(5);
    const { block } = this;
    const width = value >= -128 && value <= 127 ? 1 : value >= -32_768 && value <= 32_767 ? 2 : 4;
    block[this.used++] = 0xc0 | (width >> 1);
    for (let byte = 0; byte < width; byte++) block[this.used++] = (value >> (byte * 8)) & 0xff;
  }
}

function lengthBytes(value: number): number {
  return value < 64 ? 1 : value < 16_384 ? 2 : 5;
}

function writeLength(block: Buffer, to: number, value: Integer): number {
  if (value < 64) {
    block[to] = Number(value);
    return to + 1;
  }
  if (value < 16_384) {
    block[to] = 0x40 | (Number(value) >> 8);
    block[to + 1] = Number(value) & 0xff;
    return to + 2;
  }
  const isLong = value > 0xffff_ffff;
  block[to] = isLong ? 0x81 : 0x80;
  return isLong ? block.writeBigUInt64BE(BigInt(value), to + 1) : block.writeUInt32BE(Number(value), to + 1);
}

/** Null when the bytes are not the only spelling of an integer of 32 bits. */
function integerIn(bytes: Buffer, start: number, end: number): number | null {
  const first = bytes[start];
  if (first === undefined || first > 57 || (first < 48 && first !== 45)) return null;
  const integer = parseInteger(latin1Text(bytes, start, end));
  return typeof integer === 'number' && integer === (integer | 0) ? integer : null;
}
