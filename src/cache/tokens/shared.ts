/** Decides how tokens and intents are kept in a store that others share: by the protocol's conversations with it. */
import type { Clock, Random } from '../../clock.js';
import type { Dependencies } from '../entry.js';
import { type Conversation, converse, openSession, type Session, type Store } from '../executor.js';
import { endIntent, type Intent, invalidate, payDebts, placeIntent } from '../protocol/intent.js';
import {
  type CompleteVector,
  capture,
  type Look,
  type Looked,
  lookAtStore,
  type Refusal,
  TokenReads,
} from '../protocol/lookup.js';
import type { Ref, Target } from '../protocol/refs.js';
import { type LookAtTables, lookAtStoredTables, type StandingIntent } from '../protocol/table.js';
import { converseSettled } from '../settled.js';
import { type IntentResolver, StandingIntents } from '../standing.js';
import { JointReads } from './joint-reads.js';
import type { Cell, Seen, Tokens, Writer } from './tokens.js';

/** A token of a value outlives an entry captured late in its life, and a slow query. */
const VALUE_TTL_SPARE_MS = 60_000;

export interface SharedTokensOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Random;
  /** Names this process in the intents it places. */
  readonly process: string;
  readonly shapesPerTableMax: number;
  /** Whether this process is still to end an intent of its own. */
  readonly isStanding: (id: string) => boolean;
  /** An intent of another process was ended on its behalf. */
  readonly onResolved: (table: string) => void;
  readonly onFailure: (reason: 'lookup' | 'resolve', error: unknown) => void;
}

/** How a store is reached and looked at. */
export interface Access {
  readonly store: Store;
  readonly look: Look;
  readonly lookAtTables: LookAtTables;
}

export class SharedTokens implements Tokens {
  readonly answersAtOnce: boolean = false;

  private readonly store: Store;
  private readonly look: Look;
  private readonly lookAtTables: LookAtTables;
  private readonly standing: StandingIntents;
  private readonly together: JointReads;

  /** @param access where looking needs not ask the store */
  constructor(
    private readonly options: SharedTokensOptions,
    access: Access = { store: options.store, look: lookAtStore, lookAtTables: lookAtStoredTables },
  ) {
    this.store = access.store;
    this.together = new JointReads(access.store);
    this.standing = new StandingIntents({
      ...options,
      ...access,
      onFailure: (error) => options.onFailure('resolve', error),
    });
    this.look = this.standing.noting(access.look);
    this.lookAtTables = this.standing.notingTables(access.lookAtTables);
  }

  get bound(): Tokens['bound'] {
    return null;
  }

  get unresolved(): number {
    return this.standing.size;
  }

  hold(refs: readonly Ref[]): readonly Cell[] {
    return refs.map((ref) => new SharedCell(ref));
  }

  share(_cells: readonly Cell[]): void {
    // Nothing is remembered of them.
  }

  release(_cells: readonly Cell[]): void {
    // Nothing is remembered of them.
  }

  tokenOf(_cell: Cell): string | null {
    return null;
  }

  lookup(cells: readonly Cell[]): Looked | Promise<Looked> {
    const reads = readsOf(cells);
    return new Promise((resolve, reject) => {
      this.together.ask({ reads, answered: (shown) => resolve(shown.looked(reads)), failed: reject });
    });
  }

  /** The way of most reads of a shared store: nothing but the question, which many ask together, and the answer. */
  vouchFor(cells: readonly Cell[], vector: CompleteVector): boolean | Promise<boolean> {
    const reads = readsOf(cells);
    return new Promise((resolve, reject) => {
      this.together.ask({ reads, answered: (shown) => resolve(shown.shows(reads, vector)), failed: reject });
    });
  }

  capture(
    cells: readonly Cell[],
    { observation }: Looked,
    ttlMs: number,
  ): Dependencies | Refusal | Promise<Dependencies | Refusal> {
    const { random, shapesPerTableMax } = this.options;
    const context = { random, valueTtlMs: 2 * ttlMs + VALUE_TTL_SPARE_MS, shapesPerTableMax };
    const seen = observation?.() ?? null;
    if (seen !== null) this.standing.noteAll(seen.tables);
    return this.talk((session) => capture(refsOf(cells), session, context, this.look, seen));
  }

  place(intent: Intent, { backend }: Writer): Seen | Promise<Seen> {
    const record = { process: this.options.process, backend, startedAtMs: this.options.clock.wallMs() };
    const placing = this.tell(intent.targets, (session) =>
      placeIntent(intent, record, session, !this.answersAtOnce),
    );
    return placing instanceof Promise ? placing.then((seen) => this.noted(intent, seen)) : placing;
  }

  end(intent: Intent, seen: Seen, touched: readonly Target[]): void | Promise<void> {
    const { random } = this.options;
    return this.tell(intent.targets, (session) =>
      endIntent({ ...intent, touched }, session, random, this.lookAtTables, seen),
    );
  }

  pay(tables: readonly string[], isLeftOver: (intent: StandingIntent) => boolean): void | Promise<void> {
    const { random } = this.options;
    return this.talk((session) => payDebts(tables, isLeftOver, session, random, this.lookAtTables));
  }

  invalidate(targets: readonly Target[]): void | Promise<void> {
    const { random } = this.options;
    return this.tell(targets, (session) => invalidate(targets, session, random, this.lookAtTables));
  }

  resolveWith(database: string, resolver: IntentResolver): void {
    this.standing.resolveWith(database, resolver);
  }

  sweep(tables: readonly string[]): Promise<void> {
    return this.standing.sweep(tables);
  }

  trouble(): Error | null {
    return this.store.trouble();
  }

  close(): void {
    this.standing.close();
  }

  /** What INTENT saw of others. */
  private noted({ targets }: Intent, seen: Seen): Seen {
    targets.forEach(({ table }, index) => {
      const state = seen?.[index];
      if (state !== undefined) this.standing.note(table, state);
    });
    return seen;
  }

  private tell<T>(targets: readonly Target[], about: (session: Session) => Conversation<T>): T | Promise<T> {
    const keys = targets.map(({ table }) => table);
    return converseSettled(this.store, keys, about);
  }

  private talk<T>(about: (session: Session) => Conversation<T>): T | Promise<T> {
    const session = openSession(this.store);
    return converse(session, about(session));
  }
}

/** Those of one `hold` belong together: how they are asked for is remembered with the first. */
class SharedCell implements Cell {
  reads: TokenReads | null = null;

  constructor(readonly ref: Ref) {}
}

function readsOf(cells: readonly Cell[]): TokenReads {
  const [first] = cells;
  if (!(first instanceof SharedCell)) return new TokenReads(refsOf(cells));
  if (first.reads?.refs.length !== cells.length) first.reads = new TokenReads(refsOf(cells));
  return first.reads;
}

const refsOf = (cells: readonly Cell[]): readonly Ref[] => cells.map(({ ref }) => ref);
