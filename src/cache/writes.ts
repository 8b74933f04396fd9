/**
 * Decides what becomes of a write's intent: ended when the outcome is known, kept and asked about when it is
 * not, and made up for when the store could not be told (CONSISTENCY §2: INTENT, END, RESOLVE). Knows no SQL.
 */
import type { Clock, Random } from '../clock.js';
import { LookasideError } from '../errors.js';
import { Debts } from './debts.js';
import { Orphans } from './orphans.js';
import type { Intent } from './protocol/intent.js';
import { mergeTargets, type Target } from './protocol/refs.js';
import type { Counters } from './stats.js';
import type { Seen, Tokens, Writer } from './tokens/tokens.js';

/** Who will make the write visible, and how to find out whether he has. */
export interface WriteOwner extends Writer {
  /** Whether the database is known to run nothing of this connection any more. */
  readonly hasEnded: () => Promise<boolean>;
}

/** A write that may be sent now. Exactly one of the two is called, once. */
export interface PlacedWrite {
  /**
   * The outcome is known, success or failure. The caller of the write is answered after this.
   *
   * @param touched what was written after all, where that is known by now: of what the intent names, a part
   */
  end(touched?: readonly Target[]): void | Promise<void>;
  /** The outcome is unknown: the connection was lost, say. */
  orphan(): void;
}

export interface WritesOptions {
  readonly tokens: Tokens;
  readonly clock: Clock;
  readonly random: Random;
  readonly counters: Counters;
  readonly onStoreDown: 'bypass' | 'reject';
  /** Names this process in the intents it places. */
  readonly process: string;
  readonly onInvalidate: (targets: readonly Target[]) => void;
  readonly onFailure: (reason: string, error: unknown) => void;
}

/** Of a cache that serves nothing any more: nobody has to be told. */
const untracked: PlacedWrite = { end: () => undefined, orphan: () => undefined };

/** 96 bits, as tokens have. */
const INTENT_BYTES = 12;

export class Writes {
  /** Writes under way whose INTENT the store was not told of: until their END, nothing is served. */
  private readonly untold = new Set<Intent>();
  /**
   * By id: intents that may stand in the store and have not ended. Those of orphans that are asked about no longer stay,
   * some hundred bytes each: what is not named here is taken for left over, and would be removed although its write may
   * still become visible.
   */
  private readonly standing = new Set<string>();
  private readonly debts: Debts;
  private readonly orphans: Orphans;
  private closed = false;

  constructor(private readonly options: WritesOptions) {
    this.orphans = new Orphans(options.clock, (error) => options.onFailure('resolve', error));
    this.debts = new Debts({
      ...options,
      isLeftOver: ({ id, process }) => process === options.process && !this.standing.has(id),
      onPaid: (tables) => this.invalidated(tables.map((table) => ({ table, pins: null }))),
      onFailure: (error) => options.onFailure('end', error),
    });
  }

  /** Whether everything this process wrote is either blocked or rotated in the store. */
  get trustworthy(): boolean {
    return this.untold.size === 0 && !this.debts.isUntold;
  }

  /** By id: begun, and not known to have ended. */
  get underWay(): ReadonlySet<string> {
    return this.standing;
  }

  /** Whether it is still to be ended. */
  isStanding(id: string): boolean {
    return this.standing.has(id);
  }

  get unresolved(): number {
    return this.orphans.size;
  }

  /** Tables whose rotation the store is to be told of, and writes whose outcome is to be asked for. */
  get owed(): number {
    return this.debts.size + this.orphans.size;
  }

  /**
   * INTENT. To be awaited before the message that can make the write visible is sent.
   *
   * @throws LookasideError `STORE_UNAVAILABLE` when the store is away and `onStoreDown` is `reject`
   */
  begin(targets: readonly Target[], owner: WriteOwner): PlacedWrite | Promise<PlacedWrite> {
    if (this.closed) return untracked;
    const { tokens, random, counters } = this.options;
    const intent: Intent = { id: random.hex(INTENT_BYTES), targets: mergeTargets(targets) };
    counters.writes++;
    this.standing.add(intent.id);
    try {
      const placing = tokens.place(intent, owner);
      if (!(placing instanceof Promise)) return this.placed(intent, owner, placing);
      return placing.then(
        (states) => this.placed(intent, owner, states),
        (error: unknown) => this.untoldWrite(intent, owner, error),
      );
    } catch (error) {
      return this.untoldWrite(intent, owner, error);
    }
  }

  /** Stops retrying. What is owed then dies with the process' own store, or blocks until others resolve it. */
  close(): void {
    this.closed = true;
    this.debts.close();
    this.orphans.close();
  }

  private placed(intent: Intent, owner: WriteOwner, states: Seen): PlacedWrite {
    return {
      end: (touched) => this.end(intent, states, touched),
      orphan: () => this.orphan(intent, owner),
    };
  }

  /** The store may or may not have the intent: it counts as standing, and is owed its END either way. */
  private untoldWrite(intent: Intent, owner: WriteOwner, error: unknown): PlacedWrite {
    this.options.onFailure('intent', error);
    if (this.options.onStoreDown === 'reject') {
      this.standing.delete(intent.id);
      this.debts.add(intent.targets, { isUntold: false });
      throw new LookasideError(
        'STORE_UNAVAILABLE',
        "see the cause; set onStoreDown to 'bypass' to let writes through while the store is away",
        { cause: error },
      );
    }
    this.untold.add(intent);
    return this.placed(intent, owner, null);
  }

  private end(intent: Intent, states: Seen, touched = intent.targets): void | Promise<void> {
    if (this.closed) return;
    try {
      const ending = this.options.tokens.end(intent, states, touched);
      if (!(ending instanceof Promise)) return this.ended(intent, touched);
      return ending.then(
        () => this.ended(intent, touched),
        (error: unknown) => this.endLater(intent, error),
      );
    } catch (error) {
      return this.endLater(intent, error);
    }
  }

  private ended(intent: Intent, touched: readonly Target[]): void {
    this.standing.delete(intent.id);
    this.untold.delete(intent);
    this.invalidated(touched);
  }

  /**
   * The intent still blocks other processes, so the caller may be answered. This process serves nothing until
   * the store is told: it need not rely on an intent that a store in trouble may have lost.
   */
  private endLater(intent: Intent, error: unknown): void {
    this.options.onFailure('end', error);
    this.debts.add(intent.targets, { isUntold: true });
    this.standing.delete(intent.id);
    this.untold.delete(intent);
  }

  /** RESOLVE: asks until the database is known to have finished, then ends on the writer's behalf. */
  private orphan(intent: Intent, { hasEnded }: WriteOwner): void {
    this.orphans.add({
      hasEnded,
      onEnded: async () => {
        this.options.counters.resolved++;
        await this.end(intent, null);
      },
    });
  }

  private invalidated(targets: readonly Target[]): void {
    for (const { table } of targets) this.options.counters.table(table).invalidations++;
    this.options.onInvalidate(targets);
  }
}
