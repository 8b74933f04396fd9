/** Decides what a behaviour of the driver is, on which tables, and how what became of a call is told. */
import type { Pool, PoolConnection, Query } from 'mysql2';
import type { PoolConnection as PromisePoolConnection } from 'mysql2/promise';

export interface Behaviour {
  readonly name: string;
  /** Whether the wrapped pool is expected to answer it from the cache when it is repeated. */
  readonly hits: boolean;
  readonly run: (pool: Pool) => Promise<unknown>;
  /** What the cache counts as a failure of its own, where it is expected to: a kept result that cannot be decoded. */
  readonly counts?: string;
}

/** Needs a connection with `multipleStatements`; beside the tables of `kinds.ts`. */
export const schema = `
  create table plain (id int primary key, name varchar(40), price decimal(8, 2), at datetime, big bigint, bits varbinary(10), ok tinyint(1));
  insert into plain values (1, 'one', 1.5, '2024-01-02 03:04:05', 10000000000, x'01', true), (2, 'two', 3, '2024-06-02 03:04:05', 2, x'0200', false),
    (3, 'three', 4.5, null, null, null, null), (4, 'four''s', 6, '2024-01-04 03:04:05', 4, x'', true);
  create table friends (id int primary key, plain int, name varchar(40));
  insert into friends values (1, 1, 'a'), (2, 1, 'b'), (3, 2, 'c');
  create table written (id int primary key auto_increment, name varchar(40) unique, n int not null default 0);
  create procedure both_of(which int) begin select * from plain where id = which; select * from friends where plain = which; end;
  create procedure out_of(in a int, out b int, inout c int)
    begin set b = a + 1; set c = c + a; update friends set name = 'c' where id = 3; end;
  create function refuse_at(n int) returns int deterministic
    begin if n = 3 then signal sqlstate '45000' set message_text = 'refused'; end if; return n; end;
  create view joined as select p.id, p.name, f.name as friend from plain p join friends f on f.plain = p.id;
`;

export const one = 'select * from plain where id = ?';
export const all = 'select * from plain order by id';

type Done = (...given: unknown[]) => void;

/** The arguments of a callback, or what the call threw. */
export const called = (call: (done: (...given: unknown[]) => void) => unknown): Promise<unknown> =>
  new Promise((resolve, reject) => {
    try {
      call((...given) => resolve(given.map(toldOf)));
    } catch (error) {
      reject(error instanceof Error ? error : new Error(String(error)));
    }
  });

/** Every event of a command, in the order heard. */
export const heard = (call: () => unknown): Promise<unknown> =>
  new Promise((resolve) => {
    const events: unknown[] = [];
    const command = call() as { on(event: string, listener: (...given: unknown[]) => void): void };
    for (const event of ['fields', 'result', 'error'])
      command.on(event, (...given) => events.push([event, ...given.map(toldOf)]));
    command.on('end', () => setImmediate(() => resolve(events)));
  });

const immediate = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Its events and the calls of its callback, in their order, and what it tells of itself at first and in the end. */
export async function happenings(ask: (done: Done) => unknown): Promise<unknown> {
  const seen: unknown[] = [];
  await new Promise<void>((resolve) => {
    const done: Done = (...given) => {
      seen.push(['callback', given.map(toldOf)]);
      resolve();
    };
    const command = ask(done) as (Query & Record<string, unknown>) | undefined;
    if (command === undefined) return;
    const snapshot = (): unknown => [
      command.constructor,
      command['sql'],
      command['values'],
      command['namedPlaceholders'],
      typeof command['onResult'],
    ];
    seen.push(snapshot());
    for (const event of ['fields', 'result', 'error', 'end'])
      command.on(event, (...given: unknown[]) => seen.push([event, given.length]));
    command.on('end', () => setImmediate(() => seen.push(snapshot())));
  });
  await immediate();
  await immediate();
  return seen;
}

/** Who is called when. */
export const inTurn = async (
  asks: readonly ((done: () => void) => unknown)[],
): Promise<readonly number[]> => {
  const order: number[] = [];
  await Promise.all(
    asks.map((ask, index) => new Promise<void>((resolve) => void ask(() => resolve(void order.push(index))))),
  );
  return order;
};

export const toldOf = (part: unknown): unknown => (part instanceof Error ? told(part) : part);

/** What became of it: the result, or all that tells one error from another. */
export async function outcome(running: Promise<unknown> | (() => unknown)): Promise<unknown> {
  try {
    return { result: await (typeof running === 'function' ? running() : running) };
  } catch (error) {
    return told(error);
  }
}

function told(error: unknown): unknown {
  const { name, message, code, errno, sqlState, sqlMessage, sql, fatal, constructor } = error as Error &
    Record<string, unknown>;
  return { name, message, code, errno, sqlState, sqlMessage, sql, fatal, constructor };
}

export async function withConnection<T>(
  pool: Pool,
  task: (connection: PromisePoolConnection) => Promise<T>,
): Promise<T> {
  const connection = await pool.promise().getConnection();
  try {
    return await task(connection);
  } finally {
    connection.release();
  }
}

/** The same of the callback API. */
export async function withCore<T>(pool: Pool, task: (connection: PoolConnection) => Promise<T>): Promise<T> {
  const connection = await new Promise<PoolConnection>((resolve, reject) => {
    pool.getConnection((error, given) => (error ? reject(error) : resolve(given)));
  });
  try {
    return await task(connection);
  } finally {
    connection.release();
  }
}
