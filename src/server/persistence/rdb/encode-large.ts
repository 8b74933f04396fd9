/** Decides how a value is written piece by piece that is too large to be written at once. Knows no keys. */
import type { LargeValue } from '../snapshot-sink.js';
import { encodeStreamParts } from './encode-stream.js';
import { encodeChunk } from './encode-value.js';
import { compressOrQuote } from './lzf.js';
import { rdbTypes } from './value-types.js';
import type { RdbWriter } from './writer.js';

/** Of a long string, compressed at once: some 80 µs; and written at once, some 40 µs with its sum. */
const COMPRESSED_BYTES = 16 * 1024;
const RAW_BYTES = 32 * 1024;
/** Else it is not worth it. (Redis does without below that, too.) */
const SAVED_BYTES_MIN = 4;
/** Members written at once: some 10 µs. */
const MEMBERS_AT_ONCE = 16;

const types: Readonly<Record<LargeValue['type'], number>> = {
  string: rdbTypes.string,
  set: rdbTypes.set,
  hash: rdbTypes.hash,
  zset: rdbTypes.zsetBinary,
  list: rdbTypes.listQuicklist2,
  stream: rdbTypes.streamListpacks2,
};

export function rdbTypeOfLarge(value: LargeValue): number {
  return types[value.type];
}

/** Writes a little with each `next`. The forms are those that any size may have. */
export function* encodeLarge(value: LargeValue, writer: RdbWriter): Generator<void> {
  switch (value.type) {
    case 'string':
      yield* encodeLongString(() => value.bytes, writer);
      return;
    case 'set':
      writer.length(value.size);
      for (let number = 0; number < value.size; number++) {
        writer.string(value.memberAt(number));
        if (number % MEMBERS_AT_ONCE === 0) yield;
      }
      return;
    case 'hash':
      writer.length(value.size);
      for (let number = 0; number < value.size; number++) {
        writer.string(value.fieldAt(number));
        writer.string(value.valueAt(number));
        if (number % MEMBERS_AT_ONCE === 0) yield;
      }
      return;
    case 'zset':
      yield* encodeSortedSet(value, writer);
      return;
    case 'list':
      writer.length(value.chunkCount);
      for (let chunk = 0; chunk < value.chunkCount; chunk++) {
        encodeChunk(value.elementsOf(chunk), writer);
        yield;
      }
      return;
    case 'stream':
      yield* encodeStreamParts(value.nodes, value.facts, writer);
  }
}

/** @param bytes asked for each time: they move when they are about to change */
function* encodeLongString(bytes: () => Buffer, writer: RdbWriter): Generator<void> {
  const { length } = bytes();
  const packed = writer.compresses ? yield* packedLongString(bytes) : null;
  if (packed === null) {
    writer.length(length);
    for (let at = 0; at < length; at += RAW_BYTES) {
      writer.raw(bytes().subarray(at, at + RAW_BYTES));
      yield;
    }
    return;
  }
  writer.compressedHead(
    packed.reduce((sum, part) => sum + part.length, 0),
    length,
  );
  for (const part of packed) {
    writer.raw(part);
    yield;
  }
}

/**
 * Compressed parts follow each other as one: they only refer to what is in themselves. Null where it does not become
 * shorter.
 */
function* packedLongString(bytes: () => Buffer): Generator<void, Buffer[] | null> {
  const { length } = bytes();
  const parts: Buffer[] = [];
  let packedBytes = 0;
  for (let at = 0; at < length; at += COMPRESSED_BYTES) {
    const part = compressOrQuote(bytes().subarray(at, at + COMPRESSED_BYTES));
    packedBytes += part.length;
    // What has not become shorter by now will hardly do so any more.
    if (packedBytes > at + COMPRESSED_BYTES) return null;
    parts.push(part);
    yield;
  }
  return packedBytes + SAVED_BYTES_MIN <= length ? parts : null;
}

function* encodeSortedSet(value: Extract<LargeValue, { type: 'zset' }>, writer: RdbWriter): Generator<void> {
  writer.length(value.size);
  const members = value.descending();
  for (let count = 0; ; count++) {
    const next = members.next();
    if (next.done === true) return;
    writer.string(next.value.member);
    writer.double(next.value.score);
    if (count % MEMBERS_AT_ONCE === 0) yield;
  }
}
