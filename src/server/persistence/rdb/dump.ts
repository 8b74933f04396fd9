/** Decides what DUMP answers and what RESTORE takes: a value, the version of its form, and a checksum. Knows no keys. */
import type { EncodingLimits } from '../../encoding-limits.js';
import { Container } from '../../keyspace/container.js';
import type { Value } from '../../keyspace/entry.js';
import { crc64 } from './crc64.js';
import { decodeValue } from './decode-value.js';
import { encodeValue } from './encode-value.js';
import { RdbFormatError, RdbReader } from './reader.js';
import { RDB_VERSION } from './value-types.js';
import { RdbWriter } from './writer.js';

const VERSION_BYTES = 2;
const FOOTER_BYTES = VERSION_BYTES + 8;

export function dumpOf(value: Value): Buffer {
  const writer = new RdbWriter();
  encodeValue(value, writer);
  const version = Buffer.alloc(VERSION_BYTES);
  version.writeUInt16LE(RDB_VERSION);
  writer.raw(version);
  const { bytes } = writer;
  return Buffer.concat([bytes, crc64(bytes)]);
}

/** Whether the version is known and the checksum right. */
export function isIntact(dump: Buffer): boolean {
  if (dump.length < FOOTER_BYTES) return false;
  const end = dump.length - FOOTER_BYTES;
  if (dump.readUInt16LE(end) > RDB_VERSION) return false;
  return crc64(dump.subarray(0, end + VERSION_BYTES)).equals(dump.subarray(end + VERSION_BYTES));
}

/** The value of an intact dump; null when there is none in it. */
export function valueOfDump(dump: Buffer, limits: EncodingLimits): Value | null {
  return valueIn(dump.subarray(0, dump.length - FOOTER_BYTES), limits);
}

/** A value of its own with the same parts. */
export function copyOfValue(value: Value, limits: EncodingLimits): Value {
  if (!(value instanceof Container)) return value;
  const writer = new RdbWriter(false);
  encodeValue(value, writer);
  return decodeValue(new RdbReader(writer.bytes), limits);
}

function valueIn(bytes: Buffer, limits: EncodingLimits): Value | null {
  try {
    return decodeValue(new RdbReader(bytes), limits);
  } catch (error) {
    if (error instanceof RdbFormatError) return null;
    throw error;
  }
}
