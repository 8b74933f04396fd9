/** Decides what a change of settings means for the session's cached reads. Knows no tables. */
import { child, type Fields, fieldsOf, flag, list, text } from './ast.js';
import type { Findings } from './findings.js';

/**
 * Settings that never change a result: limits, logging, planning. A name with a dot belongs to the application
 * (`app.tenant`): only current_setting() sees it, and a statement that calls it is not cached, nor is one on a table
 * with row security.
 */
const harmless =
  /^(application_name|statement_timeout|lock_timeout|idle_in_transaction_session_timeout|idle_session_timeout|transaction_timeout|deadlock_timeout|client_min_messages|log_.*|debug_.*|work_mem|hash_mem_multiplier|maintenance_work_mem|temp_buffers|synchronous_commit|enable_.*|.*_page_cost|cpu_.*|jit.*|parallel_.*|max_parallel_.*|effective_.*|geqo.*|plan_cache_mode|constraint_exclusion|from_collapse_limit|join_collapse_limit|cursor_tuple_fraction|track_.*|commit_delay|commit_siblings|tcp_.*|client_connection_check_interval|vacuum_.*|transaction_(isolation|read_only|deferrable)|default_statistics_target)$/;

function isHarmless(name: string): boolean {
  return name.includes('.') || harmless.test(name.toLowerCase());
}

/** `SET`, `SET LOCAL`, `RESET`, `SET TRANSACTION`, `SET SESSION CHARACTERISTICS`, `SET ROLE`. */
export function noteVariableSet(findings: Findings, fields: Fields): void {
  findings.deny('session', 'it changes settings of the session');
  const name = text(fields, 'name');
  switch (text(fields, 'kind')) {
    case 'VAR_SET_MULTI':
      // The level of the running transaction; the protocol tells that there is one.
      if (name !== 'TRANSACTION') findings.depart();
      return;
    case 'VAR_SET_VALUE':
    case 'VAR_SET_DEFAULT':
    case 'VAR_SET_CURRENT':
    case 'VAR_RESET':
      if (!isHarmless(name)) findings.depart();
      return;
    default:
      findings.depart();
  }
}

/** `set_config(name, value, is_local)`. */
export function noteSetConfig(findings: Findings, given: readonly unknown[]): void {
  findings.deny('session', 'set_config() changes settings of the session');
  const literal = child(fieldsOf(given[0], 'A_Const') ?? {}, 'sval');
  if (literal === null || !isHarmless(text(literal, 'sval'))) findings.depart();
}

/** `DISCARD`: only ALL brings everything back. */
export function noteDiscard(findings: Findings, fields: Fields): void {
  findings.deny('session', 'it discards parts of the session');
  if (text(fields, 'target') === 'DISCARD_ALL') findings.session = 'resets';
}

/** Whether a relation to be created is a temporary one: it shadows names, in this session only. */
export function isTemporary(rangeVar: Fields | null): boolean {
  if (rangeVar === null) return false;
  return text(rangeVar, 'relpersistence') === 't' || text(rangeVar, 'schemaname').startsWith('pg_temp');
}

/** True unless it is certain that an option is off. */
export function hasOption(options: Fields, name: string): boolean {
  for (const option of list(options, 'options')) {
    const fields = fieldsOf(option, 'DefElem');
    if (fields === null || text(fields, 'defname') !== name) continue;
    const value = child(fields, 'arg');
    if (value === null) return true;
    const word = fieldsOf(value, 'String');
    const off = word !== null && /^(false|off|0|no)$/i.test(text(word, 'sval'));
    const boolean = fieldsOf(value, 'Boolean');
    return !off && !(boolean !== null && !flag(boolean, 'boolval'));
  }
  return false;
}
