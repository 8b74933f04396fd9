/** Decides whether a connection that changes its settings goes on using the cache, as itself and as nobody else. */
import pg from 'pg';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { withCache } from '../../../src/adapters/pg/index.js';
import { describeWithPostgres } from '../../support/servers.js';
import { type Fixture, fixture, until } from './fixture.js';

const schema = `
  create table moments (id int primary key, at timestamptz, bits bytea, ratio float8, length interval, word text);
  insert into moments values (1, '2024-01-01 12:00:00Z', '\\x00ff', 0.1::float8 + 0.2::float8, '1 day 2 hours', 'é');
  create schema other;
  create table other.moments (id int primary key, at timestamptz);
  insert into other.moments values (1, '1999-01-01 12:00:00Z');
  create function wanders() returns int language plpgsql as $$ begin set search_path = other; return 1; end $$;
`;

const columns = `at::text as at, bits::text as bits, ratio::text as ratio, length::text as length, word`;

/** Each with what shows it, under the setting and without. */
const settings: readonly (readonly [statement: string, column: string, there: string, here: string])[] = [
  [`set TimeZone = 'Asia/Tokyo'`, 'at', '2024-01-01 21:00:00+09', '2024-01-01 12:00:00+00'],
  [`set DateStyle = 'German'`, 'at', '01.01.2024 12:00:00 UTC', '2024-01-01 12:00:00+00'],
  [`set IntervalStyle = 'iso_8601'`, 'length', 'P1DT2H', '1 day 02:00:00'],
  [`set extra_float_digits = -10`, 'ratio', '0.3', '0.30000000000000004'],
  [`set bytea_output = 'escape'`, 'bits', '\\000\\377', '\\x00ff'],
  // The driver reads UTF-8 whatever comes: what it makes of another encoding is that session's own, too.
  [`set client_encoding = 'LATIN1'`, 'word', '\ufffd', 'é'],
];

describeWithPostgres('a connection whose settings were changed', () => {
  let given: Fixture;
  let client: pg.PoolClient;

  beforeEach(async () => {
    given = await fixture(schema, {}, { max: 2, options: '-c TimeZone=UTC' });
    client = await given.pool.connect();
  });
  afterEach(async () => {
    client.release(true);
    await given.end();
  });

  type Row = Record<string, unknown>;
  const readOn = (on: Pick<pg.Pool, 'query'>) => async (): Promise<Row | undefined> =>
    (await on.query<Row>(`select ${columns} from moments where id = $1`, [1])).rows[0];
  const yearOn = (on: Pick<pg.Pool, 'query'>) => async (): Promise<unknown> =>
    (await on.query<Row>('select extract(year from at)::int as year from moments where id = $1', [1]))
      .rows[0]?.['year'];
  const own = (): Promise<Row | undefined> => readOn(client)();
  const pooled = (): Promise<Row | undefined> => readOn(given.pool)();

  it.each(settings)(
    'hits its own results after %s, and the pool its own',
    async (statement, column, there, here) => {
      await client.query(statement);
      for (let round = 0; round < 2; round++) {
        expect((await own())?.[column]).toBe(there);
        expect((await pooled())?.[column]).toBe(here);
      }
      expect(await given.isHit(own)).toBe(true);
      expect(await given.isHit(pooled)).toBe(true);
      await given.pool.query(`update moments set at = '2025-06-01 12:00:00Z' where id = 1`);
      expect((await own())?.['at']).not.toBe(here);
      expect(await given.isHit(own)).toBe(true);
    },
  );

  it.each(settings)(
    'has the results of the pool again after %s and RESET',
    async (statement, column, there, here) => {
      await pooled();
      const [, name] = /set (\w+)/.exec(statement) as unknown as [string, string]; // each begins so
      for (const back of [`reset ${name}`, 'reset all']) {
        await client.query(statement);
        expect((await own())?.[column]).toBe(there);
        await client.query(back);
        expect((await own())?.[column]).toBe(here);
        expect(await given.isHit(own)).toBe(true);
      }
    },
  );

  it.each(settings)(
    'is followed through set_config and a rollback after %s',
    async (statement, column, there, here) => {
      const [, name, value] = /set (\w+) = '?([^']*)'?/.exec(statement) as unknown as [
        string,
        string,
        string,
      ]; // each is so
      await client.query('begin');
      await client.query('select set_config($1, $2, false)', [name, value]);
      expect((await own())?.[column]).toBe(there);
      await client.query('rollback');
      expect((await own())?.[column]).toBe(here);
      await client.query('select set_config($1, $2, false)', [name, value]);
      expect((await own())?.[column]).toBe(there);
      expect((await pooled())?.[column]).toBe(here);
      expect(await given.isHit(own)).toBe(true);
    },
  );

  it.each(settings)(
    'has its old results again when SET LOCAL ends: %s',
    async (statement, column, there, here) => {
      const local = statement.replace('set', 'set local');
      for (const end of ['commit', 'rollback']) {
        await client.query('begin');
        await client.query(local);
        expect((await own())?.[column]).toBe(there);
        await client.query(end);
        expect((await own())?.[column]).toBe(here);
        expect(await given.isHit(own)).toBe(true);
      }
      await client.query(local); // outside a transaction it does nothing
      expect((await own())?.[column]).toBe(here);
    },
  );

  // That money, numbers and names of months look different needs locales that a machine may not have.
  it.each(['lc_messages', 'lc_monetary', 'lc_numeric', 'lc_time'])(
    'has results of its own under another %s, and those of the pool after it',
    async (name) => {
      const { rows } = await client.query<Record<string, string>>(`show ${name}`);
      const other = rows[0]?.[name] === 'C' ? 'POSIX' : 'C';
      await pooled();
      expect(await given.isHit(own)).toBe(true);
      await client.query(`set ${name} = '${other}'`);
      expect(await given.isHit(own)).toBe(false);
      expect(await given.isHit(own)).toBe(true);
      expect(await given.isHit(pooled)).toBe(true);
      await client.query(`reset ${name}`);
      await given.pool.query(`update moments set at = '2023-01-01 12:00:00Z' where id = 1`);
      await pooled();
      expect(await given.isHit(own)).toBe(true);
    },
  );

  it('is planned for another search path, and its writes invalidate what they change there and nothing else', async () => {
    expect(await yearOn(given.pool)()).toBe(2024);
    await client.query('set search_path = other');
    const elsewhere = yearOn(client);
    expect(await elsewhere()).toBe(1999);
    expect(await given.isHit(elsewhere)).toBe(true);
    await client.query(`update moments set at = '2001-01-01' where id = 1`);
    expect(await elsewhere()).toBe(2001);
    expect(await given.isHit(yearOn(given.pool))).toBe(true);
    expect(await yearOn(given.pool)()).toBe(2024);
    await given.pool.query(`update other.moments set at = '2002-01-01' where id = 1`);
    expect(await elsewhere()).toBe(2002);
    await client.query('reset search_path');
    expect(await elsewhere()).toBe(2024);
    expect(await given.isHit(elsewhere)).toBe(true);
  });

  it('sees that a table has come into its search path, and that DDL changed what it plans with', async () => {
    await client.query('set search_path = first, other');
    const year = yearOn(client);
    await year();
    expect(await given.isHit(year)).toBe(true);
    await given.pool.query('create schema first');
    await given.pool.query(`create table first.moments as select 1 as id, timestamptz '1980-01-01' as at`);
    expect(await year()).toBe(1980);
    for (let round = 0; round < 3; round++) await year();
    expect(await given.isHit(year)).toBe(true);
    await client.query('drop table first.moments');
    expect(await year()).toBe(1999);
  });

  it('is planned for whichever of many search paths, the one used longest ago anew', async () => {
    await given.plain.query(
      Array.from(
        { length: 40 },
        (_, n) =>
          `create schema s${n}; create table s${n}.moments as select 1 as id, timestamptz '${1900 + n}-01-02' as at;`,
      ).join('\n'),
    );
    await given.pool.query('create table unrelated ()'); // the catalog is read again
    await given.cache.ready(); // and has been: what is read meanwhile is not kept
    for (let round = 0; round < 2; round++)
      for (let n = 0; n < 40; n++) {
        await client.query(`set search_path = s${n}`);
        const year = yearOn(client);
        expect(await year()).toBe(1900 + n);
        expect(await given.isHit(year)).toBe(true);
      }
    expect(await yearOn(given.pool)()).toBe(2024);
  });

  it('is asked what it is after a function that set something, DO, CALL and an unreadable text', async () => {
    const year = yearOn(client);
    expect(await year()).toBe(2024);
    await client.query('select wanders()');
    expect(await year()).toBe(1999);
    expect(await given.isHit(year)).toBe(true);
    await client.query(`do $$ begin perform set_config('search_path', 'public', false); end $$`);
    expect(await year()).toBe(2024);
    await client.query(`prepare wander as select set_config('search_path', 'other', false)`);
    expect(await year()).toBe(2024);
    await client.query('execute wander');
    expect(await year()).toBe(1999);
    expect(await yearOn(given.pool)()).toBe(2024);
  });

  it('is asked after set_config that ran for some rows only', async () => {
    const year = yearOn(client);
    await client.query(`select set_config('search_path', 'other', false) from moments where id = 99`);
    expect(await year()).toBe(2024);
    await client.query(`select set_config('search_path', 'other', false) from moments`);
    expect(await year()).toBe(1999);
    expect(await given.isHit(year)).toBe(true);
  });

  it('as another role is kept apart, by SET ROLE and by SET SESSION AUTHORIZATION', async () => {
    const role = `clerk_${process.pid}`;
    await given.plain.query(`create role ${role}; grant select on moments to ${role}`);
    try {
      for (const [become, back] of [
        [`set role ${role}`, 'reset role'],
        [`set session authorization ${role}`, 'reset session authorization'],
      ] as const) {
        await client.query(become);
        await until(() => given.isHit(own)); // what was granted past the cache may be noticed at any time
        await given.plain.query(`revoke select on moments from ${role}`);
        await given.pool.query(`comment on table moments is 'privileges are looked at again'`);
        await expect(own()).rejects.toThrow('permission denied');
        await pooled();
        await given.cache.ready(); // the catalog has been read again
        await client.query(back);
        await own();
        await given.plain.query(`grant select on moments to ${role}`);
      }
    } finally {
      await client.query('reset session authorization');
      await given.plain.query(`drop owned by ${role}; drop role ${role}`);
    }
  });

  it('that nobody awaited is judged when it has been told', async () => {
    await pooled();
    const [, read] = await Promise.all([
      client.query(`set TimeZone = 'Asia/Tokyo'`),
      client.query<Row>(`select ${columns} from moments where id = $1`, [1]),
      client.query('set search_path = other'),
    ]);
    expect(read.rows[0]?.['at']).toBe('2024-01-01 21:00:00+09');
    expect((await pooled())?.['at']).toBe('2024-01-01 12:00:00+00');
    expect(await yearOn(client)()).toBe(1999);
  });

  it('that the server did not accept changes nothing', async () => {
    await pooled();
    await expect(client.query(`set TimeZone = 'Nowhere'`)).rejects.toThrow();
    await client.query('select 1'); // an error may be told before the server is ready again
    expect(await given.isHit(own)).toBe(true);
    await expect(client.query(`set bytea_output = 'nothing'`)).rejects.toThrow();
    await own();
    expect(await given.isHit(own)).toBe(true);
  });

  it('comes back when its temporary table is gone', async () => {
    const year = yearOn(client);
    await client.query(`create temporary table moments as select 1 as id, timestamptz '2050-01-01' as at`);
    expect(await year()).toBe(2050);
    expect(await given.isHit(year)).toBe(false);
    await client.query('drop table pg_temp.moments');
    expect(await year()).toBe(2024);
    await until(() => given.isHit(year)); // as after any DDL
    await client.query('begin');
    await client.query(`create temporary table moments on commit drop as select 1 as id, now() as at`);
    await client.query('commit');
    expect(await year()).toBe(2024);
    expect(await given.isHit(year)).toBe(true);
  });

  it('of a setting that changes no result, or that only the application knows, is as any other', async () => {
    await pooled();
    for (const statement of [
      'set statement_timeout = 10000',
      `set app.unknown = 'x'`,
      `set application_name = 'y'`,
    ]) {
      await client.query(statement);
      expect(await given.isHit(own)).toBe(true);
    }
  });

  it('is right without a pool, too', async () => {
    const alone = withCache(
      new pg.Client({ ...given.database.config, options: '-c TimeZone=UTC' }),
      given.cache,
    );
    await alone.connect();
    const read = readOn(alone);
    await read();
    await alone.query(`set TimeZone = 'Asia/Tokyo'`);
    expect((await read())?.['at']).toBe('2024-01-01 21:00:00+09');
    expect(await given.isHit(read)).toBe(true);
    await alone.query('discard all');
    expect((await read())?.['at']).toBe('2024-01-01 12:00:00+00');
    await alone.end();
  });

  it('leaves nothing failed', async () => {
    await own();
    expect(given.cache.stats().failures).toStrictEqual({});
  });
});
