/**
 * Decides how a case of the MySQL family is connected: by pools per session with a cache in front, and beside them without, to
 * the schema itself and to its twin.
 */
import mysql from 'mysql2';
import type { Connection } from 'mysql2/promise';
import mysqlPromise from 'mysql2/promise';
import type { Cache, Config } from '../../../src/index.js';
import { Fronts } from '../differential/fronts.js';
import type { Kept, Setting } from '../differential/kept.js';
import { OTHER, SCHEMA, type SessionName } from './script.js';

/** The package, or a mutant of it. */
export interface Package {
  createCache(config: Config): Cache;
  withCache<T extends mysql.Pool>(pool: T, cache: Cache): T;
}

export interface Place {
  readonly host: string;
  readonly port: number;
  readonly user: string;
}

/** A schema and the second one beside it. */
export interface Schemas {
  readonly schema: string;
  readonly other: string;
}

export const textIn = (text: string, { schema, other }: Schemas): string =>
  text.replaceAll(SCHEMA, schema).replaceAll(OTHER, other);

const LOCK_SECONDS = 1;

const settings: Readonly<Record<SessionName, string>> = {
  plain: '',
  other: '',
  zone: `, time_zone = '+09:00'`,
  loose: `, sql_mode = ''`,
  committed: '; set session transaction isolation level read committed',
};

const startOf = (session: SessionName): string =>
  `set innodb_lock_wait_timeout = ${LOCK_SECONDS}, lock_wait_timeout = ${LOCK_SECONDS}${settings[session]}`;

/** The schemas that a cache stands in front of, and those without one to which the same is written. */
export interface Sides {
  readonly cached: Schemas;
  readonly twin: Schemas;
}

export class Pools {
  private readonly fronts: Fronts<SessionName, mysql.Pool>;
  private readonly plain = new Map<string, Promise<Connection>>();

  constructor(
    private readonly place: Place,
    private readonly names: Sides,
    private readonly source: Package,
    setting: Setting,
  ) {
    this.fronts = new Fronts(source.createCache, setting, (session, cache) => this.opened(session, cache));
  }

  async close(): Promise<void> {
    for (const connection of this.plain.values()) (await connection).destroy();
    await this.fronts.close((pool) => pool.promise().end());
  }

  get counted(): Kept {
    return this.fronts.counted;
  }

  pool(session: SessionName): Promise<mysql.Pool> {
    return this.fronts.pool(session);
  }

  private optionsOf(session: SessionName, names: Schemas): mysql.PoolOptions {
    const database = session === 'other' ? names.other : names.schema;
    return { ...this.place, database, multipleStatements: true };
  }

  private async opened(session: SessionName, cache: Cache): Promise<mysql.Pool> {
    const pool = mysql.createPool({ ...this.optionsOf(session, this.names.cached), connectionLimit: 2 });
    pool.on('connection', (connection) => connection.query(startOf(session)));
    this.source.withCache(pool, cache);
    // A database and a session are learnt by their first connection.
    await pool.promise().query('select 1');
    await cache.ready();
    return pool;
  }

  /** Without a cache: the connection that says what is true of the schema. */
  direct(session: SessionName): Promise<Connection> {
    return this.plainly(`direct ${session}`, session, this.names.cached);
  }

  /** The same to the twin, for statements by themselves. */
  twin(session: SessionName): Promise<Connection> {
    return this.plainly(`twin ${session}`, session, this.names.twin);
  }

  private plainly(name: string, session: SessionName, names: Schemas): Promise<Connection> {
    let known = this.plain.get(name);
    known ??= this.connected(session, names);
    this.plain.set(name, known);
    return known;
  }

  /** A connection of the twin's own for a client. */
  twinClient(session: SessionName): Promise<Connection> {
    return this.connected(session, this.names.twin);
  }

  private async connected(session: SessionName, names: Schemas): Promise<Connection> {
    const connection = await mysqlPromise.createConnection(this.optionsOf(session, names));
    await connection.query(startOf(session));
    return connection;
  }
}
