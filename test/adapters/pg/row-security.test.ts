/** Decides whether nobody is ever shown what row security hides from him, while the cache serves each his own. */
import type pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { explain } from '../../../src/adapters/pg/index.js';
import { PostgresServer } from '../../support/postgres-server.js';
import { describeWithPostgres, postgresAt } from '../../support/servers.js';
import { type Fixture, fixture, until } from './fixture.js';

const clerk = `clerk_rls_${process.pid}`;
const other = `other_rls_${process.pid}`;

const schema = `
  create table secrets (id int primary key, tenant int, word text);
  insert into secrets values (1, 1, 'one'), (2, 2, 'two');
  alter table secrets enable row level security;
  create policy own on secrets using (tenant = nullif(current_setting('app.tenant_id', true), '')::int);
  create table shared (id int primary key, word text);
  insert into shared values (1, 'all');
  create table memberships (tenant int, who text);
  create table papers (id int primary key, tenant int, word text);
  insert into papers values (1, 1, 'mine'), (2, 2, 'yours');
  alter table papers enable row level security;
  create policy members on papers using (tenant in (select tenant from memberships where who = current_user));
`;

describeWithPostgres('row security', () => {
  // Its own: who is a member of whom, and whom policies do not bind, is a change of the catalog of every database.
  let server: PostgresServer;
  let given: Fixture;
  let pool: pg.Pool;
  let client: pg.PoolClient;

  beforeAll(async () => {
    server = await PostgresServer.start();
  });
  afterAll(() => server.stop());
  beforeEach(async () => {
    given = await fixture(schema, { sessions: { key: ['app.tenant_id'] } }, {}, postgresAt(server.place));
    await given.plain.query(`
      create role ${clerk} login; create role ${other} login;
      grant select, insert, update, delete on all tables in schema public to ${clerk}, ${other}; grant ${other} to ${clerk}`);
    pool = given.wrappedPool({ user: clerk, max: 2 });
    client = await pool.connect();
  });
  afterEach(async () => {
    client.release(true);
    await pool.end();
    await given.plain.query(`drop owned by ${clerk}, ${other}; drop role ${clerk}, ${other}`);
    await given.end();
  });

  type Asked = Pick<pg.Pool, 'query'>;
  const wordsOn =
    (on: Asked, table = 'secrets') =>
    async (): Promise<readonly string[]> =>
      (await on.query<{ word: string }>(`select word from ${table} order by id`)).rows.map(
        ({ word }) => word,
      );
  const become = (tenant: string, on: Asked = client): Promise<unknown> =>
    on.query(`select set_config('app.tenant_id', $1, false)`, [tenant]);

  it('by a declared setting gives each tenant its own results, and hits them', async () => {
    const own = wordsOn(client);
    for (let round = 0; round < 3; round++) {
      await become('1');
      expect(await own()).toStrictEqual(['one']);
      if (round > 0) expect(await given.isHit(own)).toBe(true);
      await client.query(`set app.tenant_id = '2'`);
      expect(await own()).toStrictEqual(['two']);
      if (round > 0) expect(await given.isHit(own)).toBe(true);
      await client.query('set app.tenant_id = 3');
      expect(await own()).toStrictEqual([]);
      expect(await wordsOn(pool)()).toStrictEqual([]);
    }
    await client.query('reset app.tenant_id');
    expect(await own()).toStrictEqual([]);
    await client.query('discard all');
    expect(await own()).toStrictEqual([]);
  });

  it('keeps results apart that no policy is about only where their session differs', async () => {
    const all = wordsOn(client, 'shared');
    await all();
    await become('1');
    expect(await given.isHit(all)).toBe(true);
    expect(await given.isHit(wordsOn(pool, 'shared'))).toBe(true);
  });

  it('keeps a write of one tenant from being missed by another', async () => {
    const own = wordsOn(client);
    await become('2');
    await own();
    expect(await given.isHit(own)).toBe(true);
    await given.pool.query(`update secrets set tenant = 2 where id = 1`);
    expect(await own()).toStrictEqual(['one', 'two']);
  });

  it('is right for a connection that another tenant used before, and for what the pool runs on it', async () => {
    const single = given.wrappedPool({ user: clerk, max: 1 });
    const first = await single.connect();
    await become('1', first);
    expect(await wordsOn(first)()).toStrictEqual(['one']);
    first.release();
    // What the plain pool would say, too: the setting was left behind.
    expect(await wordsOn(single)()).toStrictEqual(['one']);
    expect(await given.isHit(wordsOn(single))).toBe(false);
    expect(await wordsOn(pool)()).toStrictEqual([]);
    await single.query('discard all');
    expect(await wordsOn(single)()).toStrictEqual([]);
    expect(await given.isHit(wordsOn(single))).toBe(true);
    await single.end();
  });

  it('follows a setting that a transaction set, until it ends', async () => {
    const own = wordsOn(client);
    await become('1');
    await own();
    for (const end of ['commit', 'rollback']) {
      await client.query('begin');
      await become('2');
      await client.query(`savepoint a; set app.tenant_id = 1; rollback to a`);
      expect(await own()).toStrictEqual(['two']);
      await client.query(end);
      expect(await own()).toStrictEqual([end === 'commit' ? 'two' : 'one']);
      expect(await given.isHit(own)).toBe(true);
      await become('1');
    }
    await client.query(`set local app.tenant_id = 2`); // outside a transaction: nothing
    await client.query(`select set_config('app.tenant_id', '2', true)`);
    expect(await own()).toStrictEqual(['one']);
    expect(await given.isHit(own)).toBe(true);
  });

  it('asks what a setting is that the statement does not say, or that a function has set', async () => {
    const own = wordsOn(client);
    await become('1');
    await own();
    await client.query(`select set_config('app.tenant_id', '2', false) from shared where id = 99`);
    expect(await own()).toStrictEqual(['one']);
    await client.query(`select set_config('app.tenant_id', (1 + 1)::text, false)`);
    expect(await own()).toStrictEqual(['two']);
    await client.query(`do $$ begin perform set_config('app.tenant_id', '1', false); end $$`);
    expect(await own()).toStrictEqual(['one']);
    await until(() => given.isHit(own)); // DO may have changed the catalog: that is read again
    expect(await own()).toStrictEqual(['one']);
  });

  it('by the role gives each role its own results, with SET ROLE too', async () => {
    await given.plain.query(`insert into memberships values (1, '${clerk}'), (2, '${other}')`);
    const own = wordsOn(client, 'papers');
    for (let round = 0; round < 2; round++) {
      expect(await own()).toStrictEqual(['mine']);
      await client.query(`set role ${other}`);
      expect(await own()).toStrictEqual(['yours']);
      expect(await given.isHit(own)).toBe(true);
      await client.query('reset role');
      expect(await wordsOn(pool, 'papers')()).toStrictEqual(['mine']);
    }
  });

  it('depends on the tables that its policies look into', async () => {
    const own = wordsOn(client, 'papers');
    expect(await own()).toStrictEqual([]);
    expect(await given.isHit(own)).toBe(true);
    await given.pool.query('insert into memberships values ($1, $2)', [2, clerk]);
    expect(await own()).toStrictEqual(['yours']);
    await given.pool.query('delete from memberships');
    expect(await own()).toStrictEqual([]);
  });

  it('changes with its policies, with the table, and with what the role may', async () => {
    const own = wordsOn(client);
    await become('1');
    const shows = async (words: readonly string[]): Promise<void> => {
      expect(await own()).toStrictEqual(words);
      await until(() => given.isHit(own));
      expect(await own()).toStrictEqual(words);
    };
    await shows(['one']);
    await given.pool.query('alter table secrets disable row level security');
    await shows(['one', 'two']);
    await given.pool.query('alter table secrets enable row level security');
    await shows(['one']);
    await given.pool.query(`alter policy own on secrets using (tenant = 2)`);
    await shows(['two']);
    await given.pool.query(`create policy more on secrets using (tenant = 1)`);
    await shows(['one', 'two']);
    await given.pool.query(`drop policy more on secrets; drop policy own on secrets`);
    await shows([]);
    await given.pool.query(`alter role ${clerk} bypassrls`);
    await shows(['one', 'two']);
    await given.pool.query(`alter role ${clerk} nobypassrls`);
    await shows([]);
  });

  it('by a setting that is not declared is never cached, and explain says what to do', async () => {
    await given.pool.query(
      `alter policy own on secrets using (tenant = current_setting('app.company')::int)`,
    );
    await client.query(`set app.company = 2`);
    const own = wordsOn(client);
    for (let round = 0; round < 3; round++) expect(await own()).toStrictEqual(['two']);
    expect(await given.isHit(own)).toBe(false);
    const told = await explain(pool, 'select word from secrets');
    expect(told.cached).toBe(false);
    expect(told.why).toContain('app.company, which is not among sessions.key');
  });
});
