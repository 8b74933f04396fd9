/**
 * Decides how an entry is written in the store: what it depends on, the tokens captured before its query, and
 * its payload, under a checksum. Anything unreadable is a miss, never an error.
 */
import { crc32 } from 'node:zlib';
import type { Packed } from './packing.js';
import type { CompleteVector } from './protocol/lookup.js';
import type { Ref } from './protocol/refs.js';

/** Rises when the layout changes: entries of another version are misses. */
const VERSION = 3;
/** Version, the checksum of all that follows it, how the payload is packed, the header's length. */
const CHECKSUM_AT = 1;
const METHOD_AT = 5;
const HEADER_LENGTH_AT = 6;
const PREFIX_BYTES = 10;

/** How an adapter's results are stored. */
export interface PayloadCodec<P> {
  encode(payload: P): Buffer;
  decode(bytes: Buffer): P;
  /** Bytes of memory it holds, roughly. */
  bytesOf(payload: P): number;
  /** Whether a reader could tell the two apart. Tells needless invalidation from needed. */
  same(left: P, right: P): boolean;
}

/** What a result depends on, and the tokens that vouched for it before its query was sent. */
export interface Dependencies {
  readonly refs: readonly Ref[];
  readonly vector: CompleteVector;
}

/** What a result depends on that was built from others. */
export function withInherited(
  own: Dependencies,
  inherited: readonly Dependencies[] | undefined,
): Dependencies {
  if (inherited === undefined || inherited.length === 0) return own;
  return {
    refs: [...own.refs, ...inherited.flatMap(({ refs }) => refs)],
    vector: [...own.vector, ...inherited.flatMap(({ vector }) => vector)],
  };
}

export interface StoredEntry {
  readonly dependencies: Dependencies;
  readonly payload: Packed;
}

/** Why bytes are no entry that can be served. */
export type Unreadable = 'another-version' | 'damaged' | 'foreign';

/** @param of names the result: an entry that was put under another name is not taken for it */
export function encodeEntry(dependencies: Dependencies, of: string, { method, bytes }: Packed): Buffer {
  const header = Buffer.from(JSON.stringify({ of, ...dependencies }));
  const prefix = Buffer.alloc(PREFIX_BYTES);
  prefix.writeUInt8(VERSION, 0);
  prefix.writeUInt8(method, METHOD_AT);
  prefix.writeUInt32BE(header.length, HEADER_LENGTH_AT);
  const entry = Buffer.concat([prefix, header, bytes]);
  entry.writeUInt32BE(crc32(entry.subarray(METHOD_AT)), CHECKSUM_AT);
  return entry;
}

export function decodeEntry(bytes: Buffer, of: string): StoredEntry | Unreadable {
  if (bytes[0] !== VERSION) return 'another-version';
  if (bytes.length < PREFIX_BYTES) return 'damaged';
  if (bytes.readUInt32BE(CHECKSUM_AT) !== crc32(bytes.subarray(METHOD_AT))) return 'damaged';
  const headerEnd = PREFIX_BYTES + bytes.readUInt32BE(HEADER_LENGTH_AT);
  if (headerEnd > bytes.length) return 'damaged';
  const header = parseHeader(bytes.toString('utf8', PREFIX_BYTES, headerEnd));
  if (header === null) return 'damaged';
  if (header.of !== of) return 'foreign';
  const { refs, vector } = header;
  return {
    dependencies: { refs, vector },
    payload: { method: bytes.readUInt8(METHOD_AT), bytes: bytes.subarray(headerEnd) },
  };
}

interface Header extends Dependencies {
  readonly of: string;
}

function parseHeader(text: string): Header | null {
  try {
    const header = JSON.parse(text) as Partial<Header> | null;
    if (!Array.isArray(header?.refs) || !Array.isArray(header.vector)) return null;
    return header.refs.length === header.vector.length ? (header as Header) : null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
