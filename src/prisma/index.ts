/** Decides what Prisma Client is given for its `adapter` on MySQL and MariaDB: a pool of mysql2, which may have a cache. */
import mysql from 'mysql2';
import type { MysqlConnection, MysqlPool } from '../adapters/mysql2/shapes.js';
import { behind, isPool, type PoolLike, unsupported } from '../adapters/mysql2/with-cache.js';
import { LookasideError } from '../errors.js';
import { failureOf } from './failures.js';
import { ADAPTER_NAME, Queryable } from './queryable.js';
import type { ConnectionInfo, IsolationLevel, SqlDriverAdapter, Transaction } from './shapes.js';
import { OpenTransaction } from './transaction.js';

export interface PrismaMysql2Options {
  /** The database that Prisma names in its queries. Without it they name none: that of the connection. */
  readonly database?: string;
  /** Told of errors of a connection while a transaction has it. */
  readonly onConnectionError?: (error: Error) => void;
  /** Whether `$disconnect` ends the pool. It is yours to end otherwise. */
  readonly disposeExternalPool?: boolean;
}

/**
 * Prisma's driver adapter over a pool of `mysql2`:
 * `new PrismaClient({ adapter: new PrismaMysql2(withCache(mysql.createPool(…), cache)) })`.
 * What `@prisma/adapter-mariadb` does over a pool of `mariadb`, which cannot have a cache.
 */
export class PrismaMysql2 {
  readonly provider = 'mysql';
  readonly adapterName = ADAPTER_NAME;
  private readonly pool: MysqlPool;
  private readonly options: PrismaMysql2Options;
  private supportsRelationJoins: boolean | null = null;

  /**
   * @param pool of `mysql2` 3.24 or later, of its callback or its promise API
   * @throws LookasideError `POOL_UNSUPPORTED`
   */
  constructor(pool: PoolLike, options: PrismaMysql2Options = {}) {
    this.pool = poolOf(pool);
    this.options = options;
  }

  /** Called by Prisma Client when it connects. */
  async connect(): Promise<SqlDriverAdapter> {
    const adapter = new PoolAdapter(this.pool, this.options);
    this.supportsRelationJoins ??= joinsRelations(await adapter.version());
    adapter.supportsRelationJoins = this.supportsRelationJoins;
    return adapter;
  }
}

function poolOf(given: PoolLike): MysqlPool {
  const pool = behind(given);
  if (typeof (mysql.TypedParameter as unknown) !== 'object')
    throw new LookasideError('POOL_UNSUPPORTED', 'Prisma needs mysql2 3.24 or later');
  if (pool instanceof (mysql as unknown as { readonly Pool: new () => object }).Pool)
    return pool as unknown as MysqlPool;
  if (pool !== null && typeof pool === 'object' && isPool(pool))
    throw new LookasideError(
      'POOL_UNSUPPORTED',
      'this pool is of another copy of mysql2 than the one that lookaside/prisma imports',
    );
  throw unsupported(given, 'give PrismaMysql2 a Pool of mysql2');
}

/** With LATERAL, which MySQL has since 8.0.14, and MariaDB has not. As Prisma's own adapter judges. */
function joinsRelations(version: string): boolean {
  const [number = '', suffix = ''] = version.split('-');
  const [major = 0, minor = 0, patch = 0] = number.split('.').map((part) => Number.parseInt(part, 10));
  if (suffix.toLowerCase().includes('mariadb')) return false;
  return major > 8 || (major === 8 && (minor > 0 || patch >= 13));
}

class PoolAdapter extends Queryable<MysqlPool> implements SqlDriverAdapter {
  supportsRelationJoins = false;

  constructor(
    pool: MysqlPool,
    private readonly options: PrismaMysql2Options,
  ) {
    super(pool);
  }

  async version(): Promise<string> {
    const { rows } = await this.queryRaw({ sql: 'SELECT VERSION()', args: [], argTypes: [] });
    return String(rows[0]?.[0]);
  }

  /** Only Prisma's migrations ask for it, and they take a connection of their own. */
  async executeScript(): Promise<void> {
    throw new Error('Not implemented yet');
  }

  getConnectionInfo(): ConnectionInfo {
    const { database } = this.options;
    return {
      ...(database === undefined ? {} : { schemaName: database }),
      supportsRelationJoins: this.supportsRelationJoins,
    };
  }

  async startTransaction(isolationLevel?: IsolationLevel): Promise<Transaction> {
    const connection = await this.connection();
    return OpenTransaction.on(connection, isolationLevel, (error) => this.options.onConnectionError?.(error));
  }

  async dispose(): Promise<void> {
    if (this.options.disposeExternalPool !== true) return;
    await new Promise<void>((resolve, reject) => {
      this.client.end((error) => (error ? reject(error) : resolve()));
    });
  }

  underlyingDriver(): MysqlPool {
    return this.client;
  }

  private async connection(): Promise<MysqlConnection> {
    try {
      return await new Promise((resolve, reject) => {
        this.client.getConnection((error, connection) =>
          connection === undefined
            ? reject(error ?? new Error('the pool gave no connection'))
            : resolve(connection),
        );
      });
    } catch (error) {
      throw failureOf(error);
    }
  }
}
