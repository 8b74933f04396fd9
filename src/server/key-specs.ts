/**
 * Decides how a command says where its keys are, and finds them in a call. Knows no particular command.
 * (Redis: https://redis.io/docs/reference/key-specs)
 */
import { type Bytes, byteString } from './byte-string.js';
import { integerOf } from './integers.js';

/** How a key is used, in the order in which COMMAND reports it. */
export type KeyFlag =
  | 'RO'
  | 'RW'
  | 'OW'
  | 'RM'
  | 'access'
  | 'update'
  | 'insert'
  | 'delete'
  | 'not_key'
  | 'incomplete'
  | 'variable_flags';

/** Behind a word, looked for from an argument on; a negative one counts from the end, backwards. */
export interface KeywordSearch {
  readonly keyword: string;
  readonly startFrom: number;
}

export interface KeySpec {
  readonly flags: readonly KeyFlag[];
  readonly notes?: string;
  /** Index of the first key among the arguments, the command's name being 0. */
  readonly begin: number | KeywordSearch | 'unknown';
  /** Last key relative to the first; -1 is the last argument. Counted: the first argument says how many follow it. */
  readonly last: number | 'counted';
  readonly step: number;
  /** With a limit of n the keys are the first n-th part of the arguments that are left. */
  readonly limit?: number;
}

export interface FoundKey {
  readonly key: Bytes;
  readonly flags: readonly KeyFlag[];
}

/** One key, at an argument or behind a word. */
export function keyAtIndex(begin: KeySpec['begin'], flags: readonly KeyFlag[], notes?: string): KeySpec {
  return { flags, begin, last: 0, step: 1, ...(notes === undefined ? {} : { notes }) };
}

/** Keys that only the command's own `findKeys` can find, or nobody. */
export function unknownKeys(flags: readonly KeyFlag[], notes: string): KeySpec {
  return keyAtIndex('unknown', flags, notes);
}

/** The argument says how many keys follow it. */
export function countedKeys(begin: number, flags: readonly KeyFlag[]): KeySpec {
  return { flags, begin, last: 'counted', step: 1 };
}

/** The command's one key is its first argument. */
export function oneKey(flags: readonly KeyFlag[], notes?: string): KeySpec[] {
  return [keyAtIndex(1, flags, notes)];
}

/** All arguments are keys, or every second when each is followed by a value. */
export function allKeys(flags: readonly KeyFlag[], step = 1): KeySpec[] {
  return [{ flags, begin: 1, last: -1, step }];
}

interface PlainRange {
  readonly first: number;
  readonly last: number;
  readonly step: number;
}

/** COMMAND's three old numbers, and whether they do not tell all. (Redis: populateCommandLegacyRangeSpec.) */
export function keyRangeOf(specs: readonly KeySpec[]): PlainRange & { isMovable: boolean } {
  const only = specs.length === 1 ? plainRangeOf(specs[0]) : null;
  if (only !== null) return { ...only, isMovable: false };
  const ranges = consecutiveRanges(specs);
  const first = ranges[0]?.first ?? 0;
  const last = ranges.at(-1)?.last ?? 0;
  return { first, last, step: first === 0 ? 0 : 1, isMovable: ranges.length < specs.length };
}

function consecutiveRanges(specs: readonly KeySpec[]): PlainRange[] {
  const ranges: PlainRange[] = [];
  for (const spec of specs) {
    const range = plainRangeOf(spec);
    const previous = ranges.at(-1);
    if (range?.step !== 1) continue;
    if (previous === undefined || previous.last === range.first - 1) ranges.push(range);
  }
  return ranges;
}

function plainRangeOf(spec: KeySpec | undefined): PlainRange | null {
  if (typeof spec?.begin !== 'number' || spec.last === 'counted') return null;
  const { begin, last, step } = spec;
  return { first: begin, last: last < 0 ? last : begin + last, step };
}

/** Null when the arguments make no sense or the specifications do not say where all keys are. */
export function findKeys(specs: readonly KeySpec[], args: readonly Bytes[]): FoundKey[] | null {
  const found: FoundKey[] = [];
  for (const spec of specs) {
    if (spec.flags.includes('not_key')) continue;
    if (spec.begin === 'unknown') return null;
    const first = typeof spec.begin === 'number' ? spec.begin : indexBehind(spec.begin, args);
    // The word is not there, so neither are its keys.
    if (first === null) continue;
    const range = rangeFrom(spec, first, args);
    if (range === null || range.last >= args.length) return null;
    for (let index = range.first; index <= range.last; index += spec.step) {
      const key = args[index];
      if (key !== undefined) found.push({ key, flags: spec.flags });
    }
  }
  return found.length === 0 ? null : found;
}

function indexBehind({ keyword, startFrom }: KeywordSearch, args: readonly Bytes[]): number | null {
  const step = startFrom > 0 ? 1 : -1;
  const start = startFrom > 0 ? startFrom : args.length + startFrom;
  // The last argument can be no keyword that is looked for forwards, the first no one that is looked for backwards.
  const end = startFrom > 0 ? args.length - 1 : 1;
  for (let index = start; startFrom > 0 ? index < end : index > end; index += step) {
    const arg = args[index];
    if (arg !== undefined && byteString(arg).toUpperCase() === keyword) return index + 1;
  }
  return null;
}

function rangeFrom(
  { last, step, limit = 0 }: KeySpec,
  first: number,
  args: readonly Bytes[],
): { first: number; last: number } | null {
  if (last === 'counted') {
    const count = integerOf(args[first] ?? '');
    if (count === null || count < 0 || count > args.length) return null;
    return { first: first + 1, last: first + Number(count) * step };
  }
  if (last >= 0) return { first, last: first + last };
  const rest = args.length - first;
  return { first, last: first + (limit > 1 ? Math.floor(rest / limit) : rest) + last };
}
