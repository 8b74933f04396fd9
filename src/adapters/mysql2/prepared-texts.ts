/**
 * Decides in which session a prepared statement means what its text says: the server resolves its names, and reads its
 * text, as the session was when it was prepared, whatever `USE` and `SET sql_mode` came since.
 */
import type { Database } from './databases.js';
import type { Session } from './session.js';
import type { ExecuteCommand, MysqlConnection, PrepareCommand, PreparedStatement } from './shapes.js';

/** What the session saw; while that is not known, the doubt: it is resolved for this statement as it is for the session. */
type Meaning = Database | Session['doubt'];

export class PreparedTexts {
  private readonly byStatement = new WeakMap<PreparedStatement, Meaning>();
  /** Of executions whose statement the driver looks for when their turn comes: by the options they share with it. */
  private readonly byOptions = new WeakMap<object, Meaning>();

  constructor(
    private readonly connection: MysqlConnection,
    private readonly session: Pick<Session, 'database' | 'isUncertain' | 'doubt' | 'seenIn'>,
  ) {}

  /** A statement is about to be prepared, or found to be. */
  preparing(command: PrepareCommand): void {
    const { options } = command;
    const { database, isUncertain, doubt } = this.session;
    const known = this.connection._statements.get(this.keyOf(command));
    const now = isUncertain || database === null ? doubt : database;
    const own = known === undefined ? now : this.byStatement.get(known);
    if (own === undefined) return;
    this.byOptions.set(options, own);
    const { onResult } = command;
    command.onResult = (error, statement, ...rest) => {
      if (!error && statement !== undefined) this.byStatement.set(statement as PreparedStatement, own);
      onResult?.call(command, error, statement, ...rest);
    };
  }

  /** Whether an execution means what its text says in the session as it is, which sees this database. */
  meansIn(command: ExecuteCommand, database: Database): boolean {
    const { statement, _executeOptions } = command;
    const own =
      statement === undefined ? this.byOptions.get(_executeOptions) : this.byStatement.get(statement);
    if (own === undefined) return false;
    return own === database || own === this.session.doubt || this.session.seenIn(own) === database;
  }

  /** As the driver names them (`BaseConnection.statementKey`). */
  private keyOf({ options }: PrepareCommand): string {
    const { statementKey } = this.connection.constructor as {
      readonly statementKey: (options: object) => string;
    };
    return statementKey(options);
  }
}
