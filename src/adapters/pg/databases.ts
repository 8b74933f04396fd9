/** Decides what of the shared databases is Postgres', and keeps those of each cache. */
import type { Backend, SessionState } from '../../sql/postgres/database.js';
import type { Database as AnyDatabase } from '../database.js';
import { type Databases as DatabasesOf, databasesIn } from '../databases.js';
import { postgresDialect } from './dialect.js';
import type { Payload } from './payload.js';

export type Database = AnyDatabase<SessionState, Payload>;

/** All databases that the wrapped pools of one cache have been connected to. */
export type Databases = DatabasesOf<SessionState, Payload, Backend>;

export const databasesOf = databasesIn<SessionState, Payload, Backend>(postgresDialect);
