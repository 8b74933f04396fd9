/** Decides what a transaction of Prisma is on a connection of mysql2: begun, ended, and the connection given back. */
import type { MysqlConnection } from '../adapters/mysql2/shapes.js';
import { Queryable } from './queryable.js';
import type { IsolationLevel, Transaction } from './shapes.js';

export type OnConnectionError = (error: Error) => void;

export class OpenTransaction extends Queryable<MysqlConnection> implements Transaction {
  readonly options = { usePhantomQuery: true };

  private constructor(
    connection: MysqlConnection,
    private readonly onError: OnConnectionError,
  ) {
    super(connection);
    connection.on('error', this.onError);
  }

  /** @param connection of the pool: given back when the transaction ends, or does not begin */
  static async on(
    connection: MysqlConnection,
    isolationLevel: IsolationLevel | undefined,
    onError: OnConnectionError,
  ): Promise<Transaction> {
    const transaction = new OpenTransaction(connection, onError);
    try {
      if (isolationLevel !== undefined)
        await transaction.tell(`SET TRANSACTION ISOLATION LEVEL ${isolationLevel}`);
      await transaction.tell('BEGIN');
      return transaction;
    } catch (error) {
      transaction.leave();
      throw error;
    }
  }

  commit(): Promise<void> {
    return this.end('COMMIT');
  }

  rollback(): Promise<void> {
    return this.end('ROLLBACK');
  }

  async createSavepoint(name: string): Promise<void> {
    await this.tell(`SAVEPOINT ${name}`);
  }

  async rollbackToSavepoint(name: string): Promise<void> {
    await this.tell(`ROLLBACK TO ${name}`);
  }

  async releaseSavepoint(name: string): Promise<void> {
    await this.tell(`RELEASE SAVEPOINT ${name}`);
  }

  private async end(how: 'COMMIT' | 'ROLLBACK'): Promise<void> {
    try {
      await this.tell(how);
    } finally {
      this.leave();
    }
  }

  private leave(): void {
    this.client.removeListener('error', this.onError);
    this.client.release?.();
  }
}
