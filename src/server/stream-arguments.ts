/** Decides how IDs, intervals of IDs and trimming are written in the commands of streams. Knows no stream. */
import { type Bytes, byteString } from './byte-string.js';
import { argumentAt, NOT_AN_INTEGER, SYNTAX_ERROR, wordAt } from './call.js';
import { type Integer, integerOf, narrow, parseInteger } from './integers.js';
import { FIRST_ID, idAfter, idBefore, LAST_ID, type StreamId, UINT64_MAX } from './keyspace/stream-id.js';
import type { TrimLimit, TrimOptions } from './keyspace/stream-value.js';
import { ErrorReply, fail } from './resp/reply.js';

const ID_INVALID = fail('Invalid stream ID specified as stream command argument');
const START_INVALID = fail('invalid start ID for the interval');
const END_INVALID = fail('invalid end ID for the interval');
const ID_BYTES_MAX = 127;
const APPROXIMATE_NODES = 100;
const APPROXIMATE_ENTRIES = 10_000;
const APPROXIMATE_ENTRIES_MAX = 1_000_000;

/** A number as strtoull reads it, after the strict form has been tried: Redis takes `+5` and `007`. */
function parseUint64(text: string): Integer | null {
  const strict = parseInteger(text);
  if (strict !== null) return strict < 0 ? null : strict;
  const match = /^[ \t\n\v\f\r]*([+-]?)(\d+)$/.exec(text);
  if (match === null) return null;
  const value = BigInt(match[2] ?? '');
  if (value > UINT64_MAX) return null;
  return narrow(match[1] === '-' ? BigInt.asUintN(64, -value) : value);
}

/** An ID with both parts; `missing` stands for a second part that was left out. `-` and `+` are none. */
export function strictIdOf(bytes: Bytes, missing: Integer = 0): StreamId | ErrorReply {
  const text = byteString(bytes).split('\0', 1)[0] ?? '';
  const dash = text.indexOf('-');
  const ms = parseUint64(dash < 0 ? text : text.slice(0, dash));
  const sequence = dash < 0 ? missing : parseUint64(text.slice(dash + 1));
  return bytes.length > ID_BYTES_MAX || ms === null || sequence === null ? ID_INVALID : { ms, sequence };
}

/** The same, or `-` and `+` for the first and the last ID. */
export function idOf(bytes: Bytes, missing: Integer = 0): StreamId | ErrorReply {
  const text = byteString(bytes);
  if (text === '-') return FIRST_ID;
  return text === '+' ? LAST_ID : strictIdOf(bytes, missing);
}

/** Where an interval begins: `(` in front leaves the ID itself out. */
export function intervalStartOf(bytes: Bytes): StreamId | ErrorReply {
  const exclusive = exclusiveIdOf(bytes, 0);
  if (exclusive === null) return idOf(bytes);
  return exclusive instanceof ErrorReply ? exclusive : (idAfter(exclusive) ?? START_INVALID);
}

export function intervalEndOf(bytes: Bytes): StreamId | ErrorReply {
  const exclusive = exclusiveIdOf(bytes, UINT64_MAX);
  if (exclusive === null) return idOf(bytes, UINT64_MAX);
  return exclusive instanceof ErrorReply ? exclusive : (idBefore(exclusive) ?? END_INVALID);
}

function exclusiveIdOf(bytes: Bytes, missing: Integer): StreamId | ErrorReply | null {
  const text = byteString(bytes);
  return text.length > 1 && text.startsWith('(') ? strictIdOf(text.slice(1), missing) : null;
}

/** The IDs from an argument on, all of them or the first error. */
export function idsFrom(args: readonly Bytes[], first: number): StreamId[] | ErrorReply {
  const ids: StreamId[] = [];
  for (let index = first; index < args.length; index++) {
    const id = strictIdOf(argumentAt(args, index));
    if (id instanceof ErrorReply) return id;
    ids.push(id);
  }
  return ids;
}

/** What a new entry's ID shall be. */
export type NewId =
  | { readonly kind: 'now' }
  | { readonly kind: 'at-ms'; readonly ms: Integer }
  | { readonly kind: 'exact'; readonly id: StreamId };

export interface AddArguments {
  readonly id: NewId;
  readonly createsStream: boolean;
  readonly trim: TrimOptions | null;
  /** Where the first field is. */
  readonly firstField: number;
}

interface Parsed {
  limit: TrimLimit | null;
  isApproximate: boolean;
  entriesMax: Integer | null;
  createsStream: boolean;
  id: NewId;
  next: number;
}

/** Of XADD, up to the ID. */
export function parseAddArguments(args: readonly Bytes[], nodeEntriesMax: number): AddArguments | ErrorReply {
  const parsed = parseOptions(args, true);
  if (parsed instanceof ErrorReply) return parsed;
  const trim = trimOptionsOf(parsed, nodeEntriesMax);
  if (trim instanceof ErrorReply) return trim;
  return { id: parsed.id, createsStream: parsed.createsStream, trim, firstField: parsed.next + 1 };
}

/** Of XTRIM. */
export function parseTrimArguments(args: readonly Bytes[], nodeEntriesMax: number): TrimOptions | ErrorReply {
  const parsed = parseOptions(args, false);
  if (parsed instanceof ErrorReply) return parsed;
  const trim = trimOptionsOf(parsed, nodeEntriesMax);
  return trim ?? fail('syntax error, XTRIM must be called with a trimming strategy');
}

function parseOptions(args: readonly Bytes[], isAdd: boolean): Parsed | ErrorReply {
  const parsed: Parsed = {
    limit: null,
    isApproximate: false,
    entriesMax: null,
    createsStream: true,
    id: { kind: 'now' },
    next: 2,
  };
  for (; parsed.next < args.length; parsed.next++) {
    const word = wordAt(args, parsed.next);
    const hasMore = parsed.next + 1 < args.length;
    if (isAdd && word === '*') return parsed;
    let error: ErrorReply | null = null;
    if ((word === 'MAXLEN' || word === 'MINID') && hasMore) error = parseLimit(args, parsed, word);
    else if (word === 'LIMIT' && hasMore) {
      const value = integerOf(argumentAt(args, ++parsed.next));
      if (value === null) return NOT_AN_INTEGER;
      if (value < 0) return fail('The LIMIT argument must be >= 0.');
      parsed.entriesMax = value;
    } else if (isAdd && word === 'NOMKSTREAM') parsed.createsStream = false;
    else if (isAdd) {
      const id = newIdOf(argumentAt(args, parsed.next));
      if (id instanceof ErrorReply) return id;
      parsed.id = id;
      return parsed;
    } else return SYNTAX_ERROR;
    if (error !== null) return error;
  }
  return parsed;
}

function parseLimit(args: readonly Bytes[], parsed: Parsed, word: 'MAXLEN' | 'MINID'): ErrorReply | null {
  if (parsed.limit !== null)
    return fail('syntax error, MAXLEN and MINID options at the same time are not compatible');
  let at = parsed.next + 1;
  const sign = byteString(argumentAt(args, at));
  const hasSign = (sign === '~' || sign === '=') && at + 1 < args.length;
  parsed.isApproximate = hasSign && sign === '~';
  if (hasSign) at++;
  parsed.next = at;
  if (word === 'MINID') {
    const minId = strictIdOf(argumentAt(args, at));
    if (minId instanceof ErrorReply) return minId;
    parsed.limit = { minId };
    return null;
  }
  const maxLength = integerOf(argumentAt(args, at));
  if (maxLength === null) return NOT_AN_INTEGER;
  if (maxLength < 0) return fail('The MAXLEN argument must be >= 0.');
  parsed.limit = { maxLength };
  return null;
}

function newIdOf(bytes: Bytes): NewId | ErrorReply {
  const text = byteString(bytes);
  const id = strictIdOf(text.endsWith('-*') ? text.slice(0, -2) : text);
  if (id instanceof ErrorReply || bytes.length > ID_BYTES_MAX) return ID_INVALID;
  if (!text.endsWith('-*')) return { kind: 'exact', id };
  return text.slice(0, -2).includes('-') ? ID_INVALID : { kind: 'at-ms', ms: id.ms };
}

/** Null when nothing is to be trimmed. */
function trimOptionsOf(parsed: Parsed, nodeEntriesMax: number): TrimOptions | null | ErrorReply {
  const { limit, isApproximate, entriesMax } = parsed;
  if (limit === null) {
    if (entriesMax === null || entriesMax === 0) return null;
    return fail('syntax error, LIMIT cannot be used without specifying a trimming strategy');
  }
  if (entriesMax !== null && !isApproximate)
    return fail('syntax error, LIMIT cannot be used without the special ~ option');
  if (!isApproximate) return { limit, isApproximate, entriesMax: 0 };
  const wanted = APPROXIMATE_NODES * nodeEntriesMax;
  const usual = wanted <= 0 ? APPROXIMATE_ENTRIES : Math.min(wanted, APPROXIMATE_ENTRIES_MAX);
  return { limit, isApproximate, entriesMax: entriesMax ?? usual };
}
