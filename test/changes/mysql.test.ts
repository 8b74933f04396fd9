/** Decides what bounds writes made by others on MySQL and MariaDB where no log tells of them, and what is said of it. */
import { Redis } from 'ioredis';
import { afterEach, expect, it } from 'vitest';
import type { Config } from '../../src/index.js';
import { readStatistics } from '../../src/sql/mysql/statistics.js';
import { type Fixture, fixture, rowsOf, until } from '../adapters/mysql2/fixture.js';
import { openSession } from '../sql/mysql/text-session.js';
import { describeWithMysql, ownMysql } from '../support/mysql.js';
import { redisServer } from '../support/servers.js';

const schema = `create table items (id int primary key, name varchar(20)); insert into items values (1, 'old')`;

const refusal = 'Writes made by others cannot be seen in this database by polling: ';

describeWithMysql(
  'what others write to a MySQL whose log names no transactions',
  () => {
    let given: Fixture;
    const closing: (() => Promise<unknown>)[] = [];
    const begin = async (config: Config): Promise<void> => {
      given = await fixture(
        schema,
        { changes: { kind: 'poll', interval: '100ms' }, ...config },
        {},
        'mysql57',
      );
      closing.unshift(() => given.end());
    };
    const isTold = (): boolean => given.cache.stats().failures['changes'] !== undefined;
    const items = () => rowsOf(given.pool, 'select * from items');

    afterEach(async () => {
      for (const close of closing.splice(0)) await close();
    });

    it('is seen when the ttl ends, and why not before is told once', async () => {
      await begin({ ttl: '2s' });
      await items();
      await until(isTold);
      await until(() => given.isHit(items));
      await given.plain.query(`update items set name = 'new'`);
      await until(async () => (await items())[0]?.['name'] === 'new');
      expect(given.cache.stats().failures).toStrictEqual({ changes: 1 });
      const { query, connection } = await openSession(given.database.config);
      closing.push(() => connection.end());
      await expect(readStatistics(query, { pooled: false })).rejects.toThrow(
        `${refusal}MySQL tells of every write only where its binary log names transactions`,
      );
    });

    it('changes the schema: the fingerprint tells of it', async () => {
      await begin({ ttl: '1h' });
      await until(() => given.isHit(items));
      await given.plain.query(`alter table items add price int default 5`);
      await until(async () => (await items())[0]?.['price'] === 5);
    });

    it('is not seen for 10 s at most where no ttl was chosen', async () => {
      const redis = await redisServer();
      const store = new Redis(redis.url);
      closing.push(async () => {
        store.disconnect();
        await redis.stop();
      });
      const noTtl = { ttl: undefined } as object; // the fixture's own is long
      await begin({ topology: { kind: 'single', url: redis.url }, ...noTtl });
      await items();
      await until(isTold);
      await given.cache.clear();
      await until(() => given.isHit(items));
      const entries = await store.keys('lookaside:e:*');
      expect(entries).toHaveLength(1);
      const leftMs = await store.pttl(entries[0] ?? '');
      expect(leftMs).toBeGreaterThan(0);
      expect(leftMs).toBeLessThanOrEqual(10_000);
    });

    it('cannot be told from what is written through a pooler', async () => {
      await begin({});
      const { query, connection } = await openSession(given.database.config);
      closing.push(() => connection.end());
      await expect(readStatistics(query, { pooled: true })).rejects.toThrow(`${refusal}behind a pooler`);
    });
  },
  'mysql57',
);

describeWithMysql('a MariaDB without a log', () => {
  it('is told to keep one', async () => {
    const server = await ownMysql('mariadb', { settings: { skip_log_bin: '1' } });
    try {
      const { query, connection } = await openSession({ uri: server.url });
      await expect(readStatistics(query, { pooled: false })).rejects.toThrow(
        `${refusal}MariaDB tells of every write`,
      );
      await connection.end();
    } finally {
      await server.stop();
    }
  });
});
