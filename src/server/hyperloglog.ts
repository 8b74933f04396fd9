/**
 * Decides what a HyperLogLog is: the string Redis keeps, byte for byte, and what adding, merging and counting make of
 * it. Knows nothing of keys or commands. (Redis: `hyperloglog.c`.)
 *
 * 16 bytes of header (`HYLL`, the encoding, three unused, the cached cardinality whose last bit says that it is none),
 * then 16,384 registers.
 */
import { type Bytes, bufferOf } from './byte-string.js';
import { estimate, REGISTER_COUNT, RUN_BITS } from './hyperloglog-estimate.js';
import { raiseSparse, runAt, visitRuns } from './hyperloglog-sparse.js';
import { type Hash64, murmurHash64 } from './murmur-hash.js';

const HEADER_BYTES = 16;
const REGISTER_BITS = 6;
const DENSE_BYTES = HEADER_BYTES + (REGISTER_COUNT * REGISTER_BITS) / 8;
const ENCODING_AT = 4;
const CARDINALITY_AT = 8;
const STALE_AT = 15;
const STALE_BIT = 0x80;
const HASH_SEED = 0xadc83b19;
const DENSE = 0;
const SPARSE = 1;

export type HyperLogLogEncoding = 'dense' | 'sparse';

/** A copy that may be changed, or null when the bytes are none. */
export function hyperLogLogOf(bytes: Bytes): HyperLogLog | null {
  if (bytes.length < HEADER_BYTES) return null;
  const own = Buffer.from(bufferOf(bytes));
  const encoding = own[ENCODING_AT];
  if (own.toString('latin1', 0, 4) !== 'HYLL' || encoding === undefined || encoding > SPARSE) return null;
  return encoding === DENSE && own.length !== DENSE_BYTES ? null : new HyperLogLog(own);
}

/** One without elements. */
export function emptyHyperLogLog(): HyperLogLog {
  const bytes = Buffer.alloc(HEADER_BYTES + 2);
  bytes.write('HYLL', 'latin1');
  bytes[ENCODING_AT] = SPARSE;
  bytes.writeUInt16BE(0x4000 | (REGISTER_COUNT - 1), HEADER_BYTES);
  return new HyperLogLog(bytes);
}

/** Methods answer null when the bytes turn out to be corrupt. */
export class HyperLogLog {
  constructor(private current: Buffer) {}

  get bytes(): Buffer {
    return this.current;
  }

  get encoding(): HyperLogLogEncoding {
    return this.current[ENCODING_AT] === DENSE ? 'dense' : 'sparse';
  }

  /** Whether a register changed. */
  add(element: Bytes, sparseBytesMax: number): boolean | null {
    const hash: Hash64 = { high: 0, low: 0 };
    murmurHash64(bufferOf(element), HASH_SEED, hash);
    return this.raise(hash.low & (REGISTER_COUNT - 1), runLength(hash), sparseBytesMax);
  }

  /** Raises a register to a value. */
  raise(index: number, value: number, sparseBytesMax: number): boolean | null {
    if (this.encoding === 'dense') return this.raiseDense(index, value);
    const update = raiseSparse(this.current, HEADER_BYTES, index, value, sparseBytesMax);
    switch (update.kind) {
      case 'unchanged':
        return false;
      case 'corrupt':
        return null;
      case 'changed':
        this.current = update.bytes;
        this.forgetCardinality();
        return true;
      case 'dense':
        return this.toDense() ? this.raiseDense(index, value) : null;
    }
  }

  /** Raises each register of `registers` to what it is here; false when this is corrupt. */
  mergeInto(registers: Uint8Array): boolean {
    return this.visitValues((value, first, length) => {
      for (let index = first; index < first + length; index++)
        if (value > (registers[index] ?? 0)) registers[index] = value;
    });
  }

  /** False when it is corrupt. */
  toDense(): boolean {
    if (this.encoding === 'dense') return true;
    const dense = new HyperLogLog(Buffer.alloc(DENSE_BYTES));
    this.current.copy(dense.current, 0, 0, HEADER_BYTES);
    dense.current[ENCODING_AT] = DENSE;
    const isValid = this.visitValues((value, first, length) => {
      if (value > 0) for (let index = first; index < first + length; index++) dense.setDense(index, value);
    });
    if (isValid) this.current = dense.current;
    return isValid;
  }

  get hasCardinality(): boolean {
    return ((this.current[STALE_AT] ?? 0) & STALE_BIT) === 0;
  }

  /** The cached one. */
  get cardinality(): bigint {
    return this.current.readBigUInt64LE(CARDINALITY_AT);
  }

  /** Counts, and remembers the answer in the bytes. */
  count(): number | null {
    const histogram = Array.from({ length: 64 }, () => 0);
    if (this.encoding === 'dense') this.countDense(histogram);
    else {
      const isValid = this.visitValues((value, _first, length) => {
        histogram[value] = (histogram[value] ?? 0) + length;
      });
      if (!isValid) return null;
    }
    const cardinality = estimate(histogram);
    this.current.writeBigUInt64LE(BigInt(cardinality), CARDINALITY_AT);
    return cardinality;
  }

  forgetCardinality(): void {
    this.current[STALE_AT] = (this.current[STALE_AT] ?? 0) | STALE_BIT;
  }

  /** All registers of a dense one. */
  registers(): number[] {
    return Array.from({ length: REGISTER_COUNT }, (_, index) => this.getDense(index));
  }

  /** The runs of a sparse one, in words. */
  describe(): string {
    const words: string[] = [];
    for (let at = HEADER_BYTES; at < this.current.length; ) {
      const run = runAt(this.current, at);
      if (run.kind === 'VAL') words.push(`v:${run.value},${run.length}`);
      else words.push(`${run.kind === 'ZERO' ? 'z' : 'Z'}:${run.length}`);
      at += run.bytes;
    }
    return words.join(' ');
  }

  private visitValues(visit: (value: number, first: number, length: number) => void): boolean {
    if (this.encoding === 'sparse') return visitRuns(this.current, HEADER_BYTES, visit);
    for (let index = 0; index < REGISTER_COUNT; index++) visit(this.getDense(index), index, 1);
    return true;
  }

  /** Four registers lie in three bytes. */
  private countDense(histogram: number[]): void {
    const { current } = this;
    for (let at = HEADER_BYTES; at < DENSE_BYTES; at += 3) {
      let four = (current[at] ?? 0) | ((current[at + 1] ?? 0) << 8) | ((current[at + 2] ?? 0) << 16);
      for (let index = 0; index < 4; index++, four >>= REGISTER_BITS)
        histogram[four & 63] = (histogram[four & 63] ?? 0) + 1;
    }
  }

  private raiseDense(index: number, value: number): boolean {
    if (this.getDense(index) >= value) return false;
    this.setDense(index, value);
    return true;
  }

  private getDense(index: number): number {
    const at = HEADER_BYTES + ((index * REGISTER_BITS) >> 3);
    const shift = (index * REGISTER_BITS) & 7;
    const pair = (this.current[at] ?? 0) | ((this.current[at + 1] ?? 0) << 8);
    return (pair >> shift) & 63;
  }

  private setDense(index: number, value: number): void {
    const at = HEADER_BYTES + ((index * REGISTER_BITS) >> 3);
    const shift = (index * REGISTER_BITS) & 7;
    const pair = (this.current[at] ?? 0) | ((this.current[at + 1] ?? 0) << 8);
    const changed = (pair & ~(63 << shift)) | (value << shift);
    this.current[at] = changed & 0xff;
    if (shift > 2) this.current[at + 1] = changed >> 8;
  }
}

/** How many bits from the lowest on, the index left out, it takes to the first that is set. */
function runLength({ high, low }: Hash64): number {
  const lowBits = low >>> 14;
  if (lowBits !== 0) return trailingZeros(lowBits) + 1;
  return high === 0 ? RUN_BITS + 1 : trailingZeros(high) + 18 + 1;
}

function trailingZeros(value: number): number {
  return 31 - Math.clz32(value & -value);
}

/** The cardinality of registers merged by `mergeInto`. */
export function countRegisters(registers: Uint8Array): number {
  const histogram = Array.from({ length: 64 }, () => 0);
  for (const value of registers) histogram[value] = (histogram[value] ?? 0) + 1;
  return estimate(histogram);
}
