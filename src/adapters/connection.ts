/**
 * Decides what one wrapped connection does whatever its driver is: when it has to be asked what it is, when the catalog is
 * read over it, what a statement may make visible, and why a read has no part in the cache now. How statements reach the
 * driver and its answers the caller, its subclasses decide.
 */
import type { OwnRows } from '../cache/changes.js';
import type { TextQuery } from '../sql/text-query.js';
import type { Database } from './database.js';
import { anything, effectOf, looksHarmless, nothing } from './effect.js';
import type { Aftermath } from './follower.js';
import { Gate } from './gate.js';
import type { Host } from './host.js';
import { refreshOnce } from './refresh.js';
import { resolverOf } from './resolver.js';
import type { KnownSession, SessionTold } from './session.js';
import { isCached, type Statement } from './statements.js';
import { type Effect, TransactionWrites } from './transaction.js';
import { TransactionReads } from './transaction-reads.js';

export abstract class KnownConnection<
  S extends SessionTold,
  P,
  Backend,
  H extends Host<S, P, Backend> = Host<S, P, Backend>,
> {
  protected readonly gate = new Gate(() => (this.needsPreparation() ? this.prepareNow() : null));
  protected readonly writes = new TransactionWrites();
  protected readonly transactionReads = new TransactionReads();
  protected abstract readonly session: KnownSession<S, P, Backend>;
  protected abstract readonly tracker: { isIdle(): boolean };
  /** What this connection wrote, for those who look for writes of others; null where nobody counts it. */
  protected abstract readonly rows: OwnRows | null;
  /** Statements may be on their way, or a transaction open, since before the connection came to be watched. */
  protected unseen = false;
  protected ended = false;
  /** The next transaction, whichever it is, runs as a statement before has said. */
  protected isNextSpecial = false;
  /** The same, perhaps: for all that is known of what ran last. */
  protected isNextUnsure = false;
  private readonly refreshOwn: (database: Database<S, P>) => void;

  /** @param settingUp statements until `settle` prepare the session: what they set is part of the baseline */
  constructor(
    protected readonly host: H,
    protected settingUp: boolean,
  ) {
    this.refreshOwn = refreshOnce(host.core, (database) => this.lookInUse(database));
  }

  /** Its owner ends it, or it has ended. */
  protected abstract readonly isClosing: () => boolean;
  /** Runs one of our own statements on this connection, at once. */
  protected abstract readonly ownQuery: TextQuery;
  /** Offers the database to whom this connection belongs, as the one that its usual sessions see. */
  protected abstract adopt(database: Database<S, P>): void;

  /** Whether the next statement is with the server alone, once it is sent. */
  protected isAlone(): boolean {
    return this.tracker.isIdle();
  }

  /** The connection's session is as its user wants it, once what was called so far has run. */
  settle(): void {
    if (!this.settingUp) return;
    const settled = (): void => {
      this.settingUp = false;
      if (this.session.hasMoved) this.session.forget();
    };
    if (this.gate.isIdle) settled();
    else this.gate.wait(settled);
  }

  /** Its user asks it for nothing more of what he did. */
  givenBack(): void {
    // Most keep nothing back while somebody may ask.
  }

  /** Resolves when it is known and its catalog has been read, or cannot be. */
  async prepare(): Promise<void> {
    await this.whenIdle(async () => {
      await this.reload();
      this.adoptOwn();
    });
  }

  /**
   * Compares the catalog with the database's, or reads it again if it is known to be out of date.
   *
   * @returns false if its session is another one by now, which cannot tell
   */
  async look(database: Database<S, P>): Promise<boolean> {
    let hasLooked = false;
    await this.whenIdle(async () => {
      await this.askIfStale();
      if (!this.sees(database)) return;
      if (database.isCurrent) await database.check(this.ownQuery, this.isClosing);
      else await database.load(this.ownQuery, this.isClosing);
      hasLooked = true;
    }).catch((error: unknown) => {
      if (!this.isClosing()) throw error;
    });
    return hasLooked;
  }

  /** The same while somebody uses the connection. */
  async lookInUse(database: Database<S, P>): Promise<void> {
    await this.look(database);
  }

  /** Runs a task of ours, once the connection is known, behind what was called so far; later calls wait for it. */
  protected whenIdle(task: () => Promise<void>): Promise<void> {
    return new Promise((resolve, reject) => {
      this.gate.wait(() => {
        const running = task();
        this.gate.hold(running);
        running.then(resolve, reject);
      });
    });
  }

  /** Where it is out of date; twice when another look at it was under way already. */
  private async reload(): Promise<void> {
    await this.askIfStale();
    const { database } = this.session;
    for (let attempt = 0; attempt < 2; attempt++)
      if (database?.state.isSettled === true && !database.isCurrent && this.sees(database))
        await database.load(this.ownQuery, this.isClosing);
  }

  private async askIfStale(): Promise<void> {
    if (this.mayAskNow()) await this.session.ask(() => this.writes.status);
  }

  /** If its session may be a baseline. */
  protected adoptOwn(): void {
    const { database } = this.session;
    if (database?.isCurrent === true && this.session.isBase && this.session.refusal() === null)
      this.adopt(database);
  }

  /** Whether its session is the one that the database's catalog is for, in a state to read it. */
  private sees(database: Database<S, P>): boolean {
    return this.session.database === database && !this.session.isUncertain && this.writes.status === 'I';
  }

  private needsPreparation(): boolean {
    if (this.ended || this.writes.status === 'E' || this.isNextSpecial) return false;
    return this.session.isUnknown || this.mayLoad();
  }

  private mayLoad(): boolean {
    const { database } = this.session;
    return database !== null && !database.isLoaded && database.mayLoad && this.writes.status === 'I';
  }

  private async prepareNow(): Promise<void> {
    if (this.session.isUnknown) await this.session.learn();
    await this.watchChanges();
    if (this.mayLoad()) await this.session.database?.load(this.ownQuery, this.isClosing);
  }

  /** Nothing is served of a database before what changed while nobody watched it is known. */
  private async watchChanges(): Promise<void> {
    const { session, host } = this;
    const { database } = session;
    if (database === null || this.writes.status !== 'I' || session.refusal() === 'pooler') return;
    const from = host.observe(database);
    if (from === null) return;
    const { core, ask } = host;
    const { dialect, proxied } = host.databases;
    core.engine.resolveWith(database.names, resolverOf({ dialect, ask, state: database.state, proxied }));
    const through = { pooled: session.isPooled };
    await core.changes?.watch(from, () => dialect.readStatistics(this.ownQuery, through));
  }

  /** A server that was read only may not be since: what could write is not sent before that is known. */
  protected doubtStandby(text: string | null): void {
    if (!this.session.isStandby) return;
    if (text === null || !looksHarmless(text, this.host.databases.dialect)) this.session.forget();
  }

  private mayAskNow(): boolean {
    return (
      this.session.mayBeAsked && this.writes.status === 'I' && !this.isNextSpecial && this.tracker.isIdle()
    );
  }

  /** One question more is worth it where a result may come of it, or a narrower write. */
  protected mustAsk(planned: () => Statement | undefined): boolean {
    if (!this.mayAskNow()) return false;
    const statement = planned();
    if (statement === undefined) return false;
    const { plan, refusal } = statement;
    return (
      isCached(statement) ||
      refusal === 'unknown-relation' ||
      (plan.kind === 'write' && plan.session === 'keeps' && plan.writes.scope === 'tables')
    );
  }

  /** @returns what is to be called when the statement has succeeded */
  protected noteForReads(statement: Statement | undefined): (() => void) | undefined {
    if (this.host.core.transactions !== 'untilWrite') return undefined;
    return this.transactionReads.sending(statement, {
      idle: this.writes.status === 'I' && this.isAlone(),
      level: this.isNextSpecial || this.isNextUnsure ? null : this.session.isolation,
    });
  }

  /** Counts a read that has no part in the cache, with the reason. */
  protected noteBypass(statement: Statement | undefined): void {
    const kind = statement?.plan.kind;
    if (kind !== 'write' && kind !== 'transaction')
      this.host.core.engine.noteBypass(this.reasonOf(statement));
  }

  /** A table that is not known is perhaps only not known yet. */
  private reasonOf(statement: Statement | undefined): string {
    if (statement === undefined) return 'not-planned';
    const isNew = statement.refusal === 'unknown-relation' && this.session.database?.isCurrent === false;
    return isNew ? 'catalog-stale' : statement.refusal;
  }

  /** Why a read of this connection may neither hit nor fill now; null when it may. */
  protected refusal(): string | null {
    if (!this.tracker.isIdle()) return 'queued';
    const { status } = this.writes;
    if (status !== 'I' && !(status === 'T' && this.transactionReads.mayRead)) return 'transaction';
    if (this.isNextSpecial || this.isNextUnsure) return 'session';
    const reason = this.session.refusal();
    const { database } = this.session;
    if (reason !== null || database === null || database.isCurrent) return reason;
    this.refresh(database);
    return 'catalog-stale';
  }

  /**
   * Why the answer to a miss that came through the pool may not be kept; null when it may.
   *
   * @param isItsOwn what the pool's results belong to is what this session sees
   */
  protected refusalToFill(isItsOwn: boolean): string | null {
    // The transaction of whoever left it open is not the pool's.
    const refusal = this.writes.status === 'I' ? this.refusal() : 'transaction';
    return isItsOwn ? refusal : 'session';
  }

  /** By whichever connection; what only this one sees, under a role of its own, say, over this one. */
  protected refresh(database: Database<S, P>): void {
    if (this.session.isBase && this.host.isUsual(database)) this.host.refresh(database);
    else this.refreshOwn(database);
  }

  /** What hangs on the outcome of a statement that is about to be sent. */
  protected aftermath(
    statement: Statement | undefined,
    told: Pick<Aftermath<Backend>, 'succeeded' | 'rejected'>,
  ): Aftermath<Backend> {
    const { database, backend } = this.session;
    return {
      succeeded: told.succeeded,
      rejected: told.rejected,
      ended: this.overtakenPlan(statement),
      control: statement?.plan.kind === 'transaction' ? statement.plan.transaction : null,
      backend,
      isProxied: backend === null || this.session.isPooled,
      state: database?.state ?? null,
    };
  }

  /** A write that waited for a lock while the catalog changed may have done more than was planned. */
  private overtakenPlan(statement: Statement | undefined): Aftermath<Backend>['ended'] {
    const { database } = this.session;
    if (database === null || statement?.plan.kind !== 'write' || statement.plan.changesCatalog)
      return undefined;
    const { plan } = statement;
    const version = database.versionFor(plan);
    if (!database.isCurrent) return undefined; // counted as a write of everything
    return () => {
      if (database.isCurrent && database.versionFor(plan) === version) return;
      return this.host.core.engine.invalidate([database.root]);
    };
  }

  /** What a statement may make visible, as it is about to be sent. */
  protected effectOf(
    { text, values }: { readonly text: string | null; readonly values: unknown },
    statement: Statement | undefined,
  ): Effect {
    const { databases } = this.host;
    const { dialect } = databases;
    const { database, isUncertain } = this.session;
    if (database === null || statement === undefined) {
      if (text !== null && looksHarmless(text, dialect)) return nothing;
      return anything(database === null ? databases.roots() : [database.root]);
    }
    const { plan } = statement;
    const stale = !database.isCurrent;
    if (stale && !(plan.kind === 'write' && plan.changesCatalog)) this.refresh(database);
    const planHolds = !stale && !isUncertain && !this.writes.changedCatalog;
    const effect = effectOf(statement, values, { database, dialect, planHolds });
    if (effect.discounts === true) this.rows?.discount();
    if (effect.targets.length > 0 && effect.counted === undefined) this.rows?.wroteUncounted();
    return this.unseen && effect.commits !== 'no'
      ? { ...effect, targets: [...effect.targets, database.root], changesCatalog: true }
      : effect;
  }
}
