/** Decides how shortcuts read the arguments of a request where they lie. Knows no particular command. */
import { latin1Text } from '../byte-string.js';
import type { Container } from '../keyspace/container.js';
import type { Database } from '../keyspace/database.js';
import type { Entry } from '../keyspace/entry.js';
import type { RequestSlices } from '../resp/request.js';

/** An argument as a byte string. */
export function textIn(request: RequestSlices, index: number): string {
  return latin1Text(request.bytes, request.start(index), request.end(index));
}

/** The entry of the key that is the first argument, for a command that changes it. */
export function entryToWrite(request: RequestSlices, db: Database): Entry | undefined {
  return db.writePart(request.memory, request.start(1), request.end(1));
}

/**
 * The container at the key that is the first argument, for a command that reads it; undefined when there is none.
 * Null, with nothing done, when there is anything else.
 */
export function containerToRead<Kind extends Container>(
  request: RequestSlices,
  db: Database,
  kind: new () => Kind,
): Kind | undefined | null {
  const entry = db.peekPart(request.memory, request.start(1), request.end(1));
  const value = entry?.value;
  if (value !== undefined && !(value instanceof kind)) return null;
  db.wasRead(entry);
  return value;
}

/** The number that an argument of digits alone stands for, zeros in front or not; -1 for anything else or long. */
export function digitsIn(request: RequestSlices, index: number): number {
  return digitsBetween(request.bytes, request.start(index), request.end(index));
}

/** An index in its only spelling, which may count from the end; null for anything else or long. */
export function indexIn(request: RequestSlices, index: number): number | null {
  const { bytes } = request;
  const start = request.start(index);
  const end = request.end(index);
  const isNegative = bytes[start] === 0x2d;
  const first = isNegative ? start + 1 : start;
  const isOdd = bytes[first] === 0x30 && (isNegative || end - first > 1);
  const value = isOdd ? -1 : digitsBetween(bytes, first, end);
  if (value < 0) return null;
  return isNegative ? -value : value;
}

function digitsBetween(bytes: Buffer, start: number, end: number): number {
  if (end === start || end - start > 15) return -1;
  let value = 0;
  for (let at = start; at < end; at++) {
    const digit = (bytes[at] as number) - 48;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value;
}
