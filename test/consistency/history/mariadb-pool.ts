/** Decides how the workload asks through a pool of mysql2: which of its ways, in which protocol, with values or literals. */
import mysql, { type FieldPacket, type ResultSetHeader, type RowDataPacket } from 'mysql2';
import type { PoolConnection, Pool as PromisePool } from 'mysql2/promise';
import type { Answer, Connection, Luck, Pool, Row, Transaction, TransactionChoices } from './database.js';
import { MariadbTransaction } from './mariadb-transaction.js';

const waysOfAPool = [
  ...(['query', 'query', 'query', 'execute', 'execute', 'execute'] as const),
  ...(['query callback', 'execute callback', 'options', 'literals', 'arrays'] as const),
];
const ways = [
  ...waysOfAPool,
  ...(['connection query', 'connection execute', 'prepare', 'transaction'] as const),
];

type SqlValue = string | number;
type Result = ResultSetHeader | readonly RowDataPacket[];

const answerOf = (result: unknown): Answer =>
  Array.isArray(result)
    ? { rows: result as readonly Row[], changed: 0 }
    : {
        rows: [],
        changed: (result as ResultSetHeader).affectedRows,
        key: (result as ResultSetHeader).insertId,
      };

const numbered = /\$(\d)/g;

/** `$2` is the second value wherever it stands; of mysql2 each `?` has a value of its own. */
function inOrder(text: string, values: readonly unknown[]): readonly [text: string, values: SqlValue[]] {
  const ordered = [...text.matchAll(numbered)].map(([, number]) => values[Number(number) - 1] as SqlValue);
  return [text.replace(numbered, '?'), ordered];
}

/** A pool of mysql2 in the words of the workload. */
export class MariadbPool implements Pool {
  private readonly promises: PromisePool;

  constructor(private readonly pool: mysql.Pool) {
    this.promises = pool.promise();
  }

  async query(text: string, values: readonly unknown[] = []): Promise<Answer> {
    const [result] = await this.promises.query<Result & RowDataPacket[]>(...inOrder(text, values));
    return answerOf(result);
  }

  async ask(text: string, values: readonly unknown[], { pick, connects }: Luck): Promise<Answer> {
    const [sql, ordered] = inOrder(text, values);
    const { pool, promises } = this;
    switch (pick(connects ? ways : waysOfAPool)) {
      case 'query':
        return answerOf((await promises.query(sql, ordered))[0]);
      case 'execute':
        return answerOf((await promises.execute(sql, ordered))[0]);
      case 'options':
        return answerOf((await promises.query({ sql, values: ordered }))[0]);
      case 'literals':
        return answerOf((await promises.query(mysql.format(sql, ordered)))[0]);
      case 'arrays':
        return fromArrays(await promises.query({ sql, values: ordered, rowsAsArray: true }));
      case 'query callback':
        return calledBack((callback) => pool.query(sql, ordered, callback));
      case 'execute callback':
        return calledBack((callback) => pool.execute(sql, ordered, callback));
      case 'connection query':
        return this.withConnection(async (on) => answerOf((await on.query(sql, ordered))[0]));
      case 'connection execute':
        return this.withConnection(async (on) => answerOf((await on.execute(sql, ordered))[0]));
      case 'prepare':
        return this.withConnection(async (on) => {
          const statement = await on.prepare(sql);
          const [result] = await statement.execute(ordered);
          if (pick([true, false])) on.unprepare(sql); // close() would leave what execute() is given later

          return answerOf(result);
        });
      case 'transaction':
        return this.withConnection(async (on) => {
          await on.beginTransaction();
          const [result] = await on.query(sql, ordered);
          await on.commit();
          return answerOf(result);
        });
    }
  }

  async script(text: string): Promise<readonly Answer[]> {
    const [results] = await this.promises.query<RowDataPacket[][]>(text);
    return results.map(answerOf);
  }

  async connect(): Promise<Connection> {
    return new MariadbConnection(await this.promises.getConnection());
  }

  end(): Promise<void> {
    return this.promises.end();
  }

  private async withConnection<T>(use: (connection: PoolConnection) => Promise<T>): Promise<T> {
    const connection = await this.promises.getConnection();
    let broken = true;
    try {
      const result = await use(connection);
      broken = false;
      return result;
    } finally {
      giveBack(connection, broken);
    }
  }
}

function calledBack(
  ask: (callback: (error: mysql.QueryError | null, result: unknown) => void) => unknown,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    ask((error, result) => (error === null ? resolve(answerOf(result)) : reject(error)));
  });
}

function fromArrays([result, fields]: [unknown, FieldPacket[]]): Answer {
  if (!Array.isArray(result)) return answerOf(result);
  const rows = (result as readonly (readonly unknown[])[]).map((cells) =>
    Object.fromEntries(cells.map((cell, index) => [fields[index]?.name ?? '', cell])),
  );
  return { rows, changed: 0 };
}

function giveBack(connection: PoolConnection, broken: boolean): void {
  if (broken) connection.destroy();
  else connection.release();
}

export class MariadbConnection implements Connection {
  constructor(readonly raw: PoolConnection) {}

  async query(text: string, values: readonly unknown[] = []): Promise<Answer> {
    return answerOf((await this.raw.query(...inOrder(text, values)))[0]);
  }

  transaction(choices: TransactionChoices): Transaction {
    return new MariadbTransaction(this, choices);
  }

  release(broken: boolean): void {
    giveBack(this.raw, broken);
  }
}
