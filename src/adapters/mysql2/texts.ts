/** Decides what a statement's text alone tells of it, where no plan does. Knows no connection. */
import type { Statement } from './databases.js';

/** What becomes of the session that a statement runs in. */
export interface Signs {
  /** `SET TRANSACTION`: the next transaction is another one than the session's; null: if it was to be, it still is. */
  readonly setsTransaction: boolean | null;
  /** The same of one that may do anything: CALL, EXECUTE. */
  readonly maySetTransaction: boolean | null;
  /** One that may be no temporary one. */
  readonly createsTable: boolean;
  /** What counts temporary tables begins anew. */
  readonly losesCount: boolean;
  readonly changesTracking: boolean;
  readonly releasesLocks: boolean;
  /** Whether it has tables locked afterwards; null: as before. */
  readonly locksTables: boolean | null;
}

const none: Signs = {
  setsTransaction: null,
  maySetTransaction: null,
  createsTable: false,
  losesCount: false,
  changesTracking: false,
  releasesLocks: false,
  locksTables: null,
};

const known = new WeakMap<Statement, Signs>();

/** Each text is looked at once. */
export function signsOf(statement: Statement | undefined): Signs {
  if (statement === undefined) return none;
  let signs = known.get(statement);
  if (signs === undefined) known.set(statement, (signs = readSigns(statement)));
  return signs;
}

function readSigns(statement: Statement): Signs {
  const { text, several } = statement;
  return {
    setsTransaction: setsTransaction(statement),
    maySetTransaction: maySetTransaction(statement),
    createsTable: !several && /^\s*create\s+table\b/i.test(text),
    losesCount: /\bflush\b.*\bstatus\b/is.test(text),
    changesTracking: /\bsession_track_/i.test(text),
    releasesLocks: /\brelease_all_locks\b/i.test(text),
    locksTables: locksTables(statement),
  };
}

/** With a scope it is for all transactions, of which the session tells. */
const ofTheNext =
  /\bset\b.*(?<!\b(?:session|local|global)[\s.]+)\b(?:transaction|(?:tx|transaction)_(?:isolation|read_only))\b/is;

/** What reads no table begins no transaction, nor does what fails: only the beginning and the end of one are certain. */
function setsTransaction({ plan, text, several }: Statement): boolean | null {
  if (plan.kind === 'transaction') return plan.transaction.control === 'savepoint' ? null : false;
  return (several || plan.kind === 'bypass') && ofTheNext.test(text) ? true : null;
}

function maySetTransaction({ plan }: Statement): boolean | null {
  if (plan.kind === 'transaction') return plan.transaction.control === 'savepoint' ? null : false;
  return plan.kind === 'write' && plan.changesCatalog && plan.session === 'departs' ? true : null;
}

/** A new transaction lets them go, too. */
function locksTables({ plan, text }: Statement): boolean | null {
  if (/\block\s+tables?\b|\bflush\b.*\b(?:read\s+lock|export)\b/is.test(text)) return true;
  const begins = plan.kind === 'transaction' && plan.transaction.control === 'begin';
  return begins || /\bunlock\s+tables?\b/i.test(text) ? false : null;
}

const asksAfterTheLast = /\b(?:found_rows|row_count|warning_count|error_count)\b/i;

/** `FOUND_ROWS()` tells of the last SELECT past any number of writes; who only writes is not waited for longer than this. */
const FOUND_ROWS_KEPT_MAX = 16;

/**
 * Whether the server tells, from this statement on, nothing any more of the one before, and is not asked to in it.
 *
 * @param sinceRows how many statements ago one may have given rows
 */
export function forgetsTheLast(text: string | null, sinceRows: number): boolean {
  if (text === null || asksAfterTheLast.test(text)) return false;
  if (/^\s*select\b/i.test(text)) return true;
  return sinceRows >= FOUND_ROWS_KEPT_MAX && /^\s*(?:insert|update|delete|replace)\b/i.test(text);
}

/** Whether a statement gives no rows, however it is meant. */
export const givesNoRows = (text: string | null): boolean =>
  text !== null &&
  /^\s*(?:insert|update|delete|replace|set|begin|start|commit|rollback|savepoint|release|use)\b/i.test(text);
