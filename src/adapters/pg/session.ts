/**
 * Decides what is known of one connection's session of Postgres: what the server reports by itself, which settings are
 * followed, and when only asking tells.
 */
import type { CacheCore } from '../../cache/core.js';
import type { SettingChange } from '../../sql/plan.js';
import {
  type Backend,
  type ConnectionProbe,
  probeConnection,
  readSession,
  type SessionState,
} from '../../sql/postgres/database.js';
import type { TextQuery } from '../../sql/text-query.js';
import { prefixOf } from '../prefix.js';
import { KnownSession } from '../session.js';
import type { Databases } from './databases.js';
import { DeclaredSettings, sentChange } from './declared.js';
import type { Payload } from './payload.js';
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

export class Session extends KnownSession<SessionState, Payload, Backend> {
  /** Something was changed that ends with the transaction. */
  private isStaleInTransaction = false;
  /** As reported when the session was asked for, and since. */
  private reportedThen: ReadonlyMap<string, string> = new Map();
  private readonly reported = new Map<string, string>();
  protected prefix = '';
  private readonly declared: DeclaredSettings;

  constructor(private readonly options: SessionOptions) {
    super(options);
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

  override get isUncertain(): boolean {
    return super.isUncertain || this.isStaleInTransaction;
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

  /** A savepoint was rolled back to, or a transaction ended inside a text. */
  undoInTransaction(): void {
    this.declared.doubt();
  }

  /** ReadyForQuery: no transaction is open. */
  endTransaction(): void {
    this.isStaleInTransaction = false;
    if (!this.declared.endTransaction()) this.isStale = true;
  }

  protected hasEnded(): boolean {
    return this.options.client._ended === true;
  }

  protected async probeNow(): Promise<ConnectionProbe> {
    const { client, core, query } = this.options;
    await this.connected();
    const lock = { high: lockHalf(core), low: lockHalf(core) };
    return probeConnection(query, { lock, expectedPid: client.processID, declared: core.sessionKeys });
  }

  protected readNow(): Promise<SessionState> {
    return readSession(this.options.query, this.options.core.sessionKeys);
  }

  protected anchored({ declared }: SessionState): void {
    this.isStaleInTransaction = false;
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
}

const lockHalf = (core: CacheCore): number => Number.parseInt(core.random.hex(4), 16) & 0x7fff_ffff;
