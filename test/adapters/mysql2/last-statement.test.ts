/** Decides whether what the server tells of the last statement is told of its caller's, never of one of ours. */
import mysql, { type Connection } from 'mysql2/promise';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { withCache } from '../../../src/adapters/mysql2/index.js';
import { describeWithMysql } from '../../support/mysql.js';
import { type Fixture, fixture } from './fixture.js';

const schema = `
  create table words (id int primary key, word varchar(20));
  insert into words values (1, 'one'), (2, 'two'), (3, 'three');
`;

/** Each is a moment at which the catalog is out of date, or the session is not the usual one, and is looked at again. */
const unsettling = [
  'create table more (id int primary key, n int)',
  'drop table more',
  `set time_zone = '+03:00'`,
  'create or replace view some as select * from words',
];

const told = [
  'select row_count() as count',
  'select found_rows() as count',
  'show warnings',
  'select @@warning_count as count',
];

const texts = unsettling.flatMap((text, serial) => [
  text,
  // Another one is asked first each time: it is what our looks would come before.
  ...[...told.slice(serial), ...told.slice(0, serial)].flatMap((asked, nth) => [
    `insert into words values (${100 + serial * 10 + nth}, 'a'), (${200 + serial * 10 + nth}, 'b')`,
    asked,
    `update words set word = 'c' where id > ${100 + serial}`,
    asked,
    `insert ignore into words values (1, 'again'), (900 + ${nth}, 'new')`,
    asked,
    `select id, 'x' + 1 as n from words where id <= 3 and ${serial} = ${serial} order by id desc -- ${nth}`,
    asked,
    'delete from words where id > 3',
    asked,
  ]),
]);

describeWithMysql('what a server tells of the last statement', () => {
  let given: Fixture;

  beforeAll(async () => {
    given = await fixture(schema);
  });
  afterAll(() => given.end());

  const answers = async (connection: Connection): Promise<readonly unknown[]> => {
    const seen: unknown[] = [];
    for (const text of texts) {
      const [rows] = await connection.query(text);
      seen.push([text, Array.isArray(rows) ? rows : rows.affectedRows]);
    }
    await connection.query('delete from words where id > 3');
    await connection.end();
    return seen;
  };

  it('is the same on a connection with a cache, whose catalog is read in between', async () => {
    const { config } = given.database;
    const plain = await answers(await mysql.createConnection(config));
    const wrapped = withCache(await mysql.createConnection(config), given.cache);
    expect(await answers(wrapped)).toStrictEqual(plain);
  });

  it('is no reason never to read the catalog again', async () => {
    const { config } = given.database;
    const connection = withCache(await mysql.createConnection(config), given.cache);
    await connection.query('create table later (id int primary key)');
    const read = () => connection.query('select * from later');
    await read();
    await read(); // the catalog is read before it
    await read();
    expect(await given.isHit(read)).toBe(true);
    await connection.end();
  });
});
