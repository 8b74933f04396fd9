/** Decides what else mysql2's own documentation and tests promise: parameters of odd kinds, order, disposal, classes, statements. */
import mysql, { type Pool, type PoolConnection } from 'mysql2';
import {
  all,
  type Behaviour,
  called,
  heard,
  inTurn,
  one,
  outcome,
  withConnection,
  withCore,
} from './behaviour.js';

const passes = (name: string, run: (pool: Pool) => Promise<unknown>): Behaviour => ({
  name,
  hits: false,
  run,
});

/** From 3.24 on. */
const typed = (mysql as unknown as { TypedParameter?: Record<string, (value: unknown) => unknown> })
  .TypedParameter;

class OwnValue {
  valueOf(): number {
    return 1;
  }

  toString(): string {
    return '1';
  }
}

const oddValues: readonly unknown[] = [
  new String('1'),
  new Uint8Array([0x31]),
  { toSqlString: () => '2' },
  [1, 2],
  { id: 1 },
  new Map([['id', 1]]),
  new OwnValue(),
  new Date(Number.NaN),
  -0,
  1e21,
  1.5,
  '1 ',
  ' 1',
  '01',
  '1e0',
  '2abc',
  true,
  2n,
  Buffer.from('1'),
  null,
];

const typedValues: readonly unknown[] =
  typed === undefined ? [] : [typed['INT']?.(1), typed['BIGINT']?.('2'), typed['VARCHAR']?.('1')];

const valuesFor = {
  query: [...oddValues, ...typedValues],
  // Objects that it cannot write leave a connection of the driver itself stuck.
  execute: [
    ...oddValues.filter((value) => typeof value !== 'object' || value === null || Buffer.isBuffer(value)),
    ...typedValues,
  ],
};

const ask = (pool: Pool, method: 'query' | 'execute', text: string, value: unknown): Promise<unknown> =>
  method === 'query' ? pool.promise().query(text, [value]) : pool.promise().execute(text, [value as string]);

/** Each asked, and written by: what the others read meanwhile tells which rows it named. */
const parameters: readonly Behaviour[] = (['query', 'execute'] as const).flatMap((method) => [
  passes(`parameters of every kind, by ${method}`, async (pool) => {
    const results = [];
    for (const value of valuesFor[method]) results.push(await outcome(() => ask(pool, method, one, value)));
    return results;
  }),
  passes(`parameters of every kind in writes, by ${method}`, async (pool) => {
    await pool.promise().query('truncate table written');
    await pool.promise().query("insert into written (name) values ('1'), ('2'), ('1 a')");
    const results = [];
    for (const value of valuesFor[method])
      for (const text of [
        'update ignore written set n = n + 1 where id = ?',
        'update ignore written set n = n + 1 where name = ?',
      ]) {
        for (const id of [1, 2, 3]) await pool.promise().query('select * from written where id = ?', [id]);
        await pool.promise().query("select * from written where name = '1'");
        results.push(await outcome(() => ask(pool, method, text, value)));
        for (const id of [1, 2, 3])
          results.push(await pool.promise().query('select * from written where id = ?', [id]));
        results.push(await pool.promise().query("select * from written where name = '1'"));
      }
    return results;
  }),
]);

const orders: readonly Behaviour[] = [
  passes('the order in which callers of one connection are answered', (pool) =>
    withCore(pool, (connection) =>
      inTurn([
        (done) => connection.query(one, [1], done),
        (done) => connection.execute(one, [1], done),
        (done) => connection.query('update written set n = n', done),
        (done) => connection.query(one, [1], done),
        (done) => connection.query('select 1', done),
        (done) => connection.execute(one, [2], done),
        (done) => connection.query(one, [1], done),
      ]),
    ),
  ),
  passes('a query from within a callback, and from within an event', (pool) =>
    withCore(pool, (connection) =>
      called((done) => {
        connection.query(one, [1], () => {
          const query = connection.query('select * from friends where plain = ? order by id', [1]);
          query.once('result', () => void connection.query(one, [2], done));
        });
      }),
    ),
  ),
  passes('a callback is called on a later tick, and once', async (pool) => {
    const calls: string[] = [];
    const asked = [
      called((done) => pool.query(one, [1], (...given) => done(calls.push('query'), given.length))),
      called((done) => pool.execute(one, [1], (...given) => done(calls.push('execute'), given.length))),
    ];
    calls.push('returned');
    await Promise.all(asked);
    await pool.promise().query('do 1');
    return [calls[0], calls.length];
  }),
];

const connections: readonly Behaviour[] = [
  passes('a connection that is used after it was given back', async (pool) => {
    const connection = await new Promise<PoolConnection>((resolve, reject) => {
      pool.getConnection((error, given) => (error ? reject(error) : resolve(given)));
    });
    const first = called((done) => connection.query(one, [1], done));
    connection.release();
    const second = called((done) => connection.query('update written set n = n', done));
    return [await first, ((await second) as unknown[]).length, await pool.promise().query(one, [2])];
  }),
  passes('a connection that is disposed of', async (pool) => {
    const connection = await pool.promise().getConnection();
    const result = await connection.query(one, [1]);
    const dispose = (connection as { [Symbol.asyncDispose]?: () => Promise<void> })[Symbol.asyncDispose];
    if (dispose === undefined) connection.release();
    else await dispose.call(connection);
    return [result, await pool.promise().query(one, [1])];
  }),
  passes('the classes of what a pool gives', (pool) =>
    withConnection(pool, async (connection) => [
      pool.constructor,
      pool.promise().constructor,
      connection.constructor,
      (connection as unknown as { connection: object }).connection.constructor,
      connection.threadId === (connection as unknown as { connection: PoolConnection }).connection.threadId,
    ]),
  ),
  passes('a procedure that hands something back', (pool) =>
    withConnection(pool, async (connection) => [
      await connection.query('set @c = 5'),
      await connection.query('call out_of(1, @b, @c)'),
      await connection.query('select @b as b, @c as c'),
      await connection.query('select name from friends where id = 3'),
    ]),
  ),
  passes('what a prepared statement tells of itself', (pool) =>
    withCore(pool, async (connection) => {
      const text = 'select name, price from plain where id = ? and name = ?';
      const statement = await new Promise<{
        readonly query: string;
        readonly columns: readonly { readonly name: string }[];
        readonly parameters: readonly unknown[];
      }>((resolve, reject) => {
        connection.prepare(text, (error, given) => (error ? reject(error) : resolve(given as never)));
      });
      const { query, columns, parameters: wanted } = statement;
      const twice = [
        await called((done) => connection.execute(text, [1, 'one'], done)),
        await called((done) => connection.execute(text, [1, 'one'], done)),
      ];
      connection.unprepare(text);
      return [query, columns.map(({ name }) => name), wanted.length, twice];
    }),
  ),
  passes('a stream that nobody reads to its end', (pool) =>
    withCore(pool, async (connection) => {
      let first: unknown;
      for await (const row of connection.query('select * from many order by id').stream()) {
        first = row;
        break;
      }
      return [first, await called((done) => connection.query(one, [1], done))];
    }),
  ),
  passes('a stream that fails', (pool) =>
    outcome(async () => {
      for await (const _row of pool.query('select * from missing').stream()) return 'a row';
      return 'nothing';
    }),
  ),
  passes('an error in the middle of rows', (pool) =>
    heard(() => pool.query('select id, refuse_at(id) as n from plain order by id')),
  ),
  passes('warnings of a write, and how many rows it wrote', (pool) =>
    withConnection(pool, async (connection) => [
      await connection
        .query("insert ignore into written (id, name, n) values (77, 'warned', 'x')")
        .then(() => 0),
      await connection.query('show warnings'),
      await connection.query('delete from written where id = 77').then(() => 'deleted'),
      await connection.query('select row_count() as count'),
    ]),
  ),
  passes('a transaction whose statements nobody awaited, and what others see of it', async (pool) => {
    await pool.promise().query('truncate table written');
    await pool.promise().query('select * from written');
    const ended = await withConnection(pool, (connection) =>
      Promise.all(
        [
          "insert into written (name) values ('one')",
          'start transaction',
          "insert into written (name) values ('two')",
          'select name from written order by id',
          'commit',
          'select name from written order by id',
          'start transaction',
          "insert into written (name) values ('three')",
          'rollback',
          'select name from written order by id',
        ].map((text) => outcome(connection.query(text))),
      ),
    );
    return [ended, await pool.promise().query('select * from written'), await pool.promise().query(all)];
  }),
];

export const promisedBehaviours: readonly Behaviour[] = [...parameters, ...orders, ...connections];
