/** Decides how rows are ordered, ranked and counted off: ORDER BY, LIMIT, windows. */
import type { Expression, Frame, FrameBound, Limit, OrderItem, Window } from '../ast.js';
import type { Cursor } from './cursor.js';

/** ORDER BY or GROUP BY, where that stands. */
export function orderedBy(cursor: Cursor, word: 'order' | 'group'): readonly OrderItem[] {
  return cursor.take(word, 'by') ? cursor.list(() => orderItem(cursor)) : [];
}

function orderItem(cursor: Cursor): OrderItem {
  const expression = cursor.grammar.expression(cursor);
  const direction = cursor.takeOne(['asc', 'desc']);
  return { kind: 'order-item', expression, isDescending: direction === 'desc' };
}

const noLimit: Limit = { kind: 'limit', count: null, offset: null, withTies: false, rowsExamined: null };

/** LIMIT, OFFSET and FETCH, where one of them stands. */
export function limitOf(cursor: Cursor): Limit | null {
  if (cursor.take('limit')) return limited(cursor);
  if (!cursor.at('offset') && !cursor.at('fetch')) return null;
  let offset: Expression | null = null;
  if (cursor.take('offset')) {
    offset = amount(cursor);
    if (cursor.takeOne(['row', 'rows']) === null) cursor.fail();
    if (!cursor.at('fetch')) return { ...noLimit, offset };
  }
  cursor.expect('fetch');
  if (cursor.takeOne(['first', 'next']) === null) cursor.fail();
  const isOne = cursor.at('row') || cursor.at('rows');
  const count: Expression = isOne ? { kind: 'number', form: 'integer', text: '1' } : amount(cursor);
  if (cursor.takeOne(['row', 'rows']) === null) cursor.fail();
  const withTies = cursor.take('with', 'ties');
  if (!withTies) cursor.expect('only');
  return { ...noLimit, count, offset, withTies };
}

function limited(cursor: Cursor): Limit {
  if (cursor.take('rows', 'examined')) return { ...noLimit, rowsExamined: amount(cursor) };
  const first = amount(cursor);
  let limit: Limit = { ...noLimit, count: first };
  if (cursor.take(',')) limit = { ...noLimit, count: amount(cursor), offset: first };
  else if (cursor.take('offset')) limit = { ...noLimit, count: first, offset: amount(cursor) };
  return cursor.take('rows', 'examined') ? { ...limit, rowsExamined: amount(cursor) } : limit;
}

/** A number, a parameter, or in code a variable. */
function amount(cursor: Cursor): Expression {
  const { kind, text } = cursor.peek();
  if (kind === 'integer') {
    cursor.next();
    return { kind: 'number', form: 'integer', text };
  }
  if (kind === 'parameter') {
    cursor.next();
    return { kind: 'parameter', index: Number(text) };
  }
  return { kind: 'column', names: [cursor.name()] };
}

/** `(…)`, what OVER and WINDOW say. */
export function windowOf(cursor: Cursor): Window {
  return cursor.bracketed(() => {
    const base = cursor.atName() && !cursor.at('groups') ? cursor.name() : null;
    const partitionBy = cursor.take('partition', 'by')
      ? cursor.list(() => cursor.grammar.expression(cursor))
      : [];
    const orderBy = orderedBy(cursor, 'order');
    const unit = cursor.takeOne(['rows', 'range', 'groups']);
    return { kind: 'window', base, partitionBy, orderBy, frame: unit === null ? null : frame(cursor, unit) };
  });
}

function frame(cursor: Cursor, unit: Frame['unit']): Frame {
  const isPair = cursor.take('between');
  const start = frameBound(cursor);
  let end: FrameBound | null = null;
  if (isPair) {
    cursor.expect('and');
    end = frameBound(cursor);
  }
  return { kind: 'frame', unit, start, end, exclude: cursor.take('exclude') ? excluded(cursor) : '' };
}

function excluded(cursor: Cursor): string {
  const ways = [['no', 'others'], ['current', 'row'], ['group'], ['ties']];
  return (ways.find((words) => cursor.takeAll(words)) ?? cursor.fail()).join(' ');
}

function frameBound(cursor: Cursor): FrameBound {
  if (cursor.take('current', 'row')) return { kind: 'frame-bound', direction: 'current', offset: null };
  const offset = cursor.take('unbounded') ? null : frameOffset(cursor);
  const direction = cursor.takeOne(['preceding', 'following']) ?? cursor.fail();
  return { kind: 'frame-bound', direction, offset };
}

function frameOffset(cursor: Cursor): Expression {
  return cursor.grammar.interval(cursor) ?? cursor.grammar.operand(cursor);
}
