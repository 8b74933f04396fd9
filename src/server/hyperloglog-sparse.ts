/**
 * Decides the sparse form of a HyperLogLog's registers: runs of zeros and of small values, byte for byte as Redis
 * keeps them. Knows nothing of hashes or keys. (Redis: `hyperloglog.c`, "sparse representation".)
 *
 * ZERO `00llllll`, XZERO `01llllll llllllll`, VAL `1vvvvvll`: lengths and values are stored less one.
 */
import { REGISTER_COUNT } from './hyperloglog-estimate.js';

const ZERO_LENGTH_MAX = 64;
const VALUE_MAX = 32;
const VALUE_LENGTH_MAX = 4;
/** After a change so many runs are looked at for neighbours that can be one. */
const MERGED_RUNS = 5;

export interface Run {
  readonly kind: 'ZERO' | 'XZERO' | 'VAL';
  /** 0 for zeros. */
  readonly value: number;
  readonly length: number;
  readonly bytes: 1 | 2;
}

/** The run whose bytes begin there. */
export function runAt(bytes: Buffer, at: number): Run {
  const first = bytes[at] ?? 0;
  if ((first & 0x80) !== 0)
    return { kind: 'VAL', value: ((first >> 2) & 0x1f) + 1, length: (first & 3) + 1, bytes: 1 };
  if ((first & 0x40) === 0) return { kind: 'ZERO', value: 0, length: (first & 0x3f) + 1, bytes: 1 };
  const length = (((first & 0x3f) << 8) | (bytes[at + 1] ?? 0)) + 1;
  return { kind: 'XZERO', value: 0, length, bytes: 2 };
}

/** Calls `visit` for each run of registers; false when they are not as many as there must be. */
export function visitRuns(
  bytes: Buffer,
  start: number,
  visit: (value: number, first: number, length: number) => void,
): boolean {
  let first = 0;
  for (let at = start; at < bytes.length; ) {
    const run = runAt(bytes, at);
    if (first + run.length > REGISTER_COUNT) return false;
    visit(run.value, first, run.length);
    first += run.length;
    at += run.bytes;
  }
  return first === REGISTER_COUNT;
}

export type SparseUpdate =
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'changed'; readonly bytes: Buffer }
  /** It cannot say so in this form, or not in so few bytes. */
  | { readonly kind: 'dense' }
  | { readonly kind: 'corrupt' };

/** Raises a register to a value. The bytes given are not changed. */
export function raiseSparse(
  bytes: Buffer,
  start: number,
  index: number,
  value: number,
  bytesMax: number,
): SparseUpdate {
  if (value > VALUE_MAX) return { kind: 'dense' };
  const found = findRun(bytes, start, index);
  if (found === null) return { kind: 'corrupt' };
  const { at, first, previous, run } = found;
  if (run.kind === 'VAL' && run.value >= value) return { kind: 'unchanged' };
  const parts = split(run, index - first, value);
  const delta = parts.length - run.bytes;
  if (delta > 0 && bytes.length + delta > bytesMax) return { kind: 'dense' };
  const changed = Buffer.concat([bytes.subarray(0, at), Buffer.from(parts), bytes.subarray(at + run.bytes)]);
  return { kind: 'changed', bytes: merged(changed, previous ?? start) };
}

function findRun(
  bytes: Buffer,
  start: number,
  index: number,
): { at: number; first: number; previous: number | null; run: Run } | null {
  let first = 0;
  let previous: number | null = null;
  for (let at = start; at < bytes.length; ) {
    const run = runAt(bytes, at);
    if (index < first + run.length) return { at, first, previous, run };
    first += run.length;
    previous = at;
    at += run.bytes;
  }
  return null;
}

/** The runs that take the place of one when a register in it gets a value. */
function split(run: Run, offset: number, value: number): number[] {
  const parts: number[] = [];
  const rest = (length: number): void => {
    if (length === 0) return;
    if (run.kind === 'VAL') parts.push(valueRun(run.value, length));
    else if (length <= ZERO_LENGTH_MAX) parts.push(length - 1);
    else parts.push(0x40 | ((length - 1) >> 8), (length - 1) & 0xff);
  };
  rest(offset);
  parts.push(valueRun(value, 1));
  rest(run.length - offset - 1);
  return parts;
}

function valueRun(value: number, length: number): number {
  return 0x80 | ((value - 1) << 2) | (length - 1);
}

/** Makes one run of neighbours with the same value, from a run on. The bytes are the caller's own. */
function merged(bytes: Buffer, from: number): Buffer {
  let end = bytes.length;
  let at = from;
  for (let looked = 0; at < end && looked < MERGED_RUNS; looked++) {
    const run = runAt(bytes, at);
    const next = runAt(bytes, at + 1);
    const length = run.length + next.length;
    const canMerge =
      run.kind === 'VAL' &&
      at + 1 < end &&
      next.kind === 'VAL' &&
      run.value === next.value &&
      length <= VALUE_LENGTH_MAX;
    if (!canMerge) {
      at += run.bytes;
      continue;
    }
    bytes[at + 1] = valueRun(run.value, length);
    bytes.copyWithin(at, at + 1, end);
    end--;
  }
  return end === bytes.length ? bytes : Buffer.from(bytes.subarray(0, end));
}
