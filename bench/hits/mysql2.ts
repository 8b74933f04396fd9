/**
 * Decides what the contestants of `hits-mysql2` run on: one MariaDB with tables like those on Postgres, one redis-server,
 * two pools of the same size to the same schema, one of them wrapped.
 */
import { Redis } from 'ioredis';
import { createCache } from 'lookaside';
import { withCache } from 'lookaside/mysql2';
import mysql, { type Connection, type RowDataPacket } from 'mysql2/promise';
import { startMariadb } from '../../scripts/lib/mariadb.js';
import { startRedis } from '../../test/support/redis.js';
import { redisVersion } from '../lib/versions.js';
import { type MeasuredTable, measuredMysql2 } from './measured.js';
import type { Setting } from './setting.js';
import { plainTable as plainOnPostgres, richTable as richOnPostgres, rowsPerGroup } from './tables.js';

const withQuestionMark = (table: MeasuredTable): MeasuredTable => ({
  ...table,
  select: table.select.replace('$1', '?'),
});

const plainTable = withQuestionMark(plainOnPostgres);
const richTable = withQuestionMark(richOnPostgres);
const updateOrder = 'update orders set score = ? where id = ?';
const database = 'bench';
const connections = 10;

export async function createMysql2Setting(): Promise<Setting> {
  const server = await startMariadb({ settings: { innodb_buffer_pool_size: '512M' } });
  const redisServer = await startRedis({ from: 'path', program: 'redis-server' });
  const { host, port, user } = server;
  const founder = await mysql.createConnection({ host, port, user });
  const version = await createTables(founder);
  await founder.end();
  const options = { host, port, user, database, connectionLimit: connections };
  const plain = mysql.createPool(options);
  const cache = createCache({ namespace: 'bench-hits-mysql2', ttl: '1h' });
  const wrapped = withCache(mysql.createPool(options), cache);
  await cache.ready();
  const redis = new Redis(redisServer.url);
  return {
    plain: measuredMysql2(plain, updateOrder),
    wrapped: measuredMysql2(wrapped, updateOrder),
    uncachedName: 'plain mysql2',
    tables: { plain: plainTable, rich: richTable },
    cache,
    redis,
    versions: { mariadb: version, redis: await redisVersion(redis) },
    close: async () => {
      redis.disconnect();
      await cache.close();
      await Promise.all([plain.end(), wrapped.end()]);
      await Promise.all([server.stop(), redisServer.stop()]);
    },
  };
}

/** @returns the server's version */
async function createTables(connection: Connection): Promise<string> {
  const orders = plainTable.groups * rowsPerGroup;
  const documents = richTable.groups * rowsPerGroup;
  const statements = [
    `create database ${database}`,
    `use ${database}`,
    `create table orders (
      id int primary key, basket int not null, amount bigint not null, total bigint not null,
      customer varchar(60) not null, city varchar(60) not null, paid tinyint(1) not null, score double not null,
      created datetime not null, updated datetime not null, key (basket))`,
    `insert into orders
      select seq, seq div ${rowsPerGroup}, seq * 1000003, seq * 7919, concat('customer number ', seq),
             concat('a city with a name ', seq % 997), seq % 3 = 0, seq / 7,
             timestamp '2026-01-01 00:00:00' + interval seq minute, timestamp '2026-06-01 00:00:00' + interval seq second
        from seq_0_to_${orders - 1}`,
    `create table documents (
      id int primary key, folder int not null, price decimal(20, 6) not null, tax decimal(30, 10) not null,
      meta json not null, tree json not null, tags json not null, bits varbinary(20) not null, body text not null,
      title varchar(60) not null, key (folder))`,
    `insert into documents
      select seq, seq div ${rowsPerGroup}, seq * 1.000003, seq / 3,
             json_object('id', seq, 'name', concat('document ', seq), 'public', seq % 2 = 0),
             json_object('parents', json_array(seq, seq + 1), 'more', json_object('depth', seq % 9)),
             json_array(concat('tag ', seq % 11), concat('tag ', seq % 13)), unhex(md5(seq)), repeat('words ', 20),
             concat('document ', seq)
        from seq_0_to_${documents - 1}`,
    'analyze table orders, documents',
  ];
  for (const statement of statements) await connection.query(statement);
  const [rows] = await connection.query<RowDataPacket[]>('select version() as version');
  return String(rows[0]?.['version']).split('-')[0] ?? 'unknown';
}
