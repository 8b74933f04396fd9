/** Decides what the answer to a write leaves in the cache: all but what it tells of, and never anything stale. */

import pg from 'pg';
import Cursor from 'pg-cursor';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { describeWithPostgres } from '../../support/servers.js';
import { type Fixture, fixture } from './fixture.js';

const schema = `
  create table users (id serial primary key, email text unique, name text, team int, tag uuid, on_duty bool);
  create table keyed (id int primary key, v int);
  create function rekey() returns trigger language plpgsql as $$ begin new.id := 42; return new; end $$;
  create trigger rekey before insert on keyed for each row execute function rekey();
  create table moving (id int primary key, v int);
  create function move() returns trigger language plpgsql as $$ begin new.id := old.id + 10; return new; end $$;
  create trigger move before update on moving for each row execute function move();
  create table skipping (id int primary key, v int);
  create function skip() returns trigger language plpgsql as $$ begin return null; end $$;
  create trigger skip before update on skipping for each row when (old.v > 5) execute function skip();
  create table ruled (id int primary key, v int);
  create rule ruled as on update to ruled where new.v = 9 do also insert into ruled values (90, 90);
  create table log (id int not null, day int not null, v int, primary key (id, day)) partition by range (day);
  create table log_1 partition of log for values from (0) to (10);
  create table log_2 partition of log for values from (10) to (20);
  create view user_view as select id, name from users;
  create table secured (id int primary key, v int);
  alter table secured enable row level security;
  create policy half on secured using (v < 5);
  create table dropped (gone int, id int primary key, lost int, v int);
  alter table dropped drop column gone, drop column lost;
  create table heads (id int primary key, parent int references heads on delete cascade, v int);
`;

/** What is read before each write, and what of it has to be right after. */
const reads = {
  one: ['select * from users where id = $1', 1],
  two: ['select * from users where id = $1', 2],
  next: ['select * from users where id = $1', 101],
  ann: ['select * from users where email = $1', 'ann'],
  bob: ['select * from users where email = $1', 'bob'],
  seven: ['select id, name from users where team = $1', 7],
  eight: ['select id, name from users where team = $1', 8],
  all: ['select count(*)::int, max(name) from users', undefined],
} as const;

type Name = keyof typeof reads;
const names = Object.keys(reads) as Name[];

describeWithPostgres('what the answer to a write tells', () => {
  let given: Fixture;
  beforeAll(async () => {
    given = await fixture(schema, {}, { max: 4 });
  });
  afterAll(() => given.end());
  beforeEach(async () => {
    await given.pool.query('truncate users');
    await given.pool.query(`insert into users values (1, 'ann', 'a', 7, null, true), (2, 'bob', 'b', 8, null, false);
      select setval('users_id_seq', 100)`);
  });

  const run = (pool: pg.Pool, name: Name): Promise<unknown> => {
    const [text, value] = reads[name];
    return pool
      .query({ text, values: value === undefined ? [] : [value], rowMode: 'array' })
      .then(({ rows }) => rows);
  };

  /** Reads everything, writes, and tells which reads are still answered from the cache. All of them are right. */
  const keptAfter = async (write: () => Promise<unknown>): Promise<readonly Name[]> => {
    for (const name of names) await run(given.pool, name);
    await write();
    const kept: Name[] = [];
    for (const name of names) {
      let rows: unknown;
      if (await given.isHit(async () => (rows = await run(given.pool, name)))) kept.push(name);
      expect([name, rows]).toStrictEqual([name, await run(given.plain, name)]);
    }
    return kept;
  };

  const others: readonly Name[] = ['one', 'two', 'ann', 'bob', 'seven', 'eight'];

  it('leaves the other keys alone where an insert returns its own', async () => {
    const insert = 'insert into users (email, name) values ($1, $2)';
    expect(await keptAfter(() => given.pool.query(`${insert} returning "id"`, ['eve', 'e']))).toEqual(others);
    expect(await keptAfter(() => given.pool.query(insert, ['joe', 'j']))).toEqual([
      'ann',
      'bob',
      'seven',
      'eight',
    ]);
  });

  it('drops what was cached of the key that an insert returns, where there was nothing', async () => {
    await run(given.pool, 'next');
    await given.pool.query('insert into users (email) values ($1) returning id', ['eve']);
    expect(await run(given.pool, 'next')).toStrictEqual([[101, 'eve', null, null, null, null]]);
  });

  it('leaves all other keys alone where an update by another column returns them', async () => {
    const update = 'update users set name = $1 where email = $2';
    const after = await keptAfter(() => given.pool.query(`${update} returning id`, ['x', 'ann']));
    expect(after).toEqual(['two', 'next', 'bob']);
    const whole = await keptAfter(() => given.pool.query(`${update} returning *`, ['y', 'ann']));
    expect(whole).toEqual(['two', 'next', 'bob', 'eight']);
    expect(await keptAfter(() => given.pool.query(update, ['z', 'ann']))).toEqual(['bob']);
  });

  it('leaves everything alone where nothing was written', async () => {
    for (const text of [
      "update users set name = 'x' where id = 1 and team = 99",
      "update users set name = 'x' where name = 'nobody'",
      "delete from users where email = 'nobody' returning *",
      'insert into users (id) values (1) on conflict do nothing',
      "insert into users (id) values (1) on conflict (id) do update set name = 'x' where users.team = 99 returning id",
    ])
      expect([text, await keptAfter(() => given.pool.query(text))]).toEqual([text, names]);
  });

  it('is heard where a write may take long, before its intent is placed', async () => {
    const text = "update users set name = 'x' where team > 7 returning id, email, team";
    expect(await keptAfter(() => given.pool.query(text))).toEqual(['one', 'next', 'ann', 'seven']);
    expect(await keptAfter(() => given.pool.query('delete from users where team > 99'))).toEqual(names);
  });

  it('is heard in a transaction, statement by statement', async () => {
    const kept = await keptAfter(async () => {
      const client = await given.pool.connect();
      await client.query('begin');
      await client.query('insert into users (email) values ($1) returning id', ['eve']);
      await client.query("update users set name = 'x' where id = $1", [101]);
      await client.query("update users set name = 'y' where email = 'nobody'");
      await client.query('commit');
      client.release();
    });
    expect(kept).toEqual(['one', 'two']);
  });

  it('is not waited for where COMMIT is called before the answer has come', async () => {
    const kept = await keptAfter(async () => {
      const client = await given.pool.connect();
      await Promise.all([
        client.query('begin'),
        client.query('insert into users (email) values ($1) returning id', ['eve']),
        client.query('commit'),
      ]);
      client.release();
    });
    expect(kept).not.toContain('next');
  });

  it('counts for nothing where a savepoint brought the transaction back from an error', async () => {
    const kept = await keptAfter(async () => {
      const client = await given.pool.connect();
      await client.query('begin');
      await client.query("update users set name = 'x' where email = 'ann' returning id");
      await client.query('savepoint s');
      await expect(client.query('insert into users (id) values (2) returning id')).rejects.toThrow(
        /duplicate/,
      );
      await client.query('rollback to s');
      await client.query('commit');
      client.release();
    });
    expect(kept).not.toContain('one');
    expect(kept).not.toContain('two');
  });

  it('is the same for a callback, a name, arrays of cells and whatever the parsers of the caller make of it', async () => {
    const text = 'insert into users (email, name) values ($1, $2) returning id';
    const forms: Record<string, () => Promise<unknown>> = {
      callback: () =>
        new Promise((resolve, reject) => {
          given.pool.query(text, ['c', 'x'], (error, result) => (error ? reject(error) : resolve(result)));
        }),
      'a callback in the config': async () => {
        const client = await given.pool.connect();
        await new Promise((resolve, reject) => {
          const callback = (error: Error | null, result: unknown): void =>
            error ? reject(error) : resolve(result);
          (client.query as (config: unknown) => void)({ text, values: ['k', 'x'], callback });
        });
        client.release();
      },
      name: () => given.pool.query({ name: 'insert-user', text, values: ['n', 'x'] }),
      'the name again': () => given.pool.query({ name: 'insert-user', text, values: ['o', 'x'] }),
      array: () => given.pool.query({ text, values: ['r', 'x'], rowMode: 'array' }),
      parsers: () =>
        given.pool.query({ text, values: ['p', 'x'], types: { getTypeParser: () => () => 'odd' } }),
    };
    for (const [form, write] of Object.entries(forms))
      expect([form, (await keptAfter(write)).filter((name) => name !== 'next')]).toEqual([form, others]);
  });

  it('gives the caller what pg gives', async () => {
    const text = 'insert into users (email, tag, on_duty) values ($1, $2, true) returning *, id as again';
    const tag = '00000000-0000-0000-0000-00000000000A';
    const ask = async (pool: pg.Pool, email: string): Promise<unknown> => {
      const { rows, fields, rowCount, command } = await pool.query(text, [email, tag]);
      return JSON.stringify({ rows, fields, rowCount, command }).replaceAll(
        /"(id|again)":\d+|"email":"\w+"/g,
        '',
      );
    };
    expect(await ask(given.pool, 'w1')).toBe(await ask(given.plain, 'w2'));
    await expect(given.pool.query(text, ['w1', tag])).rejects.toMatchObject({ code: '23505' });
  });

  it('is not known of a query that reads its answer itself', async () => {
    const text = 'insert into users (email, name) values ($1, $2) returning id';
    const kept = await keptAfter(async () => {
      const client = await given.pool.connect();
      const cursor = client.query(new Cursor(text, ['s', 'x']));
      await cursor.read(10);
      await cursor.close();
      client.release();
    });
    expect(kept).toEqual(['ann', 'bob', 'seven', 'eight']);
    const own = await keptAfter(async () => {
      const client = await given.pool.connect();
      await new Promise((resolve) => {
        const query = new pg.Query(text, ['t', 'x']);
        query.on('end', resolve);
        client.query(query);
      });
      client.release();
    });
    expect(own).toEqual(['ann', 'bob', 'seven', 'eight']);
  });

  it('counts as any value beyond 64 of them', async () => {
    const insert = (count: number): Promise<unknown> =>
      given.pool.query(`insert into users (name) select 'x' from generate_series(1, ${count}) returning id`);
    expect(await keptAfter(() => insert(20))).toContain('one');
    expect(await keptAfter(() => insert(65))).not.toContain('one');
  });

  it('tells nothing after an error', async () => {
    const insert = (): Promise<unknown> =>
      expect(given.pool.query("insert into users (email) values ('ann') returning id")).rejects.toMatchObject(
        { code: '23505' },
      );
    expect(await keptAfter(insert)).not.toContain('one');
  });

  /** All of each table, row by row of its keys, cached before the write and compared after it. */
  const staleAfter = async (table: string, write: string): Promise<readonly unknown[]> => {
    const ids = [1, 2, 3, 11, 42, 90];
    const texts = [
      `select * from ${table} where id = $1`,
      `select count(*)::int, sum(v)::int from ${table} where id = $1`,
    ];
    const ask = (pool: pg.Pool): Promise<readonly string[]> =>
      Promise.all(
        texts.flatMap((text) => ids.map(async (id) => JSON.stringify((await pool.query(text, [id])).rows))),
      );
    await ask(given.pool);
    await given.pool.query(write);
    const [seen, truth] = [await ask(given.pool), await ask(given.plain)];
    return seen.flatMap((rows, index) => (rows === truth[index] ? [] : [[write, rows, truth[index]]]));
  };

  it('a BEFORE trigger that changes the key', async () => {
    expect(await staleAfter('keyed', 'insert into keyed values (1, 1) returning id')).toEqual([]);
    expect(
      await staleAfter(
        'keyed',
        'insert into keyed values (2, 1) on conflict (id) do update set v = 7 returning id',
      ),
    ).toEqual([]);
    await given.pool.query('insert into moving values (1, 1), (2, 2)');
    expect(await staleAfter('moving', 'update moving set v = 5 where v = 1 returning id')).toEqual([]);
    expect(await staleAfter('moving', 'update moving set v = 6 where v = 2 returning *')).toEqual([]);
  });

  it('a BEFORE trigger that has a row left out', async () => {
    await given.pool.query('insert into skipping values (1, 1), (2, 7)');
    expect(await staleAfter('skipping', 'update skipping set v = v + 1 returning id')).toEqual([]);
    expect(await staleAfter('skipping', 'update skipping set v = v + 1 where id = 2 returning id')).toEqual(
      [],
    );
  });

  it('a rule, a view, a partition, row security, a dropped column', async () => {
    await given.pool.query('insert into ruled values (1, 1), (2, 2)');
    expect(await staleAfter('ruled', 'update ruled set v = 9 where v = 1')).toEqual([]);
    await given.pool.query('insert into log values (1, 1, 1), (2, 2, 2), (1, 11, 3)');
    expect(await staleAfter('log', 'update log set day = 15 where day = 1 returning id')).toEqual([]);
    expect(await staleAfter('log', 'insert into log values (3, 3, 3) returning id')).toEqual([]);
    expect(await staleAfter('log_1', 'delete from log where v = 2 returning id')).toEqual([]);
    await given.pool.query('insert into secured values (1, 1), (2, 7)');
    expect(await staleAfter('secured', 'update secured set v = 3 returning id')).toEqual([]);
    await given.pool.query('insert into dropped values (1, 1), (2, 2)');
    expect(await staleAfter('dropped', 'update dropped set v = 3 where v = 1 returning *')).toEqual([]);
    expect(await staleAfter('dropped', 'insert into dropped values (3, 1) returning *')).toEqual([]);
    expect(await staleAfter('dropped', 'delete from dropped where v = 3 returning v, *')).toEqual([]);
  });

  it('what a view writes', async () => {
    const kept = await keptAfter(() =>
      given.pool.query("update user_view set name = 'v' where id = 1 returning id"),
    );
    expect(kept).not.toContain('one');
  });

  it('a key that references its own table', async () => {
    await given.pool.query('insert into heads values (1, null, 1), (2, 1, 2), (3, 2, 3)');
    expect(await staleAfter('heads', 'delete from heads where v = 1 returning id')).toEqual([]);
  });

  it('MERGE, OLD and NEW, expressions, a CTE', async () => {
    const { rows } = await given.plain.query<{ version: number }>(
      "select current_setting('server_version_num')::int as version",
    );
    const version = rows[0]?.version ?? 0;
    await given.pool.query(
      'insert into dropped values (1, 1), (2, 2), (3, 3) on conflict (id) do update set v = excluded.id',
    );
    const texts = [
      'with x as (update dropped set v = v + 1 where v = 1 returning id) select * from x',
      'update dropped set id = id + 10 where v = 2 returning id',
      'update dropped set v = v + 1 where v > 0 returning id + 1 as id',
      ...(version < 170_000
        ? []
        : [
            'merge into dropped d using (values (3), (42)) s (id) on d.id = s.id when matched then update set v = 30 when not matched then insert (id, v) values (s.id, 1) returning d.id',
            'merge into dropped d using (values (3)) s (id) on d.id = s.id when matched then update set id = 90 returning d.id, d.v',
          ]),
      ...(version < 180_000
        ? []
        : [
            'update dropped set id = 1 where id = 11 returning old.id, new.id',
            'update dropped set id = 11 where id = 1 returning with (old as o, new as n) o.id, n.id as id',
            'delete from dropped where v > 20 returning old.id, new.v',
            'insert into dropped values (2, 5) returning old.id, new.id',
          ]),
    ];
    for (const text of texts) expect(await staleAfter('dropped', text)).toEqual([]);
  });
});
