/**
 * Decides how a test file gets a schema of its own on the run's MariaDB or MySQL, and suites that are skipped loudly,
 * or fail, without one. What runs where was decided by `global-setup.ts`.
 */
import { randomBytes } from 'node:crypto';
import type { Connection, RowDataPacket } from 'mysql2/promise';
import { inject } from 'vitest';
import { startMariadb } from '../../scripts/lib/mariadb.js';
import type { RunningMysql, StartMysqlOptions } from '../../scripts/lib/mysql-process.js';
import { startMysql57 } from '../../scripts/lib/mysql57.js';
import { askForMysql } from './mysql-on-demand.js';
import { describeWith } from './servers.js';
import type { MysqlFlavour } from './sources.js';

export type { RunningMysql, StartMysqlOptions } from '../../scripts/lib/mysql-process.js';
export type { MysqlFlavour } from './sources.js';

export interface TestSchema {
  readonly url: string;
  /** The same for `mysql2.createPool(config)`. */
  readonly config: {
    readonly host: string;
    readonly port: number;
    readonly user: string;
    readonly database: string;
    readonly password?: string;
  };
  /** What the server says it is: `10.11.19-MariaDB-…`, `5.7.29-log`. */
  readonly version: string;
  /** Disconnects whoever is left in it and removes it. */
  drop(): Promise<void>;
}

/** A new, empty schema on the run's shared server, whose user may do everything. The first call starts the server. */
export async function createMysqlDatabase(flavour: MysqlFlavour = 'mariadb'): Promise<TestSchema> {
  const server = new URL(await askForMysql(inject('mysql').port, flavour));
  const database = `test_${process.pid}_${randomBytes(6).toString('hex')}`;
  const version = await administer(server, async (connection) => {
    await connection.query(`create database ${database}`);
    const [rows] = await connection.query<RowDataPacket[]>('select version() as version');
    return String(rows[0]?.['version']);
  });
  const url = new URL(server);
  url.pathname = `/${database}`;
  const password = decodeURIComponent(url.password);
  const user = decodeURIComponent(url.username);
  const place = { host: url.hostname, port: Number(url.port || 3306), user, database };
  return {
    url: url.href,
    config: password === '' ? place : { ...place, password },
    version,
    drop: () => administer(server, (connection) => dropDatabase(connection, database)),
  };
}

/** A server for this call alone, to stop, restart and break: costs a second or two. Stop it. */
export function ownMysql(flavour: MysqlFlavour, options?: StartMysqlOptions): Promise<RunningMysql> {
  switch (flavour) {
    case 'mariadb':
      return startMariadb(options);
    case 'mysql57':
      return startMysql57(options);
    case 'mysql84':
      throw new Error('MySQL 8.4 runs in a container, which is shared.');
  }
}

/** A suite that needs a server of the family. Without one it is skipped with a line on stderr, or fails where nothing may be skipped. */
export function describeWithMysql(name: string, suite: () => void, flavour: MysqlFlavour = 'mariadb'): void {
  const source = inject('mysql').sources[flavour];
  const missing = source.from === 'nowhere' ? source.reason : null;
  const optional = source.from === 'nowhere' && !source.required;
  describeWith({ name, suite, server: flavour, missing, optional });
}

/** Without the first two statements, one transaction left open would hold the removal up for a day. */
async function dropDatabase(connection: Connection, database: string): Promise<void> {
  const [sessions] = await connection.query<RowDataPacket[]>(
    'select id from information_schema.processlist where db = ?',
    [database],
  );
  for (const row of sessions) await killSession(connection, Number(row['id'] ?? row['ID']));
  await connection.query('set session lock_wait_timeout = 20');
  await connection.query(`drop database if exists ${database}`);
}

const NO_SUCH_THREAD = 1094;

async function killSession(connection: Connection, id: number): Promise<void> {
  try {
    await connection.query(`kill ${id}`);
  } catch (error) {
    const gone = error instanceof Error && 'errno' in error && error.errno === NO_SUCH_THREAD;
    if (!gone) throw error;
  }
}

async function administer<Result>(
  server: URL,
  work: (connection: Connection) => Promise<Result>,
): Promise<Result> {
  // Loaded here: only files that use MySQL pay for it.
  const { createConnection } = await import('mysql2/promise');
  const connection = await createConnection({ uri: server.href });
  try {
    return await work(connection);
  } finally {
    await connection.end();
  }
}
