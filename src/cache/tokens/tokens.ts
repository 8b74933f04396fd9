/**
 * Decides what the engine asks of tokens and intents (CONSISTENCY §2): LOOKUP, CAPTURE, INTENT and END, wherever they
 * are kept. Whatever can be answered without a round trip is answered without a promise.
 */
import type { Dependencies } from '../entry.js';
import type { Intent } from '../protocol/intent.js';
import type { CompleteVector, Looked, Refusal } from '../protocol/lookup.js';
import type { Ref, Target } from '../protocol/refs.js';
import type { StandingIntent, TableState } from '../protocol/table.js';
import type { IntentResolver } from '../standing.js';

/** One reference that something depends on. */
export interface Cell {
  readonly ref: Ref;
}

/** Who makes a write visible. */
export interface Writer {
  /** The database connection, for people and for other processes: costs something each time it is asked for. */
  readonly backend: string;
}

/** The tables as INTENT saw them, where it looked. */
export type Seen = readonly TableState[] | null;

export interface Tokens {
  /** `tokenOf` knows all that `lookup` would find. */
  readonly answersAtOnce: boolean;
  /** Cells stay comparable until they are released as often as they were held. */
  hold(refs: readonly Ref[]): readonly Cell[];
  /** Holds cells once more that are held already. */
  share(cells: readonly Cell[]): void;
  release(cells: readonly Cell[]): void;
  /** The tokens that vouch for the cell now, as one text; null where that cannot be told without asking. */
  tokenOf(cell: Cell): string | null;
  lookup(cells: readonly Cell[]): Looked | Promise<Looked>;
  /** Whether a look-up shows exactly these tokens. */
  vouchFor(cells: readonly Cell[], vector: CompleteVector): boolean | Promise<boolean>;
  /**
   * Makes the tokens that are missing. To be done before the query is sent (I3).
   *
   * @param looked what the same read's look-up showed of these cells
   * @param ttlMs of the coming entry
   */
  capture(
    cells: readonly Cell[],
    looked: Looked,
    ttlMs: number,
  ): Dependencies | Refusal | Promise<Dependencies | Refusal>;
  /** Done before the message that can make the write visible is sent. @param writer for people and RESOLVE */
  place(intent: Intent, writer: Writer): Seen | Promise<Seen>;
  /**
   * Rotates what the write may have changed and removes the intent last (I4).
   *
   * @param seen by INTENT
   * @param touched of what the intent names, what was written
   */
  end(intent: Intent, seen: Seen, touched: readonly Target[]): void | Promise<void>;
  /** Tells late what could not be told in time: rotates everything in the tables, and removes what was left there. */
  pay(tables: readonly string[], isLeftOver: (intent: StandingIntent) => boolean): void | Promise<void>;
  /** Rotates without an intent: for what has no commit of its own. */
  invalidate(targets: readonly Target[]): void | Promise<void>;
  /** Intents of other processes that are waited for. */
  readonly unresolved: number;
  /** How intents of other processes are asked about. @param database as tables' keys name it */
  resolveWith(database: string, resolver: IntentResolver): void;
  /** Looks for intents that nobody removes. */
  sweep(tables: readonly string[]): void | Promise<void>;
  /** Where they are known without asking for a while: how long, and how long ago all was last told, in ms. */
  readonly bound: { readonly limitMs: number; readonly lagMs: number } | null;
  /** Why they cannot be had now, or null. */
  trouble(): Error | null;
  close(): void;
}
