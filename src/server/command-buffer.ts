/** Decides how commands are written down one behind the other, in the form a client would send them. Knows no file. */
import { type Bytes, copyBytes, Memory, writeLatin1 } from './byte-string.js';

const INITIAL_BYTES = 64 * 1024;
/** What is kept for the next commands once a longer stretch has been taken. */
const KEPT_BYTES_MAX = 1024 * 1024;
const STAR = 0x2a;
const DOLLAR = 0x24;
const CR = 0x0d;
const LF = 0x0a;
/** A sign, twenty digits, the end of the line. */
const HEADER_BYTES_MAX = 24;

export class CommandBuffer {
  private memory = new Memory(Buffer.allocUnsafeSlow(INITIAL_BYTES));
  private position = 0;

  get length(): number {
    return this.position;
  }

  /** What has been written and not been dropped. Good until the next command is written. */
  get bytes(): Buffer {
    return this.memory.bytes.subarray(0, this.position);
  }

  command(args: readonly Bytes[]): void {
    this.begin(args.length);
    for (const arg of args) this.argument(arg);
  }

  /** So many arguments follow. */
  begin(count: number): void {
    this.header(STAR, count);
  }

  argument(bytes: Bytes): void {
    const { length } = bytes;
    this.header(DOLLAR, length);
    this.room(length + 2);
    const { bytes: own } = this.memory;
    if (typeof bytes === 'string') writeLatin1(bytes, own, this.position);
    else own.set(bytes, this.position);
    this.position += length;
    this.endLine(own);
  }

  /** An argument that is a part of some bytes. */
  argumentPart(from: Memory, start: number, end: number): void {
    const length = end - start;
    this.header(DOLLAR, length);
    this.room(length + 2);
    copyBytes(from, start, end, this.memory, this.position);
    this.position += length;
    this.endLine(this.memory.bytes);
  }

  text(ascii: string): void {
    this.room(ascii.length);
    writeLatin1(ascii, this.memory.bytes, this.position);
    this.position += ascii.length;
  }

  /** Puts a text in front of what was written from a place on. */
  insert(at: number, ascii: string): void {
    const { length } = ascii;
    this.room(length);
    const { bytes } = this.memory;
    bytes.copyWithin(at + length, at, this.position);
    writeLatin1(ascii, bytes, at);
    this.position += length;
  }

  /** The first so many bytes are somewhere else now. */
  drop(count: number): void {
    const rest = this.position - count;
    if (this.memory.bytes.length > KEPT_BYTES_MAX && rest <= INITIAL_BYTES) {
      const smaller = new Memory(Buffer.allocUnsafeSlow(INITIAL_BYTES));
      smaller.bytes.set(this.memory.bytes.subarray(count, this.position));
      this.memory = smaller;
    } else if (rest > 0) this.memory.bytes.copyWithin(0, count, this.position);
    this.position = rest;
  }

  private header(sign: number, value: number): void {
    this.room(HEADER_BYTES_MAX);
    const { bytes } = this.memory;
    let at = this.position;
    bytes[at++] = sign;
    let digits = 1;
    for (let rest = value; rest >= 10; rest = Math.floor(rest / 10)) digits++;
    let rest = value;
    for (let place = at + digits - 1; place >= at; place--) {
      const quotient = Math.floor(rest / 10);
      bytes[place] = 48 + rest - quotient * 10;
      rest = quotient;
    }
    this.position = at + digits;
    this.endLine(bytes);
  }

  private endLine(bytes: Buffer): void {
    bytes[this.position++] = CR;
    bytes[this.position++] = LF;
  }

  private room(count: number): void {
    const needed = this.position + count;
    if (needed <= this.memory.bytes.length) return;
    const larger = new Memory(Buffer.allocUnsafeSlow(Math.max(needed, this.memory.bytes.length * 2)));
    larger.bytes.set(this.bytes);
    this.memory = larger;
  }
}
