/**
 * Decides where one reply of a Redis server ends and the next begins, in RESP2 and RESP3. Knows no commands.
 * Nothing is allocated because a length was announced: memory grows only with the bytes that have arrived.
 *
 * Maps come as flat arrays and booleans as integers, as RESP2 has them: https://redis.io/docs/reference/protocol-spec
 */
import { type Reply, ReplyError } from '../../cache/executor.js';

export interface ReplySink {
  /** Whether bulk strings of the reply that comes next are wanted as bytes, which are views of what was received. */
  wantsBytes(): boolean;
  reply(value: Reply): void;
  /** RESP3: sent by the server unasked. */
  push(values: readonly Reply[]): void;
}

/** The peer does not speak the protocol, or says more than is allowed: the connection is of no use any more. */
export class ReplyProtocolError extends Error {
  override readonly name = 'ReplyProtocolError';
}

/** Deeper than any reply to a command that is ever sent here. */
const DEPTH_MAX = 8;
const CR = 0x0d;
const LF = 0x0a;
const PUSH = 0x3e;

/** Not all of the reply is there yet. */
const incomplete = Symbol('incomplete');

export class ReplyParser {
  /** What has arrived of an unfinished reply. */
  private parts: Buffer[] = [];
  private heldBytes = 0;
  /** With fewer bytes than this the unfinished reply cannot be finished. */
  private neededBytes = 0;
  private bytes: Buffer = Buffer.alloc(0);
  private at = 0;
  private wantsBytes = false;

  /** @param replyBytesMax the longest reply, everything in it counted */
  constructor(
    private readonly sink: ReplySink,
    private readonly replyBytesMax: number,
  ) {}

  /**
   * Hands every reply that is complete with these bytes to the sink.
   *
   * @throws ReplyProtocolError
   */
  push(chunk: Buffer): void {
    let bytes = chunk;
    if (this.heldBytes > 0) {
      this.parts.push(chunk);
      this.heldBytes += chunk.length;
      if (this.heldBytes < this.neededBytes) return;
      bytes = Buffer.concat(this.parts, this.heldBytes);
      this.parts = [];
      this.heldBytes = 0;
    }
    this.bytes = bytes;
    this.at = 0;
    while (this.at < bytes.length) {
      const start = this.at;
      const isPush = bytes[start] === PUSH;
      this.wantsBytes = !isPush && this.sink.wantsBytes();
      this.neededBytes = 0;
      const value = this.read(0);
      if (value === incomplete) return this.hold(start);
      if (isPush) this.sink.push(value as readonly Reply[]);
      else this.sink.reply(value);
    }
  }

  private hold(start: number): void {
    const rest = this.bytes.subarray(start);
    this.neededBytes = Math.max(this.neededBytes - start, rest.length + 1);
    if (this.neededBytes > this.replyBytesMax)
      throw new ReplyProtocolError(`a reply of more than ${this.replyBytesMax} bytes`);
    this.parts = [rest];
    this.heldBytes = rest.length;
  }

  private read(depth: number): Reply | typeof incomplete {
    if (depth > DEPTH_MAX) throw new ReplyProtocolError(`a reply nested deeper than ${DEPTH_MAX}`);
    const mark = this.bytes[this.at++];
    switch (mark) {
      case 0x24: // $ bulk string
        return this.bulk(0);
      case 0x3a: // : integer
        return this.integer();
      case 0x2b: // + simple string
        return this.line();
      case 0x2d: // - error
        return failure(this.line());
      case 0x2a: // * array
      case 0x7e: // ~ set
      case PUSH:
        return this.array(depth, 1);
      case 0x25: // % map
        return this.array(depth, 2);
      case 0x5f: // _ null
        return this.line() === incomplete ? incomplete : null;
      case 0x23: // # boolean
        return truth(this.line());
      case 0x2c: // , double
      case 0x28: // ( big number
        return this.line();
      case 0x3d: // = verbatim string: three letters and a colon come first
        return this.bulk(4);
      case 0x21: // ! blob error
        return failure(this.bulk(0));
      case 0x7c: // | attributes of the reply that follows
        return this.array(depth, 2) === incomplete ? incomplete : this.next(depth);
      default:
        throw new ReplyProtocolError(`a reply that begins with byte ${String(mark)}`);
    }
  }

  private next(depth: number): Reply | typeof incomplete {
    return this.at < this.bytes.length ? this.read(depth + 1) : incomplete;
  }

  private bulk(skippedBytes: number): string | Buffer | null | typeof incomplete {
    const length = this.integer();
    if (length === incomplete) return incomplete;
    if (length < 0) return null;
    const start = this.at;
    const end = start + length;
    this.at = end + 2;
    if (this.at > this.bytes.length) {
      this.neededBytes = this.at;
      return incomplete;
    }
    if (this.bytes[end] !== CR || this.bytes[end + 1] !== LF)
      throw new ReplyProtocolError('a bulk string that is longer than announced');
    const from = start + skippedBytes;
    return this.wantsBytes ? this.bytes.subarray(from, end) : this.bytes.toString('utf8', from, end);
  }

  private array(depth: number, valuesPerElement: number): readonly Reply[] | null | typeof incomplete {
    const count = this.integer();
    if (count === incomplete) return incomplete;
    if (count < 0) return null;
    const values: Reply[] = [];
    for (let index = 0; index < count * valuesPerElement; index++) {
      const value = this.next(depth);
      if (value === incomplete) return incomplete;
      values.push(value);
    }
    return values;
  }

  /** Up to the end of the line. */
  private integer(): number | typeof incomplete {
    const { bytes } = this;
    let value = 0;
    let at = this.at;
    const negative = bytes[at] === 0x2d;
    if (negative || bytes[at] === 0x2b) at++;
    for (; at < bytes.length; at++) {
      const byte = bytes[at] as number; // at < length
      if (byte === CR) {
        if (at + 1 >= bytes.length) return incomplete;
        this.at = at + 2;
        return negative ? -value : value;
      }
      if (byte < 0x30 || byte > 0x39) throw new ReplyProtocolError('an integer that is none');
      value = value * 10 + byte - 0x30;
    }
    return incomplete;
  }

  private line(): string | typeof incomplete {
    const end = this.bytes.indexOf(CR, this.at);
    if (end < 0 || end + 1 >= this.bytes.length) return incomplete;
    const text = this.bytes.toString('utf8', this.at, end);
    this.at = end + 2;
    return text;
  }
}

const failure = (text: string | Buffer | null | typeof incomplete): ReplyError | typeof incomplete =>
  text === incomplete ? incomplete : new ReplyError(String(text));

const truth = (text: string | typeof incomplete): number | typeof incomplete =>
  text === incomplete ? incomplete : Number(text === 't');
