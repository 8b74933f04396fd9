/**
 * Decides how a command says where its keys are, and finds them in a call. Knows no particular command.
 * (Redis: https://redis.io/docs/reference/key-specs)
 */
import type { Bytes } from './byte-string.js';

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
  | 'variable_flags';

export interface KeySpec {
  readonly flags: readonly KeyFlag[];
  readonly notes?: string;
  /** Index of the first key among the arguments, the command's name being 0. */
  readonly begin: number;
  /** Last key relative to the first; -1 is the last argument. */
  readonly last: number;
  readonly step: number;
}

export interface FoundKey {
  readonly key: Bytes;
  readonly flags: readonly KeyFlag[];
}

/** The command's one key is its first argument. */
export function oneKey(flags: readonly KeyFlag[], notes?: string): KeySpec[] {
  return [{ flags, begin: 1, last: 0, step: 1, ...(notes === undefined ? {} : { notes }) }];
}

/** All arguments are keys, or every second when each is followed by a value. */
export function allKeys(flags: readonly KeyFlag[], step = 1): KeySpec[] {
  return [{ flags, begin: 1, last: -1, step }];
}

/** COMMAND's three old numbers. */
export function keyRangeOf(specs: readonly KeySpec[]): { first: number; last: number; step: number } {
  const spec = specs[0];
  if (spec === undefined) return { first: 0, last: 0, step: 0 };
  return { first: spec.begin, last: spec.last < 0 ? spec.last : spec.begin + spec.last, step: spec.step };
}

export function findKeys(specs: readonly KeySpec[], args: readonly Bytes[]): FoundKey[] {
  const found: FoundKey[] = [];
  for (const { begin, last, step, flags } of specs) {
    const end = last < 0 ? args.length + last : begin + last;
    for (let index = begin; index <= end; index += step) {
      const key = args[index];
      if (key !== undefined) found.push({ key, flags });
    }
  }
  return found;
}
