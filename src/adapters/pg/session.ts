/**
 * Decides what is known of one connection's session: which database it sees, as what, whether it still does, and by
 * which prefix its results are kept apart from those of the session that its pool usually has.
 */
import type { CacheCore } from '../../cache/core.js';
import type { SettingChange } from '../../sql/plan.js';
import {
  type Backend,
  type ConnectionProbe,
  probeConnection,
  readSession,
  type TextQuery,
} from '../../sql/postgres/database.js';
import { prefixOf } from '../prefix.js';
import type { Database, Databases } from './databases.js';
import { DeclaredSettings, sentChange } from './declared.js';
import type { PgClient, TransactionStatus } from './shapes.js';

export interface SessionOptions {
  readonly client: PgClient;
  readonly core: CacheCore;
  readonly databases: Databases;
  readonly query: TextQuery;
  /** What statements in flight were judged by holds no longer. */
  readonly onMove: () => void;
}

/** Settings that shape results and that the server reports by itself: what they are is always known. */
const KEPT = ['TimeZone', 'DateStyle', 'IntervalStyle', 'client_encoding'] as const;
const keptByName: ReadonlyMap<string, string> = new Map(KEPT.map((name) => [name.toLowerCase(), name]));

/** Of these, what pgbouncer tracks unless it is told otherwise: it gives each server connection its client's. */
const TRACKED = /^(TimeZone|DateStyle|client_encoding)$/;

/** Those that say what names and texts mean: when one changes, the session is another one. */
const ASKED = /^(standard_conforming_strings|search_path|session_authorization|is_superuser)$/;

/** Another server process crashed: all are ended, and what was committed asynchronously may be lost. */
const CRASH_SHUTDOWN = '57P02';

export class Session {
  /** What the planner and the results of this connection's statements belong to. */
  database: Database | null = null;
  private probe: ConnectionProbe | 'wanted' | 'impossible' = 'wanted';
  /** As it was when the connection was handed out first: what its pool is keyed on. */
  private base: Database | null = null;
  /** Something was changed that the protocol does not tell of: to be asked for before results are exchanged again. */
  private isStale = false;
  /** The same, for a change that ends with the transaction. */
  private isStaleInTransaction = false;
  private hidesTables = false;
  /** Of its transactions, where they do not say otherwise; null while that is not known. */
  private level: string | null = null;
  /** As reported when the session was asked for, and since. */
  private reportedThen: ReadonlyMap<string, string> = new Map();
  private readonly reported = new Map<string, string>();
  /** Behind which the results of its database are not this session's. */
  private departure = '';
  private prefix = '';
  private readonly declared: DeclaredSettings;

  constructor(private readonly options: SessionOptions) {
    this.declared = new DeclaredSettings(new Set(options.core.sessionKeys));
    options.client.connection.on('errorMessage', ({ code }: { code?: string }) => {
      if (code === CRASH_SHUTDOWN) this.voidAll('crash');
    });
    options.client.connection.on(
      'parameterStatus',
      ({ parameterName, parameterValue }: { parameterName: string; parameterValue: string }) =>
        this.note(parameterName, parameterValue),
    );
  }

  get isUnknown(): boolean {
    return this.probe === 'wanted';
  }

  get isStandby(): boolean {
    return typeof this.probe !== 'string' && this.probe.standby;
  }

  get isPooled(): boolean {
    return typeof this.probe !== 'string' && this.probe.pooled;
  }

  /** What names mean in it is not known: a plan may be wrong. */
  get isUncertain(): boolean {
    return this.isStale || this.isStaleInTransaction || this.hidesTables;
  }

  /** Asking the server would tell what holds now. */
  get mayBeAsked(): boolean {
    return this.isStale && typeof this.probe !== 'string' && !this.probe.pooled;
  }

  /** It is no longer what the connection was handed out as. */
  get hasMoved(): boolean {
    return this.isUncertain || !this.isBase;
  }

  get isBase(): boolean {
    return this.database === this.base && this.prefix === '';
  }

  /** Null until it could be asked. */
  get backend(): Backend | null {
    return typeof this.probe === 'string' ? null : this.probe.backend;
  }

  /** The level of isolation that transactions have unless they say otherwise; null while that is not known. */
  get isolation(): string | null {
    return this.isStale ? null : this.level;
  }

  /** Why no result may be exchanged with this session; null when it may. */
  refusal(): string | null {
    const { probe, database } = this;
    if (typeof probe === 'string') return 'connection-unknown';
    if (probe.standby) return 'standby';
    if (probe.pooled && this.options.core.pooler === 'bypass') return 'pooler';
    if (this.isUncertain) return 'session-departed';
    if (database === null) return 'too-many-sessions';
    if (database.state.superseded) return 'superseded';
    return null;
  }

  /**
   * What stands before the names of its results, so that they are nobody else's; empty where they are those of its
   * database. Null while a setting that they depend on is not known.
   *
   * @param settings of the declared ones, those that the results depend on
   */
  prefixFor(settings: readonly string[]): string | null {
    if (settings.length === 0) return this.prefix;
    const departed = new Map<string, string | null>();
    for (const name of settings) {
      const known = this.declared.valueOf(name);
      if (known === null) return null;
      if (known.value !== (this.database?.declared.get(name) ?? null)) departed.set(name, known.value);
    }
    return `${this.prefix}${prefixOf('d', departed)}`;
  }

  /** Nobody knows what it is from now on; undone by what it returns, if nothing came of it. */
  depart(): () => void {
    const before = this.isStale;
    this.isStale = true;
    return () => {
      this.isStale = before;
    };
  }

  /**
   * A statement that changes settings is on its way.
   *
   * @param inTransaction it will meet an open one; null: nobody knows
   * @returns what is to be called once it has succeeded, with the status that it left
   */
  changing(
    settings: readonly SettingChange[],
    values: unknown,
    inTransaction: boolean | null,
  ): ((status: TransactionStatus | null) => void) | undefined {
    const followed: SettingChange[] = [];
    for (const change of settings) {
      // Behind a pooler, what is set outside of a transaction is whoever's comes next.
      if (this.isPooled && change.isLocal !== true && this.mustBeAsked(change.name)) this.isStale = true;
      else if (this.declared.has(change.name)) followed.push(change);
      else if (this.mustBeAsked(change.name)) this.change(change.isLocal === true, inTransaction);
    }
    if (followed.length === 0) return undefined;
    const sent = followed.map((change) => sentChange(change, values));
    return (status) => {
      for (const change of sent) if (!this.declared.note(change, status)) this.isStale = true;
    };
  }

  /** Temporary tables may be gone. */
  revealTables(): void {
    if (this.hidesTables) this.isStale = true;
  }

  /** A savepoint was rolled back to, or a transaction ended inside a text. */
  undoInTransaction(): void {
    this.declared.doubt();
  }

  /** ReadyForQuery: no transaction is open. */
  endTransaction(): void {
    this.isStaleInTransaction = false;
    if (!this.declared.endTransaction()) this.isStale = true;
  }

  /** To be asked again before it is used next, as a new connection is. */
  forget(): void {
    if (this.probe !== 'impossible') this.probe = 'wanted';
  }

  /** Never rejects: a connection that cannot say what it is bypasses. */
  async learn(): Promise<void> {
    const { client, core, databases, query } = this.options;
    try {
      await this.connected();
      const lock = { high: lockHalf(core), low: lockHalf(core) };
      const probe = await probeConnection(query, {
        lock,
        expectedPid: client.processID,
        declared: core.sessionKeys,
      });
      // A standby shares its primary's lineage, but has nothing to say about which state is the latest.
      this.base = this.database = probe.standby ? null : await databases.arrive(probe);
      this.probe = probe;
      this.departure = '';
      this.anchor(probe.session);
    } catch (error) {
      this.probe = 'impossible';
      if (client._ended !== true) core.failed('probe', error);
    }
  }

  /** Asks what it has become: to be called while no transaction is open. Never rejects. */
  async ask(status: () => TransactionStatus | null): Promise<void> {
    const { core, databases, query, client } = this.options;
    const { probe, base } = this;
    if (typeof probe === 'string' || base === null) return;
    try {
      const state = await readSession(query, core.sessionKeys);
      if (status() !== 'I') return; // a transaction's own settings are not the session's
      const place = databases.placeOf(state, base);
      this.database = place.database;
      this.departure = place.isOwn ? '' : prefixOf('s', new Map([['', state.digest]]));
      this.anchor(state);
    } catch (error) {
      if (client._ended !== true) core.failed('session', error);
    }
  }

  private anchor({ temporary, declared, isolation }: ConnectionProbe['session']): void {
    this.hidesTables = temporary;
    this.isStale = this.isStaleInTransaction = false;
    this.level = isolation;
    this.declared.learn(declared);
    this.reportedThen = new Map(this.reported);
    this.reflect();
  }

  /** Follows what the server reports: exact, after a rollback too. */
  private reflect(): void {
    const departed = new Map<string, string>();
    for (const name of KEPT) {
      const value = this.reported.get(name);
      if (value !== undefined && value !== this.reportedThen.get(name)) departed.set(name, value);
    }
    this.prefix = `${this.departure}${prefixOf('r', departed)}`;
  }

  /** A name with a dot that is not declared belongs to the application: nothing that is cached sees it. */
  private mustBeAsked(name: string): boolean {
    if (name.includes('.')) return this.isPooled && this.declared.has(name);
    if (name === 'transaction_isolation') return false;
    const kept = keptByName.get(name);
    if (this.isPooled && kept !== undefined && !TRACKED.test(kept)) return true;
    return kept === undefined || !this.reported.has(kept);
  }

  private change(isLocal: boolean, inTransaction: boolean | null): void {
    if (!isLocal || inTransaction === null) this.isStale = true;
    else if (inTransaction) this.isStaleInTransaction = true;
  }

  /** The protocol names the server process before it says that it is ready. */
  private connected(): Promise<void> | void {
    const { client } = this.options;
    if (client.processID !== null || client.readyForQuery === true || client._ended === true) return;
    return new Promise((resolve) => {
      client.connection.once('readyForQuery', resolve);
      client.connection.once('end', resolve);
    });
  }

  private note(name: string, value: string): void {
    const known = this.reported.get(name);
    this.reported.set(name, value);
    if (typeof this.probe === 'string' || value === known) return;
    if (name === 'in_hot_standby' && value === 'off') {
      this.probe = 'wanted';
      this.voidAll('promotion');
    } else if (keptByName.has(name.toLowerCase())) {
      this.reflect();
      this.options.onMove();
    } else if (ASKED.test(name)) {
      this.isStale = true;
      this.options.onMove();
    }
  }

  /** What was shown before may be gone, or something was written that nobody saw. */
  private voidAll(reason: string): void {
    const { core, databases } = this.options;
    core.engine.invalidate(databases.roots()).catch((error: unknown) => core.failed(reason, error));
  }
}

const lockHalf = (core: CacheCore): number => Number.parseInt(core.random.hex(4), 16) & 0x7fff_ffff;
