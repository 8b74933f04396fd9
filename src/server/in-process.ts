/** Decides how replies look to JavaScript that calls the server in its own process. Knows no particular command. */

import { invariant } from '../errors.js';
import {
  type Bytes,
  bufferOf,
  byteStringOfText,
  copyBytes,
  Memory,
  textOf,
  textOfPart,
} from './byte-string.js';
import type { ErrorReply, Reply, RespVersion } from './resp/reply.js';
import { resp2Of, type TypedReply } from './resp/reply.js';
import type { ShortcutSink, StoredBytes } from './resp/writer.js';

export type Argument = string | Buffer | number;

/** A command's name and its arguments. */
export type CommandArguments = readonly [name: string, ...Argument[]];

/**
 * A reply as JavaScript. A bulk string is a Buffer, a simple string (`OK`) a string, an error an `ErrorReply`
 * (returned, not thrown). RESP3 adds Map, Set and boolean. A Buffer may be the stored value itself: it must not
 * be changed.
 */
export type Value =
  | string
  | Buffer
  | number
  | bigint
  | boolean
  | null
  | ErrorReply
  | Value[]
  | Map<Value, Value>
  | Set<Value>;

const POOL_BYTES = 8192;
const POOLED_BYTES_MAX = 2048;

/** The class that Node's own methods make parts of a Buffer by, without their checks of what was asked for. */
const BufferOf = (Buffer as unknown as { readonly [Symbol.species]: BufferClass })[Symbol.species];

type BufferClass = new (memory: ArrayBufferLike, start: number, length: number) => Buffer;

/** Gathers what a shortcut answers as JavaScript. */
export class ValueSink implements ShortcutSink {
  value: Value = null;
  private items: Value[] | null = null;
  private bulk: BulkForm = 'buffer';
  /** What short values are cut from, as Node does, but with one object for each. */
  private pool = new Memory(Buffer.allocUnsafeSlow(POOL_BYTES));
  private pooled = 0;

  begin(bulk: BulkForm): void {
    this.bulk = bulk;
    this.items = null;
  }

  ok(): void {
    this.put('OK');
  }

  integer(value: number | bigint): void {
    this.put(value);
  }

  null(): void {
    this.put(null);
  }

  arrayOf(): void {
    this.value = this.items = [];
  }

  text(value: string): void {
    this.put(this.bulk === 'text' ? textOf(value) : bufferOf(value));
  }

  stored({ memory, start, end }: StoredBytes): void {
    if (memory === null) return;
    const { bytes } = memory;
    if (this.bulk === 'text') return this.put(textOfPart(bytes, start, end));
    const length = end - start;
    if (length > POOLED_BYTES_MAX) return this.put(Buffer.from(bytes.subarray(start, end)));
    if (this.pooled + length > POOL_BYTES) {
      this.pool = new Memory(Buffer.allocUnsafeSlow(POOL_BYTES));
      this.pooled = 0;
    }
    const at = this.pooled;
    this.pooled += length;
    copyBytes(memory, start, end, this.pool, at);
    this.put(new BufferOf(this.pool.bytes.buffer, at, length));
  }

  /** What is packed is taken apart again: calls that ask for ranges are few beside those that ask for values. */
  packing(): null {
    return null;
  }

  readonly packedFrom = 0;

  packed(): void {
    invariant(false, 'nothing is packed here');
  }

  write(reply: Reply, version: RespVersion): void {
    this.put(valueOf(reply, version, this.bulk));
  }

  private put(value: Value): void {
    if (this.items === null) this.value = value;
    else this.items.push(value);
  }
}

/** The error a promise of `InProcessClient` is rejected with. */
export class ReplyError extends Error {
  override readonly name = 'ReplyError';
}

/** How bulk strings are given to the caller: `text` costs nothing where they are short and ASCII. */
export type BulkForm = 'buffer' | 'text';

/** An argument that is only looked at. */
export function borrowedArgument(argument: Argument): Bytes {
  return typeof argument === 'string'
    ? byteStringOfText(argument)
    : typeof argument === 'number'
      ? String(argument)
      : argument;
}

/** V8 cuts shorter strings out by copying. */
const SLICE_LENGTH_MIN = 13;

/** An argument that may be stored: a string cut out of a larger one would keep all of that alive. */
export function ownArgument(argument: Argument): Bytes {
  const canPin = typeof argument === 'string' && argument.length >= SLICE_LENGTH_MIN;
  return canPin ? Buffer.from(argument) : borrowedArgument(argument);
}

export function valueOf(reply: Reply, version: RespVersion, bulk: BulkForm): Value {
  if (typeof reply === 'string' || Buffer.isBuffer(reply))
    return bulk === 'text' ? textOf(reply) : bufferOf(reply);
  if (typeof reply === 'number' || typeof reply === 'bigint' || reply === null) return reply;
  return 'kind' in reply ? typedValueOf(reply, version, bulk) : valuesOf(reply, version, bulk);
}

function typedValueOf(reply: TypedReply, version: RespVersion, bulk: BulkForm): Value {
  switch (reply.kind) {
    case 'status':
      return reply.text;
    case 'error':
      return reply;
    case 'none':
    case 'null-array':
      return null;
    case 'verbatim':
      return valueOf(reply.text, version, bulk);
    case 'map':
      return version === 2 ? valuesOf(reply.flat, version, bulk) : mapOf(valuesOf(reply.flat, version, bulk));
    case 'attributed':
      return valueOf(reply.reply, version, bulk);
    case 'set':
      return version === 2
        ? valuesOf(reply.items, version, bulk)
        : new Set(valuesOf(reply.items, version, bulk));
    case 'packed-array':
      return valuesOf([...reply.decoded()], version, bulk);
    case 'push':
    case 'several':
    case 'interspersed':
      return valuesOf(reply.items, version, bulk);
    case 'double':
    case 'boolean':
    case 'big-number':
      return version === 2 ? valueOf(resp2Of(reply), version, bulk) : reply.value;
  }
}

function mapOf(flat: readonly Value[]): Map<Value, Value> {
  const map = new Map<Value, Value>();
  for (let index = 0; index < flat.length; index += 2)
    map.set(keyValueOf(flat[index]), flat[index + 1] ?? null);
  return map;
}

/** Buffers are equal to nothing but themselves, so a map's keys are text. */
function keyValueOf(key: Value | undefined): Value {
  return Buffer.isBuffer(key) ? key.toString() : (key ?? null);
}

function valuesOf(items: readonly Reply[], version: RespVersion, bulk: BulkForm): Value[] {
  return items.map((item) => valueOf(item, version, bulk));
}
