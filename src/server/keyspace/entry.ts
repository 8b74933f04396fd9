/** Decides how one key's value is held in memory and what it is counted to weigh. Knows nothing of other keys. */
import { type Bytes, bufferOf, byteString } from '../byte-string.js';
import { Container, type TypeName } from './container.js';

/** Longest value held as a string. */
const STRING_BYTES_MAX = 2048;

/** Milliseconds since the epoch. A bigint beyond what a double holds exactly: Redis takes any 64-bit time. */
export type ExpireAtMs = number | bigint;

/** No expiry. */
export const NEVER = Number.POSITIVE_INFINITY;

/**
 * What a key and a field cost beside their own bytes: objects, map slots and array slots of the JavaScript heap,
 * as measured on Node 20 with a million keys, rounded up.
 */
export const KEY_OVERHEAD_BYTES = 200;
export const FIELD_OVERHEAD_BYTES = 100;
const BUFFER_OVERHEAD_BYTES = 200;

/**
 * Copies bytes that belong to somebody else into a form that can be kept: short ones as byte strings, which the
 * collector can move and which pin nothing; long ones in memory of their own. Neither is ever changed in place.
 */
export function keepBytes(bytes: Bytes): Bytes {
  if (bytes.length <= STRING_BYTES_MAX) return byteString(bytes);
  const from = bufferOf(bytes);
  const own = Buffer.allocUnsafeSlow(from.length);
  from.copy(own);
  return own;
}

export function weightOf(bytes: Bytes): number {
  return typeof bytes === 'string' ? bytes.length : bytes.length + BUFFER_OVERHEAD_BYTES;
}

/** What a key can hold: a string's bytes, or a container. */
export type Value = Bytes | Container;

export class Entry {
  expireAtMs: ExpireAtMs = NEVER;
  /** For eviction: what it means is the policy's affair. */
  usage = 0;
  weightBytes = 0;
  /** Where the entry stands in its database's lists. */
  position = -1;
  volatilePosition = -1;

  constructor(
    readonly key: string,
    public value: Value,
  ) {}

  /** What the entry weighs now. */
  weigh(): number {
    const value = this.value;
    const body = value instanceof Container ? value.weightBytes : weightOf(value);
    return KEY_OVERHEAD_BYTES + this.key.length + body;
  }
}

export function typeNameOf(entry: Entry): TypeName {
  return entry.value instanceof Container ? entry.value.type : 'string';
}
