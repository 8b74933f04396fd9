/** Decides which database is meant. */
import type { Database, DatabaseName, DatabasePlace } from './database.js';
import { mariadbDatabase } from './mariadb.js';
import { postgresDatabase } from './postgres.js';

const databases: Readonly<Record<DatabaseName, Database>> = {
  postgres: postgresDatabase,
  mariadb: mariadbDatabase,
};

export const databaseAt = ({ kind = 'postgres' }: DatabasePlace): Database => databases[kind];
