/** Decides what of the shared databases is MySQL's and MariaDB's, and keeps those of each cache. */
import type { Backend, MysqlSession } from '../../sql/mysql/database.js';
import type { Database as AnyDatabase } from '../database.js';
import { type Databases as DatabasesOf, databasesIn } from '../databases.js';
import type { Statement as AnyStatement } from '../statements.js';
import { mysqlDialect } from './dialect.js';
import type { Payload } from './payload.js';

export type Database = AnyDatabase<MysqlSession, Payload>;
export type Statement = AnyStatement<Payload>;

/** All servers that the wrapped pools of one cache have been connected to. */
export type Databases = DatabasesOf<MysqlSession, Payload, Backend>;

export const databasesOf = databasesIn<MysqlSession, Payload, Backend>(mysqlDialect);
