/**
 * Decides what becomes of intents that nobody removes (CONSISTENCY §2, RESOLVE): whoever meets one of another process
 * again, long after it was first seen here, asks the database and ends it on its owner's behalf; one of its own, which
 * reached the store when its write was over, a process just ends. Knows no database: each one's resolver does.
 */
import type { Clock, Random, Timer } from '../clock.js';
import { type Conversation, converse, openSession, type Store } from './executor.js';
import { endIntent } from './protocol/intent.js';
import { databaseOfTable } from './protocol/keys.js';
import type { Look } from './protocol/lookup.js';
import {
  type LookAtTables,
  lookAtStoredTables,
  type StandingIntent,
  type TableState,
} from './protocol/table.js';

/** Whether a database is known to run nothing any more of the write whose backend it was told by this text. */
export type IntentResolver = (backend: string) => Promise<boolean>;

export interface StandingOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Random;
  readonly lookAtTables: LookAtTables;
  /** Names this process in the intents it places. */
  readonly process: string;
  /** Whether this process is still to end an intent of its own. */
  readonly isStanding: (id: string) => boolean;
  readonly onResolved: (table: string) => void;
  readonly onFailure: (error: unknown) => void;
}

interface Sighting {
  readonly id: string;
  readonly table: string;
  /** By this process' own clock: nothing compares two machines' time. */
  askAtMs: number;
  waitMs: number;
}

/** How long an intent stands, since it was first seen, before the database is asked about it. */
const PATIENCE_MS = 3_000;
const PATIENCE_MS_MAX = 60_000;
/** Intents remembered at once; a further one is met again. */
const SIGHTINGS_MAX = 1_000;
/** Tables asked for at once when a process starts. */
const SWEEP_TABLES = 200;

export class StandingIntents {
  private readonly sightings = new Map<string, Sighting>();
  private readonly resolvers = new Map<string, IntentResolver>();
  private timer: Timer | null = null;
  private closed = false;

  constructor(private readonly options: StandingOptions) {}

  /** Intents that are waited for. */
  get size(): number {
    return this.sightings.size;
  }

  /** @param database as tables' keys name it */
  resolveWith(database: string, resolver: IntentResolver): void {
    this.resolvers.set(database, resolver);
  }

  noteAll(tables: ReadonlyMap<string, TableState>): void {
    for (const [table, state] of tables) if (state.intents.length > 0) this.note(table, state);
  }

  /** The same look, which also notes what stands. */
  noting(look: Look): Look {
    const note = (tables: ReadonlyMap<string, TableState>): void => this.noteAll(tables);
    return function* (refs) {
      const observation = yield* look(refs);
      note(observation.tables);
      return observation;
    };
  }

  notingTables(look: LookAtTables): LookAtTables {
    const note = (table: string, state: TableState): void => this.note(table, state);
    return function* (tables) {
      const states = yield* look(tables);
      states.forEach((state, index) => {
        if (state.intents.length > 0) note(tables[index] as string, state); // one per table
      });
      return states;
    };
  }

  /** Looks at tables that nobody may read, so that they do not collect intents. */
  async sweep(tables: readonly string[]): Promise<void> {
    for (let from = 0; from < tables.length && !this.closed; from += SWEEP_TABLES) {
      const page = tables.slice(from, from + SWEEP_TABLES);
      const states = await this.converse(lookAtStoredTables(page));
      states.forEach((state, index) => this.note(page[index] as string, state)); // one per table
    }
  }

  close(): void {
    this.closed = true;
    this.timer?.cancel();
    this.sightings.clear();
  }

  note(table: string, state: TableState): void {
    for (const intent of state.intents) {
      if (this.closed || this.isOwnToEnd(intent)) continue;
      const key = `${intent.id} ${table}`;
      if (this.sightings.has(key) || this.sightings.size >= SIGHTINGS_MAX) continue;
      const askAtMs = this.options.clock.monotonicMs() + PATIENCE_MS;
      this.sightings.set(key, { id: intent.id, table, askAtMs, waitMs: PATIENCE_MS });
      this.schedule();
    }
  }

  private isOwnToEnd({ id, process }: StandingIntent): boolean {
    return process === this.options.process && this.options.isStanding(id);
  }

  private schedule(): void {
    if (this.timer !== null || this.closed || this.sightings.size === 0) return;
    const { clock, onFailure } = this.options;
    let soonestMs = Number.POSITIVE_INFINITY;
    for (const { askAtMs } of this.sightings.values()) soonestMs = Math.min(soonestMs, askAtMs);
    this.timer = clock.after(Math.max(0, soonestMs - clock.monotonicMs()), () => {
      this.askAboutDue()
        .catch(onFailure)
        .finally(() => {
          this.timer = null;
          this.schedule();
        });
    });
  }

  private async askAboutDue(): Promise<void> {
    const nowMs = this.options.clock.monotonicMs();
    for (const [key, sighting] of this.sightings) {
      if (sighting.askAtMs > nowMs || this.closed) continue;
      // Before it is asked about, so that a question that fails is not asked at once again.
      sighting.waitMs = Math.min(2 * sighting.waitMs, PATIENCE_MS_MAX);
      sighting.askAtMs = nowMs + sighting.waitMs;
      if (await this.settle(sighting)) this.sightings.delete(key);
    }
  }

  /** True when it stands no more. */
  private async settle({ id, table }: Sighting): Promise<boolean> {
    const [state] = await this.converse(lookAtStoredTables([table]));
    const intent = state?.intents.find((standing) => standing.id === id);
    if (intent === undefined) return true;
    try {
      if (!(await this.isOver(table, intent))) return false;
      await this.end(table, intent);
    } catch (error) {
      this.options.onFailure(error);
      return false;
    }
    this.options.onResolved(table);
    return true;
  }

  /** An own one that was noted although it stood no more came late: a reply that was lost, a command that was delayed. */
  private async isOver(table: string, intent: StandingIntent): Promise<boolean> {
    if (intent.process === this.options.process) return !this.isOwnToEnd(intent);
    const resolver = this.resolvers.get(databaseOfTable(table) ?? '');
    return resolver !== undefined && (await resolver(intent.backend));
  }

  /** END, shapes read first. Whoever else does the same meanwhile rotates once more than needed. */
  private async end(table: string, { id, pins }: StandingIntent): Promise<void> {
    const { store, random, lookAtTables } = this.options;
    const session = openSession(store);
    await converse(session, endIntent({ id, targets: [{ table, pins }] }, session, random, lookAtTables));
  }

  private async converse<T>(conversation: Conversation<T>): Promise<T> {
    return converse(openSession(this.options.store), conversation);
  }
}
