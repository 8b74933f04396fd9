/** Decides where a query begins among expressions, and how it stands in brackets. */
import type { Query } from '../ast.js';
import type { Cursor } from './cursor.js';

/** Whether a query stands there, not in brackets. VALUES alone may be the function. */
export function startsQuery(cursor: Cursor, offset = 0): boolean {
  const { word } = cursor.peek(offset);
  if (word === 'values') return cursor.peek(offset + 1).word === 'row';
  return word === 'select' || word === 'with' || word === 'table';
}

/** A query in one pair of brackets or several. */
export function queryInBrackets(cursor: Cursor): Query {
  return cursor.bracketed(() => cursor.grammar.query(cursor));
}

const continuations = new Set([
  'union',
  'except',
  'intersect',
  'order',
  'limit',
  'offset',
  'fetch',
  'for',
  'lock',
  'into',
]);

/** Whether what stands behind a query in brackets goes on with it. */
export function continuesQuery(cursor: Cursor): boolean {
  return cursor.atAny(continuations);
}
