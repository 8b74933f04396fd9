/** Decides what else a caller does with a pool and its connections: writes, transactions, sessions, statements, mistakes. */
import { Readable } from 'node:stream';
import type { Pool } from 'mysql2';
import { all, type Behaviour, called, heard, one, outcome, withConnection, withCore } from './behaviour.js';

const passes = (name: string, run: (pool: Pool) => Promise<unknown>): Behaviour => ({
  name,
  hits: false,
  run,
});

/** Each leaves the table as it found it, and its next number. */
const emptied = async (pool: Pool, task: () => Promise<unknown>): Promise<unknown> => {
  await pool.promise().query('truncate table written');
  return task();
};

const writes: readonly Behaviour[] = [
  passes('what writes return', (pool) =>
    emptied(pool, async () => {
      const run = (sql: string, values: unknown[] = []) => outcome(pool.promise().query(sql, values));
      return [
        await run("insert into written (name) values ('a'), ('b')"),
        await run('insert into written set ?', [{ name: 'c', n: 3 }]),
        await run('insert into written (name, n) values ?', [
          [
            ['d', 4],
            ['e', 5],
          ],
        ]),
        await run('update written set n = 1 where id < 3'),
        await run('update written set n = 1 where id < 3'),
        await run('update written set ? where id = ?', [{ n: 7 }, 1]),
        await run("insert into written (id, name) values (1, 'z') on duplicate key update n = n + 1"),
        await run("replace into written (id, name) values (1, 'y')"),
        await run("insert ignore into written (id, name) values (1, 'y')"),
        await run('select * from written order by id'),
        await run('delete from written where id = ?', [1]),
        await run('delete from written where id = ?', [1]),
        await run('select * from written order by id'),
      ];
    }),
  ),
  passes('what executed writes return', (pool) =>
    emptied(pool, async () => [
      await pool.promise().execute('insert into written (name, n) values (?, ?)', ['a', 1]),
      await pool.promise().execute('update written set n = ? where name = ?', [2, 'a']),
      await pool.promise().execute('select * from written'),
      await pool.promise().execute('delete from written'),
    ]),
  ),
  passes('writes with callbacks and events', (pool) =>
    emptied(pool, async () => [
      await called((done) => pool.query("insert into written (name) values ('a')", done)),
      await called((done) => pool.execute("insert into written (name) values ('b')", done)),
      await heard(() => pool.query("insert into written (name) values ('c')")),
      await called((done) => pool.query('select * from written order by id', done)),
    ]),
  ),
  passes('a file of the client', (pool) =>
    emptied(pool, () =>
      outcome(async () => [
        await pool.promise().query({
          sql: "load data local infile 'some.csv' into table written fields terminated by ',' (name, n)",
          infileStreamFactory: () => Readable.from([Buffer.from('x,1\n'), Buffer.from('y,2\n')]),
        } as never),
        await pool.promise().query('select name, n from written order by id'),
      ]),
    ),
  ),
  passes('a violated constraint', (pool) =>
    outcome(pool.promise().query('insert into plain (id) values (1)')),
  ),
  passes('a procedure', (pool) => pool.promise().query('call both_of(1)')),
  passes('an executed procedure', (pool) => pool.promise().execute('call both_of(?)', [1])),
  passes('several statements', (pool) =>
    outcome(pool.promise().query('select 1 as a; select id from plain; do 1')),
  ),
];

const transactions: readonly Behaviour[] = [
  passes('a transaction that commits, one that does not', (pool) =>
    emptied(pool, () =>
      withConnection(pool, async (connection) => [
        await connection.beginTransaction(),
        await connection.query("insert into written (name) values ('a')"),
        await connection.query('select * from written'),
        await connection.commit(),
        await connection.beginTransaction(),
        await connection.execute('update written set n = 5'),
        await connection.execute('select * from written'),
        await connection.rollback(),
        await connection.query('select * from written'),
      ]),
    ),
  ),
  passes('a transaction with callbacks', (pool) =>
    emptied(pool, () =>
      withCore(pool, async (connection) => [
        await called((done) => connection.beginTransaction(done)),
        await called((done) => connection.query("insert into written (name) values ('a')", done)),
        await called((done) => connection.rollback(done)),
        await called((done) => connection.query('select * from written', done)),
        await called((done) => connection.commit(done)),
      ]),
    ),
  ),
  passes('savepoints', (pool) =>
    emptied(pool, () =>
      withConnection(pool, async (connection) => {
        const results = [];
        for (const sql of [
          'start transaction',
          "insert into written (name) values ('a')",
          'savepoint s',
          "insert into written (name) values ('b')",
          'rollback to savepoint s',
          'commit and chain',
          'select name from written',
          'rollback',
        ])
          results.push(await connection.query(sql));
        return results;
      }),
    ),
  ),
  passes('queries that nobody awaited', (pool) =>
    emptied(pool, () =>
      withConnection(pool, (connection) =>
        Promise.all(
          [
            'start transaction',
            "insert into written (name) values ('five')",
            'select name from written',
            'select * from missing',
            'select name from written',
            'rollback',
            'select name from written',
          ].map((sql) => outcome(connection.query(sql))),
        ),
      ),
    ),
  ),
];

/** `close` of a statement leaves it among those that the driver knows: one by this name could not be used again. */
const prepared = 'select * from plain where id = ? or 1 = 2';

/** Versions before 3.22 have none. */
const hasReset = (connection: object): boolean => 'reset' in connection;

const connections: readonly Behaviour[] = [
  passes('a prepared statement', (pool) =>
    withConnection(pool, async (connection) => {
      const statement = await connection.prepare(prepared);
      const results = [
        await statement.execute([1]),
        await statement.execute([2]),
        await statement.execute([1]),
      ];
      connection.unprepare(prepared);
      return results;
    }),
  ),
  passes('a prepared statement with callbacks', (pool) =>
    withCore(pool, async (connection) => {
      const statement = await new Promise<{
        execute(values: unknown[], done: (...given: unknown[]) => void): unknown;
      }>((resolve, reject) => {
        connection.prepare(prepared, (error, given) => (error ? reject(error) : resolve(given)));
      });
      const results = [
        await called((done) => statement.execute([1], done)),
        await called((done) => statement.execute([3], done)),
        await heard(() => statement.execute([4], undefined as never)),
      ];
      connection.unprepare(prepared);
      return results;
    }),
  ),
  passes('a statement that is forgotten and prepared again', (pool) =>
    withCore(pool, async (connection) => {
      const first = await called((done) => connection.execute(one, [1], done));
      connection.unprepare(one);
      return [first, await called((done) => connection.execute(one, [2], done))];
    }),
  ),
  passes('settings and temporary tables of a session', (pool) =>
    withConnection(pool, async (connection) => {
      const results = [];
      for (const sql of [
        "set @a = 5, session sql_mode = 'ANSI_QUOTES'",
        'select @a as a, "name" from plain where id = 1',
        'create temporary table plain (id int)',
        all,
        'drop temporary table plain',
        all,
        'set session sql_mode = default',
        'select "name" from plain where id = 1',
      ])
        results.push(await connection.query(sql));
      return results;
    }),
  ),
  passes('a ping, another user, a reset', (pool) =>
    withConnection(pool, async (connection) => [
      await connection.ping(),
      await connection.query('set @kept = 1'),
      await connection.changeUser({}),
      await connection.query('select @kept as kept'),
      await connection.query(one, [1]),
      await connection.query('set @kept = 1'),
      await (hasReset(connection) && connection.reset()),
      await connection.query('select @kept as kept'),
      await connection.query(one, [1]),
    ]),
  ),
  passes('texts that are formatted and escaped', async (pool) => [
    pool.format('select ? from ??', [1, 'a.b']),
    pool.escape("it's"),
    pool.escapeId('a.b'),
    pool.promise().format('select ?', ['x']),
    await withCore(pool, async (connection) => [
      connection.format('select ?', [new Date(0)]),
      connection.escape([1, 'a']),
      connection.escapeId('x'),
    ]),
  ]),
  passes('a connection that is given back twice', async (pool) => {
    const connection = await pool.promise().getConnection();
    const result = await connection.query(one, [1]);
    connection.release();
    connection.release();
    return result;
  }),
  passes('a connection that was destroyed', async (pool) => {
    const connection = await pool.promise().getConnection();
    connection.destroy();
    return [await outcome(connection.query(one, [1])), await pool.promise().query(one, [1])];
  }),
  passes('an inactivity timeout', (pool) =>
    withCore(pool, async (connection) => {
      const result = await called((done) =>
        connection.query({ sql: 'select sleep(0.2)', timeout: 20 }, done),
      );
      return [result, await called((done) => connection.query(one, [1], done))];
    }),
  ),
  passes('an inactivity timeout that is not reached', (pool) =>
    pool.promise().query({ sql: one, values: [1], timeout: 60_000 }),
  ),
];

const mistakes: readonly Behaviour[] = [
  passes('a syntax error', (pool) => outcome(pool.promise().query('selec 1'))),
  passes('a syntax error in a preparation', (pool) => outcome(pool.promise().execute('selec ?', [1]))),
  passes('an unknown table', (pool) =>
    outcome(pool.promise().query('select * from missing where id = ?', [1])),
  ),
  passes('an unknown column', (pool) =>
    outcome(pool.promise().execute('select missing from plain where id = ?', [1])),
  ),
  passes('an error while reading', (pool) =>
    outcome(pool.promise().query('select refuse_at(id) from plain order by id')),
  ),
  passes('an error for a callback', (pool) => called((done) => pool.query('select * from missing', done))),
  passes('an error for an execution with a callback', (pool) =>
    called((done) => pool.execute('select * from missing', done)),
  ),
  passes('an error for a callback, and what is heard of the query', (pool) =>
    heard(() => pool.query('select exp(price * 100000 + 800) from plain', () => undefined)).then(
      (events) => (events as unknown[][]).filter(([event]) => event === 'error'), // the callback is told instead
    ),
  ),
  passes('an error for listeners', (pool) => heard(() => pool.query('select * from missing'))),
  passes('an error for listeners of a connection', (pool) =>
    withCore(pool, (connection) => heard(() => connection.query('select * from missing'))),
  ),
  passes('an error that names the caller', async (pool) => {
    const error = await pool
      .promise()
      .query('select * from missing')
      .then(
        () => null,
        (given: unknown) => given as Error,
      );
    return error?.stack?.includes('others.ts');
  }),
  passes('an empty text', (pool) => outcome(pool.promise().query(''))),
  passes('nothing at all', (pool) => outcome(() => pool.promise().query(undefined as never))),
  passes('nothing at all, with a callback', (pool) =>
    outcome(called((done) => pool.query(undefined as never, done))),
  ),
  passes('a number instead of a text', (pool) => outcome(() => pool.promise().query(7 as never))),
  passes('a callback for the promise API', (pool) =>
    outcome(() => pool.promise().query(all, (() => undefined) as never)),
  ),
  passes('undefined for an execution', (pool) => outcome(pool.promise().execute(one, [undefined] as never))),
  passes('a function for an execution', (pool) => outcome(pool.promise().execute(one, [() => 1] as never))),
  passes('values for an execution that are no list', (pool) =>
    outcome(pool.promise().execute(one, { id: 1 })),
  ),
  passes('too few values for an execution', (pool) => outcome(pool.promise().execute(one, []))),
  passes('an object in a place for a value', (pool) =>
    outcome(pool.promise().query('select * from plain where name = ?', [{ id: 1 }])),
  ),
  passes('a connection goes on after an error', (pool) =>
    withConnection(pool, async (connection) => [
      await outcome(connection.query('select * from missing')),
      await outcome(connection.query(one, [1])),
    ]),
  ),
];

export const otherBehaviours: readonly Behaviour[] = [
  ...writes,
  ...transactions,
  ...connections,
  ...mistakes,
];
