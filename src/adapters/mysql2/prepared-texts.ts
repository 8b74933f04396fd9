/**
 * Decides in which session a prepared statement means what its text says: the server resolves its names, and reads its
 * text, as the session was when it was prepared, whatever `USE` and `SET sql_mode` came since.
 */
import type { Database } from './databases.js';
import type { ExecuteCommand, MysqlConnection, PrepareCommand, PreparedStatement } from './shapes.js';

export class PreparedTexts {
  private readonly byStatement = new WeakMap<PreparedStatement, Database>();
  /** Of executions whose statement the driver looks for when their turn comes: by the options they share with it. */
  private readonly byOptions = new WeakMap<object, Database>();

  constructor(private readonly connection: MysqlConnection) {}

  /** A statement is about to be prepared, or found to be. @param database null: the session is not known */
  preparing(command: PrepareCommand, database: Database | null): void {
    const { options } = command;
    const known = this.connection._statements.get(this.keyOf(command));
    const own = known === undefined ? database : (this.byStatement.get(known) ?? null);
    if (own === null) return;
    this.byOptions.set(options, own);
    const { onResult } = command;
    command.onResult = (error, statement, ...rest) => {
      if (!error && statement !== undefined) this.byStatement.set(statement as PreparedStatement, own);
      onResult?.call(command, error, statement, ...rest);
    };
  }

  /** Whether an execution means what its text says in a session that sees this database. */
  meansIn(command: ExecuteCommand, database: Database): boolean {
    const { statement, _executeOptions } = command;
    const own =
      statement === undefined ? this.byOptions.get(_executeOptions) : this.byStatement.get(statement);
    return own === database;
  }

  /** As the driver names them (`BaseConnection.statementKey`). */
  private keyOf({ options }: PrepareCommand): string {
    const { statementKey } = this.connection.constructor as {
      readonly statementKey: (options: object) => string;
    };
    return statementKey(options);
  }
}
