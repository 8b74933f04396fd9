/** Decides what an expression may do and depend on: every call, variable and sub-query in it is judged. */
import type { Scope } from '../rows/scope.js';
import type { Call, Cast, ColumnReference, Expression, Query } from './ast.js';
import { builtInOf } from './functions.js';
import { walkStoredFunction } from './routines.js';
import { type AnyNode, eachBelow, isNode } from './tree-search.js';
import type { Walk } from './walk.js';

/** Walks an expression, a list of them, or anything that has some below it. */
export function walkExpression(walk: Walk, value: unknown, scope: Scope): void {
  if (isNode(value)) walkNode(walk, value as Expression | Query, scope);
  else walkBelow(walk, value, scope);
}

function walkBelow(walk: Walk, value: unknown, scope: Scope): void {
  eachBelow(value, (node: AnyNode) => walkNode(walk, node as Expression | Query, scope));
}

function walkNode(walk: Walk, node: Expression | Query, scope: Scope): void {
  const { findings } = walk;
  switch (node.kind) {
    case 'parameter':
      return findings.useParameter(node.index + 1);
    case 'query':
      return walk.sight.nest(walk.query(walk, node, { ctes: scope.ctes, outer: scope }), scope);
    case 'call':
      return walkCall(walk, node, scope);
    case 'column':
      return noteTimeOfDay(walk, node);
    case 'cast':
      judgeCast(walk, node);
      return walkBelow(walk, node, scope);
    case 'is':
      if (walk.catalog.session.hasAutoIsNull)
        findings.deny('auto-is-null', 'IS NULL may mean the row that was inserted last (sql_auto_is_null)');
      return walkBelow(walk, node, scope);
    case 'temporal':
      if (node.type === 'time') findings.deny('time-of-day', 'a time of day may become a date by the clock');
      return;
    case 'user-variable':
    case 'variable-assignment':
      findings.deny('user-variable', 'it uses a variable of the session');
      return walkBelow(walk, node, scope);
    case 'system-variable':
      return findings.deny('system-variable', 'it uses a variable of the server');
    case 'sequence-value':
      return findings.deny('sequence', 'it uses a sequence');
    case 'match':
      findings.deny('full-text', 'a full-text search depends on rows that do not match');
      return walkBelow(walk, node, scope);
    case 'default':
      if (node.column !== null) findings.deny('default', 'DEFAULT() may be any expression');
      return;
    default:
      return walkBelow(walk, node, scope);
  }
}

function walkCall(walk: Walk, call: Call, scope: Scope): void {
  const { findings, catalog } = walk;
  walkBelow(walk, call, scope);
  const { schema, name } = call;
  const known = schema === null ? builtInOf(name, call.arguments.length) : 'unknown';
  // Some names are those of built-in functions only right before the bracket, and of stored ones else: both may be meant.
  if (known === 'unknown' || catalog.routines.has(name)) walkStoredFunction(walk, call);
  if (known !== 'unstable') return;
  if (name === 'last_insert_id') findings.tellsAnotherKey = true;
  findings.deny('unstable-function', `${name}() does not depend on data alone`);
}

/** A time of day that becomes a date, or is compared with one, gets the day of the server's clock. */
function noteTimeOfDay({ findings }: Walk, { names }: ColumnReference): void {
  const name = names.at(-1)?.toLowerCase() ?? '';
  if (findings.timesOfDay.has(name))
    findings.deny('time-of-day', `${name} is a time of day, which may become a date by the clock`);
}

function judgeCast({ findings }: Walk, { type }: Cast): void {
  if (/^time(?:\(|$)/.test(type))
    findings.deny('time-of-day', 'a time of day may become a date by the clock');
}
