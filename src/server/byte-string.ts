/**
 * Decides how bytes are held as JavaScript text: a byte string has one character per byte. Keys, fields and short
 * values are byte strings in the server. Knows nothing of what they mean.
 */

/** The same thing in two forms. A Buffer that was not copied may belong to a socket's read. */
export type Bytes = string | Buffer;

export function byteString(bytes: Bytes): string {
  return typeof bytes === 'string' ? bytes : bytes.toString('latin1');
}

/** A form that nobody else will change. */
export function copyOf(bytes: Bytes): Bytes {
  return typeof bytes === 'string' ? bytes : Buffer.from(bytes);
}

/** Below this, a loop over the characters is cheaper than a call into the runtime. */
const LOOP_LENGTH_MAX = 64;

export function bufferOf(bytes: Bytes): Buffer {
  if (typeof bytes !== 'string') return bytes;
  const { length } = bytes;
  if (length > LOOP_LENGTH_MAX) return Buffer.from(bytes, 'latin1');
  const buffer = Buffer.allocUnsafe(length);
  for (let index = 0; index < length; index++) buffer[index] = bytes.charCodeAt(index);
  return buffer;
}

/** The UTF-8 bytes of a text. */
export function byteStringOfText(text: string): string {
  return isAscii(text) ? text : Buffer.from(text).toString('latin1');
}

/** The text whose UTF-8 bytes these are. */
export function textOf(bytes: Bytes): string {
  if (typeof bytes !== 'string') return bytes.toString();
  return isAscii(bytes) ? bytes : Buffer.from(bytes, 'latin1').toString();
}

/** The text whose UTF-8 bytes lie here. */
export function textOfPart(bytes: Buffer, start: number, end: number): string {
  return (bytes as unknown as Latin1Buffer).utf8Slice(start, end);
}

function isAscii(text: string): boolean {
  for (let index = 0; index < text.length; index++) if (text.charCodeAt(index) > 127) return false;
  return true;
}

/** Documented for no encoding by itself, but what `toString('latin1')` comes down to, without its detours. */
interface Latin1Buffer {
  utf8Slice(start: number, end: number): string;
  latin1Slice(start: number, end: number): string;
  latin1Write(text: string, at: number, length: number): number;
}

/** The byte string of a part of a buffer. */
export function latin1Text(bytes: Buffer, start: number, end: number): string {
  return (bytes as unknown as Latin1Buffer).latin1Slice(start, end);
}

/** Writes a byte string. */
export function writeLatin1(text: string, to: Buffer, at: number): void {
  const { length } = text;
  if (length > LOOP_LENGTH_MAX) (to as unknown as Latin1Buffer).latin1Write(text, at, length);
  else for (let index = 0; index < length; index++) to[at + index] = text.charCodeAt(index);
}

/** Writes a text in UTF-8 and returns its length. There is room for it. */
export function writeUtf8(text: string, to: Buffer, at: number): number {
  const { length } = text;
  if (length <= LOOP_LENGTH_MAX) {
    let index = 0;
    for (; index < length; index++) {
      const code = text.charCodeAt(index);
      if (code > 127) break;
      to[at + index] = code;
    }
    if (index === length) return length;
  }
  return to.write(text, at, 'utf8');
}

/** The same memory in two forms: V8 copies short stretches fastest by words, which only a DataView reads at any place. */
export class Memory {
  readonly view: DataView;

  constructor(readonly bytes: Buffer) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }
}

/** Below this, a loop over words is cheaper than a call into the runtime (and the object it needs). */
const WORDS_LENGTH_MAX = 200;

/** Copies a part of some bytes. */
export function copyBytes(from: Memory, start: number, end: number, to: Memory, at: number): void {
  const length = end - start;
  if (length > WORDS_LENGTH_MAX) {
    // Buffer's own views take twice as long to make.
    to.bytes.set(new Uint8Array(from.bytes.buffer, from.bytes.byteOffset + start, length), at);
    return;
  }
  const source = from.view;
  const target = to.view;
  let index = 0;
  for (; index <= length - 8; index += 8) {
    target.setInt32(at + index, source.getInt32(start + index, true), true);
    target.setInt32(at + index + 4, source.getInt32(start + index + 4, true), true);
  }
  for (; index < length; index++) target.setUint8(at + index, source.getUint8(start + index));
}

/** Whether two parts of the same length are the same. */
export function equalBytes(
  one: Memory,
  start: number,
  other: Memory,
  otherStart: number,
  length: number,
): boolean {
  if (length > WORDS_LENGTH_MAX)
    return one.bytes.compare(other.bytes, otherStart, otherStart + length, start, start + length) === 0;
  const left = one.view;
  const right = other.view;
  let index = 0;
  for (; index <= length - 4; index += 4)
    if (left.getInt32(start + index, true) !== right.getInt32(otherStart + index, true)) return false;
  for (; index < length; index++)
    if (left.getUint8(start + index) !== right.getUint8(otherStart + index)) return false;
  return true;
}
