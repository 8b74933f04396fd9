/**
 * Decides how operators bind, from OR down to what stands between the signs of arithmetic. Where the grammars of MySQL and
 * MariaDB differ (chains of predicates, say) the text is not understood. Knows no functions.
 */
import type { ArithmeticOperator, ComparisonOperator, Expression, Is, Query } from '../ast.js';
import type { Cursor } from './cursor.js';
import { intervalOf } from './intervals.js';
import { unary } from './primaries.js';
import { queryInBrackets, startsQuery } from './subqueries.js';

export function expression(cursor: Cursor): Expression {
  return cursor.deeper(() => chainOf(cursor, 'or'));
}

type LogicalOperator = 'or' | 'xor' | 'and';

function chainOf(cursor: Cursor, operator: LogicalOperator): Expression {
  const first = operandOf(cursor, operator);
  if (!takeLogical(cursor, operator)) return first;
  const operands = [first];
  do operands.push(operandOf(cursor, operator));
  while (takeLogical(cursor, operator));
  return { kind: 'logical', operator, operands };
}

function operandOf(cursor: Cursor, operator: LogicalOperator): Expression {
  if (operator === 'and') return negation(cursor);
  return chainOf(cursor, operator === 'or' ? 'xor' : 'and');
}

function takeLogical(cursor: Cursor, operator: LogicalOperator): boolean {
  if (cursor.take(operator)) return true;
  if (operator === 'and') return cursor.take('&&');
  return operator === 'or' && !cursor.mode.pipesAsConcat && cursor.take('||');
}

function negation(cursor: Cursor): Expression {
  if (cursor.mode.highNotPrecedence || !cursor.take('not')) return comparison(cursor);
  return cursor.deeper(() => ({ kind: 'unary', operator: 'not', operand: negation(cursor) }));
}

const comparisonOperators: ReadonlyMap<string, ComparisonOperator> = new Map([
  ['=', '='],
  ['<=>', '<=>'],
  ['<', '<'],
  ['<=', '<='],
  ['>', '>'],
  ['>=', '>='],
  ['<>', '<>'],
  ['!=', '<>'],
]);

function comparison(cursor: Cursor): Expression {
  let left = predicate(cursor);
  for (;;) {
    const operator = comparisonOperators.get(cursor.peek().word);
    if (operator !== undefined) {
      cursor.next();
      left = compared(cursor, left, operator);
    } else if (cursor.take('is')) left = isTested(cursor, left);
    else return left;
  }
}

function compared(cursor: Cursor, left: Expression, operator: ComparisonOperator): Expression {
  if (cursor.peek(1).word === '(') {
    const quantifier = cursor.takeOne(['any', 'some', 'all']);
    if (quantifier !== null) {
      const query = queryInBrackets(cursor);
      return { kind: 'quantified', operator, quantifier: quantifier === 'all' ? 'all' : 'any', left, query };
    }
  }
  return { kind: 'comparison', operator, left, right: predicate(cursor) };
}

function isTested(cursor: Cursor, operand: Expression): Is {
  const isNegated = cursor.take('not');
  const what = cursor.takeOne(['null', 'unknown', 'true', 'false']) ?? cursor.fail();
  return { kind: 'is', operand, what: what === 'unknown' ? 'null' : what, isNegated };
}

const predicateWords = new Set(['in', 'between', 'like', 'regexp', 'rlike', 'member', 'sounds']);

function predicate(cursor: Cursor): Expression {
  const operand = arithmetic(cursor, 0);
  if (!predicateWords.has(cursor.peek(cursor.at('not') ? 1 : 0).word)) return operand;
  const found = predicateOf(cursor, operand);
  // One server goes on from here, another one does not.
  if (predicateWords.has(cursor.peek(cursor.at('not') ? 1 : 0).word)) cursor.fail();
  return found;
}

function predicateOf(cursor: Cursor, operand: Expression): Expression {
  const isNegated = cursor.take('not');
  switch (cursor.next().word) {
    case 'in':
      return among(cursor, operand, isNegated);
    case 'between': {
      const low = arithmetic(cursor, 0);
      cursor.expect('and');
      const high = cursor.deeper(() => predicate(cursor));
      return { kind: 'between', operand, low, high, isNegated };
    }
    case 'like': {
      const pattern = arithmetic(cursor, 0);
      const escape = cursor.take('escape') ? unary(cursor) : null;
      return { kind: 'like', operator: 'like', operand, pattern, escape, isNegated };
    }
    case 'regexp':
    case 'rlike': {
      const pattern = arithmetic(cursor, 0);
      return { kind: 'like', operator: 'regexp', operand, pattern, escape: null, isNegated };
    }
    case 'sounds': {
      cursor.expect('like');
      const pattern = isNegated ? cursor.fail() : arithmetic(cursor, 0);
      return { kind: 'like', operator: 'sounds', operand, pattern, escape: null, isNegated };
    }
    default: {
      cursor.expect('of');
      const pattern = cursor.bracketed(() => unary(cursor));
      return { kind: 'like', operator: 'member', operand, pattern, escape: null, isNegated };
    }
  }
}

function among(cursor: Cursor, operand: Expression, isNegated: boolean): Expression {
  const inQuery = (query: Query): Expression => ({ kind: 'in-query', operand, query, isNegated });
  if (cursor.at('(') && startsQuery(cursor, 1)) return inQuery(queryInBrackets(cursor));
  const items = cursor.bracketed(() => cursor.list(() => expression(cursor)));
  const [only] = items;
  if (items.length === 1 && only?.kind === 'scalar-query') return inQuery(only.query);
  return { kind: 'in', operand, items, isNegated };
}

const arithmeticOperators: ReadonlyMap<string, readonly [ArithmeticOperator, number]> = new Map([
  ['|', ['|', 1]],
  ['&', ['&', 2]],
  ['<<', ['<<', 3]],
  ['>>', ['>>', 3]],
  ['+', ['+', 4]],
  ['-', ['-', 4]],
  ['*', ['*', 5]],
  ['/', ['/', 5]],
  ['%', ['mod', 5]],
  ['div', ['div', 5]],
  ['mod', ['mod', 5]],
  ['^', ['^', 6]],
  ['||', ['concat', 7]],
]);

/** @param above only operators that bind tighter than this */
export function arithmetic(cursor: Cursor, above: number): Expression {
  let left = unary(cursor);
  for (;;) {
    const found = arithmeticOperators.get(cursor.peek().word);
    if (found === undefined) return left;
    const [operator, binding] = found;
    if (binding <= above || (operator === 'concat' && !cursor.mode.pipesAsConcat)) return left;
    cursor.next();
    const isSum = operator === '+' || operator === '-';
    const right = (isSum ? intervalOf(cursor) : null) ?? arithmetic(cursor, binding);
    left = { kind: 'arithmetic', operator, left, right };
  }
}
