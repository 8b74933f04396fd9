/**
 * Decides which values of `getOrSet` and `wrap` can be given back exactly, and how they are kept. A value that
 * a hit could not reproduce is not stored: a hit is what the function would have returned.
 */
import { deserialize, serialize } from 'node:v8';
import type { PayloadCodec } from './entry.js';

/** A value in the form of the structured clone algorithm: every hit gets its own copy. */
export type SerializedValue = Buffer;

export const serializedValueCodec: PayloadCodec<SerializedValue> = {
  encode: (payload) => payload,
  decode: (bytes) => {
    const payload = Buffer.from(bytes);
    deserialize(payload); // damaged bytes are found out here, where they are a miss
    return payload;
  },
  bytesOf: (payload) => payload.length + 64,
  same: (left, right) => left.equals(right),
};

/** The stored form of a value, or null when a hit could not give back its like. Never throws. */
export function serializeValue(value: unknown): SerializedValue | null {
  try {
    return isReproducible(value, new Set()) ? serialize(value) : null;
  } catch {
    return null; // a proxy, a detached buffer, a nesting deeper than the stack: the value is its owner's own
  }
}

export const deserializeValue = (payload: SerializedValue): unknown => deserialize(payload) as unknown;

/** Instances of other classes would come back as plain objects, functions and symbols not at all. */
function isReproducible(value: unknown, ancestors: Set<object>): boolean {
  if (typeof value === 'function' || typeof value === 'symbol') return false;
  if (typeof value !== 'object' || value === null) return true;
  if (ancestors.has(value)) return true;
  ancestors.add(value);
  const prototype: unknown = Object.getPrototypeOf(value);
  if (Array.isArray(value)) return prototype === Array.prototype && hasOnlyElements(value, ancestors);
  if (prototype === Map.prototype)
    return [...(value as Map<unknown, unknown>)].every((pair) =>
      pair.every((part) => isReproducible(part, ancestors)),
    );
  if (prototype === Set.prototype)
    return [...(value as Set<unknown>)].every((part) => isReproducible(part, ancestors));
  if (prototype === Object.prototype) return hasOnlyData(value, ancestors);
  if (prototype === RegExp.prototype && (value as RegExp).lastIndex !== 0) return false;
  return LEAF_PROTOTYPES.has(prototype as object) && Object.keys(value).every(isIndex);
}

const LEAF_PROTOTYPES: ReadonlySet<object> = new Set<object>([
  Date.prototype,
  RegExp.prototype,
  Buffer.prototype,
  Uint8Array.prototype,
  Int8Array.prototype,
  Uint16Array.prototype,
  Int16Array.prototype,
  Uint32Array.prototype,
  Int32Array.prototype,
  Float32Array.prototype,
  Float64Array.prototype,
  BigInt64Array.prototype,
  BigUint64Array.prototype,
]);

const isIndex = (key: string): boolean => /^\d+$/.test(key);

const hasOnlyElements = (value: readonly unknown[], ancestors: Set<object>): boolean =>
  Object.keys(value).every(isIndex) && value.every((element) => isReproducible(element, ancestors));

const hasOnlyData = (value: object, ancestors: Set<object>): boolean =>
  Object.getOwnPropertySymbols(value).length === 0 &&
  Object.values(Object.getOwnPropertyDescriptors(value)).every(
    (property) =>
      'value' in property && property.enumerable === true && isReproducible(property.value, ancestors),
  );
