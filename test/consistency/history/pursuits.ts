/**
 * Decides what is read for as long as a row is at risk: from the moment its write was acknowledged, here or by a
 * neighbour, several readers ask for it again and again, in all the ways there are.
 */
import type { Random } from '../../../src/clock.js';
import { Caller, type World } from './caller.js';
import { AT_RISK_MS } from './history.js';
import type { Acknowledged } from './neighbours.js';
import * as reads from './reads.js';
import type { Tables } from './tables.js';
import type { TrackedRow } from './witness.js';
import { isOutage } from './workload.js';

const PURSUERS_OF_A_ROW = 20;
/** Who hears of it when the row is not at risk any more looks all the same, once. */
const LATE_PURSUERS_OF_A_ROW = 1;
/** What needs no round trip must not leave the processor to nobody else. */
const READS_OF_A_PURSUER_MAX = 6;
/**
 * Behind the pursuers, as long as the row is at risk, so many in each turn of the event loop ask for the row alone.
 * Those of one turn share the packet that asks for the tokens, those of two never do.
 */
const CROWD = 30;
const CROWDS_MAX = 5;
/** At once: whoever writes faster than reads are answered must not pile them up. */
const READERS_MAX = 400;
/** Of one piece of work, which is judged when it is done: what was written down of it must find room. */
const READS_MAX = 60_000;
/** Waiting for the bound to pass. */
const WAITING_MAX = 500;
/** Of the reads of pursuers, how many are asked for what is asked for most: only the first of them can be a miss. */
const SAME_SHARE = 0.8;
const MS_PER_NS = 1e-6;

export class Pursuits {
  private readonly running = new Set<Promise<void>>();
  private readonly waiting = new Set<NodeJS.Timeout>();
  private readonly pursuer: Caller;
  private readonly onlooker: Caller;
  private readsLeft = READS_MAX;

  constructor(
    private readonly world: World,
    random: Random,
    private readonly nowNs: () => number,
  ) {
    this.pursuer = new Caller(world, random);
    this.onlooker = new Caller(world, random, { connects: false });
  }

  /** @param afterMs how long after it was acknowledged everybody must see it: then the row is at risk */
  onAcknowledged(acknowledged: Acknowledged, afterMs: number): void {
    const fromMs = acknowledged.atNs * MS_PER_NS + afterMs;
    const untilMs = fromMs + AT_RISK_MS;
    const dueMs = fromMs - this.nowMs();
    if (dueMs <= 0) this.pursueAll(acknowledged, untilMs);
    else if (this.waiting.size < WAITING_MAX) {
      const timer = setTimeout(() => {
        this.waiting.delete(timer);
        this.pursueAll(acknowledged, untilMs);
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

  private pursueAll({ rows, places }: Acknowledged, untilMs: number): void {
    rows.forEach((number, index) => {
      const row = this.world.tables.rows[number];
      if (row !== undefined) this.start(() => this.pursue(row, places[index] ?? null, untilMs));
    });
  }

  private start(read: () => Promise<void>): void {
    if (this.running.size >= READERS_MAX) return;
    const reading = read().finally(() => this.running.delete(reading));
    this.running.add(reading);
  }

  private async pursue(row: TrackedRow, place: string | null, untilMs: number): Promise<void> {
    const forms = formsOf(row, place, this.world.tables);
    const pursuers = this.nowMs() < untilMs ? PURSUERS_OF_A_ROW : LATE_PURSUERS_OF_A_ROW;
    for (let count = 0; count < pursuers; count++) this.start(() => this.readOften(forms, untilMs));
    const [alone] = forms;
    for (let crowd = 0; crowd < CROWDS_MAX; crowd++) {
      await nextTurn();
      if (this.nowMs() >= untilMs) return;
      for (let count = 0; count < CROWD; count++) this.start(() => this.read(alone, this.onlooker));
    }
  }

  private async readOften(forms: Forms, untilMs: number): Promise<void> {
    const { pursuer } = this;
    for (let turn = 0; turn < READS_OF_A_PURSUER_MAX; turn++) {
      if (turn > 0) {
        await nextTurn(); // a hit may not have left this turn of the loop
        if (this.nowMs() >= untilMs) return;
      }
      await this.read(pursuer.chance(SAME_SHARE) ? forms[0] : pursuer.pick(forms), pursuer);
    }
  }

  private async read(read: reads.Read, caller: Caller): Promise<void> {
    if (this.readsLeft-- <= 0) return;
    try {
      await read(caller);
    } catch (error) {
      if (!isOutage(error, this.world.database)) throw error;
      caller.noteFailure(error);
    }
  }
}

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** First what returns the row alone. */
type Forms = readonly [reads.Read, ...reads.Read[]];

/** All that the row is part of. */
function formsOf(row: TrackedRow, place: string | null, tables: Tables): Forms {
  const { accounts, documents, counters, crates, notes } = tables;
  const id = (table: typeof accounts): number => 1 + table.rows.indexOf(row);
  const key = (table: typeof accounts): string => table.keys[table.rows.indexOf(row)] as string; // it is among them
  if (accounts.rows.includes(row)) {
    const number = id(accounts);
    // Always with the same document, so that its executions can be shared.
    const document = documents.keys[number % documents.keys.length];
    const wrapped: reads.Read = (reader) => reads.wrapped(reader, number, document);
    const ofOwner: reads.Read = (reader) => reads.accountsOfOwner(reader, Number(place));
    return [
      (reader) => reads.account(reader, number),
      (reader) => reads.severalAccounts(reader, number),
      wrapped,
      wrapped,
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
  return [(reader) => reads.label(reader, id(tables.labels))];
}
