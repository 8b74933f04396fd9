/** Decides what of the shared databases is Postgres', and keeps those of each cache. */
import type { CacheCore } from '../../cache/core.js';
import { ProxiedWrites } from '../../sql/postgres/backend.js';
import type { SessionState } from '../../sql/postgres/database.js';
import type { Database as AnyDatabase } from '../database.js';
import { Databases as AnyDatabases } from '../databases.js';
import { postgresDialect } from './dialect.js';
import type { Payload } from './payload.js';

export { DatabaseState } from '../database.js';

export type Database = AnyDatabase<SessionState, Payload>;

/** All databases that the wrapped pools of one cache have been connected to. */
export class Databases extends AnyDatabases<SessionState, Payload> {
  /** Writes through proxies that are asked about. */
  readonly proxied = new ProxiedWrites();

  constructor(core: CacheCore) {
    super(core, postgresDialect);
  }
}

const registries = new WeakMap<CacheCore, Databases>();

export function databasesOf(core: CacheCore): Databases {
  let known = registries.get(core);
  if (known === undefined) registries.set(core, (known = new Databases(core)));
  return known;
}
