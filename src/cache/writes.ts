/**
 * Decides what becomes of a write's intent: ended when the outcome is known, kept and asked about when it is
 * not, and made up for when the store could not be told (CONSISTENCY §2: INTENT, END, RESOLVE). Knows no SQL.
 */
import type { Clock, Random, Timer } from '../clock.js';
import { LookasideError } from '../errors.js';
import type { Intent } from './protocol/intent.js';
import { mergeTargets, type Target } from './protocol/refs.js';
import type { Counters } from './stats.js';
import type { Tokens } from './tokens/tokens.js';

/** Who will make the write visible. */
export interface WriteOwner {
  /** The database connection, for people and for other processes. */
  readonly backend: string;
  /** Whether the database is known to run nothing of this connection any more. */
  readonly hasEnded: () => Promise<boolean>;
}

/** A write that may be sent now. Exactly one of the two is called, once. */
export interface PlacedWrite {
  /** The outcome is known, success or failure. The caller of the write is answered after this. */
  end(): void | Promise<void>;
  /** The outcome is unknown: the connection was lost, say. */
  orphan(): void;
}

export interface WritesOptions {
  readonly tokens: Tokens;
  readonly clock: Clock;
  readonly random: Random;
  readonly counters: Counters;
  readonly onStoreDown: 'bypass' | 'reject';
  readonly onInvalidate: (targets: readonly Target[]) => void;
  readonly onFailure: (reason: string, error: unknown) => void;
}

/** Of a cache that serves nothing any more: nobody has to be told. */
const untracked: PlacedWrite = { end: () => undefined, orphan: () => undefined };

/** 96 bits, as tokens have. */
const INTENT_BYTES = 12;

const RETRY_MS_MIN = 50;
const RETRY_MS_MAX = 5_000;

export class Writes {
  /** Intents whose placing or END the store was not told of: until their rotations are there, nothing is served. */
  private readonly untold = new Set<Intent>();
  private readonly orphans = new Set<Intent>();
  private readonly timers = new Set<Timer>();
  private closed = false;

  constructor(private readonly options: WritesOptions) {}

  /** Whether everything this process wrote is either blocked or rotated in the store. */
  get trustworthy(): boolean {
    return this.untold.size === 0;
  }

  get unresolved(): number {
    return this.orphans.size;
  }

  /** ENDs and RESOLVEs to be tried again. */
  get owed(): number {
    return this.timers.size;
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
    try {
      const placing = tokens.place(intent, owner.backend);
      if (!(placing instanceof Promise)) return this.placed(intent, owner);
      return placing.then(
        () => this.placed(intent, owner),
        (error: unknown) => this.untoldWrite(intent, owner, error),
      );
    } catch (error) {
      return this.untoldWrite(intent, owner, error);
    }
  }

  /** Stops retrying. What is owed then dies with the process' own store, or blocks until others resolve it. */
  close(): void {
    this.closed = true;
    for (const timer of this.timers) timer.cancel();
    this.timers.clear();
  }

  private placed(intent: Intent, owner: WriteOwner): PlacedWrite {
    return {
      end: () => this.end(intent, RETRY_MS_MIN),
      orphan: () => this.orphan(intent, owner),
    };
  }

  /** The store may or may not have the intent: it counts as standing, and is owed its END either way. */
  private untoldWrite(intent: Intent, owner: WriteOwner, error: unknown): PlacedWrite {
    this.options.onFailure('intent', error);
    if (this.options.onStoreDown === 'reject') {
      this.later(RETRY_MS_MIN, () => this.end(intent, RETRY_MS_MIN));
      throw new LookasideError(
        'STORE_UNAVAILABLE',
        "see the cause; set onStoreDown to 'bypass' to let writes through while the store is away",
        { cause: error },
      );
    }
    this.untold.add(intent);
    return this.placed(intent, owner);
  }

  private end(intent: Intent, retryMs: number): void | Promise<void> {
    if (this.closed) return;
    try {
      const ending = this.options.tokens.end(intent);
      if (!(ending instanceof Promise)) return this.ended(intent);
      return ending.then(
        () => this.ended(intent),
        (error: unknown) => this.endLater(intent, retryMs, error),
      );
    } catch (error) {
      return this.endLater(intent, retryMs, error);
    }
  }

  private ended(intent: Intent): void {
    this.untold.delete(intent);
    for (const { table } of intent.targets) this.options.counters.table(table).invalidations++;
    this.options.onInvalidate(intent.targets);
  }

  /**
   * The intent still blocks other processes, so the caller may be answered. This process serves nothing until
   * the store is told: it need not rely on an intent that a store in trouble may have lost.
   */
  private endLater(intent: Intent, retryMs: number, error: unknown): void {
    this.options.onFailure('end', error);
    this.untold.add(intent);
    this.later(retryMs, () => this.end(intent, Math.min(retryMs * 2, RETRY_MS_MAX)));
  }

  private orphan(intent: Intent, owner: WriteOwner): void {
    this.orphans.add(intent);
    this.later(RETRY_MS_MIN, () => this.resolve(intent, owner, RETRY_MS_MIN));
  }

  /** RESOLVE: asks until the database is known to have finished, then ends on the writer's behalf. */
  private async resolve(intent: Intent, owner: WriteOwner, retryMs: number): Promise<void> {
    let ended = false;
    try {
      ended = await owner.hasEnded();
    } catch (error) {
      this.options.onFailure('resolve', error);
    }
    if (ended) {
      this.orphans.delete(intent);
      this.options.counters.resolved++;
      await this.end(intent, RETRY_MS_MIN);
    } else {
      const nextMs = Math.min(retryMs * 2, RETRY_MS_MAX);
      this.later(nextMs, () => this.resolve(intent, owner, nextMs));
    }
  }

  private later(delayMs: number, task: () => void | Promise<void>): void {
    if (this.closed) return;
    const timer = this.options.clock.after(delayMs, () => {
      this.timers.delete(timer);
      const running = task();
      if (running instanceof Promise)
        running.catch((error: unknown) => this.options.onFailure('background', error));
    });
    this.timers.add(timer);
  }
}
