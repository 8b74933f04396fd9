/** Decides what tells results apart: text, parameters as they are sent, privileges. What only shapes rows shares them. */
import type pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWithPostgres } from '../../support/servers.js';
import { type Fixture, fixture, until } from './fixture.js';

const clerk = `clerk_keys_${process.pid}`;

const schema = `
  create table things (id int primary key, word text, at timestamptz, bits bytea, list text[], document jsonb);
  insert into things values (1, 'a', '2024-01-01 12:00:00Z', '\\x6162', '{a,b}', '{"a": 1}');
`;

/** Pairs that are easily mistaken for one another: one of each finds the row, the other does not. */
const lookalikes: readonly (readonly [
  what: string,
  text: string,
  found: readonly unknown[],
  missed: readonly unknown[],
])[] = [
  [
    'null and its name',
    'select id from things where word is not distinct from $1 or id = 1 and $1 is null',
    [null],
    ['null'],
  ],
  ['null and the empty text', `select id from things where coalesce($1::text, 'a') = word`, [null], ['']],
  [
    'undefined and its name',
    `select id from things where coalesce($1::text, 'a') = word`,
    [undefined],
    ['undefined'],
  ],
  ['where one value ends', 'select id from things where word = $1 and word = $2', ['a', 'a'], ['a,', 'a']],
  ['lengths inside values', 'select id from things where word || $1 = $2', ['1:a', 'a1:a'], ['1', ':aa1:a']],
  [
    'a date and another moment',
    'select id from things where at = $1',
    [new Date('2024-01-01T12:00:00Z')],
    [new Date('2024-01-01T12:00:00.001Z')],
  ],
  ['bytes and their hex', 'select id from things where bits = $1', [Buffer.from('ab')], ['6162']],
  ['an array and its only text', 'select id from things where list = $1', [['a', 'b']], [['a,b']]],
  ['documents', 'select id from things where document = $1', [{ a: 1 }], [{ a: '1' }]],
  ['a number and a text of it', 'select id from things where word = $1', ['a'], [1]],
];

describeWithPostgres('a result', () => {
  let given: Fixture;

  beforeAll(async () => {
    given = await fixture(schema);
  });
  afterAll(() => given.end());

  const found = async (text: string, values: readonly unknown[]): Promise<number | null> =>
    (await given.pool.query(text, [...values])).rowCount;

  it.each(lookalikes)('is kept apart by its parameters: %s', async (_, text, right, wrong) => {
    for (let round = 0; round < 2; round++) {
      expect(await found(text, right)).toBe(1);
      expect(await found(text, wrong)).toBe(0);
    }
    expect(await given.isHit(() => found(text, right))).toBe(true);
    expect(await given.isHit(() => found(text, wrong))).toBe(true);
  });

  it('is kept apart by its text, to the letter', async () => {
    const one = await given.pool.query('select word as "A" from things');
    const other = await given.pool.query('select word as "a" from things');
    expect([one.rows, other.rows]).toStrictEqual([[{ A: 'a' }], [{ a: 'a' }]]);
    expect((await given.pool.query(`select id from things where word = 'a' and id in (1)`)).rowCount).toBe(1);
    expect((await given.pool.query(`select id from things where word = 'a' and id in (2)`)).rowCount).toBe(0);
  });

  it('is not kept for an object that nobody can tell from another', async () => {
    const odd = { toPostgres: (): unknown => ({ toPostgres: () => 'a' }) };
    expect((await given.pool.query('select id from things where word = $1', [odd])).rowCount).toBe(1);
    const symbol = (): Promise<number | null> =>
      found('select id from things where word = $1', [Symbol('a')]);
    for (let round = 0; round < 2; round++) expect(await given.isHit(symbol)).toBe(false);
  });

  it('is one for all who only want its rows in another shape', async () => {
    const text = 'select id, word from things where id = 1';
    await given.pool.query(text);
    const inArray = (): Promise<pg.QueryArrayResult> => given.pool.query({ text, rowMode: 'array' });
    expect(await given.isHit(inArray)).toBe(true);
    expect((await inArray()).rows).toStrictEqual([[1, 'a']]);
    const types: pg.CustomTypesConfig = { getTypeParser: () => (raw: string) => `<${raw}>` };
    const parsed = (): Promise<pg.QueryResult> => given.pool.query({ text, types });
    expect(await given.isHit(parsed)).toBe(true);
    expect((await parsed()).rows).toStrictEqual([{ id: '<1>', word: '<a>' }]);
    expect((await given.pool.query(text)).rows).toStrictEqual([{ id: 1, word: 'a' }]);
  });

  it('is not for a role any more that may not read its table: GRANT and REVOKE end all results', async () => {
    await given.plain.query(`create role ${clerk} login; grant select on things to ${clerk}`);
    const own = given.wrappedPool({ user: clerk, max: 1 });
    const read = (): Promise<pg.QueryResult> => own.query('select word from things');
    try {
      await read();
      await until(() => given.isHit(read));
      await given.pool.query(`revoke select on things from ${clerk}`);
      await expect(read()).rejects.toThrow('permission denied');
      await given.pool.query(`grant select (word) on things to ${clerk}`);
      expect((await read()).rows).toStrictEqual([{ word: 'a' }]);
    } finally {
      await own.end();
      await given.plain.query(`drop owned by ${clerk}; drop role ${clerk}`);
    }
  });
});
