/**
 * Decides which values a command can answer and how each RESP3 type appears to a RESP2 client.
 * Knows nothing of bytes on a wire, sockets or commands.
 *
 * Inside the server a JavaScript string is a byte string: one character per byte (latin1). It is how short
 * values, keys and fields are held, and as a reply it is a bulk string, exactly like a Buffer.
 */

import { doubleText } from '../double-text.js';

export type RespVersion = 2 | 3;

/** `+OK`: a simple string. */
export class Status {
  readonly kind = 'status';
  constructor(readonly text: string) {}
}

/** `-ERR …`: `message` begins with the error's code, without the dash. */
export class ErrorReply {
  readonly kind = 'error';
  constructor(readonly message: string) {}

  /** The first word: `ERR`, `WRONGTYPE`, `NOAUTH` … */
  get code(): string {
    return this.message.split(' ', 1)[0] ?? '';
  }
}

/** Pairs, flat: key, value, key, value. */
export class MapReply {
  readonly kind = 'map';
  constructor(readonly flat: readonly Reply[]) {}
}

export class SetReply {
  readonly kind = 'set';
  constructor(readonly items: readonly Reply[]) {}
}

export class DoubleReply {
  readonly kind = 'double';
  constructor(
    readonly value: number,
    /** How it is written, where that is not up to its value. */
    readonly text?: string,
  ) {}
}

export class BooleanReply {
  readonly kind = 'boolean';
  constructor(readonly value: boolean) {}
}

/** Text with a three-letter format: `txt` or `mkd`. */
export class VerbatimReply {
  readonly kind = 'verbatim';
  constructor(
    readonly text: string,
    readonly format: 'txt' | 'mkd' = 'txt',
  ) {}
}

export class BigNumberReply {
  readonly kind = 'big-number';
  constructor(readonly value: bigint) {}
}

/** Out of band data. A RESP2 client gets an array. */
export class PushReply {
  readonly kind = 'push';
  constructor(readonly items: readonly Reply[]) {}
}

/** A reply with something said about it, which RESP2 has no way to say. */
export class AttributedReply {
  readonly kind = 'attributed';
  constructor(
    readonly attributes: readonly Reply[],
    readonly reply: Reply,
  ) {}
}

/** The null that RESP2 writes as `*-1`: an EXEC that was called off. */
export class NullArrayReply {
  readonly kind = 'null-array';
}

/** Nothing is written: the client is gone or asked for silence. */
export class NoReply {
  readonly kind = 'none';
}

/** Several replies to one request, as SUBSCRIBE gives one for each channel. They are pushes: nobody can silence them. */
export class SeveralReplies {
  readonly kind = 'several';
  constructor(readonly items: readonly Reply[]) {}
}

/**
 * What EXEC answers once something was pushed to its own client meanwhile: an array that says it has as many items
 * as commands were run, with the pushes between them. (So it is in Redis: RESP3 readers take pushes out anywhere.)
 */
export class InterspersedReply {
  readonly kind = 'interspersed';
  constructor(
    readonly count: number,
    readonly items: readonly Reply[],
  ) {}
}

/** Bulk strings that are held as they are written: nothing is left to do but to copy them. */
export class PackedArrayReply {
  readonly kind = 'packed-array';
  constructor(
    readonly count: number,
    readonly bytes: Buffer,
  ) {}

  *decoded(): IterableIterator<Buffer> {
    const { bytes } = this;
    let position = 0;
    while (position < bytes.length) {
      const lineEnd = bytes.indexOf(13, position);
      const length = Number(bytes.toString('latin1', position + 1, lineEnd));
      yield bytes.subarray(lineEnd + 2, lineEnd + 2 + length);
      position = lineEnd + 2 + length + 2;
    }
  }
}

/** A reply of a class of its own; the common ones are plain JavaScript values. */
export type TypedReply =
  | Status
  | ErrorReply
  | MapReply
  | SetReply
  | DoubleReply
  | BooleanReply
  | VerbatimReply
  | BigNumberReply
  | PushReply
  | NullArrayReply
  | NoReply
  | PackedArrayReply
  | SeveralReplies
  | InterspersedReply
  | AttributedReply;

/** What a command answers. `string` and `Buffer` are bulk strings, `number` and `bigint` are integers. */
export type Reply = string | Buffer | number | bigint | null | readonly Reply[] | TypedReply;

export const OK = new Status('OK');
export const QUEUED = new Status('QUEUED');
export const NULL_ARRAY = new NullArrayReply();
export const NO_REPLY = new NoReply();

/** An error with the general code: `fail('syntax error')` is `-ERR syntax error`. */
export function fail(message: string): ErrorReply {
  return new ErrorReply(`ERR ${message}`);
}

/** What RESP2 has no type for. */
export type Resp3OnlyReply =
  | MapReply
  | SetReply
  | DoubleReply
  | BooleanReply
  | VerbatimReply
  | BigNumberReply
  | PushReply;

/** One level of such a reply in the words of RESP2; its items are still to be told the same way. */
export function resp2Of(reply: Resp3OnlyReply): Exclude<Reply, TypedReply> {
  switch (reply.kind) {
    case 'map':
      return reply.flat;
    case 'set':
    case 'push':
      return reply.items;
    case 'double':
      return reply.text ?? doubleText(reply.value);
    case 'boolean':
      return reply.value ? 1 : 0;
    case 'verbatim':
      return reply.text;
    case 'big-number':
      return String(reply.value);
  }
}

/** About how long a reply is on the wire. Items that are neither text nor lists count little. */
export function replyBytes(reply: Reply): number {
  if (typeof reply === 'string' || Buffer.isBuffer(reply)) return reply.length + 8;
  if (typeof reply !== 'object' || reply === null) return 16;
  if ('kind' in reply && reply.kind === 'packed-array') return reply.bytes.length + 16;
  const items =
    'kind' in reply ? ('items' in reply ? reply.items : 'flat' in reply ? reply.flat : null) : reply;
  if (items === null) return 32;
  return items.reduce<number>((sum, item) => sum + replyBytes(item), 16);
}
