/**
 * Decides what is known of the databases behind the wrapped pools of one cache: their catalogs, whether these may
 * be out of date, and which state of a database is the latest. Knows queries only as functions.
 */
import { keyOfTable, rootOf, type TableNames } from '../../cache/bind.js';
import type { CacheCore } from '../../cache/core.js';
import { claim, letExpire, outdatedBy } from '../../cache/lineage.js';
import { databaseOfTable } from '../../cache/protocol/keys.js';
import type { Target } from '../../cache/protocol/refs.js';
import type { Clock } from '../../clock.js';
import type { Plan, Planner, Table } from '../../sql/plan.js';
import { ProxiedWrites } from '../../sql/postgres/backend.js';
import type { Catalog } from '../../sql/postgres/catalog.js';
import type { ConnectionProbe, SessionState, TextQuery } from '../../sql/postgres/database.js';
import { declaredCode } from '../../sql/postgres/declared-code.js';
import { catalogFingerprintSql, loadCatalog } from '../../sql/postgres/load-catalog.js';
import { loadParser, type PostgresParser } from '../../sql/postgres/parser.js';
import { createPostgresPlanner } from '../../sql/postgres/planner.js';
import { canonicalValue } from '../../sql/values.js';
import { prefixOf } from './prefix.js';
import { PreparedTransactions } from './prepared.js';
import { type Statement, Statements } from './statements.js';

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
    return (outcome) => {
      this.changesUnderWay--;
      if (outcome === 'maybe') this.epoch++;
      else if (this.epoch === during) this.epoch = before;
    };
  }
}

interface Snapshot {
  readonly catalog: Catalog;
  readonly planner: Planner;
  /** The epoch in which it was asked for. */
  epoch: number;
}

/** The catalog is compared with the database's when its last look is older than this: bounds foreign DDL. */
const CATALOG_AGE_MS_MAX = 5_000;
const LOAD_RETRY_MS_MIN = 1_000;
const LOAD_RETRY_MS_MAX = 60_000;

/** One database as sessions with the same settings see it; shared by all pools that have such sessions. */
export class Database {
  /** Names the session in the names of results. */
  readonly session: string;
  private readonly statements: Statements;
  private snapshot: Snapshot | null = null;
  private loading: Promise<boolean> | null = null;
  private checkedAtMs = 0;
  private retryAtMs = Number.NEGATIVE_INFINITY;
  private retryMs = LOAD_RETRY_MS_MIN;

  constructor(
    private readonly core: CacheCore,
    readonly state: DatabaseState,
    private readonly seen: SessionState,
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
  isOf({ digest }: SessionState): boolean {
    return this.seen.digest === digest;
  }

  /** Whether its planner is right for a session. */
  sees({ view }: SessionState): boolean {
    return this.seen.view === view;
  }

  get root(): Target {
    return { table: rootOf(this.names), pins: null };
  }

  /** Part of every entry's name: results of another schema are other results. */
  get fingerprint(): string {
    return this.snapshot?.catalog.fingerprint ?? '';
  }

  /** Changes with the catalog. */
  get version(): unknown {
    return this.snapshot;
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

  /** The statement if its text is known. */
  known(text: string): Statement | undefined {
    return this.statements.get(text);
  }

  /** The statement, or undefined while there is no catalog to plan with. */
  statement(text: string): Statement | undefined {
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

  /** For people. */
  columnName(tableId: string, column: string): string {
    const columns = this.snapshot?.catalog.relations.get(tableId)?.columns;
    return columns?.find(({ number }) => String(number) === column)?.name ?? `column ${column}`;
  }

  /** The columns that tell a table's rows apart, by themselves or together, best first: `id`, `org, number`. */
  keysOf(tableId: string): readonly string[] {
    const relation = this.snapshot?.catalog.relations.get(tableId);
    if (relation === undefined) return [];
    const single = [...relation.keyRanks].map(([column, rank]) => ({ columns: [column], rank }));
    return [...single, ...relation.compositeKeys]
      .sort((left, right) => right.rank - left.rank)
      .map(({ columns }) => columns.map((column) => this.columnName(tableId, String(column))).join(', '));
  }

  /** Reads the catalog, once for all who ask meanwhile. False when it could not be read. */
  load(query: TextQuery): Promise<boolean> {
    this.loading ??= this.loadNow(query).finally(() => {
      this.loading = null;
    });
    return this.loading;
  }

  /** Takes the catalog of the same database under other settings, if that is up to date: nothing has to be read. */
  takeOver({ snapshot, isCurrent, checkedAtMs }: Database, parser: PostgresParser): void {
    if (snapshot === null || !isCurrent || this.snapshot !== null) return;
    const { searchPath, standardConformingStrings } = this.seen;
    const catalog = { ...snapshot.catalog, searchPath: lasting(searchPath), standardConformingStrings };
    this.checkedAtMs = checkedAtMs;
    this.snapshot = { catalog, planner: this.plannerOf(parser, catalog), epoch: snapshot.epoch };
  }

  get isLoading(): boolean {
    return this.loading !== null;
  }

  /** Whether a look at the database is due, to see catalog changes by others. */
  get isCheckDue(): boolean {
    return this.loading === null && this.core.clock.monotonicMs() - this.checkedAtMs >= CATALOG_AGE_MS_MAX;
  }

  /** Reads the catalog again if the database's is another one now. */
  async check(query: TextQuery): Promise<void> {
    this.checkedAtMs = this.core.clock.monotonicMs();
    const [row] = await query(catalogFingerprintSql);
    if (row?.['fingerprint'] === this.fingerprint) return;
    this.state.epoch++;
    await this.core.engine.invalidate([this.root]);
    await this.load(query);
  }

  /** Nothing of this database is served any more. */
  retire(): void {
    this.statements.clear();
    this.snapshot = null;
  }

  private async loadNow(query: TextQuery): Promise<boolean> {
    const { epoch } = this.state;
    try {
      const [parser, catalog] = await Promise.all([loadParser(), loadCatalog(query)]);
      this.checkedAtMs = this.core.clock.monotonicMs();
      if (this.snapshot?.catalog.fingerprint === catalog.fingerprint) this.snapshot.epoch = epoch;
      else await this.take(parser, catalog, epoch);
      this.retryMs = LOAD_RETRY_MS_MIN;
      return true;
    } catch (error) {
      this.retryAtMs = this.core.clock.monotonicMs() + this.retryMs;
      this.retryMs = Math.min(2 * this.retryMs, LOAD_RETRY_MS_MAX);
      this.core.failed('catalog', error);
      return false;
    }
  }

  private async take(parser: PostgresParser, catalog: Catalog, epoch: number): Promise<void> {
    // What was planned with the old catalog may depend on other tables now.
    if (this.snapshot !== null) await this.core.engine.invalidate([this.root]);
    const planner = this.plannerOf(parser, catalog);
    this.statements.clear();
    this.snapshot = { catalog, planner, epoch };
    this.core.attach(attachment(this.names, catalog));
    const ids = [...catalog.relations.keys()];
    this.core.engine
      .sweep([rootOf(this.names), ...ids.map((id) => keyOfTable(this.names, id))])
      .catch((error: unknown) => this.core.failed('resolve', error));
    for (const database of this.state.predecessors)
      this.core
        .converse(letExpire({ ...this.names, database }, ids))
        .catch((error: unknown) => this.core.failed('identity', error));
    this.state.predecessors.clear();
  }

  private plannerOf(parser: PostgresParser, catalog: Catalog): Planner {
    const { statementsMax, sessionKeys, effects } = this.core;
    const { byFunction, unknown } = declaredCode(catalog, effects);
    if (unknown !== null) this.core.failed('effects', unknown);
    return createPostgresPlanner({
      declared: byFunction,
      parser,
      catalog,
      settingsInKey: sessionKeys,
      limits: { plansMax: statementsMax },
    });
  }
}

/** Temporary schemas are one session's own. */
const lasting = (searchPath: readonly string[]): readonly string[] =>
  searchPath.filter((schema) => !schema.startsWith('pg_temp'));

function attachment(names: TableNames, catalog: Catalog): Parameters<CacheCore['attach']>[0] {
  const relations = [...catalog.relations.values()].filter(({ kind }) => kind !== 'S');
  const tables = relations.map(({ table }) => table);
  const nameByKey = new Map(tables.map((table) => [keyOfTable(names, table.id), table.name]));
  const findTable = (name: string): Table | undefined => {
    const found = relations.filter((relation) => relation.table.name === name || relation.name === name);
    if (found.length === 1) return found[0]?.table;
    const exact = found.filter(({ table }) => table.name === name);
    return exact.length === 1 ? exact[0]?.table : undefined;
  };
  return {
    names,
    findTable,
    nameOf: (key) => nameByKey.get(key),
    pinOf: (table, columnName, value) => {
      const column = catalog.relations.get(table.id)?.columnByName.get(columnName);
      if (!column?.valueClass) return null;
      const canonical = canonicalValue(column.valueClass, value);
      return canonical === null ? null : { column: String(column.number), value: canonical };
    },
  };
}

/** A database's state is told to the store again when that failed. */
const CLAIM_RETRY_MS = 1_000;

/** Catalogs kept for differing sessions of one database state as connections begin; a further one is never planned for. */
const SESSIONS_MAX = 16;

/** Planners kept for what sessions become (another role, another search path): the one used longest ago gives way. */
const PLACES_MAX = 32;

/** All databases that the wrapped pools of one cache have been connected to. */
export class Databases {
  private readonly states = new Map<string, DatabaseState>();
  private readonly bySession = new Map<string, Database>();
  /** What sessions became, used longest ago first. */
  private readonly places = new Map<string, Database>();
  /** By lineage, the identity seen last. */
  private readonly latest = new Map<string, string>();

  /** Writes through proxies that are asked about. */
  readonly proxied = new ProxiedWrites();

  constructor(private readonly core: CacheCore) {}

  /**
   * The same, after what the sighting makes untrue was voided for every process that shares the store: so nothing is
   * read or written in this state before.
   */
  async arrive(probe: ConnectionProbe): Promise<Database | null> {
    await this.claim(probe);
    return this.of(probe);
  }

  /** The database that a connection belongs to; null when there are too many different sessions already. */
  of(probe: ConnectionProbe): Database | null {
    this.supersede(probe);
    const { identity, session } = probe;
    const key = `${identity}/${session.digest}${prefixOf('d', session.declared)}`;
    let database = this.bySession.get(key);
    if (database === undefined) {
      const state = this.stateOf(probe);
      if ([...this.bySession.values()].filter((other) => other.state === state).length >= SESSIONS_MAX)
        return null;
      this.bySession.set(key, (database = new Database(this.core, state, session)));
    }
    return database;
  }

  /**
   * Where the results of a session are that has become another one than its connection began with. `isOwn`: nobody
   * else's are there.
   */
  async placeOf(
    state: SessionState,
    began: Database,
  ): Promise<{ readonly database: Database; readonly isOwn: boolean }> {
    const known = [...this.bySession.values(), ...this.places.values()].filter(
      (database) => database.state === began.state,
    );
    const own = began.isOf(state) ? began : known.find((database) => database.isOf(state));
    const database = own ?? [began, ...known].find((other) => other.sees(state));
    if (database !== undefined) {
      this.touch(database);
      return { database, isOwn: database === own };
    }
    const place = new Database(this.core, began.state, state);
    place.takeOver(began, await loadParser());
    this.makeRoom();
    this.places.set(keyOfPlace(place), place);
    return { database: place, isOwn: true };
  }

  private touch(database: Database): void {
    const key = keyOfPlace(database);
    if (this.places.get(key) !== database) return;
    this.places.delete(key);
    this.places.set(key, database);
  }

  private makeRoom(): void {
    for (const [key, place] of this.places) {
      if (this.places.size < PLACES_MAX && !place.state.superseded) return;
      this.places.delete(key);
      place.retire();
    }
  }

  private stateOf({ identity, lineage }: ConnectionProbe): DatabaseState {
    let state = this.states.get(identity);
    if (state === undefined) {
      const names = { namespace: this.core.namespace, database: identity };
      state = new DatabaseState(names, lineage, this.core.clock);
      this.states.set(identity, state);
    }
    return state;
  }

  /** A store that cannot be told is told later: until it can, it serves nobody. */
  private async claim(probe: ConnectionProbe): Promise<void> {
    const { core } = this;
    try {
      const outdated = await core.converse(outdatedBy(core.namespace, probe));
      if (outdated.length > 0) await core.engine.invalidate(outdated.map((table) => ({ table, pins: null })));
      await core.converse(claim(core.namespace, probe));
      for (const root of outdated) this.stateOf(probe).succeed(databaseOfTable(root));
    } catch (error) {
      core.failed('identity', error);
      if (core.engine.trouble() !== 'closed') core.clock.after(CLAIM_RETRY_MS, () => void this.claim(probe));
    }
  }

  /** Everything of every database known: what a connection may touch that could not say what it is. */
  roots(): readonly Target[] {
    return [...this.states.values()].map(({ names }) => ({ table: rootOf(names), pins: null }));
  }

  /** A database that restarted, failed over or was restored may have lost what was already shown. */
  private supersede(probe: ConnectionProbe): void {
    const { lineage, identity } = probe;
    const before = this.latest.get(lineage);
    if (before === identity) return;
    this.latest.set(lineage, identity);
    const state = this.stateOf(probe);
    if (state.superseded) {
      // Writes went to the other one meanwhile.
      state.superseded = false;
      this.core.engine
        .invalidate([{ table: rootOf(state.names), pins: null }])
        .catch((error: unknown) => this.core.failed('supersede', error));
    }
    if (before === undefined) return;
    const outdated = this.states.get(before);
    if (outdated !== undefined) outdated.superseded = true;
    for (const database of [...this.bySession.values(), ...this.places.values()])
      if (database.state.superseded) database.retire();
  }
}

const keyOfPlace = ({ state, session }: Database): string => `${state.names.database}/${session}`;

const registries = new WeakMap<CacheCore, Databases>();

export function databasesOf(core: CacheCore): Databases {
  let known = registries.get(core);
  if (known === undefined) registries.set(core, (known = new Databases(core)));
  return known;
}
