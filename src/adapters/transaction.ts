/**
 * Decides which intent stands around which statement of one connection (CONSISTENCY §2, INTENT and "In a
 * transaction"): what a transaction wrote is collected, and placed before the message that can commit it. The
 * authority on the transaction's state is the protocol, never the text.
 */
import type { TableNames } from '../cache/bind.js';
import { mergeTargets, type Target } from '../cache/protocol/refs.js';
import type { PlacedWrite } from '../cache/writes.js';
import type { Told } from './told.js';

/** Of three: idle, in a transaction, in a failed one. */
export type TransactionStatus = 'I' | 'T' | 'E';

/** What one statement means for the cache, before anything is known of the connection's state. */
export interface Effect {
  readonly targets: readonly Target[];
  readonly changesCatalog: boolean;
  /** `maybe`: a text with several statements, or one that was not understood. */
  readonly commits: 'no' | 'yes' | 'maybe';
  /** Prepared transactions that outlive the statement; `unknown` if it may have prepared some. */
  readonly prepares: readonly string[] | 'unknown';
  /** A single statement that may run for long before it could be seen. */
  readonly mayTakeLong?: boolean | undefined;
  /** What the answer tells of the rows that were written. */
  readonly told?: Told | undefined;
  /** The table of which the answer tells how many rows were written. */
  readonly counted?: { readonly names: TableNames; readonly tableId: string } | undefined;
  /** What its transaction wrote may never show in the database's statistics. */
  readonly discounts?: boolean;
}

/** A statement on its way whose intent stands. */
export interface WriteUnderWay {
  readonly targets: readonly Target[];
  readonly changesCatalog: boolean;
  readonly placed: PlacedWrite;
  /** Collected writes are part of it: when it succeeds they are over, whatever status follows. */
  readonly commits: boolean;
  /** Instead of the end, once it has succeeded: prepared transactions are under way still. */
  readonly prepares: boolean;
  readonly endCatalogChange: (outcome: 'maybe' | 'nothing') => void;
}

/** A statement of a transaction whose answer is awaited. */
export interface OpenWrite {
  readonly targets: readonly Target[];
}

/** What has to be done before a statement may be sent. */
export type Decision =
  | {
      readonly place: null /** What it wrote will be known better once it is answered. */;
      readonly open?: OpenWrite;
    }
  | { readonly place: readonly Target[]; readonly changesCatalog: boolean };

export class TransactionWrites {
  /** Null: nothing was heard of the connection yet. */
  status: TransactionStatus | null = null;
  private collected: readonly Target[] = [];
  private collectedCatalogChange = false;
  /** Count as collected until they are answered. */
  private readonly open = new Set<OpenWrite>();
  private readonly underWay = new Set<WriteUnderWay>();
  /** The server reported an error; the status that follows tells whether a transaction is open. */
  private readonly failed = new Set<WriteUnderWay>();
  /** The caller was answered, the connection was not heard of: read timeouts, errors before sending. */
  private readonly uncertain = new Set<WriteUnderWay>();

  /** The transaction changed the catalog itself: what the planner knows is not what it sees. */
  get changedCatalog(): boolean {
    return this.collectedCatalogChange;
  }

  /** @param idle nothing is queued or in flight, so `status` is the state that the statement will meet */
  decide(effect: Effect, idle: boolean): Decision {
    const { targets, commits, changesCatalog } = effect;
    if (idle && this.status === 'T') {
      if (commits === 'no') {
        if (effect.told === undefined) {
          this.collect(targets, changesCatalog);
          return { place: null };
        }
        const open: OpenWrite = { targets };
        this.open.add(open);
        this.collectedCatalogChange ||= changesCatalog;
        return { place: null, open };
      }
      return this.place([...this.allCollected(), ...targets], changesCatalog || this.collectedCatalogChange);
    }
    // A failed transaction can only be rolled back: by COMMIT too.
    if (idle && this.status === 'E' && commits !== 'maybe') return { place: null };
    if (idle && this.status === 'I') return this.place(targets, changesCatalog);
    if (commits === 'no') return this.place(targets, changesCatalog);
    const ahead = [...this.underWay, ...this.failed, ...this.uncertain];
    return this.place(
      [...this.allCollected(), ...ahead.flatMap((write) => write.targets), ...targets],
      changesCatalog || this.collectedCatalogChange || ahead.some((write) => write.changesCatalog),
    );
  }

  /** It is answered: this is what it wrote. */
  answered(open: OpenWrite, touched: readonly Target[]): void {
    // What was forgotten belongs to a transaction that is over.
    if (this.open.delete(open)) this.collect(touched, false);
  }

  private allCollected(): readonly Target[] {
    return [...this.collected, ...[...this.open].flatMap(({ targets }) => targets)];
  }

  begin(write: WriteUnderWay): void {
    this.underWay.add(write);
  }

  isUnderWay(write: WriteUnderWay): boolean {
    return this.underWay.has(write);
  }

  /** It has finished and the connection is ready again, in `this.status`. @param touched what it wrote */
  succeed(write: WriteUnderWay, touched = write.targets): void | Promise<void> {
    this.underWay.delete(write);
    if (write.commits) this.forget();
    if (this.status !== 'I' && !write.commits) this.collect(touched, write.changesCatalog);
    write.endCatalogChange('maybe');
    if (write.prepares) write.placed.orphan();
    else return write.placed.end(touched);
  }

  /** The server said that it failed; nothing of it becomes visible any more, unless a savepoint saves the rest. */
  fail(write: WriteUnderWay, outcome: 'maybe' | 'nothing'): void | Promise<void> {
    this.underWay.delete(write);
    if (outcome === 'maybe') this.failed.add(write);
    write.endCatalogChange(outcome);
    return write.placed.end();
  }

  /** The caller has his answer, but whether the server is done with it is not known. */
  doubt(write: WriteUnderWay): void {
    this.underWay.delete(write);
    this.uncertain.add(write);
  }

  /** Whether a doubtful write still waits for the connection to be heard of. */
  isDoubted(write: WriteUnderWay): boolean {
    return this.uncertain.has(write);
  }

  /** Everything sent before has finished. Null: the server did not say in which state the connection is. */
  ready(status: TransactionStatus | null): void {
    this.status = status;
    if (status === 'I') this.forget();
    for (const write of this.failed) if (status !== 'I') this.collect(write.targets, write.changesCatalog);
    this.failed.clear();
    for (const write of this.uncertain) void this.settle(write);
  }

  /** A doubtful write after all: the connection is idle. */
  settle(write: WriteUnderWay): void | Promise<void> {
    this.uncertain.delete(write);
    return this.succeed(write);
  }

  /** The connection is gone: what was collected was rolled back, what was on its way nobody knows. */
  lose(): void {
    for (const write of [...this.underWay, ...this.uncertain]) write.placed.orphan();
    this.underWay.clear();
    this.uncertain.clear();
    this.failed.clear();
    this.forget();
  }

  /** Of a connection that was in use before it was watched: anything may have been written. */
  collect(targets: readonly Target[], changesCatalog: boolean): void {
    if (targets.length > 0) this.collected = mergeTargets([...this.collected, ...targets]);
    this.collectedCatalogChange ||= changesCatalog;
  }

  private place(targets: readonly Target[], changesCatalog: boolean): Decision {
    return targets.length === 0 ? { place: null } : { place: mergeTargets(targets), changesCatalog };
  }

  private forget(): void {
    this.collected = [];
    this.open.clear();
    this.collectedCatalogChange = false;
  }
}
