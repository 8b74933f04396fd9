/** Decides in which ways a caller can ask a pool for rows, and for which shapes of them. */
import type { Pool, QueryOptions } from 'mysql2';
import mysql from 'mysql2';
import {
  all,
  type Behaviour,
  called,
  happenings,
  heard,
  one,
  outcome,
  withConnection,
  withCore,
} from './behaviour.js';

const reads = (name: string, run: (pool: Pool) => Promise<unknown>): Behaviour => ({ name, hits: true, run });
const passes = (name: string, run: (pool: Pool) => Promise<unknown>): Behaviour => ({
  name,
  hits: false,
  run,
});

const shaped = (name: string, sql: string, options: Omit<QueryOptions, 'sql'>): readonly Behaviour[] => [
  reads(`${name}, queried`, (pool) => pool.promise().query({ sql, ...options })),
  reads(`${name}, executed`, (pool) => pool.promise().execute({ sql, ...options })),
];

const kinds = 'select * from kinds order by id';
const joined = 'select * from plain p join friends f on f.plain = p.id order by p.id, f.id';

const entries: readonly Behaviour[] = [
  reads('a text', (pool) => pool.promise().query(all)),
  reads('a text with values', (pool) => pool.promise().query(one, [1])),
  reads('an empty list of values', (pool) => pool.promise().query(all, [])),
  reads('a value that is no list', (pool) => pool.promise().query(one, 2)),
  reads('options', (pool) => pool.promise().query({ sql: one, values: [2] })),
  reads('options with values beside them', (pool) => pool.promise().query({ sql: one }, [3])),
  reads('values beside options win', (pool) => pool.promise().query({ sql: one, values: [3] }, [4])),
  reads('a callback', (pool) => called((done) => pool.query(all, done))),
  reads('values and a callback', (pool) => called((done) => pool.query(one, [1], done))),
  reads('options and a callback', (pool) => called((done) => pool.query({ sql: one, values: [2] }, done))),
  reads('options, values and a callback', (pool) =>
    called((done) => pool.query({ sql: one }, [3], done as never)),
  ),
  reads('an execution', (pool) => pool.promise().execute(all)),
  reads('an execution with values', (pool) => pool.promise().execute(one, [1])),
  reads('an execution with options', (pool) => pool.promise().execute({ sql: one, values: [2] })),
  reads('an execution with a callback', (pool) => called((done) => pool.execute(all, done))),
  reads('an execution with values and a callback', (pool) => called((done) => pool.execute(one, [2], done))),
  reads('what a query with a callback returns', async (pool) => {
    let returned: unknown;
    await called((done) => (returned = pool.query(one, [1], done)));
    const { constructor, sql, values } = returned as mysql.Query & Record<string, unknown>;
    return { constructor, sql, values };
  }),
  reads('what an execution with a callback returns', async (pool) => {
    let returned: unknown = 'nothing';
    await called((done) => (returned = pool.execute(one, [1], done)));
    return returned;
  }),
  reads('events of a query that has a callback', (pool) =>
    heard(() => pool.query(one, [1], () => undefined)),
  ),
  reads('events of a query that has a callback, which nobody asked before', (pool) =>
    heard(() => pool.query('select name from plain where id = ? -- events', [1], () => undefined)),
  ),
  reads('all that happens to a query that has a callback, in its order', (pool) =>
    happenings((done) => pool.query('select name from plain where id = ? -- order', [1], done)),
  ),
  reads('all that happens to a query of a connection, in its order', (pool) =>
    withCore(pool, (connection) =>
      happenings((done) => connection.query('select name from plain where id = ? -- own order', [1], done)),
    ),
  ),
  reads('all that happens to an execution of a connection, in its order', (pool) =>
    withCore(pool, (connection) =>
      happenings((done) => connection.execute('select name from plain where id = ? -- own order', [1], done)),
    ),
  ),
  passes('events of a query without a callback', (pool) => heard(() => pool.query(all))),
  reads('a connection', (pool) => withConnection(pool, (connection) => connection.query(one, [1]))),
  reads('an execution of a connection', (pool) =>
    withConnection(pool, (connection) => connection.execute(one, [1])),
  ),
  reads('a connection with a callback', (pool) =>
    withCore(pool, (connection) => called((done) => connection.query(one, [1], done))),
  ),
  reads('an execution of a connection with a callback', (pool) =>
    withCore(pool, (connection) => called((done) => connection.execute(one, [1], done))),
  ),
  passes('events of a query of a connection', (pool) =>
    withCore(pool, (connection) => heard(() => connection.query(all))),
  ),
  passes('events of an execution of a connection', (pool) =>
    withCore(pool, (connection) => heard(() => connection.execute(all))),
  ),
  passes('a query that was made before', (pool) =>
    withCore(pool, (connection) =>
      called((done) => {
        const { createQuery: create } = mysql as unknown as { createQuery(...given: unknown[]): mysql.Query };
        connection.query(create('select 1 as one', [], done, {}) as never);
      }),
    ),
  ),
  passes('a stream of a pool', (pool) => streamed(() => pool.query(all))),
  passes('a stream of a connection', (pool) =>
    withCore(pool, (connection) => streamed(() => connection.query(all))),
  ),
  passes('a stream of an execution', (pool) =>
    withCore(pool, (connection) => streamed(() => connection.execute(all))),
  ),
  passes('rows one after another, with pauses', (pool) =>
    withCore(
      pool,
      (connection) =>
        new Promise((resolve, reject) => {
          const rows: unknown[] = [];
          const query = connection.query('select * from many order by id');
          query.on('error', reject);
          query.on('result', (row) => {
            rows.push(row);
            connection.pause();
            setImmediate(() => connection.resume());
          });
          query.on('end', () => resolve(rows));
        }),
    ),
  ),
];

async function streamed(query: () => { stream(options?: object): AsyncIterable<unknown> }): Promise<unknown> {
  const rows: unknown[] = [];
  for await (const row of query().stream({ highWaterMark: 2 })) rows.push(row);
  return rows;
}

const shapes: readonly Behaviour[] = [
  ...shaped('every type', kinds, {}),
  ...shaped('rows as arrays', kinds, { rowsAsArray: true }),
  ...shaped('rows by table', joined, { nestTables: true }),
  ...shaped('rows with the names of tables', joined, { nestTables: '_' }),
  ...shaped('columns of the same name', joined, {}),
  ...shaped('columns of the same name, as arrays', joined, { rowsAsArray: true }),
  ...shaped('dates as texts', kinds, { dateStrings: true }),
  ...shaped('some dates as texts', kinds, { dateStrings: ['DATE'] }),
  ...shaped('big numbers', kinds, { supportBigNumbers: true }),
  ...shaped('big numbers as texts', kinds, { supportBigNumbers: true, bigNumberStrings: true }),
  ...shaped('a typeCast', joined, {
    typeCast: (field, next) => (field.type === 'VAR_STRING' ? `#${field.string()}` : next()),
  }),
  ...shaped('a typeCast that tells of columns', joined, {
    typeCast: (field, next) => {
      const { type, length, db, table, name } = field;
      return [type, length, db, table, name, next()];
    },
  }),
  ...shaped('names that mean something', 'select * from odd', {}),
  ...shaped('no rows', 'select * from nothing', {}),
  ...shaped('a view', 'select * from joined order by friend', {}),
  ...shaped('aggregates', 'select count(*), sum(price), max(at), min(name), null as n from plain', {}),
  ...shaped('a union', 'select id from plain union all select id from friends order by id', {}),
  reads('rows without a typeCast', (pool) => pool.promise().query({ sql: kinds, typeCast: false })),
];

const parameters: readonly Behaviour[] = [
  ...(
    [
      ['a number', 1],
      ['a text', 'two'],
      ['a text with quotes', "four's"],
      ['a text with a placeholder', 'two?'],
      ['a flag', true],
      ['null', null],
      ['a date', new Date('2024-01-02T03:04:05Z')],
      ['bytes', Buffer.of(2, 0)],
      ['a big number', 10_000_000_000n],
      ['a number as a text', '2'],
    ] as const
  ).flatMap(([name, value]) => {
    const values = Array.from({ length: 7 }, () => value);
    const sql =
      'select * from plain where id = ? or name = ? or price = ? or at = ? or big = ? or bits = ? or ok = ? order by id';
    return [
      reads(`${name} as a parameter, queried`, (pool) => pool.promise().query(sql, values)),
      reads(`${name} as a parameter, executed`, (pool) => pool.promise().execute(sql, values)),
    ];
  }),
  reads('a list in a query', (pool) =>
    pool.promise().query('select * from plain where id in (?) order by id', [[1, 3]]),
  ),
  reads('lists of lists in a query', (pool) =>
    pool.promise().query('select * from plain where (id, name) in (?) order by id', [
      [
        [1, 'one'],
        [2, 'no'],
      ],
    ]),
  ),
  reads('names in a query', (pool) =>
    pool.promise().query('select ?? from ?? where ?? = ?', [['id', 'name'], 'plain', 'plain.id', 1]),
  ),
  reads('an object in a query', (pool) =>
    pool.promise().query('select * from plain where ?', [mysql.raw('id = 2')]),
  ),
  reads('placeholders inside texts', (pool) =>
    pool.promise().query("select '?' as q, name from plain where id = ?", [1]),
  ),
  reads('more values than placeholders', (pool) => pool.promise().query(one, [1, 2])),
  reads('named placeholders of the call, queried', (pool) =>
    pool
      .promise()
      .query({ sql: 'select * from plain where id = :id', namedPlaceholders: true, values: { id: 2 } }),
  ),
  reads('named placeholders of the call, executed', (pool) =>
    pool.promise().execute({
      sql: 'select * from plain where id = :id',
      namedPlaceholders: true,
      values: { id: 2 },
    } as never),
  ),
  passes('undefined as a parameter', (pool) => pool.promise().query('select ? as v', [undefined])),
  passes('an object for an execution', (pool) =>
    pool.promise().execute('select ? as v', [{ a: [1] }] as never),
  ),
  passes('fewer values than placeholders', (pool) => outcome(pool.promise().query(one, []))),
];

export const shapingBehaviours: readonly Behaviour[] = [...entries, ...shapes];

export const readingBehaviours: readonly Behaviour[] = [...shapingBehaviours, ...parameters];
