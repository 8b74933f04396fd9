/**
 * Decides which transactions of a database's log somebody else made, and rotates everything for them: the log does not
 * say which tables they wrote. Knows neither the database nor when it is looked at.
 *
 * Order is safety. Our own transactions are told by name, so none of them can hide one of somebody else; the log may name
 * one before its session, or another process, has told us. A transaction that may not be readable yet when everything is
 * rotated for it is remembered: everything is rotated again when one more came to be readable, until one of ours that is
 * behind it in the log was answered, since they come to be readable in that order. The baseline is saved after the
 * rotation: a crash between the two rotates again.
 */
import type { Observer } from '../cache/changes.js';
import { isLogPosition, type LogPosition } from '../sql/statistics.js';
import { TransactionSet } from '../sql/transaction-set.js';
import type { Judge, Surroundings } from './judge.js';
import type { OwnTransactions } from './own-transactions.js';
import { Patience } from './patience.js';
import { type LogBaseline, loadLog, saveLog } from './shared-log.js';

export interface LogJudgeOptions extends Surroundings {
  readonly own: OwnTransactions;
  /** Other processes tell of theirs through the store, a moment later than this one does. */
  readonly isStoreShared: boolean;
  readonly rotateAll: () => Promise<void>;
  /** Writes of all processes that share the store that were begun and have not ended, by id. */
  readonly underWayAnywhere: () => Promise<ReadonlySet<string>>;
}

/** How often it is asked whether a transaction was our own, when no write of ours was under way that may have made it. */
const ASKS_MIN = { alone: 8, shared: 12 };
/** The same once writes of other processes have ended: they tell the store a moment later. */
const ASKS_MIN_AFTERWARDS = 4;
const ASK_AFTER_MS = 50;

/** Looks in a row that found others, before the next ones come later and later. */
const LOOKS_BUSY = 4;
/** Then everything that is cached is kept for as long as it would be without looking at all. */
const PACE_MAX = 10;

export class LogJudge implements Judge<LogPosition> {
  /** As saved; null when another process may have saved another one. */
  private baseline: LogBaseline | null = null;
  /** Told by us, and not judged yet. */
  private own = TransactionSet.none;
  /** Of each source, the last that was told by us. */
  private answered = TransactionSet.none;
  private foreignLooks = 0;
  private readonly patience: Patience;
  private readonly patienceWithOthers: Patience;
  /** Writes of all processes, as they were asked for last. */
  private underWayAnywhere: ReadonlySet<string> = new Set();

  constructor(private readonly options: LogJudgeOptions) {
    const { isStoreShared, underWay } = options;
    this.patience = new Patience({ underWay, waitsMin: isStoreShared ? ASKS_MIN.shared : ASKS_MIN.alone });
    this.patienceWithOthers = new Patience({
      underWay: () => this.underWayAnywhere,
      waitsMin: ASKS_MIN_AFTERWARDS,
    });
  }

  /** Of how many intervals one is enough: where others write all the time, rotating for each of them serves nobody. */
  get pace(): number {
    return Math.min(PACE_MAX, 2 ** Math.max(0, this.foreignLooks - LOOKS_BUSY));
  }

  forget(): void {
    this.baseline = null;
  }

  async judge(seen: LogPosition, look: Observer['look']): Promise<void> {
    const { names, converse } = this.options;
    this.baseline ??= await converse(loadLog(names));
    const before = this.baseline;
    // What it had is not there any more: it was reset, and tells nothing of the time before.
    if (before === null || !before.transactions.without(seen.transactions).isEmpty)
      return this.beginAnew(seen);
    const foreign = await this.foreignOf(seen.transactions.without(before.transactions));
    if (!foreign.isEmpty) {
      this.foreignLooks++;
      // Most will be readable by now, and the next look need not rotate for them again.
      const now = seen.shown === null ? seen : await look();
      const unshown = TransactionSet.union([before.unshown, foreign]);
      return this.rotateFor({ ...seen, shown: isLogPosition(now) ? now.shown : seen.shown }, unshown);
    }
    this.foreignLooks = 0;
    if (!before.unshown.isEmpty && before.shown !== seen.shown) return this.rotateFor(seen, before.unshown);
    if (before.shown === seen.shown && seen.transactions.without(before.transactions).isEmpty) return;
    await this.save({ ...seen, unshown: before.unshown });
  }

  private async beginAnew(seen: LogPosition): Promise<void> {
    await this.takeOwn();
    // Numbers are given again: none of ours may hide another's.
    this.own = this.answered = TransactionSet.none;
    await this.rotateFor(seen, seen.transactions);
  }

  /** What is left of new transactions after it was asked for our own. */
  private async foreignOf(fresh: TransactionSet): Promise<TransactionSet> {
    const unknown = await this.withoutOwn(fresh);
    if (unknown.isEmpty) return unknown;
    const left = await this.askedFor(unknown, this.patience);
    if (left.isEmpty || !this.options.isStoreShared) return left;
    // A process that is late to hear of its write is late to tell of it, too; its intent stands until then.
    await this.lookForOthers();
    return this.underWayAnywhere.size === 0 ? left : this.askedFor(left, this.patienceWithOthers);
  }

  private async askedFor(unknown: TransactionSet, patience: Patience): Promise<TransactionSet> {
    let left = unknown;
    const goesOn = patience.begin();
    while (!left.isEmpty && goesOn()) {
      await this.options.delay(ASK_AFTER_MS);
      left = await this.withoutOwn(left);
      if (patience === this.patienceWithOthers && !left.isEmpty) await this.lookForOthers();
    }
    return left;
  }

  private async lookForOthers(): Promise<void> {
    this.underWayAnywhere = await this.options.underWayAnywhere();
  }

  private async withoutOwn(some: TransactionSet): Promise<TransactionSet> {
    if (some.isEmpty) return some;
    await this.takeOwn();
    return some.without(this.own);
  }

  private async takeOwn(): Promise<void> {
    const { own, names } = this.options;
    const told = await own.take(names);
    if (told.isEmpty) return;
    this.own = TransactionSet.union([this.own, told]);
    this.answered = TransactionSet.union([this.answered, told]).latest;
  }

  private async rotateFor({ transactions, shown }: LogPosition, foreign: TransactionSet): Promise<void> {
    // To be asked before: what was answered by now could be read by now, and all before it.
    if (shown !== null) await this.takeOwn();
    const isShown = shown === null || this.answered.isBeyond(foreign);
    await this.options.rotateAll();
    await this.save({ transactions, shown, unshown: isShown ? TransactionSet.none : foreign });
  }

  private async save(judged: LogBaseline): Promise<void> {
    const { names, converse } = this.options;
    await converse(saveLog(names, judged));
    this.baseline = judged;
    this.own = this.own.without(judged.transactions);
  }
}
