/** Decides how a query is put together: WITH, parts that are united, order and limit, locks, INTO. Knows no FROM. */
import type { CommonTable, Into, Lock, Query, QueryBody, SetOperation, With } from '../ast.js';
import type { Cursor } from './cursor.js';
import { intoOf } from './into.js';
import { tableName } from './names.js';
import { limitOf, orderedBy } from './ordering.js';
import { select } from './select.js';

export function query(cursor: Cursor): Query {
  return cursor.deeper(() => {
    const before = withOf(cursor);
    return finished(cursor, before, united(cursor, null));
  });
}

/** A query whose first part stands in brackets that were passed. */
export function continuedQuery(cursor: Cursor, first: Query): Query {
  return finished(cursor, null, united(cursor, first));
}

/** What was found before what stands behind all parts. */
interface Begun {
  readonly body: QueryBody;
  /** Of a SELECT that has INTO before FROM. */
  readonly into: Into | null;
}

function finished(cursor: Cursor, before: With | null, begun: Begun): Query {
  const { body } = begun;
  const orderBy = orderedBy(cursor, 'order');
  const limit = limitOf(cursor);
  const locks: Lock[] = [];
  let { into } = begun;
  for (;;) {
    const lock = lockOf(cursor);
    if (lock !== null) locks.push(lock);
    else if (cursor.at('into') && into === null) into = intoOf(cursor);
    else break;
  }
  const isBare = before === null && orderBy.length === 0 && limit === null && locks.length === 0;
  if (isBare && into === null && body.kind === 'query') return body;
  return { kind: 'query', with: before, body, orderBy, limit, locks, into };
}

export function withOf(cursor: Cursor): With | null {
  if (!cursor.take('with')) return null;
  const isRecursive = cursor.take('recursive');
  return { kind: 'with', isRecursive, tables: cursor.list(() => commonTable(cursor)) };
}

function commonTable(cursor: Cursor): CommonTable {
  const name = cursor.name();
  const columns = cursor.at('(') ? cursor.bracketed(() => cursor.names()) : null;
  cursor.expect('as');
  const inside = cursor.bracketed(() => query(cursor));
  const cycle = cursor.take('cycle') ? cursor.names() : null;
  if (cycle !== null) cursor.expect('restrict');
  return { kind: 'common-table', name, columns, query: inside, cycle };
}

/** UNION and EXCEPT, from left to right. */
function united(cursor: Cursor, first: Query | null): Begun {
  let { body, into } = intersected(cursor, first);
  for (;;) {
    const operator = cursor.takeOne(['union', 'except']);
    if (operator === null) return { body, into };
    const isAll = cursor.takeOne(['all', 'distinct']) === 'all';
    const right = intersected(cursor, null);
    if (into !== null && right.into !== null) cursor.fail();
    body = { kind: 'set-operation', operator, isAll, left: body, right: right.body };
    into ??= right.into;
  }
}

/** INTERSECT binds tighter. */
function intersected(cursor: Cursor, first: Query | null): Begun {
  let { body, into } = first === null ? part(cursor) : { body: first, into: null };
  while (cursor.take('intersect')) {
    const isAll = cursor.takeOne(['all', 'distinct']) === 'all';
    const right = part(cursor);
    if (into !== null && right.into !== null) cursor.fail();
    const both: SetOperation = {
      kind: 'set-operation',
      operator: 'intersect',
      isAll,
      left: body,
      right: right.body,
    };
    body = both;
    into ??= right.into;
  }
  return { body, into };
}

function part(cursor: Cursor): Begun {
  if (cursor.at('(')) return { body: cursor.bracketed(() => query(cursor)), into: null };
  if (cursor.take('table')) return { body: { kind: 'table-rows', table: tableName(cursor) }, into: null };
  if (cursor.take('values')) return { body: { kind: 'values-rows', rows: rowsOf(cursor) }, into: null };
  return select(cursor);
}

/** `ROW(1, 2), ROW(3, 4)` or `(1, 2), (3, 4)` */
function rowsOf(cursor: Cursor): ReturnType<Cursor['grammar']['expression']>[][] {
  const hasWord = cursor.at('row');
  return cursor.list(() => {
    if (hasWord) cursor.expect('row');
    return cursor.bracketed(() => cursor.list(() => cursor.grammar.expression(cursor)));
  });
}

function lockOf(cursor: Cursor): Lock | null {
  if (cursor.take('lock', 'in', 'share', 'mode')) {
    patience(cursor);
    return { kind: 'lock', strength: 'share', of: [] };
  }
  if (!cursor.at('for')) return null;
  cursor.next();
  const strength = cursor.takeOne(['update', 'share']) ?? cursor.fail();
  const of = cursor.take('of') ? cursor.list(() => tableName(cursor)) : [];
  patience(cursor);
  return { kind: 'lock', strength, of };
}

/** Whether it waits: passed. */
function patience(cursor: Cursor): void {
  if (cursor.take('nowait') || cursor.take('skip', 'locked') || !cursor.take('wait')) return;
  if (cursor.next().kind !== 'integer') cursor.fail();
}
