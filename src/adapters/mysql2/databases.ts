/** Decides what of the shared databases is MySQL's and MariaDB's, and keeps those of each cache. */
import type { CacheCore } from '../../cache/core.js';
import { ProxiedWrites } from '../../sql/mysql/backend.js';
import type { MysqlSession } from '../../sql/mysql/database.js';
import type { Database as AnyDatabase } from '../database.js';
import { Databases as AnyDatabases } from '../databases.js';
import type { Statement as AnyStatement } from '../statements.js';
import { mysqlDialect } from './dialect.js';
import type { Payload } from './payload.js';

export type Database = AnyDatabase<MysqlSession, Payload>;
export type Statement = AnyStatement<Payload>;

/** All servers that the wrapped pools of one cache have been connected to. */
export class Databases extends AnyDatabases<MysqlSession, Payload> {
  /** Writes through proxies that are asked about. */
  readonly proxied = new ProxiedWrites();

  constructor(core: CacheCore) {
    super(core, mysqlDialect);
  }
}

const registries = new WeakMap<CacheCore, Databases>();

export function databasesOf(core: CacheCore): Databases {
  let known = registries.get(core);
  if (known === undefined) registries.set(core, (known = new Databases(core)));
  return known;
}
