/**
 * Decides how a statement is run without becoming visible: in the extended protocol an autocommit statement commits at
 * Sync (PostgreSQL's "Extended Query"), so that is kept back until whoever runs it says so. Knows no intent.
 */
import type { Returned, TellingConstructor } from './returned.js';
import type { PgQuery, QueryConfig, QueryConstructor } from './shapes.js';

/** What pg's own query does that is changed here. */
interface Internals extends PgQuery {
  readonly portal?: unknown;
  requiresPreparation(): boolean;
  _getRows(connection: Sending, rows: unknown): void;
  handleEmptyQuery(connection: Sending): void;
  handleError(error: Error, connection: Sending): void;
}

/** The messages of pg's connection that are sent here. */
interface Sending {
  execute(what: { portal: unknown; rows: unknown }): void;
  flush(): void;
  sync(): void;
}

/** @param commit sends what makes the statement visible: to be called once */
export type Executed = (query: PgQuery, commit: () => void) => void;

export type HeldConstructor = new (
  config: QueryConfig | string,
  values: unknown,
  returned: Returned,
  onExecuted: Executed,
) => PgQuery;

/** The holding subclass of an application's own `pg.Query`; null where this version of pg runs queries in other ways. */
export function heldQuery(Query: QueryConstructor, Telling: TellingConstructor): HeldConstructor | null {
  const prototype = Query.prototype as unknown as Partial<Internals>;
  const changed = [
    prototype.requiresPreparation,
    prototype._getRows,
    prototype.handleEmptyQuery,
    prototype.handleError,
  ];
  if (changed.some((method) => typeof method !== 'function')) return null;
  const Base = Telling as unknown as new (
    config: QueryConfig | string,
    values: unknown,
    returned: Returned,
  ) => Internals;
  return class Held extends Base {
    private state: 'sending' | 'executing' | 'committing' = 'sending';

    constructor(
      config: QueryConfig | string,
      values: unknown,
      returned: Returned,
      private readonly onExecuted: Executed,
    ) {
      super(config, values, returned);
    }

    /** Also without parameters. */
    override requiresPreparation(): boolean {
      return true;
    }

    override _getRows(connection: Sending, rows: unknown): void {
      connection.execute({ portal: this.portal, rows });
      connection.flush();
      this.state = 'executing';
    }

    override handleCommandComplete(message: { text: string }, connection: Sending): void {
      super.handleCommandComplete(message, connection);
      this.onExecuted(this, () => this.commit(connection));
    }

    override handleEmptyQuery(connection: Sending): void {
      super.handleEmptyQuery(connection);
      this.commit(connection);
    }

    /** After an error the server waits for Sync; whatever else ends a query ends its connection or comes later. */
    override handleError(error: Error, connection: Sending): void {
      if (isOfServer(error)) this.commit(connection);
      super.handleError(error, connection);
    }

    private commit(connection: Sending): void {
      if (this.state !== 'executing') return;
      this.state = 'committing';
      connection.sync();
    }
  };
}

const isOfServer = (error: Error): boolean =>
  typeof (error as { readonly severity?: unknown }).severity === 'string';
