/**
 * Decides which of the requests that lie in one buffer have been read and not been taken yet, so that whoever serves them
 * sees several at once. Knows nothing of how they are read.
 */
import type { RequestSlices } from './request.js';

/** A few dozen is all that a processor fetches at once; what is read twice, because others are served meanwhile, stays little. */
const REQUESTS_MAX = 64;

export class RequestsAhead {
  /** Whoever read them. */
  private reader: object | null = null;
  private readonly counts = new Int32Array(REQUESTS_MAX);
  private readonly stops = new Int32Array(REQUESTS_MAX);
  private size = 0;
  private taken = 0;
  private takenFirst = 0;
  /** Where the arguments of the next one to be read begin. */
  first = 0;
  /** Where the request that was taken last ends in the buffer. */
  takenTo = 0;

  get isFull(): boolean {
    return this.size === REQUESTS_MAX;
  }

  /** How many are still to be taken. */
  get waiting(): number {
    return this.size - this.taken;
  }

  /** How many arguments the one that was taken last has, or one of those behind it. */
  countAt(number: number): number {
    return this.counts[this.taken - 1 + number] as number;
  }

  /** Whether the one that was taken last was the first of those read at once. */
  get isAtFirst(): boolean {
    return this.taken === 1;
  }

  /** What was read is not needed, or its buffer is somebody else's. */
  drop(): void {
    this.reader = null;
    this.size = this.taken = this.takenFirst = this.first = 0;
  }

  begin(reader: object): void {
    this.drop();
    this.reader = reader;
  }

  /** One of so many arguments has been read, up to there. */
  add(count: number, stop: number): void {
    this.counts[this.size] = count;
    this.stops[this.size++] = stop;
    this.first += count;
  }

  /** Makes the next one what `slices` show. False if this reader has none. */
  take(reader: object, slices: RequestSlices): boolean {
    if (this.reader !== reader || this.taken === this.size) return false;
    const count = this.counts[this.taken] as number;
    this.takenTo = this.stops[this.taken++] as number;
    slices.select(this.takenFirst, count);
    this.takenFirst += count;
    return true;
  }
}
