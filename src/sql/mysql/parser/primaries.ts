/** Decides what an expression is made of: signs before values, literals, variables, columns, brackets, CASE. */
import type { Case, CaseBranch, Expression, Query, SystemVariable, UserVariable } from '../ast.js';
import { call, keywordCall } from './calls.js';
import type { Cursor } from './cursor.js';
import { intervalOf } from './intervals.js';
import { literal } from './literals.js';
import { columnReference, tableName } from './names.js';
import { continuesQuery, queryInBrackets, startsQuery } from './subqueries.js';

/** Binds tighter than any sign between two values. */
export function unary(cursor: Cursor): Expression {
  const operator = cursor.takeOne(['-', '+', '~', '!', 'binary']);
  if (operator !== null)
    return cursor.deeper(() => ({
      kind: 'unary',
      operator: operator === '!' ? 'not' : operator,
      operand: unary(cursor),
    }));
  if (cursor.mode.highNotPrecedence && cursor.take('not'))
    return cursor.deeper(() => ({ kind: 'unary', operator: 'not', operand: unary(cursor) }));
  const operand = primary(cursor);
  if (!cursor.take('collate')) return operand;
  return { kind: 'collate', operand, collation: collationName(cursor) };
}

export function collationName(cursor: Cursor): string {
  if (cursor.take('binary')) return 'binary';
  return (cursor.peek().kind === 'string' ? cursor.next().text : cursor.name()).toLowerCase();
}

function primary(cursor: Cursor): Expression {
  const { kind, word } = cursor.peek();
  switch (kind) {
    case 'parameter':
      return { kind: 'parameter', index: Number(cursor.next().text) };
    case 'variable':
      return userVariable(cursor);
    case 'name':
      return named(cursor);
    case 'symbol':
      if (word === '(') return cursor.deeper(() => bracket(cursor));
      if (word === '@@') return systemVariable(cursor);
      if (word === '{') return escaped(cursor);
      return cursor.fail();
    case 'word':
      return literal(cursor) ?? wordy(cursor, word);
    default:
      return literal(cursor) ?? cursor.fail();
  }
}

function wordy(cursor: Cursor, word: string): Expression {
  switch (word) {
    case 'case':
      return caseOf(cursor);
    case 'exists':
      cursor.next();
      return { kind: 'exists', query: queryInBrackets(cursor) };
    case 'interval':
      return shifted(cursor) ?? keywordCall(cursor) ?? cursor.fail();
    case 'next':
    case 'previous':
      if (!cursor.at(word, 'value', 'for')) return keywordCall(cursor) ?? named(cursor);
      cursor.position += 3;
      return { kind: 'sequence-value', isNext: word === 'next', sequence: tableName(cursor) };
    default:
      return keywordCall(cursor) ?? named(cursor);
  }
}

/** `INTERVAL 1 DAY + value`: what may follow the value is read differently by few and used by nobody. */
function shifted(cursor: Cursor): Expression | null {
  const left = intervalOf(cursor);
  if (left === null) return null;
  cursor.expect('+');
  const right = unary(cursor);
  const { word, kind } = cursor.peek();
  const isLast = kind === 'end' || kind === 'name' || [')', ',', 'as', 'from', ';'].includes(word);
  return isLast ? { kind: 'arithmetic', operator: '+', left, right } : cursor.fail();
}

/** A column, or a function that is called by a name in quotes or with a schema. */
function named(cursor: Cursor): Expression {
  const column = columnReference(cursor);
  if (cursor.at('(')) return call(cursor, column.names);
  const operator = cursor.takeOne(['->', '->>']);
  if (operator === null) return column;
  if (cursor.peek().kind !== 'string') cursor.fail();
  return { kind: 'arithmetic', operator, left: column, right: literal(cursor) ?? cursor.fail() };
}

function userVariable(cursor: Cursor): Expression {
  const variable: UserVariable = { kind: 'user-variable', name: cursor.next().text };
  if (!cursor.take(':=')) return variable;
  return { kind: 'variable-assignment', variable, value: cursor.grammar.expression(cursor) };
}

/** `@@name`, `@@scope.name`, `@@cache.name` */
export function systemVariable(cursor: Cursor): SystemVariable {
  cursor.expect('@@');
  const names = [variableNamePart(cursor)];
  while (cursor.take('.')) names.push(variableNamePart(cursor));
  const [first = ''] = names;
  const isScoped = names.length > 1;
  const scope = first === 'local' ? 'session' : first;
  if (
    isScoped &&
    (scope === 'global' || scope === 'session' || scope === 'persist' || scope === 'persist_only')
  )
    return { kind: 'system-variable', scope, name: names.slice(1).join('.') };
  return { kind: 'system-variable', scope: null, name: names.join('.') };
}

function variableNamePart(cursor: Cursor): string {
  const { kind, text } = cursor.next();
  return kind === 'word' || kind === 'name' ? text.toLowerCase() : cursor.fail();
}

/** A value, a row of them, or a query. */
function bracket(cursor: Cursor): Expression {
  cursor.expect('(');
  if (startsQuery(cursor)) return closed(cursor, cursor.grammar.query(cursor));
  const first = cursor.grammar.expression(cursor);
  if (first.kind === 'scalar-query' && continuesQuery(cursor))
    return closed(cursor, cursor.grammar.continuedQuery(cursor, first.query));
  if (cursor.take(')')) return first;
  cursor.expect(',');
  const items = [first, ...cursor.list(() => cursor.grammar.expression(cursor))];
  cursor.expect(')');
  return { kind: 'row', items };
}

function closed(cursor: Cursor, query: Query): Expression {
  cursor.expect(')');
  return { kind: 'scalar-query', query };
}

/** The escapes of ODBC: `{d '2026-01-01'}`, `{fn now()}`. */
function escaped(cursor: Cursor): Expression {
  cursor.expect('{');
  const type =
    ({ d: 'date', t: 'time', ts: 'timestamp', fn: 'fn' } as const)[cursor.next().word] ?? cursor.fail();
  const isString = cursor.peek().kind === 'string';
  if (isString === (type === 'fn')) cursor.fail();
  const value: Expression =
    type === 'fn' ? cursor.grammar.expression(cursor) : { kind: 'temporal', type, value: cursor.next().text };
  cursor.expect('}');
  return value;
}

function caseOf(cursor: Cursor): Case {
  cursor.expect('case');
  const operand = cursor.at('when') ? null : cursor.grammar.expression(cursor);
  const branches: CaseBranch[] = [];
  while (cursor.take('when')) {
    const when = cursor.grammar.expression(cursor);
    cursor.expect('then');
    branches.push({ kind: 'case-branch', when, value: cursor.grammar.expression(cursor) });
  }
  if (branches.length === 0) cursor.fail();
  const otherwise = cursor.take('else') ? cursor.grammar.expression(cursor) : null;
  cursor.expect('end');
  return { kind: 'case', operand, branches, otherwise };
}
