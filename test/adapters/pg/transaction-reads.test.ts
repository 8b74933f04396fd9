/** Decides whether reads inside transactions that use the cache see what the database would show them, and keep nothing that others may not see. */
import type pg from 'pg';
import Cursor from 'pg-cursor';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { describeWithPostgres } from '../../support/servers.js';
import { type Fixture, fixture, until } from './fixture.js';

const clerk = `clerk_reads_${process.pid}`;

const schema = `
  create table accounts (id int primary key, balance int);
  insert into accounts select g, 100 from generate_series(1, 5) g;
  create table notes (id int primary key, body text);
  insert into notes values (1, 'one');
  create function touch() returns int language plpgsql as $$ begin update accounts set balance = 7 where id = 1; return 1; end $$;
  create table secrets (id int primary key, tenant int, word text);
  insert into secrets values (1, 1, 'one'), (2, 2, 'two');
  alter table secrets enable row level security;
  create policy own on secrets using (tenant = nullif(current_setting('app.tenant_id', true), '')::int);
`;

describeWithPostgres("transactions: 'untilWrite'", () => {
  let given: Fixture;
  let client: pg.PoolClient;

  beforeEach(async () => {
    given = await fixture(
      schema,
      { transactions: 'untilWrite', sessions: { key: ['app.tenant_id'] } },
      { max: 3 },
    );
    client = await given.pool.connect();
  });
  afterEach(async () => {
    client.release(true);
    await given.end();
  });

  type Asked = Pick<pg.Pool, 'query'>;
  const balanceOn =
    (on: Asked, id = 1) =>
    async (): Promise<unknown> =>
      (await on.query<{ balance: number }>('select balance from accounts where id = $1', [id])).rows[0]
        ?.balance;
  const own = (id = 1): Promise<unknown> => balanceOn(client, id)();
  const pooled = (id = 1): Promise<unknown> => balanceOn(given.pool, id)();

  it.each(['begin', 'start transaction isolation level read committed', 'begin read only'])(
    'hits and fills at READ COMMITTED before the first write: %s',
    async (begin) => {
      await pooled();
      await client.query(begin);
      expect(await given.isHit(() => own())).toBe(true);
      expect(await given.isHit(() => own(2))).toBe(false);
      expect(await given.isHit(() => own(2))).toBe(true);
      expect(await given.isHit(() => pooled(2))).toBe(true);
      await given.pool.query('update accounts set balance = 101 where id = 2');
      expect(await own(2)).toBe(101); // each statement has a snapshot of its own
      await client.query('commit');
    },
  );

  it('sees its own writes, and shows them to nobody before COMMIT', async () => {
    for (const end of ['commit', 'rollback']) {
      await given.pool.query('update accounts set balance = 100');
      await Promise.all([pooled(), pooled(2)]);
      await client.query('begin');
      expect(await own()).toBe(100);
      await client.query('update accounts set balance = 1 where id = 1');
      expect(await own()).toBe(1);
      expect(await given.isHit(() => own())).toBe(false);
      expect(await given.isHit(() => own(2))).toBe(false);
      expect(await pooled()).toBe(100);
      await client.query(end);
      expect(await pooled()).toBe(end === 'commit' ? 1 : 100);
      expect(await own()).toBe(end === 'commit' ? 1 : 100);
    }
  });

  it.each([
    ['a row lock', 'select * from accounts where id = 3 for update'],
    ['a table lock', 'lock table accounts'],
    ['an advisory lock', 'select pg_advisory_xact_lock(1)'],
    ['an advisory lock beside a setting', `select set_config('app.x', 'y', true), pg_advisory_xact_lock(1)`],
    ['a function that writes', 'select touch()'],
    ['a block', 'do $$ begin update accounts set balance = 7 where id = 1; end $$'],
    ['several statements', 'select 1; update accounts set balance = 7 where id = 1'],
    ['what could not be read', 'update only accounts set balance = 7 where id = 1 returning old.balance'],
    ['a definition', 'create table made (id int)'],
    ['another level', 'set transaction isolation level repeatable read'],
    ['another level by its setting', `set transaction_isolation = 'repeatable read'`],
  ])('goes to the database after %s', async (_, statement) => {
    await pooled();
    await client.query('begin');
    // The level cannot be changed behind a query.
    if (!statement.includes('isolation')) {
      expect(await given.isHit(() => own())).toBe(true);
      await client.query('savepoint a');
    }
    const outcome = await client.query(statement).then(
      () => 'done',
      () => 'failed',
    );
    if (outcome === 'failed') await client.query('rollback to a');
    const truth = outcome === 'done' && /balance = 7|touch/.test(statement) ? 7 : 100;
    expect(await own()).toBe(truth);
    expect(await given.isHit(() => own())).toBe(false);
    await client.query('rollback');
    await until(() => given.isHit(() => own(5)));
  });

  it('sees what cursors write', async () => {
    await pooled();
    await client.query('begin');
    const cursor = client.query(new Cursor('update accounts set balance = 8 where id = 1 returning id'));
    await cursor.read(10);
    await cursor.close();
    expect(await own()).toBe(8);
    await client.query('rollback');
  });

  it.each([
    ['begin isolation level repeatable read'],
    ['begin isolation level serializable'],
    ['begin; select 1'],
  ])('neither hits nor fills in a transaction of another kind: %s', async (begin) => {
    await pooled();
    await client.query(begin);
    expect(await own()).toBe(100); // takes the snapshot
    await given.pool.query('update accounts set balance = 50 where id = 1');
    if (begin.includes('level')) expect(await own()).toBe(100);
    expect(await given.isHit(() => own(3))).toBe(false);
    expect(await given.isHit(() => own(3))).toBe(false);
    expect(await pooled()).toBe(50);
    expect(await given.isHit(() => pooled(3))).toBe(false);
    await client.query('commit');
  });

  it.each([
    ['of the connection', `set default_transaction_isolation = 'repeatable read'`],
    ['of the session', 'set session characteristics as transaction isolation level serializable'],
    ['set by a function', `select set_config('default_transaction_isolation', 'serializable', false)`],
  ])('follows the level that is the default %s', async (_, statement) => {
    await pooled();
    await client.query(statement);
    for (let round = 0; round < 2; round++) {
      await client.query('begin');
      expect(await given.isHit(() => own())).toBe(false);
      await client.query('commit');
      await own(); // it is asked what it has become
    }
    await client.query('begin isolation level read committed');
    expect(await given.isHit(() => own())).toBe(true);
    await client.query('commit');
  });

  it('follows the level that the pool’s connections begin with', async () => {
    const strict = given.wrappedPool({ options: '-c default_transaction_isolation=serializable' });
    const one = await strict.connect();
    await balanceOn(strict)();
    expect(await given.isHit(balanceOn(strict))).toBe(true);
    await one.query('begin');
    expect(await given.isHit(balanceOn(one))).toBe(false);
    await one.query('commit');
    one.release();
  });

  it('goes on after a savepoint, and not after a rollback to one behind a write', async () => {
    await pooled();
    await client.query('begin');
    await client.query('savepoint a');
    expect(await given.isHit(() => own())).toBe(true);
    await expect(client.query('select 1 / 0')).rejects.toThrow();
    await client.query('rollback to savepoint a');
    await client.query('commit');
    await client.query('begin');
    await client.query('savepoint a');
    await client.query('update accounts set balance = 2 where id = 1');
    await client.query('rollback to savepoint a');
    expect(await own()).toBe(100);
    expect(await given.isHit(() => own())).toBe(false);
    await client.query('commit');
    expect(await pooled()).toBe(100);
  });

  it('does not take the next transaction of a chain for one that has written nothing', async () => {
    await client.query('begin');
    await client.query('update accounts set balance = 3 where id = 1');
    await client.query('commit and chain');
    expect(await own()).toBe(3);
    await client.query('update accounts set balance = 4 where id = 1');
    expect(await own()).toBe(4);
    await client.query('rollback');
    expect(await own()).toBe(3);
  });

  it('is right for a prepared transaction', async () => {
    await pooled();
    await client.query('begin');
    await own();
    await client.query('update accounts set balance = 5 where id = 1');
    await client.query(`prepare transaction 'reads'`);
    expect(await own()).toBe(100);
    expect(await given.isHit(() => own())).toBe(false);
    await client.query(`commit prepared 'reads'`);
    expect(await own()).toBe(5);
    await until(() => given.isHit(() => own()));
  });

  it('is right when nothing is awaited', async () => {
    await Promise.all([pooled(), pooled(2)]);
    const sent = await Promise.all([
      client.query('begin'),
      client.query<{ balance: number }>('select balance from accounts where id = $1', [1]),
      client.query('update accounts set balance = 12 where id = 1'),
      client.query<{ balance: number }>('select balance from accounts where id = $1', [1]),
    ]);
    expect(sent[1].rows[0]?.balance).toBe(100);
    expect(sent[3].rows[0]?.balance).toBe(12);
    expect(await own()).toBe(12);
    const [, after] = await Promise.all([client.query('rollback'), own()]);
    expect(after).toBe(100);
  });

  it('is right for a write that was called before BEGIN was answered', async () => {
    await pooled();
    const begun = client.query('begin');
    const written = client.query('update accounts set balance = 13 where id = 1');
    await begun;
    await written;
    expect(await own()).toBe(13);
    await client.query('rollback');
  });

  it('is right for pipelined queries, in a transaction and with settings changed', async () => {
    const options: pg.PoolConfig & { pipeline: boolean } = { max: 1, pipeline: true };
    const piped = given.wrappedPool(options);
    const one = await piped.connect();
    const read = balanceOn(one);
    const at = async (): Promise<unknown> =>
      (await one.query<{ at: string }>(`select timestamptz '2024-01-01 12:00:00Z'::text as at from notes`))
        .rows[0]?.at;
    await read();
    await one.query(`set TimeZone = 'UTC'`);
    const [before, , inside, , after, , here, , there] = await Promise.all([
      read(),
      one.query('begin'),
      read(),
      one.query('update accounts set balance = 20 where id = 1'),
      read(),
      one.query('rollback'),
      at(),
      one.query(`set TimeZone = 'Asia/Tokyo'`),
      at(),
    ]);
    expect([before, inside, after]).toStrictEqual([100, 100, 20]);
    expect([here, there]).toStrictEqual(['2024-01-01 12:00:00+00', '2024-01-01 21:00:00+09']);
    for (const end of ['commit', 'rollback']) {
      await one.query('begin');
      await one.query('update accounts set balance = balance + 1 where id = 1');
      const own = (await read()) as number;
      await one.query(end);
      expect(await read()).toBe(end === 'commit' ? own : own - 1);
      expect(await pooled()).toBe(await read());
    }
    expect(await at()).toBe('2024-01-01 21:00:00+09');
    one.release();
    await piped.end();
  });

  it('is right for parallel reads on one client', async () => {
    await client.query('begin');
    expect(await Promise.all([1, 2, 3, 1, 2].map((id) => own(id)))).toStrictEqual([100, 100, 100, 100, 100]);
    await client.query('update accounts set balance = balance + 1');
    expect(await Promise.all([1, 2, 3].map((id) => own(id)))).toStrictEqual([101, 101, 101]);
    await client.query('rollback');
  });

  it('leaves nothing of a client that was released or destroyed inside its transaction', async () => {
    const single = given.wrappedPool({ max: 1 });
    for (const destroy of [false, true]) {
      const leaking = await single.connect();
      await leaking.query('begin');
      await leaking.query('update accounts set balance = 16 where id = 1');
      leaking.release(destroy);
      expect(await balanceOn(single)()).toBe(destroy ? 100 : 16);
      expect(await pooled()).toBe(100);
      if (!destroy) await single.query('rollback');
    }
    const reading = await single.connect();
    await reading.query('begin');
    await balanceOn(reading, 4)();
    reading.release();
    await given.pool.query('update accounts set balance = 44 where id = 4');
    expect(await balanceOn(single, 4)()).toBe(44);
    await single.query('commit');
    await single.end();
  });

  it("warns once, by code, of pool.query('begin'), and is never wrong for it", async () => {
    const warnings: string[] = [];
    const listen = (warning: Error & { code?: string }): void => void warnings.push(warning.code ?? '');
    process.on('warning', listen);
    const single = given.wrappedPool({ max: 1 });
    await balanceOn(single)();
    for (const end of ['commit', 'rollback']) {
      await single.query('begin');
      await single.query('update accounts set balance = balance + 1 where id = 1');
      const before = end === 'commit' ? 100 : 101;
      expect(await pooled()).toBe(before);
      await single.query(end);
      expect(await balanceOn(single)()).toBe(101);
      expect(await pooled()).toBe(101);
    }
    await new Promise((resolve) => setImmediate(resolve));
    process.off('warning', listen);
    expect(warnings.filter((code) => code === 'LOOKASIDE_WARN_TRANSACTION_LEFT_OPEN')).toHaveLength(1);
    await single.end();
  });

  it('serves each tenant its own, where a transaction says whose it is', async () => {
    await given.plain.query(`create role ${clerk} login; grant select, update on secrets to ${clerk}`);
    const tenants = given.wrappedPool({ user: clerk, max: 2 });
    const words = async (tenant: string): Promise<unknown> => {
      const one = await tenants.connect();
      try {
        await one.query('begin');
        await one.query(`select set_config('app.tenant_id', $1, true)`, [tenant]);
        const { rows } = await one.query<{ word: string }>('select word from secrets');
        await one.query('commit');
        return rows.map(({ word }) => word);
      } finally {
        one.release();
      }
    };
    try {
      for (let round = 0; round < 3; round++) {
        const hits = given.hits();
        expect(await Promise.all(['1', '2', '3'].map((tenant) => words(tenant)))).toStrictEqual([
          ['one'],
          ['two'],
          [],
        ]);
        if (round > 0) expect(given.hits() - hits).toBe(3);
        expect((await tenants.query('select word from secrets')).rows).toStrictEqual([]);
      }
      await given.pool.query('update secrets set tenant = 3 where id = 2');
      expect(await Promise.all(['1', '2', '3'].map((tenant) => words(tenant)))).toStrictEqual([
        ['one'],
        [],
        ['two'],
      ]);
    } finally {
      await tenants.end();
      await given.plain.query(`drop owned by ${clerk}; drop role ${clerk}`);
    }
  });
});
