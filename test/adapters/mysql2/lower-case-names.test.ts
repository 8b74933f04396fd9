/** Decides whether a table is one, however its name is spelt, on a server whose names have no case. */
import mysql from 'mysql2/promise';
import { expect, it } from 'vitest';
import { withCache } from '../../../src/adapters/mysql2/index.js';
import { createCache } from '../../../src/index.js';
import { describeWithMysql, ownMysql } from '../../support/mysql.js';

describeWithMysql('on a server with lower_case_table_names', () => {
  it('is one table, however its name is spelt', async () => {
    const server = await ownMysql('mariadb', { settings: { 'lower-case-table-names': '1' } });
    const place = { host: server.host, port: server.port, user: server.user };
    const judge = await mysql.createConnection(place);
    const cache = createCache({ namespace: 'names-without-case', changes: { kind: 'none' } });
    try {
      await judge.query('create database Shop');
      await judge.query('create table Shop.Words (id int primary key, word varchar(9))');
      await judge.query("insert into Shop.Words values (1, 'old'), (2, 'old')");
      const pool = withCache(mysql.createPool({ ...place, database: 'Shop' }), cache);
      const reads = [
        'select word from WORDS where id = 1',
        'select word from shop.words as W where w.ID = 1',
        'with W as (select * from Words) select word from w where id = 1',
      ];
      for (const [index, write] of [
        'update words set word = ? where id = 1',
        'update SHOP.WORDS set word = ? where ID = 1',
        'update Words as A set a.word = ? where A.id = 1',
      ].entries()) {
        for (const read of reads) for (let times = 0; times < 2; times++) await pool.query(read);
        const { nearHits } = cache.stats();
        for (const read of reads) await pool.query(read);
        expect(cache.stats().nearHits).toBe(nearHits + reads.length);
        await pool.query(write, [`new ${index}`]);
        for (const read of reads) expect((await pool.query(read))[0]).toEqual([{ word: `new ${index}` }]);
      }
      await pool.end();
    } finally {
      await judge.end();
      await cache.close();
      await server.stop();
    }
  }, 60_000);
});
