/** Decides what a behaviour of the driver is, on which tables, and how what became of a call is told. */
import type { Pool, PoolConnection } from 'mysql2';
import type { PoolConnection as PromisePoolConnection } from 'mysql2/promise';

export interface Behaviour {
  readonly name: string;
  /** Whether the wrapped pool is expected to answer it from the cache when it is repeated. */
  readonly hits: boolean;
  readonly run: (pool: Pool) => Promise<unknown>;
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

/** The arguments of a callback, or what the call threw. */
export const called = (call: (done: (...given: unknown[]) => void) => unknown): Promise<unknown> =>
  new Promise((resolve, reject) => {
    try {
      call((...given) => resolve(given.map((part) => (part instanceof Error ? told(part) : part))));
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
      command.on(event, (...given) =>
        events.push([event, ...given.map((part) => (part instanceof Error ? told(part) : part))]),
      );
    command.on('end', () => setImmediate(() => resolve(events)));
  });

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
