/** Decides whether what one caller does to a result, or to his own arguments, can be seen by another. */
import assert from 'node:assert';
import type pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWithPostgres } from '../../support/servers.js';
import { schema } from './behaviours.js';
import { type Fixture, fixture } from './fixture.js';

/** Changes everything that can be reached from a value. */
function spoil(value: unknown, seen = new Set<unknown>()): void {
  if (typeof value !== 'object' || value === null || seen.has(value)) return;
  seen.add(value);
  if (value instanceof Date) value.setTime(0);
  else if (Buffer.isBuffer(value)) value.fill(7);
  else {
    for (const key of Reflect.ownKeys(value)) {
      const descriptor = Object.getOwnPropertyDescriptor(value, key);
      spoil(descriptor?.value, seen);
      if (descriptor?.writable === true && key !== 'length') Reflect.set(value, key, 'spoilt');
    }
    if (Array.isArray(value)) value.push('spoilt');
    else Reflect.set(value, 'added', 'spoilt');
  }
}

describeWithPostgres('results of a wrapped pool', () => {
  let given: Fixture;

  beforeAll(async () => {
    given = await fixture(schema);
  });
  afterAll(() => given.end());

  const owned = ({
    rows,
    fields,
    _parsers,
    _prebuiltEmptyResultObject,
  }: pg.QueryResult & Record<string, unknown>) => [
    rows,
    fields,
    _prebuiltEmptyResultObject,
    Object.fromEntries((_parsers as unknown[]).entries()),
  ];

  it.each(['object', 'array'])('belong to their caller, rows as %s', async (rowMode) => {
    const query = { text: 'select * from kinds order by id', ...(rowMode === 'array' ? { rowMode } : {}) };
    const expected = await given.plain.query(query);
    for (let round = 0; round < 4; round++) {
      const mine = (await given.pool.query(query)) as never;
      assert.deepStrictEqual(mine, expected);
      spoil(owned(mine));
      (mine as { _parsers: unknown[] })._parsers.fill(undefined);
    }
    expect(given.hits()).toBeGreaterThan(0);
  });

  it('belong to their caller when several waited for one execution', async () => {
    const text = 'select * from kinds where id = 1';
    const expected = await given.plain.query(text);
    const results = await Promise.all([1, 2, 3, 4].map(() => given.pool.query(text)));
    for (const result of results) {
      assert.deepStrictEqual(result, expected);
      spoil(owned(result as never));
    }
    expect(given.cache.stats().joined).toBeGreaterThan(0);
  });

  it('are kept under the parameters that were sent', async () => {
    const bytes = Buffer.from([1, 2]);
    const list = [1, 2];
    const text = 'select $1::bytea as b, $2::int[] as l from plain where id = 1';
    const running = given.pool.query(text, [bytes, list]);
    bytes.fill(9);
    list.push(3);
    const expected = [{ b: Buffer.from([1, 2]), l: [1, 2] }];
    expect((await running).rows).toStrictEqual(expected);
    expect((await given.pool.query(text, [Buffer.from([1, 2]), [1, 2]])).rows).toStrictEqual(expected);
    expect((await given.pool.query(text, [bytes, list])).rows).toStrictEqual([
      { b: Buffer.from([9, 9]), l: [1, 2, 3] },
    ]);
  });

  it('tell parameters apart that only look alike', async () => {
    const text = `select coalesce($1::text, 'NULL') as a, coalesce($2::text, 'NULL') as b from plain where id = 1`;
    const lists: unknown[][] = [
      ['1', '23'],
      ['12', '3'],
      [null, 'x'],
      ['n', 'x'],
      ['', 'x'],
      ['1:', '2'],
      ['1', ':2'],
      [1, '1:1'],
      [true, 'x'],
      ['true', 'x'],
    ];
    for (let round = 0; round < 2; round++)
      for (const values of lists) {
        const { rows } = await given.plain.query(text, values);
        expect((await given.pool.query(text, values)).rows).toStrictEqual(rows);
      }
  });

  it('follow parsers that are registered while results are kept', async () => {
    const pg = (await import('pg')).default;
    const text = 'select n from plain where id = 1';
    const { INT8 } = pg.types.builtins;
    const before = pg.types.getTypeParser(INT8) as (raw: string) => unknown;
    const read = async () => (await given.pool.query<{ n: unknown }>(text)).rows[0]?.n;
    await read();
    expect(await read()).toBe('10000000000');
    pg.types.setTypeParser(INT8, BigInt);
    try {
      expect(await read()).toBe(10_000_000_000n);
      expect(await given.isHit(read)).toBe(true);
    } finally {
      pg.types.setTypeParser(INT8, before);
    }
    expect(await read()).toBe('10000000000');
  });

  it('fail as the parser of the caller fails', async () => {
    const failing = {
      getTypeParser: () => () => {
        throw new RangeError('not mine');
      },
    };
    const run = (pool: pg.Pool) => pool.query({ text: 'select n from plain where id = 1', types: failing });
    for (const pool of [given.plain, given.pool, given.pool])
      await expect(run(pool)).rejects.toThrow(new RangeError('not mine'));
  });

  it('are never taken from yesterday for a parameter that means today', async () => {
    const read = () => given.pool.query('select id from plain where at < $1::timestamptz', ['tomorrow']);
    await read();
    expect(await given.isHit(read)).toBe(false);
  });
});
