/** Decides the bytes of a reply in RESP2 and RESP3. Knows nothing of commands or of who reads them. */
import { copyBytes, Memory, writeLatin1 } from '../byte-string.js';
import { doubleText } from '../double-text.js';
import { type Reply, type Resp3OnlyReply, type RespVersion, resp2Of, type TypedReply } from './reply.js';

/** A buffer this long is written as it is, by reference; a shorter value is copied beside its neighbours. */
const REFERENCE_BYTES_MIN = 16 * 1024;
/** A turn of a hundred values of a kilobyte fits. */
const BUFFER_BYTES = 256 * 1024;

/** Longest line of a prefix and a number of 64 bits. */
const HEADER_BYTES_MAX = 24;
/** Whoever packs may write so much behind the end. */
export const PACKING_SLACK_BYTES = 8;
/** The two bytes that end a line, as a little-endian word. */
const CRLF = 0x0a0d;
/** The decimal digits of the numbers below a thousand as the bytes of a little-endian word. */
const DIGITS = Int32Array.from({ length: 1000 }, (_, value) =>
  Buffer.from(String(value).padEnd(4)).readInt32LE(),
);

/** Where a shortcut writes: the common replies without an object for each. */
export interface ShortcutSink {
  ok(): void;
  integer(value: number | bigint): void;
  null(version: RespVersion): void;
  /** So many replies follow that are its items. */
  arrayOf(count: number): void;
  text(value: string): void;
  stored(value: StoredBytes): void;
  /**
   * An array of bulk strings that the caller writes down himself, as they are sent: where in `packing` from `packedFrom` on,
   * with room for so many bytes and `PACKING_SLACK_BYTES`. Null where that is too much: then it is for `write`.
   */
  packing(count: number, bytes: number): Memory | null;
  readonly packedFrom: number;
  /** They have been written, up to there. */
  packed(end: number): void;
  /** Any other. */
  write(reply: Reply, version: RespVersion): void;
}

/** Where a stored string lies. */
export interface StoredBytes {
  readonly memory: Memory | null;
  readonly start: number;
  readonly end: number;
  readonly isLasting: boolean;
}

/** What Array.isArray does not tell of a read-only array. */
const isArray = Array.isArray as (reply: Reply) => reply is readonly Reply[];

/**
 * Collects the replies of one turn of one client, so that they leave in one write. What was taken may still lie here
 * while the next client has its turn: it is written behind.
 * A value handed in must not change afterwards: long ones are not copied.
 */
export class ReplyWriter implements ShortcutSink {
  private memory = new Memory(Buffer.allocUnsafeSlow(BUFFER_BYTES));
  private buffer = this.memory.bytes;
  private start = 0;
  private position = 0;
  private full: Buffer[] = [];
  private fullBytes = 0;

  /** Bytes written and not yet taken. */
  get pendingBytes(): number {
    return this.fullBytes + this.position - this.start;
  }

  /** Takes everything written, in order. Call `settled` once their fate is known. */
  take(): Buffer[] {
    this.closeChunk();
    const chunks = this.full;
    this.full = [];
    this.fullBytes = 0;
    return chunks;
  }

  /** Whether a chunk lies in the buffer that is written to. */
  owns(chunk: Buffer): boolean {
    return chunk.buffer === this.buffer.buffer;
  }

  /** Says whether the taken chunks are on their way, so that the buffer under them can be used again. */
  settled(written: boolean): void {
    if (!written) this.renew(BUFFER_BYTES);
    this.start = 0;
    this.position = 0;
  }

  write(reply: Reply, version: RespVersion): void {
    if (typeof reply === 'string') this.text(reply);
    else if (typeof reply === 'number' || typeof reply === 'bigint') this.integer(reply);
    else if (reply === null) this.ascii(version === 2 ? '$-1\r\n' : '_\r\n');
    else if (isArray(reply)) this.items(0x2a, reply.length, reply, version);
    else if (reply instanceof Uint8Array) this.bulkBytes(reply);
    else this.typed(reply, version);
  }

  ok(): void {
    this.room(8);
    const { view } = this.memory;
    view.setInt32(this.position, 0x0d4b4f2b, true);
    view.setUint8(this.position + 4, 0x0a);
    this.position += 5;
  }

  integer(value: number | bigint): void {
    this.header(0x3a, value);
  }

  null(version: RespVersion): void {
    this.ascii(version === 2 ? '$-1\r\n' : '_\r\n');
  }

  arrayOf(count: number): void {
    this.header(0x2a, count);
  }

  /** A bulk string from where it is stored. If it is lasting it never changes, and is referred to when it is long. */
  stored({ memory, start, end, isLasting }: StoredBytes): void {
    if (memory === null) return;
    const length = end - start;
    if (isLasting && length >= REFERENCE_BYTES_MIN) {
      this.header(0x24, length);
      this.raw(memory.bytes.subarray(start, end));
      this.crlf();
      return;
    }
    this.room(length + HEADER_BYTES_MAX + 2);
    this.header(0x24, length);
    const at = this.position;
    copyBytes(memory, start, end, this.memory, at);
    this.memory.view.setUint16(at + length, CRLF, true);
    this.position = at + length + 2;
  }

  packing(count: number, bytes: number): Memory | null {
    if (bytes >= REFERENCE_BYTES_MIN) return null;
    this.room(bytes + HEADER_BYTES_MAX + PACKING_SLACK_BYTES);
    this.header(0x2a, count);
    return this.memory;
  }

  get packedFrom(): number {
    return this.position;
  }

  packed(end: number): void {
    this.position = end;
  }

  private typed(reply: TypedReply, version: RespVersion): void {
    switch (reply.kind) {
      case 'status':
        return this.ascii(`+${reply.text}\r\n`);
      case 'error':
        return this.line(`-${reply.message}`);
      case 'none':
        return;
      case 'several':
        for (const item of reply.items) this.write(item, version);
        return;
      case 'attributed':
        if (version === 3) this.items(0x7c, reply.attributes.length / 2, reply.attributes, 3);
        return this.write(reply.reply, version);
      case 'interspersed':
        return this.items(0x2a, reply.count, reply.items, version);
      case 'packed-array':
        this.header(0x2a, reply.count);
        return this.raw(reply.bytes);
      case 'null-array':
        return this.ascii(version === 2 ? '*-1\r\n' : '_\r\n');
      case 'map':
      case 'set':
      case 'push':
      case 'double':
      case 'boolean':
      case 'big-number':
      case 'verbatim':
        return version === 2 ? this.write(resp2Of(reply), version) : this.resp3Only(reply);
    }
  }

  private resp3Only(reply: Resp3OnlyReply): void {
    switch (reply.kind) {
      case 'map':
        return this.items(0x25, reply.flat.length / 2, reply.flat, 3);
      case 'set':
        return this.items(0x7e, reply.items.length, reply.items, 3);
      case 'push':
        return this.items(0x3e, reply.items.length, reply.items, 3);
      case 'double':
        return this.ascii(`,${reply.text ?? doubleText(reply.value)}\r\n`);
      case 'boolean':
        return this.ascii(reply.value ? '#t\r\n' : '#f\r\n');
      case 'big-number':
        return this.ascii(`(${reply.value}\r\n`);
      case 'verbatim':
        this.header(0x3d, reply.text.length + 4);
        this.ascii(`${reply.format}:`);
        return this.characters(`${reply.text}\r\n`);
    }
  }

  private items(prefix: number, count: number, items: readonly Reply[], version: RespVersion): void {
    this.header(prefix, count);
    for (const item of items) this.write(item, version);
  }

  text(value: string): void {
    this.header(0x24, value.length);
    this.characters(value);
    this.crlf();
  }

  private bulkBytes(value: Buffer): void {
    this.header(0x24, value.length);
    this.raw(value);
    this.crlf();
  }

  private raw(value: Buffer): void {
    if (value.length >= REFERENCE_BYTES_MIN) {
      this.closeChunk();
      this.full.push(value);
      this.fullBytes += value.length;
    } else {
      this.room(value.length);
      value.copy(this.buffer, this.position);
      this.position += value.length;
    }
  }

  /** An error's text may quote what the client sent: a line break in it would be a forged reply. */
  private line(text: string): void {
    this.characters(`${text.replace(/[\r\n]/g, ' ')}\r\n`);
  }

  private characters(value: string): void {
    const length = value.length;
    this.room(length);
    writeLatin1(value, this.buffer, this.position);
    this.position += length;
  }

  private ascii(value: string): void {
    const length = value.length;
    this.room(length);
    const { buffer } = this;
    let at = this.position;
    for (let index = 0; index < length; index++) buffer[at++] = value.charCodeAt(index);
    this.position = at;
  }

  private header(prefix: number, value: number | bigint): void {
    this.room(HEADER_BYTES_MAX);
    const { buffer } = this;
    let at = this.position;
    buffer[at++] = prefix;
    if (typeof value === 'number' && value >= 0 && value < 1000) {
      // Three digits and what ends the line; what follows fewer digits is written over.
      const { view } = this.memory;
      view.setInt32(at, DIGITS[value] as number, true);
      at += value < 10 ? 1 : value < 100 ? 2 : 3;
      view.setUint16(at, CRLF, true);
      this.position = at + 2;
      return;
    }
    if (typeof value === 'number' && value >= 0 && value < 1e9) {
      let digits = digitsOf(value);
      let rest = value | 0;
      const end = at + digits;
      while (digits-- > 0) {
        const quotient = (rest / 10) | 0;
        buffer[at + digits] = 48 + rest - quotient * 10;
        rest = quotient;
      }
      at = end;
    } else {
      const text = String(value);
      for (let index = 0; index < text.length; index++) buffer[at++] = text.charCodeAt(index);
    }
    buffer[at++] = 0x0d;
    buffer[at++] = 0x0a;
    this.position = at;
  }

  private crlf(): void {
    this.room(2);
    this.buffer[this.position++] = 0x0d;
    this.buffer[this.position++] = 0x0a;
  }

  private room(bytes: number): void {
    if (this.position + bytes <= this.buffer.length) return;
    this.closeChunk();
    this.renew(Math.max(BUFFER_BYTES, bytes));
    this.start = 0;
    this.position = 0;
  }

  private renew(bytes: number): void {
    this.memory = new Memory(Buffer.allocUnsafeSlow(bytes));
    this.buffer = this.memory.bytes;
  }

  private closeChunk(): void {
    if (this.position === this.start) return;
    this.full.push(this.buffer.subarray(this.start, this.position));
    this.fullBytes += this.position - this.start;
    this.start = this.position;
  }
}

/** For a whole number from 1000 to 1e9. */
function digitsOf(value: number): number {
  if (value < 1e5) return value < 1e4 ? 4 : 5;
  if (value < 1e7) return value < 1e6 ? 6 : 7;
  return value < 1e8 ? 8 : 9;
}
