/**
 * Decides what is known of one database behind wrapped pools: its catalog, whether that may be out of date, and the plans
 * made with it. Knows queries only as functions, and its dialect only by what it answers.
 */
import { keyOfTable, rootOf, type TableNames } from '../cache/bind.js';
import type { CacheCore } from '../cache/core.js';
import { letExpire } from '../cache/lineage.js';
import type { Target } from '../cache/protocol/refs.js';
import type { Clock } from '../clock.js';
import type { Plan, Planner } from '../sql/plan.js';
import type { TextQuery } from '../sql/text-query.js';
import type { Dialect, KnownCatalog, SessionSeen } from './dialect.js';
import { prefixOf } from './prefix.js';
import { PreparedTransactions } from './prepared.js';
import { isCached, type Statement, Statements } from './statements.js';

/** One database in one of its states: what DDL and going back in time happen to. */
export class DatabaseState {
  /** Rises with everything that may make a catalog read before it untrue. */
  epoch = 0;
  /** A later state of the same database was seen: nothing of this one is served any more. */
  superseded = false;
  /** States that are over, whose tables may go from the store. */
  readonly predecessors = new Set<string>();
  private changesUnderWay = 0;

  readonly prepared: PreparedTransactions;

  constructor(
    readonly names: TableNames,
    /** The same for all states of the database. */
    readonly lineage: string,
    clock: Clock,
  ) {
    this.prepared = new PreparedTransactions(clock);
  }

  /** This state follows on another one. */
  succeed(identity: string | null): void {
    if (identity !== null && identity !== this.names.database) this.predecessors.add(identity);
  }

  get isSettled(): boolean {
    return this.changesUnderWay === 0;
  }

  /** To be called before a statement that changes the catalog can become visible, and the answer when it has. */
  beginCatalogChange(): (outcome: 'maybe' | 'nothing') => void {
    const before = this.epoch++;
    const during = this.epoch;
    this.changesUnderWay++;
    let isUnderWay = true;
    return (outcome) => {
      // What was prepared is visible only once somebody has committed it: told a second time.
      if (!isUnderWay) {
        if (outcome === 'maybe') this.epoch++;
        return;
      }
      isUnderWay = false;
      this.changesUnderWay--;
      if (outcome === 'maybe') this.epoch++;
      else if (this.epoch === during) this.epoch = before;
    };
  }
}

interface Snapshot<S extends SessionSeen> {
  readonly catalog: KnownCatalog<S>;
  readonly planner: Planner;
  /** Stays the same while nothing changes that statements can reach which name no other schema. */
  readonly own: object;
  /** The epoch in which it was asked for. */
  epoch: number;
}

/** The catalog is compared with the database's when its last look is older than this: bounds foreign DDL. */
const CATALOG_AGE_MS_MAX = 5_000;
const LOAD_RETRY_MS_MIN = 1_000;
const LOAD_RETRY_MS_MAX = 60_000;

/** Whether the connection that is asked is being ended by its owner: what fails on it then is no failure, and no reason to wait. */
type IsClosing = () => boolean;

/** One database as sessions with the same settings see it; shared by all pools that have such sessions. */
export class Database<S extends SessionSeen = SessionSeen, P = unknown> {
  /** Names the session in the names of results. */
  readonly session: string;
  private readonly statements: Statements<P>;
  private snapshot: Snapshot<S> | null = null;
  private loading: Promise<boolean> | null = null;
  private checkedAtMs = 0;
  private retryAtMs = Number.NEGATIVE_INFINITY;
  private retryMs = LOAD_RETRY_MS_MIN;

  constructor(
    private readonly core: CacheCore,
    private readonly dialect: Dialect<S>,
    readonly state: DatabaseState,
    private readonly seen: S,
  ) {
    this.session = `${seen.digest}${prefixOf('d', seen.declared)}`;
    this.statements = new Statements({
      engine: core.engine,
      names: state.names,
      countMax: core.statementsMax,
      mayCache: core.mayCache,
    });
  }

  get names(): TableNames {
    return this.state.names;
  }

  /** What the declared settings are in the session that it is the database of. */
  get declared(): ReadonlyMap<string, string | null> {
    return this.seen.declared;
  }

  /** Whether this is its session, whatever is declared. */
  isOf({ digest }: S): boolean {
    return this.seen.digest === digest;
  }

  /** Whether its planner is right for a session. */
  sees({ view }: S): boolean {
    return this.seen.view === view;
  }

  get root(): Target {
    return { table: rootOf(this.names), pins: null };
  }

  /** Part of the name of a statement's results: with other tables they are other results. */
  fingerprintFor(plan: Plan): string {
    return this.snapshot?.catalog.fingerprintFor(plan) ?? '';
  }

  /** Changes with what the catalog says of anything that a statement depends on. */
  versionFor({ namesOtherSchemas }: Plan): unknown {
    return namesOtherSchemas === true ? this.snapshot : this.snapshot?.own;
  }

  get isLoaded(): boolean {
    return this.snapshot !== null;
  }

  /** Plans can be believed: no catalog change is under way or happened since. */
  get isCurrent(): boolean {
    const { snapshot, state } = this;
    return snapshot !== null && snapshot.epoch === state.epoch && state.isSettled && !state.superseded;
  }

  get mayLoad(): boolean {
    return !this.state.superseded && this.core.clock.monotonicMs() >= this.retryAtMs;
  }

  /** What is read while a change is under way is out of date once that has ended: the next look would wait for it. */
  get mayLook(): boolean {
    return this.mayLoad && this.state.isSettled;
  }

  /** The statement if its text is known. */
  known(text: string): Statement<P> | undefined {
    return this.statements.get(text);
  }

  /** The statement, or undefined while there is no catalog to plan with. */
  statement(text: string): Statement<P> | undefined {
    const known = this.statements.get(text);
    if (known !== undefined || this.snapshot === null) return known;
    return this.statements.add(text, this.plan(this.snapshot.planner, text));
  }

  /** A planner that fails has understood nothing. */
  private plan(planner: Planner, text: string): Plan {
    try {
      return planner.plan(text);
    } catch (error) {
      this.core.failed('plan', error);
      const reason = { code: 'not-understood', detail: `the planner failed: ${String(error)}` };
      return {
        kind: 'write',
        writes: { scope: 'everything', reason },
        changesCatalog: true,
        session: 'departs',
      };
    }
  }

  /** Where intents of its writes stand. */
  get tableKeys(): readonly string[] {
    const ids = this.snapshot?.catalog.relationIds ?? [];
    return [rootOf(this.names), ...ids.map((id) => keyOfTable(this.names, id))];
  }

  /** For people. */
  columnName(tableId: string, column: string): string {
    return this.snapshot?.catalog.columnName(tableId, column) ?? `column ${column}`;
  }

  /** The columns that tell a table's rows apart, by themselves or together, best first: `id`, `org, number`. */
  keysOf(tableId: string): readonly string[] {
    return this.snapshot?.catalog.keysOf(tableId) ?? [];
  }

  /** Reads the catalog, once for all who ask meanwhile. False when it could not be read. */
  load(query: TextQuery, isClosing: IsClosing): Promise<boolean> {
    this.loading ??= this.loadNow(query, isClosing).finally(() => {
      this.loading = null;
    });
    return this.loading;
  }

  /** Takes the catalog of the same database under other settings, if that is up to date: nothing has to be read. */
  takeOver({ snapshot, isCurrent, checkedAtMs }: Database<S, P>): void {
    if (snapshot === null || !isCurrent || this.snapshot !== null) return;
    const catalog = snapshot.catalog.seenBy(this.seen);
    this.checkedAtMs = checkedAtMs;
    this.snapshot = { catalog, planner: catalog.plannerFor(this.core), own: {}, epoch: snapshot.epoch };
  }

  get isLoading(): boolean {
    return this.loading !== null;
  }

  /** Whether a look at the database is due, to see catalog changes by others. */
  get isCheckDue(): boolean {
    return this.loading === null && this.core.clock.monotonicMs() - this.checkedAtMs >= CATALOG_AGE_MS_MAX;
  }

  /** Reads the catalog again if the database's is another one now. What only others can reach is no reason to stop serving. */
  async check(query: TextQuery, isClosing: IsClosing): Promise<void> {
    this.checkedAtMs = this.core.clock.monotonicMs();
    const fingerprint = await this.dialect.readFingerprint(query);
    const catalog = this.snapshot?.catalog;
    if (fingerprint === catalog?.fingerprint) return;
    if (catalog?.ownIn(fingerprint) !== catalog?.ownFingerprint) {
      this.state.epoch++;
      await this.core.engine.invalidate([this.root]);
    }
    await this.load(query, isClosing);
  }

  /** Nothing of this database is served any more. */
  retire(): void {
    this.statements.clear();
    this.snapshot = null;
  }

  private async loadNow(query: TextQuery, isClosing: IsClosing): Promise<boolean> {
    const { epoch } = this.state;
    try {
      const catalog = await this.dialect.readCatalog(query, this.seen);
      this.checkedAtMs = this.core.clock.monotonicMs();
      if (this.snapshot?.catalog.fingerprint === catalog.fingerprint) this.snapshot.epoch = epoch;
      else await this.take(catalog, epoch);
      this.retryMs = LOAD_RETRY_MS_MIN;
      return true;
    } catch (error) {
      if (isClosing()) return false;
      this.retryAtMs = this.core.clock.monotonicMs() + this.retryMs;
      this.retryMs = Math.min(2 * this.retryMs, LOAD_RETRY_MS_MAX);
      this.core.failed('catalog', error);
      return false;
    }
  }

  private async take(catalog: KnownCatalog<S>, epoch: number): Promise<void> {
    const before = this.snapshot;
    const isOwnSame = before?.catalog.ownFingerprint === catalog.ownFingerprint;
    // What was planned with the old catalog may depend on other tables now.
    if (before !== null && !isOwnSame) await this.core.engine.invalidate([this.root]);
    const planner = catalog.plannerFor(this.core);
    if (isOwnSame) this.statements.keep((statement) => isCached(statement) && !namesOthers(statement));
    else this.statements.clear();
    this.snapshot = { catalog, planner, own: isOwnSame && before !== null ? before.own : {}, epoch };
    this.core.attach(attachment(this.names, catalog));
    const ids = catalog.relationIds;
    this.core.engine
      .sweep([rootOf(this.names), ...ids.map((id) => keyOfTable(this.names, id))])
      .catch((error: unknown) => this.core.failed('resolve', error));
    for (const database of this.state.predecessors)
      this.core
        .converse(letExpire({ ...this.names, database }, ids))
        .catch((error: unknown) => this.core.failed('identity', error));
    this.state.predecessors.clear();
  }
}

const namesOthers = ({ plan }: Statement): boolean => plan.namesOtherSchemas === true;

function attachment<S extends SessionSeen>(
  names: TableNames,
  catalog: KnownCatalog<S>,
): Parameters<CacheCore['attach']>[0] {
  const nameByKey = new Map(catalog.tables.map((table) => [keyOfTable(names, table.id), table.name]));
  return {
    names,
    findTable: (name) => catalog.findTable(name),
    nameOf: (key) => nameByKey.get(key),
    pinOf: (table, column, value) => catalog.pinOf(table, column, value),
  };
}
