/**
 * Decides how the arguments of one request are handed over: as values, or as parts of the buffer they were read into, of
 * which values are made only for those who ask. Knows nothing of commands.
 */
import { type Bytes, latin1Text, Memory, writeUtf8 } from '../byte-string.js';

/** Longest argument made a string; a longer one is a view of the buffer. */
const STRING_BYTES_MAX = 1024;
/** A request with more arguments is handed over as values. */
export const SLICES_MAX = 1024;
const EMPTY = Buffer.alloc(0);
/** For one UTF-16 code unit. */
const UTF8_BYTES_MAX = 3;

export interface Request {
  /** How many arguments there are, the command's name included. */
  readonly count: number;
  /** Made when first asked for. They live as long as the call. */
  readonly args: readonly Bytes[];
  /** Where the arguments lie, if they are still where they were read. */
  readonly slices: RequestSlices | null;
}

/** A request whose arguments are values already. */
export class GivenRequest implements Request {
  readonly slices = null;

  constructor(readonly args: readonly Bytes[]) {}

  get count(): number {
    return this.args.length;
  }
}

/**
 * One object for all requests: it is filled anew for each. Those behind it may have been read already; their arguments
 * lie behind its own.
 */
export class RequestSlices implements Request {
  memory = new Memory(EMPTY);
  /** Where each argument begins and ends, of this request from `first` on. */
  readonly starts = new Int32Array(SLICES_MAX);
  readonly ends = new Int32Array(SLICES_MAX);
  first = 0;
  count = 0;
  private made: readonly Bytes[] | null = null;

  get bytes(): Buffer {
    return this.memory.bytes;
  }

  get slices(): this {
    return this;
  }

  get args(): readonly Bytes[] {
    return (this.made ??= this.make());
  }

  /** Requests lie in these bytes. */
  begin(bytes: Buffer): void {
    if (this.memory.bytes !== bytes) this.memory = new Memory(bytes);
  }

  /** The request is the one of so many arguments that begin at the `first`. */
  select(first: number, count: number): void {
    this.first = first;
    this.count = count;
    this.made = null;
  }

  start(index: number): number {
    // The arity promises the argument.
    return this.starts[this.first + index] as number;
  }

  end(index: number): number {
    return this.ends[this.first + index] as number;
  }

  /**
   * Writes given arguments down as if they had been read, texts in UTF-8; the name is left out. False if they are too many or too long for
   * that: then nothing can be said of what is here.
   */
  take(args: readonly (string | Buffer | number)[], own: Memory): boolean {
    if (args.length > SLICES_MAX) return false;
    this.memory = own;
    this.select(0, args.length);
    let at = 0;
    this.starts[0] = this.ends[0] = 0;
    for (let index = 1; index < args.length; index++) {
      const given = args[index] ?? '';
      const arg = typeof given === 'number' ? String(given) : given;
      if (at + arg.length * UTF8_BYTES_MAX > own.bytes.length) return false;
      this.starts[index] = at;
      at += typeof arg === 'string' ? writeUtf8(arg, own.bytes, at) : arg.copy(own.bytes, at);
      this.ends[index] = at;
    }
    return true;
  }

  private make(): Bytes[] {
    const args: Bytes[] = [];
    for (let index = 0; index < this.count; index++) {
      const start = this.start(index);
      const end = this.end(index);
      args.push(
        end - start <= STRING_BYTES_MAX
          ? latin1Text(this.bytes, start, end)
          : this.bytes.subarray(start, end),
      );
    }
    return args;
  }
}
