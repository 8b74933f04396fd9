/**
 * Decides where one command of a file ends and the next begins, which offset each has, and what is no command. Knows
 * nothing of what commands do.
 */
import { type Bytes, latin1Text } from '../../byte-string.js';
import { type FileSteps, readPart } from '../file-steps.js';

const CHUNK_BYTES = 1024 * 1024;
const STRING_BYTES_MAX = 1024;
/** A longer line announces nothing that could be true. */
const LINE_BYTES_MAX = 64;
const ARGUMENTS_MAX = 1024 * 1024;
const BULK_BYTES_MAX = 512 * 1024 * 1024;
const STAR = 0x2a;
const DOLLAR = 0x24;
const HASH = 0x23;
const CR = 0x0d;
const LF = 0x0a;

export type ReadOutcome =
  /** Arguments live until the next call. */
  | { readonly kind: 'command'; readonly offset: number; readonly args: readonly Bytes[] }
  | { readonly kind: 'end'; readonly offset: number }
  /** The file ends within a command that begins at `offset`. */
  | { readonly kind: 'cut'; readonly offset: number }
  | { readonly kind: 'malformed'; readonly offset: number; readonly problem: string };

export class CommandReader {
  private buffer: Buffer = Buffer.alloc(0);
  /** Where in the file the buffer begins. */
  private bufferOffset: number;
  private at = 0;
  private isAtEnd = false;
  private args: Bytes[] = [];
  /** How far the bytes in memory would have to reach for the command at hand. */
  private wanted = 0;
  private problemAt = 0;

  constructor(
    private readonly file: number,
    start = 0,
  ) {
    this.bufferOffset = start;
  }

  /** Where the next command begins. */
  get offset(): number {
    return this.bufferOffset + this.at;
  }

  /** The next one that is in memory already; null: `read` has to be asked. */
  next(): ReadOutcome | null {
    this.skipAnnotations();
    const { at, offset } = this;
    const problem = this.parse();
    if (problem === null) {
      const { args } = this;
      return { kind: 'command', offset, args };
    }
    this.at = at;
    if (problem !== SHORT) return { kind: 'malformed', offset: offset + this.problemAt - at, problem };
    if (!this.isAtEnd) return null;
    return { kind: this.at === this.buffer.length ? 'end' : 'cut', offset: this.offset };
  }

  /** Reads on. @throws the system's error */
  *read(): FileSteps<void> {
    const rest = this.buffer.length - this.at;
    const larger = Buffer.allocUnsafeSlow(
      Math.max(CHUNK_BYTES, rest * 2, Math.min(this.wanted, rest + CHUNK_BYTES * 16)),
    );
    this.buffer.copy(larger, 0, this.at);
    const position = this.bufferOffset + this.buffer.length;
    const part = { bytes: larger, offset: rest, length: larger.length - rest, position };
    const count = yield* readPart(this.file, part);
    this.bufferOffset += this.at;
    this.at = 0;
    this.buffer = larger.subarray(0, rest + count);
    this.isAtEnd = count === 0;
  }

  /**
   * What follows a command that was cut off is searched for the beginning of another: then the file does not end there,
   * and a length lies. Only what is in memory is looked at, which is what is left of the file.
   */
  hasMoreBehind(): boolean {
    const rest = latin1Text(this.buffer, Math.min(this.at + 1, this.buffer.length), this.buffer.length);
    return /\r\n\*[1-9]\d*\r\n\$\d+\r\n[a-zA-Z]+\r\n\$\d+\r\n/.test(rest);
  }

  /** Null with the command in `args`; SHORT when bytes are missing; else what is wrong. */
  private parse(): string | null {
    const count = this.number(STAR, 'a command begins with *');
    if (typeof count === 'string') return count;
    if (count < 1 || count > ARGUMENTS_MAX) return `a command cannot have ${count} arguments`;
    const args: Bytes[] = [];
    for (let index = 0; index < count; index++) {
      const length = this.number(DOLLAR, 'an argument begins with $');
      if (typeof length === 'string') return length;
      if (length > BULK_BYTES_MAX) return `an argument cannot have ${length} bytes`;
      const start = this.at;
      const end = start + length;
      if (end + 2 > this.buffer.length) {
        this.wanted = end + 2;
        return SHORT;
      }
      this.problemAt = end;
      if (this.buffer[end] !== CR || this.buffer[end + 1] !== LF) return 'an argument ends with CR LF';
      args.push(
        length <= STRING_BYTES_MAX ? latin1Text(this.buffer, start, end) : this.buffer.subarray(start, end),
      );
      this.at = end + 2;
    }
    this.args = args;
    return null;
  }

  /** Lines that begin with # are about commands and none. */
  private skipAnnotations(): void {
    while (this.buffer[this.at] === HASH) {
      const end = this.buffer.indexOf(LF, this.at);
      if (end < 0) return;
      this.at = end + 1;
    }
  }

  private number(sign: number, otherwise: string): number | string {
    const { buffer, at } = this;
    this.problemAt = at;
    if (at >= buffer.length) return SHORT;
    if (buffer[at] !== sign) return buffer[at] === HASH ? SHORT : otherwise;
    let value = 0;
    for (let place = at + 1; place < at + LINE_BYTES_MAX; place++) {
      const byte = buffer[place];
      if (byte === undefined) return SHORT;
      if (byte === CR && place > at + 1) {
        if (place + 1 >= buffer.length) return SHORT;
        this.at = place + 2;
        return buffer[place + 1] === LF ? value : 'a number ends with CR LF';
      }
      if (byte < 0x30 || byte > 0x39) return 'a number consists of digits';
      value = value * 10 + byte - 0x30;
    }
    return 'a number is too long';
  }
}

const SHORT = 'short';
