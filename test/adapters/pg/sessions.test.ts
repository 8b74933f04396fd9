/** Decides whether results stay apart between sessions that would see different ones, and connections that changed. */
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { withCache } from '../../../src/adapters/pg/index.js';
import { describeWithPostgres } from '../../support/servers.js';
import { type Fixture, fixture, forgiving, until } from './fixture.js';

const schema = `
  create table moments (id int primary key, at timestamptz);
  insert into moments values (1, '2024-01-01 12:00:00Z');
  create schema other;
  create table other.moments (id int primary key, at timestamptz);
  insert into other.moments values (1, '1999-01-01 12:00:00Z');
`;

const asText = (pool: { query: pg.Pool['query'] }) => async (): Promise<unknown> =>
  (await pool.query<{ at: string }>('select at::text from moments where id = $1', [1])).rows[0]?.at;

describeWithPostgres('sessions behind a wrapped pool', () => {
  let given: Fixture;

  beforeAll(async () => {
    given = await fixture(schema, {}, { max: 1, options: '-c TimeZone=UTC' });
  });
  afterAll(() => given.end());
  beforeEach(async () => {
    await given.pool.query('discard all');
    await given.cache.ready();
  });

  const read = () => asText(given.pool)();

  it('keys on the settings that a connection starts with', async () => {
    const elsewhere = given.wrappedPool({ options: '-c TimeZone=Asia/Tokyo' });
    await given.cache.ready();
    for (let round = 0; round < 3; round++) {
      expect(await read()).toBe('2024-01-01 12:00:00+00');
      expect(await asText(elsewhere)()).toBe('2024-01-01 21:00:00+09');
    }
    expect(await given.isHit(asText(elsewhere))).toBe(true);
    expect(await given.isHit(read)).toBe(true);
  });

  it('takes what a connect handler sets for the settings that a connection starts with', async () => {
    const prepared = given.wrappedPool({ max: 2 });
    prepared.on('connect', (client) => {
      void client.query('set search_path = other');
      void client.query(`set TimeZone = 'UTC'`);
    });
    for (let round = 0; round < 3; round++) expect(await asText(prepared)()).toBe('1999-01-01 12:00:00+00');
    expect(await given.isHit(asText(prepared))).toBe(true);
    expect(await read()).toBe('2024-01-01 12:00:00+00');
  });

  it('takes what the pool awaits before it hands a connection out for the same', async () => {
    const prepare = (client: pg.ClientBase): unknown =>
      client.query('set search_path = other').then(() => client.query(`set TimeZone = 'UTC'`));
    const prepared = given.wrappedPool({ max: 2, onConnect: prepare });
    for (let round = 0; round < 3; round++) expect(await asText(prepared)()).toBe('1999-01-01 12:00:00+00');
    expect(await given.isHit(asText(prepared))).toBe(true);
    expect(await read()).toBe('2024-01-01 12:00:00+00');
  });

  it('keeps apart what differing connections of one pool read', async () => {
    const mixed = given.wrappedPool({ max: 2 });
    const zones = ['UTC', 'Asia/Tokyo'];
    mixed.on('connect', (client) => void client.query(`set TimeZone = '${zones.pop()}'`));
    const both = [await mixed.connect(), await mixed.connect()];
    const seen: unknown[] = [];
    for (const client of both) seen.push(await asText(client)());
    expect(seen).toStrictEqual(['2024-01-01 21:00:00+09', '2024-01-01 12:00:00+00']);
    // The pool is keyed on the session that was used first; a connection with the other one must not fill for it.
    for (const [index, client] of both.entries()) {
      await given.pool.query('update moments set id = id');
      client.release();
      const through = await asText(mixed)();
      expect(through).toBe(seen[index]);
      if (index === 0) expect(await asText(mixed)()).toBe(through);
      const again = await mixed.connect();
      both[index] = again;
    }
    for (const client of both) client.release();
  });

  it('invalidates the table that a connect handler made visible', async () => {
    const prepared = given.wrappedPool({ max: 1 });
    prepared.on('connect', (client) => void client.query('set search_path = other'));
    const years = async (pool: pg.Pool): Promise<unknown> =>
      (await pool.query<{ y: number }>('select extract(year from at)::int as y from other.moments')).rows[0]
        ?.y;
    expect(await years(given.pool)).toBe(1999);
    await prepared.query(`update moments set at = '2001-01-01 12:00:00Z'`);
    expect(await years(given.pool)).toBe(2001);
    await prepared.query(`update moments set at = '1999-01-01 12:00:00Z'`);
  });

  it('keeps what a connection with other settings reads from the pool, until it is reset', async () => {
    const client = await given.pool.connect();
    await client.query(`set TimeZone = 'Asia/Tokyo'`);
    expect(await asText(client)()).toBe('2024-01-01 21:00:00+09');
    expect(await given.isHit(asText(client))).toBe(true);
    client.release();
    await given.pool.query('update moments set id = id');
    expect(await read()).toBe('2024-01-01 21:00:00+09'); // what the plain pool would say, too
    await given.pool.query('discard all');
    expect(await read()).toBe('2024-01-01 12:00:00+00');
    expect(await given.isHit(read)).toBe(true);
  });

  it('takes a write under another search path for a write of anything', async () => {
    const counted = () => given.pool.query('select * from other.moments');
    await counted();
    const client = await given.pool.connect();
    await client.query('set search_path = other');
    await client.query(`insert into moments values (2, now())`);
    client.release();
    expect((await counted()).rows).toHaveLength(2);
    await given.pool.query('delete from other.moments where id = 2');
  });

  it('does not mistake a temporary table for the one that it hides', async () => {
    await read();
    const client = await given.pool.connect();
    await client.query(
      `create temporary table moments as select 1 as id, timestamptz '2050-01-01 00:00:00Z' as at`,
    );
    expect(await asText(client)()).toBe('2050-01-01 00:00:00+00');
    await client.query('drop table pg_temp.moments');
    client.release();
    await given.pool.query('discard all');
    expect(await read()).toBe('2024-01-01 12:00:00+00');
  });

  it('goes on caching after a statement that the server could not parse', async () => {
    await expect(given.pool.query('selec 1')).rejects.toThrow('syntax error');
    await read();
    await until(() => given.isHit(read));
  });

  it('keeps the rows of roles apart', async () => {
    await given.plain.query(`
      create table secrets (owner text, word text);
      insert into secrets values ('reader_a', 'a'), ('reader_b', 'b');
      alter table secrets enable row level security;
      create policy own on secrets using (owner = current_user);
    `);
    for (const role of ['reader_a', 'reader_b'])
      await given.plain.query(
        `drop role if exists ${role}; create role ${role} login; grant select on secrets to ${role}`,
      );
    const [a, b] = ['reader_a', 'reader_b'].map((user) => given.wrappedPool({ user }));
    for (let round = 0; round < 3; round++) {
      expect((await a?.query('select word from secrets'))?.rows).toStrictEqual([{ word: 'a' }]);
      expect((await b?.query('select word from secrets'))?.rows).toStrictEqual([{ word: 'b' }]);
    }
    await Promise.all([a?.end(), b?.end()]);
    await given.plain.query('drop table secrets; drop role reader_a; drop role reader_b');
  });
});

describeWithPostgres('a wrapped client without a pool', () => {
  let given: Fixture;

  beforeAll(async () => {
    given = await fixture(schema);
  });
  afterAll(() => given.end());

  it('is cached like a pool, connected before it was wrapped or after', async () => {
    for (const early of [true, false]) {
      const client = new pg.Client(given.database.config);
      if (early) await client.connect();
      expect(withCache(client, given.cache)).toBe(client);
      const connecting = early ? Promise.resolve() : client.connect();
      const first = await asText(client)();
      await connecting;
      expect(await given.isHit(asText(client))).toBe(true);
      expect(await asText(client)()).toBe(first);
      await client.query(`update moments set at = at + interval '1 day'`);
      expect(await asText(client)()).not.toBe(first);
      await client.end();
    }
  });

  it('that was wrapped inside a transaction invalidates everything with its COMMIT', async () => {
    const rows = () => given.pool.query('select * from moments');
    const client = new pg.Client(given.database.config);
    await client.connect();
    await client.query('begin');
    await client.query(`insert into moments values (7, now())`);
    withCache(client, given.cache);
    await rows();
    await client.query('commit');
    expect((await rows()).rows).toHaveLength(2);
    await client.end();
  });

  it('lets a pool that was in use be wrapped', async () => {
    const pool = forgiving(new pg.Pool({ ...given.database.config, max: 2 }));
    const held = await pool.connect();
    await held.query('begin');
    await held.query('delete from moments where id = 7');
    withCache(pool, given.cache);
    const rows = () => pool.query('select * from moments');
    expect((await rows()).rows).toHaveLength(2);
    await held.query('commit');
    held.release();
    expect((await rows()).rows).toHaveLength(1);
    await until(() => given.isHit(rows)); // nobody knows what else that transaction did: the catalog is read again
    await pool.end();
  });
});
