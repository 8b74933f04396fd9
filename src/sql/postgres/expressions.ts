/** Decides what an expression may do and depend on: every function, operator, cast and sub-query in it is judged. */
import type { Scope } from '../rows/scope.js';
import { child, type Fields, fieldsOf, flag, isFields, list, number, strings, tagged, text } from './ast.js';
import { findFunctions, findOperators } from './catalog.js';
import {
  effectOfFunction,
  effectOfFunctionOid,
  effectsOfOperator,
  timeWithZone,
  unknownFunction,
} from './functions.js';
import { columnNames, resolve } from './scope.js';
import { noteSetConfig } from './session.js';
import { isTimeDependentText } from './time-text.js';
import { findTypeName, natureOfType } from './types.js';
import { mayBeText, mayBeTimeOfDay } from './value-types.js';
import type { Walk } from './walk.js';

/** Nodes that do nothing but combine what stands below them. */
const transparent: ReadonlySet<string> = new Set(
  `
  BoolExpr NullTest BooleanTest CaseExpr CaseWhen CoalesceExpr MinMaxExpr A_ArrayExpr RowExpr
  A_Indices A_Star CollateClause List NamedArgExpr WindowDef ResTarget GroupingSet GroupingFunc
  SetToDefault MultiAssignRef Integer Float String Boolean JsonIsPredicate ReturningOption IndexElem
  InferClause
  `
    .trim()
    .split(/\s+/),
);

/** Walks any expression node, or a list of them. */
export function walkExpression(walk: Walk, node: unknown, scope: Scope): void {
  if (Array.isArray(node)) {
    for (const item of node) walkExpression(walk, item, scope);
    return;
  }
  const found = tagged(node);
  if (found !== null) walkTagged(walk, found.tag, found.fields, scope);
}

/** Walks everything below a node: tagged children as expressions, untagged ones (a window, a format) likewise. */
export function walkChildren(walk: Walk, fields: Fields, scope: Scope): void {
  for (const name in fields) {
    const value = fields[name];
    if (Array.isArray(value)) for (const item of value) walkChild(walk, item, scope);
    else walkChild(walk, value, scope);
  }
}

function walkChild(walk: Walk, value: unknown, scope: Scope): void {
  if (!isFields(value)) return;
  const found = tagged(value);
  if (found !== null && /^[A-Z]/.test(found.tag)) walkTagged(walk, found.tag, found.fields, scope);
  else walkChildren(walk, value, scope);
}

function walkTagged(walk: Walk, tag: string, fields: Fields, scope: Scope): void {
  const { findings } = walk;
  switch (tag) {
    case 'A_Const':
      return walkConstant(walk, fields);
    case 'ParamRef':
      return findings.useParameter(number(fields, 'number'));
    case 'ColumnRef':
      return walkColumn(walk, fields, scope);
    case 'A_Expr':
      return walkOperation(walk, fields, scope);
    case 'FuncCall':
      return walkCall(walk, fields, scope);
    case 'TypeCast':
      return walkCast(walk, fields, scope);
    case 'SubLink':
      judgeOperator(walk, strings(list(fields, 'operName')) ?? []);
      walkExpression(walk, fields['testexpr'], scope);
      return walk.statement(walk, fields['subselect'], { ctes: scope.ctes, outer: scope });
    case 'SelectStmt':
    case 'InsertStmt':
    case 'UpdateStmt':
    case 'DeleteStmt':
    case 'MergeStmt':
      return walk.statement(walk, { [tag]: fields }, { ctes: scope.ctes, outer: scope });
    case 'A_Indirection':
      for (const step of list(fields, 'indirection')) {
        const name = fieldsOf(step, 'String');
        if (name !== null) judgeAttributeFunction(walk, text(name, 'sval'));
      }
      return walkChildren(walk, fields, scope);
    case 'SortBy':
      judgeOperator(walk, strings(list(fields, 'useOp')) ?? []);
      return walkExpression(walk, fields['node'], scope);
    case 'SQLValueFunction':
      return findings.deny('unstable-function', `${valueFunctionName(fields)} is not immutable`);
    default:
      if (!transparent.has(tag)) findings.deny('not-understood', `${tag} is not known to be cacheable`);
      return walkChildren(walk, fields, scope);
  }
}

function valueFunctionName(fields: Fields): string {
  return text(fields, 'op').replace('SVFOP_', '').toLowerCase();
}

function walkConstant(walk: Walk, fields: Fields): void {
  const literal = child(fields, 'sval');
  if (literal !== null && isTimeDependentText(text(literal, 'sval')))
    walk.findings.deny('time-literal', `'${text(literal, 'sval')}' may be read as a date`);
}

/** Changes without a write of the row: a lock shows in xmax, VACUUM FULL in ctid. */
const systemColumns: ReadonlySet<string> = new Set(['ctid', 'xmin', 'xmax', 'cmin', 'cmax', 'tableoid']);

function walkColumn(walk: Walk, fields: Fields, scope: Scope): void {
  const names = columnNames(fields);
  if (names === null) return;
  const name = names.at(-1) ?? '';
  if (resolve(scope, names) !== null) return;
  if (systemColumns.has(name)) walk.findings.deny('system-column', `${name} is not data`);
  // `row.name` also calls a function of that name on the row.
  if (names.length > 1) judgeAttributeFunction(walk, name);
}

/** Of the server's own functions none that takes a row depends on anything but the row. */
function judgeAttributeFunction(walk: Walk, name: string): void {
  for (const info of findFunctions(walk.catalog, { schema: '', name, argumentCount: null }))
    if (info.schema !== 'pg_catalog') walk.findings.apply(effectOfFunction(walk.catalog, info));
}

/** What the words among the operators stand for. */
const operatorWords: Readonly<Record<string, readonly string[]>> = {
  BETWEEN: ['>=', '<='],
  'NOT BETWEEN': ['<', '>'],
  'BETWEEN SYMMETRIC': ['>=', '<='],
  'NOT BETWEEN SYMMETRIC': ['<', '>'],
};

function walkOperation(walk: Walk, fields: Fields, scope: Scope): void {
  const names = strings(list(fields, 'name')) ?? [];
  const words = names.length === 1 ? operatorWords[names[0] ?? ''] : undefined;
  if (words === undefined) {
    if (!isTextSearch(walk, fields, scope)) judgeOperator(walk, names);
  } else for (const word of words) judgeOperator(walk, [word]);
  walkExpression(walk, fields['lexpr'], scope);
  walkExpression(walk, fields['rexpr'], scope);
}

/** Text search on what is a tsvector already follows no setting; on a text it does. */
function isTextSearch(walk: Walk, operation: Fields, scope: Scope): boolean {
  const name = strings(list(operation, 'name')) ?? [];
  if (name.length !== 1 || name[0] !== '@@' || text(operation, 'kind') !== 'AEXPR_OP') return false;
  if (findOperators(walk.catalog, '', '@@').some((operator) => operator.userDefined)) return false;
  const typed = ['ColumnRef', 'FuncCall', 'TypeCast'].includes(tagged(operation['lexpr'])?.tag ?? '');
  return (
    typed &&
    !mayBeText(walk.catalog, operation['lexpr'], scope) &&
    !mayBeText(walk.catalog, operation['rexpr'], scope)
  );
}

function judgeOperator(walk: Walk, names: readonly string[]): void {
  if (names.length === 0) return;
  const { catalog, findings } = walk;
  const schema = names.length > 1 ? (names.at(-2) ?? '') : '';
  for (const effect of effectsOfOperator(catalog, { schema, name: names.at(-1) ?? '' }))
    findings.apply(effect);
}

function walkCall(walk: Walk, fields: Fields, scope: Scope): void {
  const { catalog, findings } = walk;
  const names = strings(list(fields, 'funcname')) ?? [];
  const name = names.at(-1) ?? '';
  const schema = names.length > 1 ? (names.at(-2) ?? '') : '';
  const given = list(fields, 'args');
  // Arguments by name or as one VARIADIC array say little about which overload is meant.
  const exact =
    !flag(fields, 'func_variadic') && !given.some((item) => fieldsOf(item, 'NamedArgExpr') !== null);
  const found = findFunctions(catalog, { schema, name, argumentCount: exact ? given.length : null });
  // AT TIME ZONE of a time of day counts from today, of a timestamp it does not.
  const isMoment = name === 'timezone' && !mayBeTimeOfDay(walk.catalog, given.at(-1), scope);
  const candidates = isMoment ? found.filter((info) => info.result !== timeWithZone) : found;
  const isOwn = candidates.every((info) => info.schema === 'pg_catalog');
  if (name === 'set_config' && isOwn) noteSetConfig(findings, given);
  else if (candidates.length > 0)
    for (const info of candidates) findings.apply(effectOfFunction(catalog, info));
  else judgeUnknownCall(walk, { schema, name, argumentCount: given.length });
  if (given.length === 1) judgeFunctionalCast(walk, names, given[0], scope);
  walkChildren(walk, { ...fields, funcname: null }, scope);
}

/** `name(x)` may be a cast to a type or a column of the row x; anything else is newer than the snapshot. */
function judgeUnknownCall(
  walk: Walk,
  call: { readonly schema: string; readonly name: string; readonly argumentCount: number },
): void {
  const names = call.schema === '' ? [call.name] : [call.schema, call.name];
  if (call.argumentCount === 1 && findTypeName(walk.catalog, names).length > 0) return;
  walk.findings.apply(unknownFunction(`${call.name}()`));
}

function judgeFunctionalCast(walk: Walk, names: readonly string[], argument: unknown, scope: Scope): void {
  for (const type of findTypeName(walk.catalog, names))
    judgeCast(walk, { type: type.oid, argument, scope, typeName: type.name });
}

function walkCast(walk: Walk, fields: Fields, scope: Scope): void {
  const { catalog, findings } = walk;
  const typeName = child(fields, 'typeName');
  const names = typeName === null ? [] : (strings(list(typeName, 'names')) ?? []);
  const types = findTypeName(catalog, names);
  if (types.length === 0) {
    findings.deny('unknown-type', `the type ${names.join('.')} is not in the catalog`);
    judgeUserCasts(walk, null);
  }
  for (const type of types)
    judgeCast(walk, { type: type.oid, argument: fields['arg'], scope, typeName: type.name });
  walkExpression(walk, fields['arg'], scope);
}

interface CastCall {
  readonly type: string;
  readonly typeName: string;
  readonly argument: unknown;
  readonly scope: Scope;
}

function judgeCast(walk: Walk, cast: CastCall): void {
  const { catalog, findings } = walk;
  const type = catalog.types.get(cast.type);
  if (type === undefined) return;
  const nature = natureOfType(catalog, type);
  if (nature === 'catalog') findings.deny('cast', `a cast to ${cast.typeName} depends on the catalog`);
  if (nature === 'checked') {
    findings.deny('cast', `a cast to the domain ${cast.typeName} runs its check`);
    for (const oid of type.functions) findings.apply(effectOfFunctionOid(catalog, oid));
  }
  if (nature === 'settings')
    findings.deny('cast', `a cast to ${cast.typeName} follows a setting that is in no cache key`);
  if (nature === 'today') findings.deny('cast', `a cast to ${cast.typeName} depends on today`);
  if ((nature === 'clock' || nature === 'composite') && mayBeText(walk.catalog, cast.argument, cast.scope))
    findings.deny('cast', `a cast of a text to ${cast.typeName} may read the clock`);
  judgeUserCasts(walk, cast.type);
}

/** User-defined casts to a type (null: to any). */
function judgeUserCasts(walk: Walk, target: string | null): void {
  for (const cast of walk.catalog.casts)
    if ((target === null || cast.target === target) && cast.function !== '0')
      walk.findings.apply(effectOfFunctionOid(walk.catalog, cast.function));
}
