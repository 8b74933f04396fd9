/**
 * Decides whether reads inside a transaction may have a part in the cache (CONSISTENCY §2, "In a transaction"): at READ
 * COMMITTED, where each statement has a snapshot of its own that is taken after it was sent, until the transaction may
 * have written or locked something. A result that is kept so was captured before its snapshot and holds nothing
 * uncommitted, as in autocommit. What is not known to be such a transaction is not one.
 */
import type { Statement } from './statements.js';

const READ_COMMITTED = 'read committed';

export class TransactionReads {
  /** `closed`: until no transaction is open. */
  private state: 'none' | 'beginning' | 'open' | 'closed' = 'none';

  get mayRead(): boolean {
    return this.state === 'open';
  }

  /**
   * A statement is on its way.
   *
   * @param statement undefined: nobody knows what it does
   * @param idle nothing is before it on the connection, which is in no transaction
   * @param level of transactions that do not say otherwise; null: not known
   * @returns what is to be called when it has succeeded
   */
  sending(
    statement: Statement | undefined,
    { idle, level }: { readonly idle: boolean; readonly level: string | null },
  ): (() => void) | undefined {
    const plan = statement?.plan;
    if (idle && plan?.kind === 'transaction' && plan.transaction.control === 'begin') {
      const isCommitted = (plan.transaction.isolation ?? level) === READ_COMMITTED;
      this.state = isCommitted ? 'beginning' : 'closed';
      // What was called meanwhile, un-awaited, may have closed it.
      return () => {
        if (this.state === 'beginning') this.state = 'open';
      };
    }
    if (this.state !== 'none' && !isHarmless(statement)) this.state = 'closed';
    return undefined;
  }

  /** ReadyForQuery: no transaction is open. */
  end(): void {
    this.state = 'none';
  }
}

/** Neither writes nor locks nor changes how the transaction sees. */
function isHarmless(statement: Statement | undefined): boolean {
  if (statement === undefined || statement.several) return false;
  const { plan, text } = statement;
  switch (plan.kind) {
    case 'read':
      return true;
    case 'write':
      return false;
    case 'transaction':
      return plan.transaction.control === 'savepoint';
    case 'bypass':
      break;
  }
  if (plan.session === 'sets')
    return (plan.settings ?? []).every(
      ({ name, value }) =>
        name !== 'transaction_isolation' ||
        (value?.kind === 'literal' && value.text.toLowerCase() === READ_COMMITTED),
    );
  if (plan.session !== 'keeps') return false;
  return (
    plan.reason.code === 'no-table' || (plan.reason.code === 'session' && /^\s*(set|reset)\b/i.test(text))
  );
}
