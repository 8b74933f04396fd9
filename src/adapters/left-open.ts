/**
 * Decides what somebody is told whose connection came back to its pool inside a transaction: by `pool.query('begin')`, or
 * by a release before COMMIT. Nothing is served wrong for it; the next user of the connection is in that transaction.
 */
export class LeftOpen {
  private warned = false;

  /** @param taking how a connection is taken from the pool */
  constructor(private readonly taking: string) {}

  /** Once per pool. */
  warn(): void {
    if (this.warned) return;
    this.warned = true;
    process.emitWarning(
      `lookaside: a connection was given back to its pool inside a transaction, and whoever gets it next is in that transaction. Begin and end transactions on one client of ${this.taking}, never by pool.query('begin'), and release it after COMMIT or ROLLBACK`,
      { type: 'LookasideWarning', code: 'LOOKASIDE_WARN_TRANSACTION_LEFT_OPEN' },
    );
  }
}
