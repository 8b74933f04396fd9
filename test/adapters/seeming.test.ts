/** Decides whether each thing that people give instead of a pool is refused with words that name it and say what to do. */
import mariadb from 'mariadb';
import mysql from 'mysql2';
import mysqlPromise from 'mysql2/promise';
import pg from 'pg';
import { afterAll, describe, expect, it } from 'vitest';
import * as forMysql from '../../src/adapters/mysql2/index.js';
import * as forPostgres from '../../src/adapters/pg/index.js';
import { createCache } from '../../src/index.js';
import { PrismaMysql2 } from '../../src/prisma/index.js';

const cache = createCache({ namespace: `seeming-${process.pid}`, changes: { kind: 'none' } });

// None of these connects before it is asked for something.
const mariadbPool = mariadb.createPool({ host: '127.0.0.1', minimumIdle: 0, initializationTimeout: 1 });
const mysqlPool = mysql.createPool({});
const promisePool = mysqlPromise.createPool({});
const cluster = mysql.createPoolCluster();
const pgPool = new pg.Pool();

afterAll(async () => {
  await mariadbPool.end();
  await Promise.all([mysqlPool.promise().end(), promisePool.end(), pgPool.end()]);
  cluster.end();
  await cache.close();
});

/** Its own driver, by its shape: `npm install mysql` is another package than mysql2. */
const oldMysql = { createPool() {}, createConnection() {}, format() {}, raw() {} };

const cases: readonly (readonly [name: string, refused: () => unknown, says: RegExp])[] = [
  [
    'a promise of a connection',
    () => forMysql.withCache(Promise.resolve() as never, cache),
    /await it first/,
  ],
  [
    'the module mysql2',
    () => forMysql.withCache(mysql as never, cache),
    /the module mysql2, which cachedDriver/,
  ],
  ['the module mysql2/promise', () => forMysql.withCache(mysqlPromise as never, cache), /the module mysql2/],
  ['options', () => forMysql.withCache({ host: 'db' } as never, cache), /createPool of mysql2/],
  ['a URL', () => forMysql.withCache('mysql://db' as never, cache), /this is a string/],
  ['nothing', () => forMysql.withCache(undefined as never, cache), /this is undefined/],
  [
    'a pool of mariadb',
    () => forMysql.withCache(mariadbPool as never, cache),
    /mysql2 speaks to MariaDB, too/,
  ],
  [
    'the driver mariadb',
    () => forMysql.cachedDriver(mariadb as never, cache),
    /mysql2 speaks to MariaDB, too/,
  ],
  ['the driver mysql', () => forMysql.cachedDriver(oldMysql as never, cache), /mysql2 has the same methods/],
  ['a pool of pg', () => forMysql.withCache(pgPool as never, cache), /lookaside\/pg/],
  ['another driver', () => forMysql.cachedDriver(pg as never, cache), /cachedDriver of lookaside\/pg/],
  ['a pool as a driver', () => forMysql.cachedDriver(mysqlPool as never, cache), /wrapped by withCache/],
  [
    'a pool of mysql2 as one of pg',
    () => forPostgres.withCache(mysqlPool as never, cache),
    /lookaside\/mysql2/,
  ],
  ['one of its promise API', () => forPostgres.withCache(promisePool as never, cache), /lookaside\/mysql2/],
  ['the module pg', () => forPostgres.withCache(pg as never, cache), /the module pg/],
  ['a cache', () => forPostgres.withCache(cache as never, cache), /a cache, which comes second/],
  ['a pool of mariadb, for Prisma', () => new PrismaMysql2(mariadbPool), /mysql2 speaks to MariaDB/],
  ['a cluster, for Prisma', () => new PrismaMysql2(cluster), /give PrismaMysql2 a Pool of mysql2/],
  ['options, for Prisma', () => new PrismaMysql2({ host: 'db' } as never), /createPool of mysql2/],
];

describe('instead of a pool', () => {
  it.each(cases)('%s', (_name, refused, says) => {
    expect(refused).toThrow(
      expect.objectContaining({
        code: 'LOOKASIDE_POOL_UNSUPPORTED',
        message: expect.stringMatching(says) as unknown,
      }),
    );
  });
});
