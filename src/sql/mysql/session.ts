/** Decides what SET and USE change in their session, and what they commit. Knows no tables. */
import type { Scope } from '../rows/scope.js';
import { walkExpression } from './expressions.js';
import type { SetPart, Setting, SetVariables } from './statement-ast.js';
import type { Walk } from './walk.js';

/** Settings that never change a result: limits that end in errors, logging, planning, networking. */
const harmless =
  /^(wait_timeout|interactive_timeout|net_.*|lock_wait_timeout|innodb_lock_wait_timeout|max_execution_time|max_statement_time|idle_.*timeout|innodb_.*_trx_.*|profiling.*|sql_log_bin|sql_log_off|sql_notes|sql_warnings|sql_safe_updates|unique_checks|foreign_key_checks|optimizer_.*|join_.*|sort_buffer_size|read_.*buffer_size|tmp_.*|max_heap_table_size|long_query_time|log_.*|session_track_.*|transaction_read_only|tx_read_only|completion_type|max_error_count|binlog_.*|information_schema_stats_expiry|wsrep_.*)$/;

/** Whether a setting never changes what a statement reads or writes. */
export const isHarmless = ({ names }: Pick<Setting, 'names'>): boolean =>
  harmless.test(names.at(-1)?.toLowerCase() ?? '');

/** Names that mean the session's own commit mode. */
const autocommit = /^autocommit$/;

const nowhere: Scope = { entries: [], ctes: null, outer: null };

export function walkSet(walk: Walk, { parts }: SetVariables): void {
  walk.findings.deny('session', 'it changes settings of the session');
  for (const part of parts) walkPart(walk, part);
}

function walkPart(walk: Walk, part: SetPart): void {
  const { findings } = walk;
  switch (part.kind) {
    case 'set-user-variable':
      return walkExpression(walk, part.value, nowhere);
    case 'setting':
      return walkSetting(walk, part);
    case 'set-transaction':
      // Access and isolation of the next transaction, of all later ones, or of others.
      if (part.isolation !== null) findings.depart();
      return;
    default:
      findings.depart();
  }
}

function walkSetting(walk: Walk, { names, value, scope }: Setting): void {
  const { findings } = walk;
  walkExpression(walk, value, nowhere);
  const name = names.at(-1)?.toLowerCase() ?? '';
  if (autocommit.test(name)) findings.commitsImplicitly = true;
  else if (!harmless.test(name) || (scope !== null && scope !== 'session')) findings.depart();
}
