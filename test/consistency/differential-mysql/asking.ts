/** Decides how a statement is asked of mysql2: by which of its methods, of a pool, a connection or a client. */
import type mysql from 'mysql2';
import type { Connection, PoolConnection } from 'mysql2/promise';
import { answerOf, errorAnswer } from './answer.js';
import type { Call, Read } from './script.js';

export type Asked = mysql.Pool | Connection | PoolConnection;

type Answer = readonly [unknown, unknown];

/** The answer as one text, an error's too. */
export async function ask(on: Asked, call: Call | Read, text: string): Promise<string> {
  try {
    return answerOf(await answered(on, call, text), 'isOrdered' in call && call.isOrdered);
  } catch (error) {
    return errorAnswer(error);
  }
}

function answered(on: Asked, call: Call | Read, text: string): Promise<Answer> {
  const shape = 'shape' in call && call.shape !== undefined ? { [call.shape]: true } : {};
  const options = { sql: text, ...shape };
  const values = [...call.values];
  const promised = 'promise' in on && typeof on.promise === 'function' ? on.promise() : (on as Connection);
  switch (call.way) {
    case 'query':
      return promised.query(options, values);
    case 'execute':
      return promised.execute(options, values as never);
    case 'callback':
      return calledBack(on, options, values);
    case 'prepare':
      return prepared(on, options, values);
  }
}

function calledBack(on: Asked, options: mysql.QueryOptions, values: unknown[]): Promise<Answer> {
  const inner = ('connection' in on ? on.connection : on) as unknown as mysql.Pool;
  return new Promise((resolve, reject) => {
    inner.query(options, values, (error, result, fields) => {
      if (error) reject(error);
      else resolve([result, fields]);
    });
  });
}

async function prepared(on: Asked, options: mysql.QueryOptions, values: unknown[]): Promise<Answer> {
  const isPool = 'promise' in on && typeof on.promise === 'function';
  const client = isPool ? await on.promise().getConnection() : (on as PoolConnection);
  try {
    // Never closed: mysql2 would execute what it closed when it prepares the same text again (error 1243).
    const statement = await client.prepare(options);
    return await statement.execute(values);
  } finally {
    if (isPool) client.release();
  }
}
