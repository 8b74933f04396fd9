/** Decides what is read the moment a write was acknowledged, here or by a neighbour: the row, in several ways at once. */
import type { Caller } from './caller.js';
import type { RowNumber } from './log.js';
import * as reads from './reads.js';
import type { TrackedRow } from './witness.js';
import { isOutage } from './workload.js';

/** At once: whoever writes faster than reads are answered must not pile them up. */
const BURSTS_MAX = 8;
const READS_OF_A_ROW = 8;

export class Bursts {
  private readonly running = new Set<Promise<void>>();

  constructor(private readonly caller: Caller) {}

  onAcknowledged(numbers: readonly RowNumber[]): void {
    const { rows } = this.caller.world.tables;
    for (const number of numbers) {
      const row = rows[number];
      if (row === undefined || this.running.size >= BURSTS_MAX) continue;
      const burst = this.read(row).finally(() => this.running.delete(burst));
      this.running.add(burst);
    }
  }

  /** Resolves when all are answered; rejects as the first that failed for no outage. */
  async end(): Promise<void> {
    while (this.running.size > 0) await Promise.all(this.running);
  }

  private async read(row: TrackedRow): Promise<void> {
    const outcomes = await Promise.allSettled(readsOf(row, this.caller).map((read) => read(this.caller)));
    for (const outcome of outcomes)
      if (outcome.status === 'rejected') {
        if (!isOutage(outcome.reason)) throw outcome.reason;
        this.caller.noteFailure(outcome.reason);
      }
  }
}

/** The same result several times, since only the first of them can be a miss; and others that the row is part of. */
function readsOf(row: TrackedRow, caller: Caller): readonly reads.Read[] {
  const { accounts, documents, counters, notes, labels } = caller.world.tables;
  const id = (table: typeof accounts): number => 1 + table.rows.indexOf(row);
  const often = (read: reads.Read): readonly reads.Read[] =>
    Array.from({ length: READS_OF_A_ROW }, () => read);
  if (accounts.rows.includes(row)) {
    const account: reads.Read = (reader) => reads.account(reader, id(accounts));
    const wrapped: reads.Read = (reader) => reads.wrapped(reader, id(accounts));
    const others = caller.chance(0.3) ? [reads.totals, reads.totals, reads.allAccounts] : [wrapped, wrapped];
    return [...often(account), ...others];
  }
  const key = (table: typeof accounts): string => table.keys[table.rows.indexOf(row)] as string; // it is among them
  if (documents.rows.includes(row)) return often((reader) => reads.pages(reader, key(documents)));
  if (counters.rows.includes(row)) return often((reader) => reads.counter(reader, key(counters)));
  if (notes.rows.includes(row)) return often((reader) => reads.note(reader, key(notes)));
  if (labels.rows.includes(row)) return often((reader) => reads.label(reader, id(labels)));
  return [];
}
