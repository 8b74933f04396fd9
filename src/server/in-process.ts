/** Decides how replies look to JavaScript that calls the server in its own process. Knows no particular command. */
import type { ErrorReply, Reply, RespVersion } from './resp/reply.js';
import { resp2Of, type TypedReply } from './resp/reply.js';

export type Argument = string | Buffer | number;

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

/** The error a promise of `InProcessClient` is rejected with. */
export class ReplyError extends Error {
  override readonly name = 'ReplyError';
}

export function bytesOf(argument: Argument): Buffer {
  return typeof argument === 'string'
    ? Buffer.from(argument)
    : typeof argument === 'number'
      ? Buffer.from(String(argument))
      : argument;
}

export function valueOf(reply: Reply, version: RespVersion): Value {
  if (typeof reply === 'string') return Buffer.from(reply, 'latin1');
  if (typeof reply === 'number' || typeof reply === 'bigint' || reply === null || Buffer.isBuffer(reply))
    return reply;
  if (!('kind' in reply)) return valuesOf(reply, version);
  return typedValueOf(reply, version);
}

function typedValueOf(reply: TypedReply, version: RespVersion): Value {
  switch (reply.kind) {
    case 'status':
      return reply.text;
    case 'error':
      return reply;
    case 'none':
    case 'null-array':
      return null;
    case 'verbatim':
      return Buffer.from(reply.text, 'latin1');
    case 'map':
      return version === 2 ? valuesOf(reply.flat, version) : mapOf(valuesOf(reply.flat, version));
    case 'set':
      return version === 2 ? valuesOf(reply.items, version) : new Set(valuesOf(reply.items, version));
    case 'push':
      return valuesOf(reply.items, version);
    case 'double':
    case 'boolean':
    case 'big-number':
      return version === 2 ? valueOf(resp2Of(reply), version) : reply.value;
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

function valuesOf(items: readonly Reply[], version: RespVersion): Value[] {
  return items.map((item) => valueOf(item, version));
}
