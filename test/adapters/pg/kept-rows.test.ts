/** Decides whether cells that look like what a kept row is written with come back as they were. */
import assert from 'node:assert';
import type pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWithPostgres } from '../../support/servers.js';
import { type Fixture, fixture } from './fixture.js';

const oneByOne = Array.from({ length: 32 }, (_, code) => code + 1);

describeWithPostgres('rows that are kept', () => {
  let given: Fixture;

  beforeAll(async () => {
    given = await fixture(`
      create table texts (id int primary key, one text, two text, three text);
      insert into texts values
        (1, null, null, null), (2, '', null, ''), (3, null, '', null), (4, '', '', ''),
        (5, chr(1), null, chr(1) || chr(1)), (6, 'a' || chr(1), 'b', null), (7, chr(1), 'b', 'c'),
        (8, '\\0', '"', ','), (9, 'é', '😀', chr(55295)), (10, repeat('x', 3000), null, 'end');
      insert into texts select 100 + code, chr(code), null, chr(code) || 'x' from generate_series(1, 32) code;
    `);
  });
  afterAll(() => given.end());

  const selects = [
    'select * from texts order by id',
    'select one from texts order by id',
    'select two, three from texts where id < 5 order by id',
    'select from texts',
    'select id, one from texts where id < 0',
    ...oneByOne.map((code) => `select one, two, three from texts where id = ${100 + code}`),
  ];

  it.each(['object', 'array'])('have the cells that came, rows as %s', async (rowMode) => {
    for (const text of selects) {
      const query = { text, ...(rowMode === 'array' ? { rowMode } : {}) };
      const expected = await given.plain.query(query);
      await given.pool.query(query);
      const before = given.hits();
      for (let round = 0; round < 2; round++) {
        assert.deepStrictEqual(await given.pool.query(query), expected, text);
        // Parsers of the call's own see the cells themselves.
        const seen: string[] = [];
        const types = {
          getTypeParser: () => (raw: string) => {
            seen.push(raw);
            return raw;
          },
        };
        const withTypes = { ...query, types } as unknown as pg.QueryConfig;
        const { rows } = await given.pool.query(withTypes);
        const mine = seen.splice(0);
        const plain = await given.plain.query(withTypes);
        assert.deepStrictEqual(rows, plain.rows, text);
        assert.deepStrictEqual(mine, seen, text);
      }
      expect(given.hits(), text).toBe(before + 4);
    }
  });
});
