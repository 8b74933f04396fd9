/** Decides what the library's tables are on MariaDB, and how a pool of mysql2 is made for a place there. */
import knex, { type Knex } from 'knex';
import mysql from 'mysql2';
import { createConnection, type RowDataPacket } from 'mysql2/promise';
import { withCache } from '../../../src/adapters/mysql2/index.js';
import { createMysqlDatabase, describeWithMysql } from '../../support/mysql.js';
import type { Ground, Place } from '../library.js';

const tables = `
  create table authors (id int primary key, name varchar(100) not null unique, born date) character set utf8mb4;
  create table books (
    id int auto_increment primary key,
    author_id int not null,
    title varchar(100) not null,
    price decimal(10, 2) not null default 9.90,
    sold bigint not null default 9007199254740993,
    published timestamp(3) not null default '1974-05-01 12:34:56.789',
    printed datetime(3) not null default '1974-05-02 00:00:00.001',
    details json not null default '{"pages": 341, "translations": ["de", "pl"], "price": 1.50}',
    tags varchar(100) not null default 'sf,classic',
    cover varbinary(20) not null default x'0001ff',
    number char(36) not null default '00000000-0000-4000-8000-000000000001',
    lent time not null default '76:05:06',
    weight double not null default 0.1,
    foreign key (author_id) references authors (id) on delete cascade
  ) character set utf8mb4;
`;

/** The same each time, with the same keys. */
const rows = `
  delete from authors;
  insert into authors values
    (1, 'Ursula Le Guin', '1929-10-21'), (2, 'Octavia Butler', null), (3, 'Stanisław Lem', '1921-09-12');
  insert into books (id, author_id, title, price) values
    (1, 1, 'The Dispossessed', 9.90), (2, 1, 'The Lathe of Heaven', 7.50), (3, 2, 'Kindred', 8.25),
    (4, 2, 'Dawn', 6.00), (5, 3, 'Solaris', 5.75), (6, 3, 'His Master''s Voice', 11.00);
`;

export const mariadbGround: Ground = {
  isolation: 'repeatable read',
  describe: (name, suite) => describeWithMysql(`${name}, on MariaDB`, suite),
  found: async () => {
    const database = await createMysqlDatabase('mariadb');
    const founder = await createConnection({ ...database.config, multipleStatements: true });
    await founder.query(tables);
    return {
      config: database.config,
      furnish: async () => {
        await founder.query(rows);
      },
      connections: async () => {
        const [counts] = await founder.query<RowDataPacket[]>(
          'select count(*) as count from information_schema.processlist where db = database() and id <> connection_id()',
        );
        return Number(counts[0]?.['count']);
      },
      end: async () => {
        await founder.end();
        await database.drop();
      },
    };
  },
};

/** For ORMs that are handed a pool. What is closed in the end was not closed for being idle. */
export function poolFor({ config, cache }: Place, options: mysql.PoolOptions = {}): mysql.Pool {
  const pool = mysql.createPool({ ...config, connectionLimit: 3, maxIdle: 3, ...options });
  return cache === null ? pool : withCache(pool, cache);
}

export const closing = (pool: mysql.Pool) => (): Promise<void> =>
  new Promise((resolve, reject) => pool.end((error) => (error ? reject(error) : resolve())));

/** Knex on a pool that it is handed: its types want another `end` than mysql2 says that its pools have. */
export const knexOn = (pool: mysql.Pool): Knex =>
  knex.default({ client: 'mysql2', connectionPool: pool as NonNullable<Knex.Config['connectionPool']> });
