/** Decides when a caller hears what, and with which arguments: errors, commands that give no rows, and the query object itself. */
import type { Pool, PoolConnection, QueryOptions } from 'mysql2';
import { type Behaviour, called, happenings, inTurn, one, withCore } from './behaviour.js';

const passes = (name: string, run: (pool: Pool) => Promise<unknown>): Behaviour => ({
  name,
  hits: false,
  run,
});

/** In all ways to ask with a callback. */
const everyWay = (name: string, sql: QueryOptions): readonly Behaviour[] => [
  passes(`${name}, queried from a pool`, (pool) => happenings((done) => pool.query(sql, done))),
  passes(`${name}, executed by a pool`, (pool) => happenings((done) => pool.execute(sql, done))),
  passes(`${name}, queried from a connection`, (pool) =>
    withCore(pool, (connection) => happenings((done) => connection.query(sql, done))),
  ),
  passes(`${name}, executed by a connection`, (pool) =>
    withCore(pool, (connection) => happenings((done) => connection.execute(sql, done))),
  ),
];

const refuse = (): never => {
  throw new Error('refused to decode');
};

const warm = (connection: PoolConnection): Promise<unknown> =>
  called((done) => connection.query(one, [1], done));

const turns: readonly Behaviour[] = [
  passes('reads behind a ping', (pool) =>
    withCore(pool, async (connection) => {
      await warm(connection);
      return inTurn([
        (done) => connection.ping(done),
        (done) => connection.query(one, [1], done),
        (done) => connection.execute(one, [1], done),
        (done) => connection.ping(done),
        (done) => connection.query(one, [1], done),
      ]);
    }),
  ),
  passes('reads behind a statement that is being prepared', (pool) =>
    withCore(pool, async (connection) => {
      await warm(connection);
      const text = 'select name from plain where id = ? /* prepared first */';
      const order = await inTurn([
        (done) => connection.prepare(text, done),
        (done) => connection.query(one, [1], done),
        (done) => connection.execute(text, [1], done),
        (done) => connection.query(one, [1], done),
      ]);
      connection.unprepare(text);
      return order;
    }),
  ),
  passes('reads behind one that fails, and one whose preparation fails', (pool) =>
    withCore(pool, async (connection) => {
      await warm(connection);
      return inTurn([
        (done) => connection.query('select * from missing', done),
        (done) => connection.query(one, [1], done),
        (done) => connection.execute('select * from missing', done),
        (done) => connection.query(one, [1], done),
      ]);
    }),
  ),
  passes('what is asked from within the callback of an error', (pool) =>
    withCore(pool, (connection) =>
      called((done) => {
        connection.query('select exp(price * 100000 + 800) from plain', (error) =>
          connection.query(one, [1], (...given) => done(error?.message, ...given)),
        );
      }),
    ),
  ),
];

export const turnBehaviours: readonly Behaviour[] = [
  ...everyWay('rows', { sql: one, values: [1] }),
  ...everyWay('an error before any row', { sql: 'select exp(price * 100000 + 800) from plain' }),
  ...everyWay('an error among rows', {
    sql: 'select p.name, exp(f.id * 400) from plain p join friends f on f.plain = p.id order by f.id',
  }),
  ...everyWay('an error of an unknown table', { sql: 'select * from missing' }),
  ...everyWay('a typeCast that throws', { sql: one, values: [1], typeCast: refuse }).map((behaviour) => ({
    ...behaviour,
    counts: 'read',
  })),
  ...turns,
];
