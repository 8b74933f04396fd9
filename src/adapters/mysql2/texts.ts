/** Decides what a statement's text alone tells of it, where no plan does. Knows no connection. */
import type { Statement } from './databases.js';

/** Whether it has tables locked afterwards; null: as before. A new transaction lets them go, too. */
export function locksTables(statement: Statement | undefined): boolean | null {
  const { plan, text = '' } = statement ?? {};
  if (/\block\s+tables?\b|\bflush\b.*\b(?:read\s+lock|export)\b/is.test(text)) return true;
  const begins = plan?.kind === 'transaction' && plan.transaction.control === 'begin';
  return begins || /\bunlock\s+tables?\b/i.test(text) ? false : null;
}

/** Whether the server tells, from this statement on, nothing any more of the one before, and is not asked to in it. */
export const forgetsTheLast = (text: string | null): boolean =>
  text !== null &&
  /^\s*(?:select|insert|update|delete|replace)\b/i.test(text) &&
  !/\b(?:found_rows|row_count|warning_count|error_count)\b/i.test(text);
