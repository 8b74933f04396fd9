/** Decides what of mysql2's documentation and of its own tests is compared beside the ways to ask: casts, classes, states, ends. */
import { inspect } from 'node:util';
import type { Pool, PoolConnection, RowDataPacket, TypeCastField, TypeCastNext } from 'mysql2';
import { all, type Behaviour, called, one, outcome, withConnection, withCore } from './behaviour.js';

const reads = (name: string, run: (pool: Pool) => Promise<unknown>): Behaviour => ({ name, hits: true, run });
const passes = (name: string, run: (pool: Pool) => Promise<unknown>): Behaviour => ({
  name,
  hits: false,
  run,
});

type Cast = (field: TypeCastField, next: TypeCastNext) => unknown;

/** Each in both protocols. */
const casts: Readonly<Record<string, readonly [string, Cast]>> = {
  'takes the bytes, and changes them': [
    'select id, name, bits from plain order by id',
    (field, next) => {
      if (field.type !== 'VAR_STRING') return next();
      const bytes = field.buffer();
      bytes?.fill(0x21);
      return bytes;
    },
  ],
  'takes the bytes of some types': [
    'select id, vc, vb, bits, deci, dt, js, geo from kinds order by id',
    (field, next) => (['BIT', 'GEOMETRY', 'JSON'].includes(field.type) ? field.buffer() : next()),
  ],
  'takes shapes': [
    'select id, geo, pt, poly from kinds order by id',
    (field, next) => (field.type === 'GEOMETRY' ? field.geometry() : next()),
  ],
  'takes texts of another character set': [
    'select id, latin, vc, ch from kinds order by id',
    (field, next) => (field.name === 'latin' ? field.string('latin1') : next()),
  ],
  'makes flags of small numbers': [
    'select id, ok, price from plain order by id',
    (field, next) => (field.type === 'TINY' && field.length === 1 ? field.string() === '1' : next()),
  ],
  'counts its calls': [
    all,
    (
      (calls: { count: number }): Cast =>
      (_field, next) => [typeof next(), ++calls.count > 0]
    )({ count: 0 }),
  ],
  'gives objects of its own': [
    all,
    (field, next) => ({ name: field.name, value: next(), list: [field.type] }),
  ],
  'gives nothing': [all, () => undefined],
};

const casting: readonly Behaviour[] = Object.entries(casts).flatMap(([name, [sql, typeCast]]) => [
  reads(`a typeCast that ${name}, queried`, (pool) => pool.promise().query({ sql, typeCast })),
  reads(`a typeCast that ${name}, executed`, (pool) => pool.promise().execute({ sql, typeCast } as never)),
]);

/** What nobody compares by depth. */
const shown: readonly Behaviour[] = [
  reads('how rows and columns are shown, queried', async (pool) => shownOf(await pool.promise().query(all))),
  reads('how rows and columns are shown, executed', async (pool) =>
    shownOf(await pool.promise().execute(all)),
  ),
  reads('what columns say of themselves', async (pool) => {
    const [, fields] = await pool.promise().query('select * from kinds where id < 3 order by id');
    return fields.map((field) => {
      const { name, orgName, table, orgTable, db, schema, flags, columnType, type } = field;
      const own = (field as unknown as { inspect(): unknown }).inspect();
      return [name, orgName, table, orgTable, db, schema, flags, columnType, type, own, Object.keys(field)];
    });
  }),
];

const shownOf = ([rows, fields]: readonly [unknown, unknown]): unknown => [
  inspect(rows),
  JSON.stringify(rows),
  inspect(fields),
  (rows as object[]).map((row) => [Object.getPrototypeOf(row) as unknown, row.constructor, Object.keys(row)]),
];

class OwnPromise<T> extends Promise<T> {}

const classes: readonly Behaviour[] = [
  reads('promises of another class, of a pool', async (pool) => {
    const promised = pool.promise(OwnPromise);
    const running = promised.query(one, [1]);
    return [running instanceof OwnPromise, await running];
  }),
  reads('promises of another class, of a connection', (pool) =>
    withCore(pool, async (connection) => {
      const running = connection.promise(OwnPromise as never).execute(one, [1]);
      return [running instanceof OwnPromise, await running];
    }),
  ),
  passes('a query that somebody awaits', (pool) =>
    outcome(async () => {
      const silenced = console.log;
      console.log = () => undefined;
      try {
        await (pool.query(one, [1], () => undefined) as unknown as Promise<unknown>);
      } finally {
        console.log = silenced;
      }
    }),
  ),
  passes('what a connection tells of its state', (pool) =>
    withCore(pool, async (connection) => {
      await called((done) => connection.query(one, [1], done));
      const { config, authorized, threadId } = connection as PoolConnection & Record<string, unknown>;
      const { database, user, multipleStatements, charsetNumber, clientFlags } = config as unknown as Record<
        string,
        unknown
      >;
      const state = (connection as unknown as Record<string, unknown>)['state'];
      return [
        user,
        typeof database,
        multipleStatements,
        charsetNumber,
        clientFlags,
        authorized,
        typeof threadId,
        state,
      ];
    }),
  ),
];

/** Whose end is heard: a connection of its own, so that the pool keeps its. */
const ownConnection = async (
  pool: Pool,
  task: (connection: PoolConnection) => Promise<unknown>,
): Promise<unknown> => {
  const connection = await new Promise<PoolConnection>((resolve, reject) => {
    pool.getConnection((error, given) => (error ? reject(error) : resolve(given)));
  });
  try {
    return await task(connection);
  } finally {
    connection.destroy();
  }
};

const ends: readonly Behaviour[] = [
  passes('a connection that is destroyed while it is asked', (pool) =>
    ownConnection(pool, async (connection) => {
      await called((done) => connection.query(one, [1], done));
      let answers = 0;
      connection.query('select sleep(5)', () => answers++);
      connection.query(one, [1], () => answers++);
      connection.destroy();
      const late = await called((done) => connection.query(one, [1], done));
      const pinged = await called((done) => (connection.ping as (tell: typeof done) => void)(done));
      return [answers, late, pinged];
    }),
  ),
  passes('a connection that another one ends', (pool) =>
    ownConnection(pool, async (connection) => {
      await called((done) => connection.query(one, [1], done));
      let isTold = false;
      connection.on('error', () => (isTold = true));
      const asked = called((done) => connection.query('select sleep(5)', done));
      await pool.promise().query(`kill ${connection.threadId}`);
      const answer = (await asked) as unknown[];
      // What waited until then is told of the loss; the server may tell the statement itself that it was ended.
      const late = (await called((done) => connection.ping(done as never))) as unknown[];
      return [answer[0] !== null, late[0] !== null, isTold];
    }),
  ),
  passes('a query that another one ends', (pool) =>
    withConnection(pool, async (connection) => {
      const slow = outcome(connection.query('select sleep(5) from plain'));
      const after = connection.query(one, [1]);
      await outcome(killQuery(pool, connection.threadId));
      return [await slow, await after];
    }),
  ),
];

/** Once it runs: before that there is nothing to end. */
async function killQuery(pool: Pool, id: number): Promise<void> {
  for (;;) {
    const [rows] = await pool
      .promise()
      .query<RowDataPacket[]>(
        `select info from information_schema.processlist where id = ${id} and info like '%sleep(5)%' and state <> 'starting'`,
      );
    if (rows.length > 0) break;
  }
  await pool.promise().query(`kill query ${id}`);
}

export const documentedBehaviours: readonly Behaviour[] = [...casting, ...shown, ...classes];

/** Beside the connection that it ends, the pool must have one. */
export const endingBehaviours: readonly Behaviour[] = ends;
