/**
 * Decides how an entry is written in the store: what it depends on, the tokens captured before its query, and
 * its payload. Anything unreadable is a miss, never an error.
 */
import type { CompleteVector } from './protocol/lookup.js';
import type { Ref } from './protocol/refs.js';

/** Rises when the layout changes: entries of another version are misses. */
const VERSION = 1;
const PREFIX_BYTES = 5;

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
  readonly payload: Buffer;
}

export function encodeEntry(dependencies: Dependencies, payload: Buffer): Buffer {
  const header = Buffer.from(JSON.stringify(dependencies));
  const prefix = Buffer.alloc(PREFIX_BYTES);
  prefix.writeUInt8(VERSION, 0);
  prefix.writeUInt32BE(header.length, 1);
  return Buffer.concat([prefix, header, payload]);
}

/** Null when the bytes are not an entry of this version. */
export function decodeEntry(bytes: Buffer): StoredEntry | null {
  if (bytes.length < PREFIX_BYTES || bytes.readUInt8(0) !== VERSION) return null;
  const headerEnd = PREFIX_BYTES + bytes.readUInt32BE(1);
  if (headerEnd > bytes.length) return null;
  const dependencies = parseDependencies(bytes.toString('utf8', PREFIX_BYTES, headerEnd));
  return dependencies === null ? null : { dependencies, payload: bytes.subarray(headerEnd) };
}

function parseDependencies(text: string): Dependencies | null {
  try {
    const header = JSON.parse(text) as Partial<Dependencies> | null;
    if (!Array.isArray(header?.refs) || !Array.isArray(header.vector)) return null;
    return header.refs.length === header.vector.length ? (header as Dependencies) : null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
