/** Decides what a statement changes in its session's settings, and how far that is known. Knows no tables. */
import type { SettingChange } from '../plan.js';
import { child, type Fields, fieldsOf, flag, list, number, tagged, text } from './ast.js';
import type { Findings } from './findings.js';

/** Settings that never change a result: limits, logging, planning. */
const harmless =
  /^(application_name|statement_timeout|lock_timeout|idle_in_transaction_session_timeout|idle_session_timeout|transaction_timeout|deadlock_timeout|client_min_messages|log_.*|debug_.*|work_mem|hash_mem_multiplier|maintenance_work_mem|temp_buffers|synchronous_commit|enable_.*|.*_page_cost|cpu_.*|jit.*|parallel_.*|max_parallel_.*|effective_.*|geqo.*|plan_cache_mode|constraint_exclusion|from_collapse_limit|join_collapse_limit|cursor_tuple_fraction|track_.*|commit_delay|commit_siblings|tcp_.*|client_connection_check_interval|vacuum_.*|transaction_(read_only|deferrable)|default_statistics_target)$/;

type SettingValue = SettingChange['value'];

function note(findings: Findings, change: SettingChange): void {
  const name = change.name.toLowerCase();
  if (!harmless.test(name)) findings.set({ ...change, name });
}

/** `SET`, `SET LOCAL`, `RESET`, `SET TRANSACTION`, `SET SESSION CHARACTERISTICS`, `SET ROLE`. */
export function noteVariableSet(findings: Findings, fields: Fields): void {
  findings.deny('session', 'it changes settings of the session');
  const name = text(fields, 'name');
  const isLocal = flag(fields, 'is_local');
  switch (text(fields, 'kind')) {
    case 'VAR_SET_MULTI':
      return noteSeveral(findings, name, list(fields, 'args'));
    case 'VAR_SET_VALUE':
      return note(findings, { name, value: valueOf(list(fields, 'args')), isLocal });
    case 'VAR_SET_DEFAULT':
    case 'VAR_SET_CURRENT':
    case 'VAR_RESET':
      return note(findings, { name, value: null, isLocal });
    default:
      findings.depart(); // RESET ALL
  }
}

/** Of a transaction's or of all later ones: only the level of isolation counts. */
function noteSeveral(findings: Findings, what: string, options: readonly unknown[]): void {
  if (what === 'TRANSACTION') {
    const level = isolationIn(options);
    const value: SettingValue = level === null ? null : { kind: 'literal', text: level };
    const hasLevel = options.some(
      (option) => text(fieldsOf(option, 'DefElem') ?? {}, 'defname') === 'transaction_isolation',
    );
    if (hasLevel) note(findings, { name: 'transaction_isolation', value, isLocal: true });
  } else if (what === 'TRANSACTION SNAPSHOT')
    note(findings, { name: 'transaction_isolation', value: null, isLocal: true });
  else note(findings, { name: 'default_transaction_isolation', value: null, isLocal: false });
}

/** The level that the options of a transaction name, in lower case; null when they name none. */
export function isolationIn(options: readonly unknown[]): string | null {
  for (const option of options) {
    const fields = fieldsOf(option, 'DefElem');
    if (fields === null || text(fields, 'defname') !== 'transaction_isolation') continue;
    const literal = child(fieldsOf(fields['arg'], 'A_Const') ?? {}, 'sval');
    return literal === null ? '' : text(literal, 'sval').toLowerCase();
  }
  return null;
}

/** The text that a setting gets; null where the server makes it of a list or another type. */
function valueOf(given: readonly unknown[]): SettingValue {
  const constant = given.length === 1 ? fieldsOf(given[0], 'A_Const') : null;
  if (constant === null) return null;
  const word = child(constant, 'sval');
  if (word !== null) return { kind: 'literal', text: text(word, 'sval') };
  const whole = child(constant, 'ival');
  return whole === null ? null : { kind: 'literal', text: String(number(whole, 'ival')) };
}

/** `set_config(name, value, is_local)`. */
export function noteSetConfig(findings: Findings, given: readonly unknown[]): void {
  findings.deny('session', 'set_config() changes settings of the session');
  const [name, value, isLocal] = given;
  const literal = child(fieldsOf(name, 'A_Const') ?? {}, 'sval');
  const locality = localityOf(isLocal);
  if (literal === null || given.length !== 3) findings.depart();
  else
    note(findings, {
      name: text(literal, 'sval'),
      value: locality === null ? null : argumentOf(value),
      isLocal: locality ?? false,
    });
}

const parameterOf = (node: unknown): number | null => {
  const parameter = fieldsOf(node, 'ParamRef');
  return parameter === null ? null : number(parameter, 'number') - 1;
};

function argumentOf(node: unknown): SettingValue {
  const index = parameterOf(node);
  if (index !== null) return { kind: 'parameter', index };
  const literal = child(fieldsOf(node, 'A_Const') ?? {}, 'sval');
  return literal === null ? null : { kind: 'literal', text: text(literal, 'sval') };
}

function localityOf(node: unknown): SettingChange['isLocal'] | null {
  const parameter = parameterOf(node);
  if (parameter !== null) return { parameter };
  const constant = fieldsOf(node, 'A_Const');
  const boolean = constant === null ? null : child(constant, 'boolval');
  return boolean === null ? null : flag(boolean, 'boolval');
}

/**
 * Whether a statement does what was found in it and nothing else: SET, or a SELECT of calls of set_config() with plain
 * values. In any other place such a call may run for no row, or for several.
 */
export function setsNothingElse(statement: unknown, found: readonly SettingChange[]): boolean {
  const { tag, fields } = tagged(statement) ?? { tag: '', fields: {} };
  if (tag === 'VariableSetStmt') return true;
  if (tag !== 'SelectStmt' || found.some(({ value }) => value === null)) return false;
  const { targetList: _targets, limitOption, op, ...rest } = fields;
  if (limitOption !== 'LIMIT_OPTION_DEFAULT' || op !== 'SETOP_NONE' || Object.keys(rest).length > 0)
    return false;
  const targets = list(fields, 'targetList');
  const isCall = (target: unknown): boolean => {
    const call = fieldsOf(fieldsOf(target, 'ResTarget')?.['val'], 'FuncCall');
    const name = call === null ? undefined : fieldsOf(list(call, 'funcname').at(-1), 'String');
    return name !== undefined && name !== null && text(name, 'sval') === 'set_config';
  };
  return targets.length === found.length && targets.every(isCall);
}

/** `DISCARD`: only ALL brings everything back, TEMP what temporary tables have hidden. */
export function noteDiscard(findings: Findings, fields: Fields): void {
  findings.deny('session', 'it discards parts of the session');
  const target = text(fields, 'target');
  if (target === 'DISCARD_ALL') findings.session = 'resets';
  else if (target === 'DISCARD_TEMP') findings.depart();
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
