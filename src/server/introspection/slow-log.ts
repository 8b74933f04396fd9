/** Decides which commands are remembered as slow, and what of them (SLOWLOG). Knows no command. */
import { type Bytes, byteString } from '../byte-string.js';

const ARGUMENTS_MAX = 32;
const ARGUMENT_BYTES_MAX = 128;

export interface SlowCall {
  readonly id: number;
  readonly atSeconds: number;
  readonly micros: number;
  readonly args: readonly string[];
  readonly address: string;
  readonly name: string;
}

export class SlowLog {
  /** `slowlog-log-slower-than`: negative is never, 0 is always. */
  thresholdMicros = 10_000;
  /** `slowlog-max-len`. */
  lengthMax = 128;
  /** The latest last. */
  private calls: SlowCall[] = [];
  private nextId = 0;

  get length(): number {
    return this.calls.length;
  }

  isSlow(micros: number): boolean {
    return this.thresholdMicros >= 0 && micros >= this.thresholdMicros;
  }

  add(call: Omit<SlowCall, 'id' | 'args'>, args: readonly Bytes[]): void {
    this.calls.push({ ...call, id: this.nextId++, args: shortened(args) });
    this.trim();
  }

  trim(): void {
    const excess = this.calls.length - this.lengthMax;
    if (excess > 0) this.calls.splice(0, excess);
  }

  clear(): void {
    this.calls = [];
  }

  /** The latest first; all of them for -1. */
  latest(count: number): SlowCall[] {
    const calls = this.calls.toReversed();
    return count < 0 ? calls : calls.slice(0, count);
  }
}

function shortened(args: readonly Bytes[]): string[] {
  const isLong = args.length > ARGUMENTS_MAX;
  const kept = args.slice(0, isLong ? ARGUMENTS_MAX - 1 : ARGUMENTS_MAX).map((arg) => {
    const text = byteString(arg);
    if (text.length <= ARGUMENT_BYTES_MAX) return text;
    return `${text.slice(0, ARGUMENT_BYTES_MAX)}... (${text.length - ARGUMENT_BYTES_MAX} more bytes)`;
  });
  return isLong ? [...kept, `... (${args.length - ARGUMENTS_MAX + 1} more arguments)`] : kept;
}
