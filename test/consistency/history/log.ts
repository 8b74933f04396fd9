/**
 * Decides how one process writes down what its callers did, so that nothing it asked of the database is forgotten
 * when it is killed: a write is in the file before it is sent. Reads are not worth a call of the system each.
 *
 * Times are nanoseconds of the machine's monotonic clock (CLOCK_MONOTONIC, which is what `process.hrtime` reads on
 * Linux): one clock for all processes of one machine, so its order is the order in which things happened. What begins
 * is stamped before it is sent, what ends after its caller was told.
 */
import { closeSync, openSync, readSync, statSync, writeSync } from 'node:fs';

/** The place of a row in `Tables.rows`. */
export type RowNumber = number;

export type SightingRecord = readonly [row: RowNumber, version: number, place?: string];

export type JudgedStep =
  | { readonly rows: readonly SightingRecord[]; readonly place?: string }
  | { readonly total: number }
  /** What did not hold. */
  | { readonly not: string };

export interface ReadRecord {
  readonly kind: 'read';
  readonly name: string;
  readonly scope: readonly RowNumber[];
  readonly from: number;
  readonly to: number;
  /** Not through the cache. */
  readonly plain?: true;
  readonly steps: readonly JudgedStep[];
}

export interface ChangeRecord {
  readonly row: RowNumber;
  readonly removes?: true;
  readonly moves?: true;
}

export interface AskedRecord {
  readonly kind: 'asked';
  readonly write: number;
  readonly at: number;
  readonly changes: readonly ChangeRecord[];
}

export interface OutcomeRecord {
  readonly kind: 'acknowledged' | 'rolledBack' | 'lost';
  readonly write: number;
  readonly at: number;
  readonly outcomes?: readonly { readonly version?: number; readonly place?: string }[];
}

export type LogRecord = ReadRecord | AskedRecord | OutcomeRecord;

const BUFFERED_CHARACTERS_MAX = 65_536;

export class LogWriter {
  private readonly file: number;
  private buffered = '';
  private lastNs = 0;

  constructor(path: string) {
    this.file = openSync(path, 'a');
  }

  /** Now, and later than everything this process stamped before. */
  nowNs(): number {
    this.lastNs = Math.max(this.lastNs + 1, Number(process.hrtime.bigint()));
    return this.lastNs;
  }

  /** @param sure it is in the file when this returns */
  write(record: LogRecord, sure: boolean): void {
    this.buffered += `${JSON.stringify(record)}\n`;
    if (sure || this.buffered.length > BUFFERED_CHARACTERS_MAX) this.flush();
  }

  flush(): void {
    if (this.buffered !== '') writeSync(this.file, this.buffered);
    this.buffered = '';
  }

  close(): void {
    this.flush();
    closeSync(this.file);
  }
}

/** Reads what a process has written since it was read last. */
export class LogReader {
  private offset = 0;

  constructor(private readonly path: string) {}

  /** A line that its writer was killed over is left out. */
  read(): readonly LogRecord[] {
    const bytes = Buffer.alloc(statSync(this.path).size - this.offset);
    const file = openSync(this.path, 'r');
    try {
      readSync(file, bytes, 0, bytes.length, this.offset);
    } finally {
      closeSync(file);
    }
    const end = bytes.lastIndexOf(10) + 1;
    this.offset += end;
    return bytes
      .toString('utf8', 0, end)
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as LogRecord);
  }
}
