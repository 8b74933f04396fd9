/** Decides what a stream entry's ID is and how IDs are ordered, counted up and down. Knows no stream. */
import { type Integer, narrow } from '../integers.js';

/** Both parts have 64 bits without a sign. They are numbers where a double holds them exactly, else bigints. */
export interface StreamId {
  readonly ms: Integer;
  readonly sequence: Integer;
}

export const UINT64_MAX = 18_446_744_073_709_551_615n;
export const FIRST_ID: StreamId = { ms: 0, sequence: 0 };
export const LAST_ID: StreamId = { ms: UINT64_MAX, sequence: UINT64_MAX };

/** Negative, zero or positive, as of numbers. */
export function compareIds(left: StreamId, right: StreamId): number {
  if (left.ms !== right.ms) return left.ms < right.ms ? -1 : 1;
  if (left.sequence === right.sequence) return 0;
  return left.sequence < right.sequence ? -1 : 1;
}

export function idText({ ms, sequence }: StreamId): string {
  return `${ms}-${sequence}`;
}

export function isZero({ ms, sequence }: StreamId): boolean {
  return ms === 0 && sequence === 0;
}

/** Null behind the last. */
export function idAfter({ ms, sequence }: StreamId): StreamId | null {
  if (sequence !== UINT64_MAX) return { ms, sequence: plus(sequence, 1) };
  return ms === UINT64_MAX ? null : { ms: plus(ms, 1), sequence: 0 };
}

/** Null before the first. */
export function idBefore({ ms, sequence }: StreamId): StreamId | null {
  if (sequence !== 0) return { ms, sequence: plus(sequence, -1) };
  return ms === 0 ? null : { ms: plus(ms, -1), sequence: UINT64_MAX };
}

/** A sum of 64 bits that comes round. */
export function plus(value: Integer, added: Integer): Integer {
  const sum = typeof value === 'number' && typeof added === 'number' ? value + added : Number.NaN;
  if (Number.isSafeInteger(sum) && sum >= 0) return sum;
  return narrow(BigInt.asUintN(64, BigInt(value) + BigInt(added)));
}

/** What `plus` must add to the second to get the first, with a sign. */
export function difference(value: Integer, from: Integer): Integer {
  if (typeof value === 'number' && typeof from === 'number') return value - from;
  return narrow(BigInt.asIntN(64, BigInt(value) - BigInt(from)));
}

const ID_BYTES = 16;

/** As it is written down: the order of the bytes is that of the IDs. */
export function idBytes({ ms, sequence }: StreamId): Buffer {
  const bytes = Buffer.allocUnsafe(ID_BYTES);
  bytes.writeBigUInt64BE(BigInt(ms), 0);
  bytes.writeBigUInt64BE(BigInt(sequence), 8);
  return bytes;
}

export function idOfBytes(bytes: Buffer): StreamId {
  return { ms: narrow(bytes.readBigUInt64BE(0)), sequence: narrow(bytes.readBigUInt64BE(8)) };
}
