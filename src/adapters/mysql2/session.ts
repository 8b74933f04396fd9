/**
 * Decides what is known of one connection's session of MySQL or MariaDB: it is asked when it is used first, and again
 * after what may have changed it. Knows no statement.
 */
import type { CacheCore } from '../../cache/core.js';
import {
  type Backend,
  type ConnectionProbe,
  type MysqlSession,
  probeConnection,
  readSession,
} from '../../sql/mysql/database.js';
import { nameOwnSql } from '../../sql/mysql/statistics.js';
import type { TextQuery } from '../../sql/text-query.js';
import { prefixOf } from '../prefix.js';
import { KnownSession } from '../session.js';
import { type OwnNames, tracksSession } from './answers.js';
import type { Database, Databases } from './databases.js';
import { factsKey, factsOf } from './driver.js';
import type { Payload } from './payload.js';
import type { MysqlConnection } from './shapes.js';

export interface SessionOptions {
  readonly connection: MysqlConnection;
  readonly core: CacheCore;
  readonly databases: Databases;
  readonly query: TextQuery;
  /** Resolves when the connection is there, or is lost. */
  readonly connected: () => Promise<void>;
  readonly hasEnded: () => boolean;
}

/** How the packets of the connections that a database was met with first are read: most are like them. */
const usualFacts = new WeakMap<Database, string>();

const LOCK_BYTES = 12;

export class Session extends KnownSession<MysqlSession, Payload, Backend> {
  protected prefix = '';
  /** Its server is one of several that are written. */
  private isOneOfSeveral = false;
  /** `CREATE TABLE` that it was sent: MySQL counts temporary ones with them. */
  private plainTablesCreated = 0;
  /** Nothing counts its temporary tables any more. */
  private hasLostCount = false;
  /** Backslashes are letters in it: what the driver makes of a value is another value. */
  private hasPlainBackslashes = false;

  /** Another one whenever it may have become another session: as long as it is the same, so is what names mean. */
  doubt: object = {};
  /** What doubts that are over turned out to have been. */
  private readonly known = new WeakMap<object, Database>();

  /** Whether it is told which transactions it has made. */
  ownNames: OwnNames = 'none';
  /** It was made to be, and whoever uses it is not to see it. */
  private wasMadeToTell = false;

  constructor(private readonly options: SessionOptions) {
    super(options);
  }

  /** Whether a value that the driver writes into a text is the same to the server. */
  get keepsValues(): boolean {
    return !this.hasPlainBackslashes;
  }

  override refusal(): string | null {
    const refusal = super.refusal();
    if (refusal !== null) return refusal;
    // What the others commit becomes visible here at moments that nobody tells.
    if (this.isOneOfSeveral) return 'multi-primary';
    // What another transaction has not committed may be seen, and rolled back.
    return this.isolation === 'read uncommitted' ? 'read-uncommitted' : null;
  }

  /** What stands before the names of its results, so that they are nobody else's. */
  get own(): string {
    return this.prefix;
  }

  /** The database that the session saw in a doubt that is over, if that was found out. */
  seenIn(doubt: object): Database | undefined {
    return this.known.get(doubt);
  }

  private beginDoubt(): void {
    if (!this.isUncertain && this.database !== null) this.known.set(this.doubt, this.database);
    this.doubt = {};
  }

  override depart(): () => void {
    this.beginDoubt();
    return super.depart();
  }

  override revealTables(): void {
    this.beginDoubt();
    super.revealTables();
  }

  override forget(): void {
    this.beginDoubt();
    super.forget();
  }

  /** It is another user's from now on, or a new one: to be asked before it is used. */
  renew(): void {
    this.plainTablesCreated = 0;
    this.hasLostCount = false;
    this.wasMadeToTell = false;
    this.ownNames = 'none';
    this.forget();
  }

  /** What it is told is what its user has chosen, from now on. */
  loseNames(): void {
    this.wasMadeToTell = false;
    this.ownNames = 'none';
  }

  /** It has created a table that is not temporary. */
  createdTable(): void {
    this.plainTablesCreated++;
  }

  /** `FLUSH STATUS`: it may have temporary tables from now on, for all that anybody can say. */
  loseCount(): void {
    this.hasLostCount = true;
    this.depart();
  }

  protected hasEnded(): boolean {
    return this.options.hasEnded();
  }

  protected async probeNow(): Promise<ConnectionProbe> {
    const { connection, core, query, connected } = this.options;
    await connected();
    const lock = `lookaside-${core.random.hex(LOCK_BYTES)}`;
    const probe = await probeConnection(query, {
      lock,
      expectedId: connection.threadId,
      plainTablesCreated: this.plainTablesCreated,
    });
    this.isOneOfSeveral = probe.multiPrimary;
    await this.nameOwn(probe);
    return { ...probe, session: this.asCounted(probe.session) };
  }

  protected async readNow(): Promise<MysqlSession> {
    const counted = { plainTablesCreated: this.plainTablesCreated };
    return this.asCounted(await readSession(this.options.query, counted));
  }

  /** So that what it writes is told from what others write (`changes`). */
  private async nameOwn({ transactionNames, pooled }: ConnectionProbe): Promise<void> {
    const { connection, core, query } = this.options;
    this.ownNames = 'none';
    if (core.changes === null || pooled || !tracksSession(connection)) return;
    if (transactionNames === 'untold') {
      try {
        await query(nameOwnSql);
      } catch (error) {
        if (!this.hasEnded()) core.failed('changes', error); // what it writes counts as written by others
        return;
      }
      this.wasMadeToTell = true;
    }
    if (transactionNames === 'untold' || transactionNames === 'told')
      this.ownNames = this.wasMadeToTell ? 'hidden' : 'told';
  }

  private asCounted(session: MysqlSession): MysqlSession {
    return this.hasLostCount ? { ...session, temporary: true } : session;
  }

  protected anchored({ sqlMode }: MysqlSession): void {
    this.hasPlainBackslashes = sqlMode.includes('NO_BACKSLASH_ESCAPES');
    const { database } = this;
    const facts = factsKey(factsOf(this.options.connection));
    if (database !== null && !usualFacts.has(database)) usualFacts.set(database, facts);
    const isUsual = database === null || usualFacts.get(database) === facts;
    this.prefix = `${this.departure}${isUsual ? '' : prefixOf('w', new Map([['', facts]]))}`;
  }
}
