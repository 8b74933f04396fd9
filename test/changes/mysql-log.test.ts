/**
 * Decides whether a write that does not pass through the cache is seen soon on MySQL and MariaDB, where their log names
 * transactions, and whether one that does is left alone.
 */
import mysql, { type Pool, type RowDataPacket } from 'mysql2/promise';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { withCache } from '../../src/adapters/mysql2/index.js';
import { type Cache, type Config, createCache } from '../../src/index.js';
import { readStatistics } from '../../src/sql/mysql/statistics.js';
import { isLogPosition, type LogPosition } from '../../src/sql/statistics.js';
import { rowsOf, until } from '../adapters/mysql2/fixture.js';
import { openSession } from '../sql/mysql/text-session.js';
import { Members } from '../support/member.js';
import { describeWithMysql, ownMysql, type RunningMysql } from '../support/mysql.js';
import { redisServer } from '../support/servers.js';

const schema = `
  create table items (id int primary key, name varchar(20));
  create table parts (id int primary key, item int, foreign key (item) references items (id) on delete cascade);
  create table counters (id int primary key, value int);
  insert into items values (1, 'one'), (2, 'two');
  insert into parts values (1, 1), (2, 2);
  insert into counters values (1, 0), (2, 0), (3, 0);
`;

const INTERVAL_MS = 100;

let serial = 0;

for (const flavour of ['mariadb', 'mysql57'] as const)
  describeWithMysql(
    `the log of ${flavour}`,
    () => {
      let server: RunningMysql;
      let root: Pool;
      let database: string;
      let cache: Cache;
      let pool: Pool;
      const closing: (() => Promise<unknown>)[] = [];

      beforeAll(async () => {
        const named = { gtid_mode: 'ON', enforce_gtid_consistency: 'ON' };
        server = await ownMysql(flavour, flavour === 'mysql57' ? { settings: named } : {});
      });
      afterAll(() => server.stop());

      const place = () => ({ host: server.host, port: server.port, user: 'app', database });
      /** The user of the application has rights on its own schema only. */
      const begin = async (config: Config = {}, connectionLimit = 4): Promise<void> => {
        cache = createCache({
          namespace: `mysql-log-${process.pid}-${serial}`,
          ttl: '1h',
          changes: { kind: 'poll', interval: INTERVAL_MS },
          ...config,
        });
        pool = withCache(mysql.createPool({ ...place(), connectionLimit }), cache);
        await cache.ready();
      };
      beforeEach(async () => {
        database = `log_${process.pid}_${++serial}`;
        root = mysql.createPool({ uri: server.url, multipleStatements: true, connectionLimit: 2 });
        await root.query(`create database ${database}; use ${database}; ${schema}
          create user if not exists app@'%'; grant all on ${database}.* to app@'%'`);
      });
      afterEach(async () => {
        await pool.end();
        await cache.close();
        for (const close of closing.splice(0)) await close();
        await root.query(`drop database ${database}`);
        await root.end();
      });

      const hits = (): number => cache.stats().nearHits + cache.stats().storeHits;
      const isHit = async (run: () => Promise<unknown>): Promise<boolean> => {
        const before = hits();
        await run();
        return hits() > before;
      };
      const valueOf = async (id: number, from: { query: Pool['query'] } = pool): Promise<unknown> =>
        (await rowsOf(from, 'select value from counters where id = ?', [id]))[0]?.['value'];
      /** Everything that was rotated for others. */
      const foreign = (): number => {
        const counts = Object.values(cache.stats().tables).map((table) => table.foreign);
        return counts.reduce((sum, count) => sum + count, 0);
      };
      /** A migration, another service: a session that comes, works and goes. */
      const elsewhere = async (...statements: readonly string[]): Promise<void> => {
        const session = await mysql.createConnection({ uri: server.url, database });
        for (const statement of statements) await session.query(statement);
        await session.end();
      };
      const looksMade = async (): Promise<number> => {
        const [rows] = await root.query<RowDataPacket[]>(
          `select sum(count_star) as looks from performance_schema.events_statements_summary_by_digest
            where digest_text like '%logging%log_bin%' or digest_text like '%log_bin%logging%'`,
        );
        return Number(rows[0]?.['looks']);
      };
      /** So many more looks at the log have been made, from begin to end. */
      const looks = async (count: number): Promise<void> => {
        const enough = (await looksMade()) + count + 1;
        await until(async () => {
          await valueOf(3); // so that something is cached that is worth a look
          return (await looksMade()) > enough;
        });
      };
      const write = (id: number): Promise<unknown> =>
        pool.query('update counters set value = value + 1 where id = ?', [id]);
      /** What others wrote until now has been seen, and writes of ours behind it, until one rotates nothing for others. */
      const settled = async (): Promise<void> => {
        await looks(2);
        for (let before = -1; before !== foreign(); ) {
          before = foreign();
          await write(2);
          await looks(2);
        }
      };

      it('shows what others wrote, however they did, and caches it again', async () => {
        await begin();
        expect(await valueOf(1)).toBe(0);
        expect(await isHit(() => valueOf(1))).toBe(true);
        await elsewhere('update counters set value = 7 where id = 1');
        await until(async () => (await valueOf(1)) === 7);
        await until(() => isHit(() => valueOf(1)));
        const sees = async (read: string, expected: unknown, ...statements: readonly string[]) => {
          await until(() => isHit(() => pool.query(read)));
          await elsewhere(...statements);
          await until(async () => Object.values((await rowsOf(pool, read))[0] ?? {})[0] === expected);
        };
        const parts = 'select count(*) as n from parts';
        await sees(parts, 3, 'insert into parts values (3, 2)');
        await sees(parts, 2, 'delete from items where id = 1'); // a cascade
        await sees(parts, 3, 'begin', 'insert into parts values (4, 2)', 'commit');
        const branch = [`xa start 'x'`, 'insert into parts values (5, 2)', `xa end 'x'`, `xa prepare 'x'`];
        await sees(parts, 4, ...branch, `xa commit 'x'`);
        await sees(parts, 0, 'truncate parts');
        await sees('select name from items', 'renamed', `update items set name = 'renamed'`);
        await sees(
          'select * from parts limit 1',
          8,
          'alter table parts add first int default 8 first',
          'insert into parts (id) values (1)',
        );
        expect(cache.stats().failures).toStrictEqual({});
      });

      it.runIf(flavour === 'mariadb')('asks what was written behind what its user asks of it', async () => {
        await begin();
        const connection = await pool.getConnection();
        await connection.query('insert ignore into counters values (1, 7), (15, 7) returning id');
        const [warnings] = await connection.query<RowDataPacket[]>('show warnings');
        expect(warnings).toMatchObject([{ Code: 1062 }]);
        connection.release();
      });

      it.runIf(flavour === 'mariadb')(
        'names whatever can be read, also what is committed while it is asked',
        async () => {
          await begin();
          const session = await openSession({ uri: server.url, database });
          closing.unshift(() => session.connection.end());
          const look = (query: typeof session.query) => readStatistics(query, { pooled: false });
          const lookOver = async (committed: number): Promise<LogPosition> => {
            let asked = 0;
            const seen = await look(async (sql) => {
              const rows = await session.query(sql);
              if (++asked === committed)
                await elsewhere('update counters set value = value + 1 where id = 1');
              return rows;
            });
            if (!isLogPosition(seen) || asked < committed) throw new Error(`${asked} statements`);
            return seen;
          };
          for (const behind of [1, 2, 3]) {
            const seen = await lookOver(behind);
            const after = await lookOver(0);
            if (seen.shown === after.shown)
              expect(String(seen.transactions)).toBe(String(after.transactions));
            expect(seen.transactions.without(after.transactions).isEmpty).toBe(true);
          }
        },
      );

      it('leaves alone what is written through the cache', async () => {
        await begin();
        await settled();
        const before = foreign();
        await write(1);
        await pool.execute('insert into counters values (10, 1), (11, 1)');
        await pool.query(
          `insert into counters values (12, 1) ${flavour === 'mariadb' ? 'returning id' : ''}`,
        );
        await expect(pool.query('insert into counters values (12, 1)')).rejects.toThrow('Duplicate');
        const connection = await pool.getConnection();
        for (const end of ['commit', 'rollback']) {
          await connection.beginTransaction();
          await connection.query('update counters set value = value + 1 where id = 10');
          await connection.query(end);
        }
        await connection.query('set autocommit = 0');
        await connection.query('update counters set value = value + 1 where id = 11');
        await connection.query('set autocommit = 1');
        connection.release();
        // The driver's own cannot answer MySQL 5.7 when it asks for another way to authenticate.
        if (flavour === 'mariadb') {
          const renewed = await pool.getConnection();
          await renewed.changeUser({});
          await renewed.query('update counters set value = value + 1 where id = 12');
          renewed.release();
        }
        await pool.query('delete from items where id = 2');
        await pool.query('create table made (id int primary key)');
        await pool.query('truncate counters');
        await looks(3);
        expect(foreign()).toBe(before);
        await until(() => isHit(() => valueOf(1)));
      });

      it('leaves it alone under load, and sees one write of others in it', { timeout: 60_000 }, async () => {
        await begin();
        await settled();
        const before = foreign();
        const load = { isOn: true, writes: 0 };
        const alone = async (id: number): Promise<void> => {
          for (; load.isOn; load.writes++) await write(id);
        };
        const writers = [1, 2, 2].map(alone);
        try {
          await until(() => load.writes >= 1_000);
          expect(foreign()).toBe(before);
          for (const value of [-1, -2]) {
            await until(() => isHit(() => valueOf(3)));
            await elsewhere(`update counters set value = ${value} where id = 3`);
            await until(async () => (await valueOf(3)) === value);
          }
        } finally {
          load.isOn = false;
          await Promise.all(writers);
        }
        expect(cache.stats().failures).toStrictEqual({});
      });

      it('begins anew when it was reset', async () => {
        await begin();
        await settled();
        await elsewhere('reset master');
        await elsewhere('update counters set value = 5 where id = 1');
        await until(async () => (await valueOf(1)) === 5);
        await settled();
        await until(() => isHit(() => valueOf(1)));
      });

      it('is not looked at while nothing is cached, and then tells what was written meanwhile', async () => {
        await begin({ ttl: '300ms' }, 1);
        expect(await valueOf(1)).toBe(0);
        const watchers = async (): Promise<number> => {
          const [rows] = await root.query<RowDataPacket[]>(
            'select count(*) as n from information_schema.processlist where user = ? and db = ?',
            ['app', database],
          );
          return Number(rows[0]?.['n']);
        };
        await until(async () => (await watchers()) === 2); // that of the pool, and that which looks
        await until(async () => (await watchers()) === 1);
        await elsewhere('update counters set value = 6 where id = 1');
        await until(async () => (await valueOf(1)) === 6);
      });

      it('is hidden from the results of whoever writes, and shown to who asked for it', async () => {
        await begin();
        const plain = mysql.createPool({ ...place(), connectionLimit: 1 });
        closing.push(() => plain.end());
        const asked =
          flavour === 'mariadb'
            ? `set session session_track_system_variables = 'autocommit,last_gtid'`
            : `set session session_track_gtids = OWN_GTID`;
        const told = async (from: Pool, isShown: boolean) => {
          const connection = await from.getConnection();
          const results: unknown[] = [];
          const texts = ['update counters set value = value + 1 where id = 1', 'set autocommit = 0'];
          texts.push(
            'insert into items values (77, null)',
            'set autocommit = 1',
            'delete from items where id = 77',
          );
          if (isShown) texts.unshift(asked);
          for (const text of texts) results.push((await connection.query(text))[0]);
          connection.destroy();
          const names = JSON.stringify(results).match(/\d-\d-\d+|\w-\w{12}:\d+/g) ?? [];
          const texted = JSON.stringify(results).replaceAll(/\d-\d-\d+|\w-\w{12}:\d+/g, 'name');
          return { names: names.length, texted };
        };
        expect(await told(pool, false)).toStrictEqual(await told(plain, false));
        expect(await told(pool, false)).toMatchObject({ names: 0 });
        const shown = await told(pool, true);
        expect(shown).toStrictEqual(await told(plain, true));
        expect(shown.names).toBe(3);
      });

      it('is the log of another database once the server was started anew', { timeout: 60_000 }, async () => {
        await begin();
        pool.on('connection', (connection) => connection.on('error', () => undefined));
        await until(() => isHit(() => valueOf(1)));
        await server.restart('crash');
        await root.end();
        root = mysql.createPool({ uri: server.url, multipleStatements: true, connectionLimit: 2 });
        const again = async (): Promise<unknown> => {
          try {
            return await valueOf(1);
          } catch {
            return null; // a connection of before
          }
        };
        await until(async () => (await again()) === 0);
        await until(() => isHit(again));
        await elsewhere('update counters set value = 8 where id = 1');
        await until(async () => (await again()) === 8);
      });

      it('is looked at by one of several processes, and none of them takes the writes of another for those of others', {
        timeout: 60_000,
      }, async () => {
        const redis = await redisServer();
        closing.push(() => redis.stop());
        const shared: Config = { topology: { kind: 'single', url: redis.url }, namespace: 'shared' };
        await begin(shared);
        const members = new Members(() => ({
          cache: { ttl: '1h', ...shared, changes: { kind: 'poll', interval: '100ms' } },
          driver: 'mysql2',
          pool: { ...place(), connectionLimit: 2 },
        }));
        closing.unshift(() => members.killAll());
        const other = await members.start();
        await settled();
        const before = foreign();
        for (let round = 0; round < 20; round++) {
          await write(1);
          await other.query('update counters set value = value + 1 where id = 2');
        }
        await looks(3);
        expect(foreign()).toBe(before);
        await elsewhere('update counters set value = 100 where id = 1');
        await until(async () => (await valueOf(1)) === 100);
        await until(
          async () =>
            (await other.query<{ value: number }>('select value from counters where id = 1')).rows[0]
              ?.value === 100,
        );
      });
    },
    flavour,
  );
