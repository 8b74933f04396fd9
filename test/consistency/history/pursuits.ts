/**
 * Decides what is read for as long as a row is at risk: from the moment its write was acknowledged, here or by a
 * neighbour, several readers ask for it again and again, in all the ways there are.
 */
import type { Caller } from './caller.js';
import { AT_RISK_MS } from './history.js';
import type { RowNumber } from './log.js';
import type { Acknowledged } from './neighbours.js';
import * as reads from './reads.js';
import type { TrackedRow } from './witness.js';
import { isOutage } from './workload.js';

const READERS_OF_A_ROW = 24;
/** Who hears of it when the row is not at risk any more looks all the same, less often. */
const LATE_READERS_OF_A_ROW = 1;
/** What needs no round trip must not leave the processor to nobody else. */
const READS_OF_A_READER_MAX = 6;
/** At once: whoever writes faster than reads are answered must not pile them up. */
const READERS_MAX = 200;
/** Of one piece of work, which is judged when it is done: what was written down of it must find room. */
const READS_MAX = 40_000;
/** Waiting for the bound to pass. */
const WAITING_MAX = 500;
/** Of the reads, how many are asked for what is asked for most: only the first of them can be a miss. */
const SAME_SHARE = 0.85;
const MS_PER_NS = 1e-6;

export class Pursuits {
  private readonly running = new Set<Promise<void>>();
  private readonly waiting = new Set<NodeJS.Timeout>();
  private readsLeft = READS_MAX;

  constructor(
    private readonly caller: Caller,
    private readonly nowNs: () => number,
  ) {}

  /** @param afterMs how long after it was acknowledged everybody must see it: then the row is at risk */
  onAcknowledged(acknowledged: Acknowledged, afterMs: number): void {
    const fromMs = acknowledged.atNs * MS_PER_NS + afterMs;
    const dueMs = fromMs - this.nowMs();
    if (dueMs <= 0) this.pursue(acknowledged, fromMs + AT_RISK_MS);
    else if (this.waiting.size < WAITING_MAX) {
      const timer = setTimeout(() => {
        this.waiting.delete(timer);
        this.pursue(acknowledged, fromMs + AT_RISK_MS);
      }, Math.ceil(dueMs));
      this.waiting.add(timer);
    }
  }

  /** Resolves when all are answered; rejects as the first that failed for no outage. */
  async end(): Promise<void> {
    for (const timer of this.waiting) clearTimeout(timer);
    this.waiting.clear();
    while (this.running.size > 0) await Promise.all(this.running);
    this.readsLeft = READS_MAX;
  }

  private nowMs(): number {
    return this.nowNs() * MS_PER_NS;
  }

  private pursue({ rows, places }: Acknowledged, untilMs: number): void {
    const readers = this.nowMs() < untilMs ? READERS_OF_A_ROW : LATE_READERS_OF_A_ROW;
    rows.forEach((number: RowNumber, index) => {
      const row = this.caller.world.tables.rows[number];
      if (row === undefined) return;
      const forms = formsOf(row, places[index] ?? null, this.caller);
      if (forms.length === 0) return;
      for (let reader = 0; reader < readers && this.running.size < READERS_MAX; reader++) {
        const reading = this.read(forms, untilMs).finally(() => this.running.delete(reading));
        this.running.add(reading);
      }
    });
  }

  private async read(forms: readonly reads.Read[], untilMs: number): Promise<void> {
    const { caller } = this;
    const [usual] = forms as [reads.Read]; // there is one at least
    for (let turn = 0; turn < READS_OF_A_READER_MAX && this.readsLeft > 0; turn++) {
      if (turn > 0) {
        await new Promise((resolve) => setImmediate(resolve)); // a hit may not have left this turn of the loop
        if (this.nowMs() >= untilMs) return;
      }
      this.readsLeft--;
      try {
        await (caller.chance(SAME_SHARE) ? usual : caller.pick(forms))(caller);
      } catch (error) {
        if (!isOutage(error)) throw error;
        caller.noteFailure(error);
      }
    }
  }
}

/** All that the row is part of: first what returns it alone. */
function formsOf(row: TrackedRow, place: string | null, caller: Caller): readonly reads.Read[] {
  const { accounts, documents, counters, crates, notes, labels } = caller.world.tables;
  const id = (table: typeof accounts): number => 1 + table.rows.indexOf(row);
  const key = (table: typeof accounts): string => table.keys[table.rows.indexOf(row)] as string; // it is among them
  if (accounts.rows.includes(row)) {
    const number = id(accounts);
    const ofOwner: reads.Read = (reader) => reads.accountsOfOwner(reader, Number(place));
    return [
      (reader) => reads.account(reader, number),
      (reader) => reads.wrapped(reader, number),
      (reader) => reads.wrapped(reader, number),
      ...(place === null ? [] : [ofOwner, ofOwner]),
      ...(number <= documents.keys.length
        ? [(reader: Caller) => reads.accountWithDocuments(reader, number)]
        : []),
      reads.totals,
      reads.allAccounts,
    ];
  }
  if (documents.rows.includes(row)) {
    const document = key(documents);
    return [(reader) => reads.pages(reader, document), (reader) => reads.page(reader, document)];
  }
  if (counters.rows.includes(row)) {
    const counter = key(counters);
    const [name] = counter.split('/') as [string, string];
    return [(reader) => reads.counter(reader, counter), (reader) => reads.countersOfName(reader, name)];
  }
  if (notes.rows.includes(row)) {
    const note = key(notes);
    return [(reader) => reads.note(reader, note), reads.allNotes];
  }
  if (crates.rows.includes(row)) return [(reader) => reads.crate(reader, id(crates))];
  if (labels.rows.includes(row)) return [(reader) => reads.label(reader, id(labels))];
  return [];
}
