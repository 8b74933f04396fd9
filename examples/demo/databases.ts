/** Decides which databases the demo can be asked to run on, and what it needs of each. Knows nothing of caching. */
import { startMariadb } from '../../scripts/lib/mariadb.js';
import { startPostgres } from '../../scripts/lib/postgres.js';
import type { Dataset } from './database.js';
import * as postgres from './database.js';
import * as mariadb from './mariadb.js';

export const databaseNames = ['postgres', 'mariadb'] as const;
export type DatabaseName = (typeof databaseNames)[number];

export interface DatabaseServer {
  readonly url: string;
  stop(): Promise<void>;
}

export interface DemoDatabase {
  /** In words. */
  readonly what: string;
  start(): Promise<DatabaseServer>;
  /** Creates the database that every run's is copied from. */
  loadTemplate(serverUrl: string, dataset: Dataset): Promise<void>;
  /** A database of this name with the template's rows, every version 0. Returns its URL. */
  copyTemplate(serverUrl: string, name: string): Promise<string>;
}

const connectionsMax = '100';

export const databases: Readonly<Record<DatabaseName, DemoDatabase>> = {
  postgres: {
    what: 'Postgres 18 from npm',
    start: () => startPostgres({ settings: { max_connections: connectionsMax } }),
    ...postgres,
  },
  mariadb: {
    what: 'MariaDB',
    start: () => startMariadb({ settings: { max_connections: connectionsMax } }),
    ...mariadb,
  },
};
