/**
 * Decides where one request ends and the next begins, and what is not the protocol. Knows nothing of commands.
 * Nothing is allocated because a length was announced: memory grows only with the bytes that have arrived.
 */
import { parseInteger } from '../integers.js';
import { splitInline } from './inline.js';
import { GivenRequest, type Request, RequestSlices, SLICES_MAX } from './request.js';
import { RequestsAhead } from './requests-ahead.js';

export interface ParserLimits {
  /** Longest single argument. */
  readonly bulkBytesMax: number;
  /** Most arguments of one request. */
  readonly argumentsMax: number;
  /** Most bytes one unfinished request may hold; beyond, the client is dropped without a word, as Redis does. */
  readonly queryBufferBytesMax: number;
}

/** The peer does not speak the protocol: tell it so and hang up. An empty message hangs up silently. */
export class ProtocolError {
  constructor(readonly message: string) {}
}

/** Longest line that is not yet ended: an inline request or a length (Redis' PROTO_INLINE_MAX_SIZE). */
const LINE_BYTES_MAX = 64 * 1024;
/** What an argument costs beside its bytes. */
const ARGUMENT_OVERHEAD_BYTES = 64;
const UNAUTHENTICATED_ARGUMENTS_MAX = 10;
const UNAUTHENTICATED_BULK_BYTES_MAX = 16_384;
const STAR = 0x2a;
const DOLLAR = 0x24;
const CR = 0x0d;
const LF = 0x0a;
const DIGIT_0 = 0x30;
const EMPTY = Buffer.alloc(0);

/** All parsers share it: a request is served before another parser is asked. */
const slices = new RequestSlices();
/** The requests that `slices` has the arguments of, and have not been taken yet. */
const ahead = new RequestsAhead();

/** Bytes in, requests out. Arguments live until the next `push`, those of a whole request until the next `next`. */
export class RequestParser {
  /** What `next` returns for a request that lies in the buffer as a whole. */
  readonly slices = slices;
  /** What has been read behind it. */
  readonly ahead = ahead;
  private buffer: Buffer = EMPTY;
  private position = 0;
  private end = 0;
  /** What an earlier push left over: less than a line. */
  private tail: Buffer = EMPTY;
  private args: Buffer[] = [];
  /** How many of `args` no longer point into the pushed buffer. */
  private ownedCount = 0;
  private argsBytes = 0;
  private remaining = 0;
  /** Announced length of the argument being read, or -1. */
  private bulkLength = -1;
  /** An argument that did not arrive in one piece. */
  private collected: Buffer | null = null;
  private collectedLength = 0;

  constructor(private readonly limits: ParserLimits) {}

  /** Bytes held for an unfinished request. */
  get heldBytes(): number {
    return this.tail.length + this.argsBytes + this.collectedLength;
  }

  /** Gives the parser the next bytes. Take all requests with `next`, then call `keep`. */
  push(chunk: Buffer, length: number): void {
    if (this.tail.length === 0) {
      this.buffer = chunk;
      this.end = length;
    } else {
      this.buffer = Buffer.concat([this.tail, chunk.subarray(0, length)]);
      this.end = this.buffer.length;
      this.tail = EMPTY;
    }
    this.position = 0;
    ahead.drop();
  }

  /** The next request's arguments (never empty), null when bytes are missing. */
  next(authenticated: boolean): Request | ProtocolError | null {
    for (;;) {
      if (this.remaining === 0) {
        if (this.position >= this.end) return null;
        if (this.buffer[this.position] !== STAR) {
          const request = this.inline();
          if (request === null || request instanceof ProtocolError) return request;
          if (request.length > 0) return new GivenRequest(request);
          continue;
        }
        if (!authenticated) ahead.drop();
        else if (ahead.take(this, slices) || this.readAhead()) {
          this.position = ahead.takenTo;
          return slices;
        }
        const count = this.header('mbulk');
        if (count === null || count instanceof ProtocolError) return count;
        if (!Number.isInteger(count) || count > this.limits.argumentsMax)
          return new ProtocolError('invalid multibulk length');
        if (count > UNAUTHENTICATED_ARGUMENTS_MAX && !authenticated)
          return new ProtocolError('unauthenticated multibulk length');
        if (count <= 0) continue;
        this.remaining = count;
      }
      const outcome = this.bulks(authenticated);
      if (outcome === null && this.heldBytes > this.limits.queryBufferBytesMax) return new ProtocolError('');
      if (outcome !== 'complete') return outcome;
      const request = this.args;
      this.args = [];
      this.ownedCount = 0;
      this.argsBytes = 0;
      return new GivenRequest(request);
    }
  }

  /** Reads what lies in the buffer as a whole, several requests at once, and takes the first. False if there is none. */
  private readAhead(): boolean {
    ahead.begin(this);
    slices.begin(this.buffer);
    let at = this.position;
    while (!ahead.isFull && at < this.end && this.buffer[at] === STAR) {
      const next = this.whole(at);
      if (next < 0) break;
      at = next;
    }
    return ahead.take(this, slices);
  }

  /**
   * Reads a request that lies in the buffer as a whole and is as clients write it, and returns where it ends. -1 for any
   * other: what is missing or wrong with it is found out at leisure.
   */
  private whole(from: number): number {
    const { buffer, end } = this;
    let at = from + 1;
    let count = 0;
    let byte = 0;
    const countStart = at;
    for (; at < end; at++) {
      byte = (buffer[at] as number) - DIGIT_0;
      if (byte < 0 || byte > 9) break;
      count = count * 10 + byte;
    }
    if (at === countStart || at - countStart > 4 || at + 1 >= end || buffer[at] !== CR) return -1;
    if (buffer[countStart] === DIGIT_0) return -1;
    const { first } = ahead;
    if (first + count > SLICES_MAX || count > this.limits.argumentsMax) return -1;
    at += 2;
    const { starts, ends } = slices;
    for (let index = first; index < first + count; index++) {
      if (buffer[at] !== DOLLAR || at >= end) return -1;
      const lengthStart = ++at;
      let length = 0;
      for (; at < end; at++) {
        byte = (buffer[at] as number) - DIGIT_0;
        if (byte < 0 || byte > 9) break;
        length = length * 10 + byte;
      }
      if (at === lengthStart || at - lengthStart > 8 || buffer[at] !== CR) return -1;
      if (buffer[lengthStart] === DIGIT_0 && at - lengthStart > 1) return -1;
      at += 2;
      starts[index] = at;
      at += length;
      ends[index] = at;
      at += 2;
      if (at > end || length > this.limits.bulkBytesMax) return -1;
    }
    ahead.add(count, at);
    return at;
  }

  /** Copies what is unfinished, because the pushed buffer belongs to somebody else again. */
  keep(): void {
    for (; this.ownedCount < this.args.length; this.ownedCount++) {
      const view = this.args[this.ownedCount];
      if (view !== undefined) this.args[this.ownedCount] = Buffer.from(view);
    }
    this.tail = this.position < this.end ? Buffer.from(this.buffer.subarray(this.position, this.end)) : EMPTY;
    this.buffer = EMPTY;
    this.position = this.end = 0;
  }

  private bulks(authenticated: boolean): 'complete' | ProtocolError | null {
    while (this.remaining > 0) {
      if (this.bulkLength < 0) {
        if (this.position >= this.end) return null;
        const marker = this.buffer[this.position];
        // The length's line is looked for first, as Redis does: garbage without an end is "too big", not "expected $".
        const length = this.header('bulk');
        if (length === null || length instanceof ProtocolError) return length;
        if (marker !== DOLLAR)
          return new ProtocolError(`expected '$', got '${String.fromCharCode(marker ?? 0)}'`);
        if (!(length >= 0 && length <= this.limits.bulkBytesMax))
          return new ProtocolError('invalid bulk length');
        if (length > UNAUTHENTICATED_BULK_BYTES_MAX && !authenticated)
          return new ProtocolError('unauthenticated bulk length');
        this.bulkLength = length;
      }
      if (!this.bulk(this.bulkLength)) return null;
      this.bulkLength = -1;
      this.remaining--;
    }
    return 'complete';
  }

  /** Reads one argument and the two bytes behind it, which nobody checks. False when bytes are missing. */
  private bulk(length: number): boolean {
    const needed = length + 2;
    if (this.collected === null && this.end - this.position >= needed) {
      this.accept(this.buffer.subarray(this.position, this.position + length));
      this.position += needed;
      return true;
    }
    const taken = Math.min(needed - this.collectedLength, this.end - this.position);
    this.collect(taken, needed);
    if (this.collected === null || this.collectedLength < needed) return false;
    const whole = this.collected.subarray(0, length);
    this.collected = null;
    this.collectedLength = 0;
    this.accept(whole);
    return true;
  }

  private accept(argument: Buffer): void {
    this.args.push(argument);
    this.argsBytes += argument.length + ARGUMENT_OVERHEAD_BYTES;
  }

  /** Grows by doubling up to the announced size, so a long argument is copied a constant number of times. */
  private collect(bytes: number, needed: number): void {
    const length = this.collectedLength + bytes;
    let target = this.collected;
    if (target === null || target.length < length) {
      const grown = Buffer.allocUnsafeSlow(Math.min(needed, Math.max(1024, length * 2)));
      target?.copy(grown, 0, 0, this.collectedLength);
      target = this.collected = grown;
    }
    this.buffer.copy(target, this.collectedLength, this.position, this.position + bytes);
    this.collectedLength = length;
    this.position += bytes;
  }

  /** The number after the marker of a line; NaN if it is none; null when the line has not ended. */
  private header(what: 'mbulk' | 'bulk'): number | ProtocolError | null {
    const start = this.position + 1;
    const lineEnd = this.find(CR, this.position);
    if (lineEnd < 0)
      return this.end - this.position > LINE_BYTES_MAX
        ? new ProtocolError(`too big ${what} count string`)
        : null;
    if (lineEnd + 1 >= this.end) return null;
    this.position = lineEnd + 2;
    if (lineEnd - start === 1) {
      const digit = (this.buffer[start] ?? 0) - 48;
      return digit >= 0 && digit <= 9 ? digit : Number.NaN;
    }
    if (lineEnd - start > 20 || lineEnd < start) return Number.NaN;
    const value = parseInteger(this.text(start, lineEnd));
    return typeof value === 'number' ? value : Number.NaN;
  }

  private inline(): Buffer[] | ProtocolError | null {
    const lineEnd = this.find(LF, this.position);
    if (lineEnd < 0)
      return this.end - this.position > LINE_BYTES_MAX ? new ProtocolError('too big inline request') : null;
    const hasReturn = lineEnd > this.position && this.buffer[lineEnd - 1] === CR;
    const line = this.text(this.position, hasReturn ? lineEnd - 1 : lineEnd);
    this.position = lineEnd + 1;
    const words = splitInline(line);
    if (words === null) return new ProtocolError('unbalanced quotes in request');
    return words.map((word) => Buffer.from(word, 'latin1'));
  }

  private text(start: number, end: number): string {
    return this.buffer.toString('latin1', start, end);
  }

  /** A length's line ends within a few bytes: a loop beats a call into the runtime. */
  private find(byte: number, from: number): number {
    const near = Math.min(this.end, from + 32);
    for (let at = from; at < near; at++) if (this.buffer[at] === byte) return at;
    if (near === this.end) return -1;
    const found = this.buffer.indexOf(byte, near);
    return found >= 0 && found < this.end ? found : -1;
  }
}
