/** Decides what a caller of pg can see of a pool: one list, run against a plain and a wrapped pool side by side. */
import type pg from 'pg';
import { Query } from 'pg';
import Cursor from 'pg-cursor';
import QueryStream from 'pg-query-stream';

export interface Behaviour {
  readonly name: string;
  /** Whether the wrapped pool is expected to answer it from the cache when it is repeated. */
  readonly hits: boolean;
  readonly run: (pool: pg.Pool) => Promise<unknown>;
}

export const schema = `
  create table plain (id int primary key, name text, price numeric, at timestamptz, n int8, f float8, ok bool);
  insert into plain select g, 'name ' || g, g * 1.5, timestamptz '2024-01-02 03:04:05.678Z' + g * interval '1 day',
    g * 10000000000, g * 1.25, g % 2 = 0 from generate_series(1, 20) g;
  insert into plain (id) values (99);
  create table kinds (id int primary key, ts timestamptz, tsl timestamp, d date, t time, iv interval, num numeric,
    big int8, small int2, r4 float4, r8 float8, ok bool, doc json, docb jsonb, txt text, vc varchar(5), ch char(5),
    u uuid, b bytea, ip inet, p point, c circle, ia int[], ta text[], tsa timestamptz[], ba bytea[], ja jsonb[],
    bla bool[], iva interval[], na numeric[], nested int[], m money, o oid, rng int4range, bits bit(3), e "char");
  insert into kinds values (1, '2024-05-06 07:08:09.123456+02', '2024-05-06 07:08:09', '2024-02-29', '12:34:56.7',
    '1 year 2 mons 3 days 04:05:06.789', 12345678901234567890.123, 9007199254740993, -5, 1.5, 1e300, true,
    '{"a":[1,{"b":null}],"__proto__":{"c":1}}', '{"z":1,"a":[true,"x"],"__proto__":[1]}', 'täxt''"', 'abc', 'ab',
    '6f1e0c0a-0b0c-4d0e-8f00-123456789abc', '\\x00ff10', '10.0.0.1', '(1,2)', '<(1,2),3>', '{1,NULL,3}',
    '{"a b",NULL,"c,d"}', '{"2024-01-01 00:00:00+00",NULL}', array['\\x01'::bytea, null], array['{"k":1}'::jsonb],
    '{t,f,NULL}', '{1 day,02:00:00}', '{1.10,NULL}', '{{1,2},{3,4}}', 12.34, 42, '[1,5)', B'101', 'q');
  insert into kinds (id) values (2);
  insert into kinds (id, ts, d, tsl) values (3, 'infinity', '-infinity', '0044-03-15 12:00:00 BC');
  create table names ("__proto__" text, "constructor" int, "1" int, "0" int, "with ""quote" text, "a.b" text);
  insert into names values ('p', 1, 2, 3, 'q', 'd'), (null, null, null, null, null, null);
  create table bare ();
  insert into bare default values;
  insert into bare default values;
  create table nothing (id int, name text);
  create function fail_on_read(int) returns int language plpgsql immutable as
    $$ begin raise exception 'refused %', $1 using errcode = 'P0123'; end $$;
`;

const one = 'select * from plain where id = $1';
const all = 'select * from plain order by id';

export const behaviours: readonly Behaviour[] = [
  { name: 'a text', hits: true, run: (pool) => pool.query(all) },
  { name: 'a text with values', hits: true, run: (pool) => pool.query(one, [3]) },
  { name: 'an empty list of values', hits: true, run: (pool) => pool.query(all, []) },
  { name: 'a config object', hits: true, run: (pool) => pool.query({ text: one, values: [4] }) },
  {
    name: 'a config object with values beside it',
    hits: true,
    run: (pool) => pool.query({ text: one }, [5]),
  },
  {
    name: 'values beside the config object win',
    hits: true,
    run: (pool) => pool.query({ text: one, values: [5] }, [6]),
  },
  { name: 'a callback', hits: true, run: (pool) => called((done) => pool.query(all, done)) },
  { name: 'values and a callback', hits: true, run: (pool) => called((done) => pool.query(one, [7], done)) },
  {
    name: 'a config object and a callback',
    hits: true,
    run: (pool) => called((done) => void pool.query({ text: one, values: [8] }, done as never)),
  },
  {
    name: 'what a call with a callback returns',
    hits: true,
    run: async (pool) => {
      let returned: unknown = 'nothing';
      await called((done) => {
        returned = pool.query(all, done);
      });
      return returned;
    },
  },
  { name: 'rows as arrays', hits: true, run: (pool) => pool.query({ text: all, rowMode: 'array' }) },
  {
    name: 'rows as arrays of every type',
    hits: true,
    run: (pool) => pool.query({ text: 'select * from kinds order by id', rowMode: 'array' }),
  },
  { name: 'every type', hits: true, run: (pool) => pool.query('select * from kinds order by id') },
  {
    name: 'parsers of the call',
    hits: true,
    run: async (pool) => {
      const types = { getTypeParser: (oid: number) => (raw: string) => `${oid}:${raw}` };
      const result = await pool.query({ text: 'select * from kinds where id = 1', types: types });
      return { rows: result.rows, fields: result.fields, rowCount: result.rowCount };
    },
  },
  {
    name: 'a prepared statement',
    hits: true,
    run: (pool) => pool.query({ name: 'by-id', text: one, values: [9] }),
  },
  {
    name: 'the extended protocol',
    hits: true,
    run: (pool) => pool.query({ text: all, queryMode: 'extended' } as never),
  },
  {
    name: 'a query timeout that is not reached',
    hits: true,
    run: (pool) => pool.query({ text: all, query_timeout: 60_000 } as never),
  },
  {
    name: 'columns of the same name',
    hits: true,
    run: (pool) =>
      pool.query('select id as a, name as b, price as a, at as a from plain order by id limit 3'),
  },
  {
    name: 'columns of the same name as arrays',
    hits: true,
    run: (pool) =>
      pool.query({ text: 'select id as a, at as a from plain order by id limit 3', rowMode: 'array' }),
  },
  {
    name: 'names that mean something in JavaScript',
    hits: true,
    run: (pool) => pool.query('select * from names'),
  },
  { name: 'no columns', hits: true, run: (pool) => pool.query('select from bare') },
  {
    name: 'no columns, as arrays',
    hits: true,
    run: (pool) => pool.query({ text: 'select from bare', rowMode: 'array' }),
  },
  { name: 'no rows', hits: true, run: (pool) => pool.query('select * from nothing') },
  {
    name: 'parameters of all kinds',
    hits: true,
    run: (pool) =>
      pool.query(
        'select id, $1::text a, $2::bool b, $3::numeric c, $4::timestamptz d, $5::jsonb e, $6::int[] f, $7::bytea g, $8::text h, $9::int8 i from plain where id = 1',
        [
          'x',
          true,
          1.5,
          new Date(1_700_000_000_000),
          { k: [1] },
          [1, null, 3],
          Buffer.from([0, 1, 255]),
          null,
          123n,
        ],
      ),
  },
  {
    name: 'an object that says how it is sent',
    hits: true,
    run: (pool) => pool.query('select id from plain where id = $1', [{ toPostgres: () => 5 }]),
  },
  {
    name: 'undefined and null parameters',
    hits: true,
    run: (pool) => pool.query('select id, $1::text a, $2::text b from plain where id = 1', [undefined, null]),
  },
  {
    name: 'aggregates and joins',
    hits: true,
    run: (pool) =>
      pool.query('select count(*), sum(p.price), max(p.at) from plain p join kinds k on k.id = p.id'),
  },
  {
    name: 'a client of the pool',
    hits: true,
    run: (pool) => withClient(pool, (client) => client.query(one, [10])),
  },
  {
    name: 'a client of the pool with a callback',
    hits: true,
    run: (pool) => withClient(pool, (client) => called((done) => client.query(one, [11], done))),
  },
  {
    name: 'a callback inside the config',
    hits: true,
    run: (pool) =>
      withClient(pool, (client) =>
        called((done) => client.query({ text: one, values: [12], callback: done } as never)),
      ),
  },
  {
    name: 'a statement of a client by its name alone',
    hits: false,
    run: (pool) =>
      withClient(pool, async (client) => [
        await client.query({ name: 'again', text: one, values: [13] }),
        await client.query({ name: 'again', values: [14] } as unknown as pg.QueryConfig),
        await client.query({ name: 'again', values: [13] } as unknown as pg.QueryConfig),
      ]),
  },
  {
    name: 'a statement name used for two texts',
    hits: false,
    run: (pool) =>
      withClient(pool, async (client) => [
        await outcome(client.query({ name: 'twice', text: 'select 1 as a' })),
        await outcome(client.query({ name: 'twice', text: 'select 2 as a' })),
      ]),
  },
  { name: 'no table', hits: false, run: (pool) => pool.query('select 1 as one') },
  { name: 'an empty text', hits: false, run: (pool) => pool.query('') },
  {
    name: 'several statements',
    hits: false,
    run: (pool) => pool.query('select id from plain where id = 1; select name from plain where id = 2'),
  },
  { name: 'a page of a portal', hits: false, run: (pool) => pool.query({ text: all, rows: 5 } as never) },
  {
    name: 'a row lock',
    hits: false,
    run: (pool) => pool.query('select id from plain where id = 1 for update'),
  },
  {
    name: 'a query object with events',
    hits: false,
    run: (pool) =>
      withClient(pool, (client) => {
        const query = client.query(new Query('select id, name from plain order by id limit 3'));
        return new Promise((resolve, reject) => {
          const rows: unknown[] = [];
          query.on('row', (row) => rows.push(row));
          query.on('end', (result) => resolve({ rows, result }));
          query.on('error', reject);
        });
      }),
  },
  {
    name: 'a cursor',
    hits: false,
    run: (pool) =>
      withClient(pool, async (client) => {
        const cursor = client.query(new Cursor('select id, at from plain order by id'));
        const pages = [await cursor.read(7), await cursor.read(100), await cursor.read(1)];
        await cursor.close();
        return pages;
      }),
  },
  {
    name: 'a stream',
    hits: false,
    run: (pool) =>
      withClient(pool, async (client) => {
        const rows: unknown[] = [];
        for await (const row of client.query(
          new QueryStream('select id, at from plain order by id', [], { batchSize: 4 }),
        ))
          rows.push(row);
        return rows;
      }),
  },
  {
    name: 'writes and what they return',
    hits: false,
    run: (pool) =>
      withClient(pool, async (client) => {
        await client.query('begin');
        const results = [
          await client.query(`insert into nothing values (1, 'a'), (2, 'b') returning *`),
          await client.query(`update nothing set name = $1 where id = $2`, ['c', 2]),
          await client.query('select * from nothing order by id'),
          await client.query('delete from nothing'),
        ];
        await client.query('rollback');
        return results;
      }),
  },
  { name: 'a syntax error', hits: false, run: (pool) => outcome(pool.query('selec 1')) },
  {
    name: 'an unknown table',
    hits: false,
    run: (pool) => outcome(pool.query('select * from missing where id = $1', [1])),
  },
  {
    name: 'an error while reading',
    hits: false,
    run: (pool) => outcome(pool.query('select fail_on_read(id) from plain where id = 1')),
  },
  {
    name: 'an error given to a callback',
    hits: false,
    run: (pool) => outcome(called((done) => pool.query('select * from missing', done))),
  },
  {
    name: 'a value of the wrong type',
    hits: false,
    run: (pool) => outcome(pool.query(one, ['not a number'])),
  },
  { name: 'too few values', hits: false, run: (pool) => outcome(pool.query(one, [])) },
  { name: 'values that are no list', hits: false, run: (pool) => outcome(pool.query(one, 'seven' as never)) },
  {
    name: 'a circular object',
    hits: false,
    run: (pool) => {
      const circular: { self?: unknown } = {};
      circular.self = circular;
      return outcome(pool.query('select $1::jsonb from plain', [circular]));
    },
  },
  {
    name: 'a parameter whose conversion throws',
    hits: false,
    run: (pool) =>
      outcome(
        pool.query(one, [
          {
            toPostgres: () => {
              throw new TypeError('mine');
            },
          },
        ]),
      ),
  },
  { name: 'nothing at all', hits: false, run: (pool) => outcome(pool.query(undefined as never)) },
  { name: 'neither text nor name', hits: false, run: (pool) => outcome(pool.query({} as never)) },
  {
    name: 'a function instead of a text',
    hits: false,
    run: (pool) => outcome(called((done) => (pool.query as (given: unknown) => void)(done))),
  },
  {
    name: 'a callback that is no function',
    hits: false,
    run: (pool) =>
      withClient(pool, async (client) => outcome(async () => client.query('select 1', [], 'no' as never))),
  },
  {
    name: 'a violated constraint',
    hits: false,
    run: (pool) => outcome(pool.query('insert into plain (id) values (1)')),
  },
  {
    name: 'a client goes on after an error',
    hits: false,
    run: (pool) =>
      withClient(pool, async (client) => [
        await outcome(client.query('select * from missing')),
        await outcome(client.query(one, [1])),
      ]),
  },
  {
    name: 'queries that nobody awaited',
    hits: false,
    run: (pool) =>
      withClient(pool, (client) =>
        Promise.all([
          outcome(client.query('begin')),
          outcome(client.query(`insert into nothing values (5, 'five')`)),
          outcome(client.query('select * from nothing')),
          outcome(client.query('select * from missing')),
          outcome(client.query('select * from nothing')),
          outcome(client.query('rollback')),
          outcome(client.query('select * from nothing')),
        ]),
      ),
  },
];

export async function withClient<T>(pool: pg.Pool, task: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  try {
    return await task(client);
  } finally {
    client.release();
  }
}

export const called = (
  call: (done: (error: Error | undefined, result: unknown) => void) => void,
): Promise<unknown> =>
  new Promise((resolve, reject) => {
    call((error, result) => (error ? reject(error) : resolve(result)));
  });

/** What became of it: the result, or all that tells one error from another. */
export async function outcome(running: Promise<unknown> | (() => Promise<unknown>)): Promise<unknown> {
  try {
    return { result: await (typeof running === 'function' ? running() : running) };
  } catch (error) {
    const { name, message, code, position, constructor } = error as Error & Record<string, unknown>;
    return { name, message, code, position, constructor };
  }
}
