/** Decides how INSERT, REPLACE, UPDATE and DELETE are written. */
import type { ColumnReference, Expression, TableSource, With } from '../ast.js';
import type { Assignment, Delete, Insert, InsertRows, RowAlias, Truncate, Update } from '../statement-ast.js';
import type { Cursor } from './cursor.js';
import { alias, columnReference, tableName, tableNameWithStar } from './names.js';
import { limitOf, orderedBy } from './ordering.js';
import { selectItems } from './select.js';
import { startsQuery } from './subqueries.js';
import { from, joined } from './tables.js';

/** INSERT or REPLACE. */
export function insert(cursor: Cursor): Insert {
  const isReplace = cursor.next().word === 'replace';
  const option = cursor.takeOne(['low_priority', 'delayed', 'high_priority']);
  const isIgnore = cursor.take('ignore');
  cursor.take('into');
  const table = tableName(cursor);
  const partitions = cursor.take('partition') ? cursor.bracketed(() => cursor.names()) : null;
  const { columns, source } = inserted(cursor);
  const rowAlias = source.kind === 'insert-rows' ? rowAliasOf(cursor) : null;
  const hasDuplicate = !isReplace && cursor.take('on', 'duplicate', 'key', 'update');
  return {
    kind: 'insert',
    isReplace,
    isIgnore,
    options: option === null ? [] : [option],
    table,
    partitions,
    columns,
    source,
    rowAlias,
    onDuplicate: hasDuplicate ? cursor.list(() => assignment(cursor)) : null,
    returning: cursor.take('returning') ? selectItems(cursor) : null,
  };
}

function inserted(cursor: Cursor): Pick<Insert, 'columns' | 'source'> {
  if (cursor.take('set')) {
    const settings = cursor.list(() => assignment(cursor));
    const columns = settings.map(({ column }) => column);
    return { columns, source: { kind: 'insert-rows', rows: [settings.map(({ value }) => value)] } };
  }
  let columns: readonly ColumnReference[] | null = null;
  if (cursor.at('(') && !isQueryInBrackets(cursor))
    columns = cursor.bracketed(() => (cursor.at(')') ? [] : cursor.list(() => columnReference(cursor))));
  if (cursor.takeOne(['values', 'value']) === null) return { columns, source: cursor.grammar.query(cursor) };
  return { columns, source: insertRows(cursor) };
}

function isQueryInBrackets(cursor: Cursor): boolean {
  let offset = 0;
  while (cursor.peek(offset).word === '(') offset += 1;
  return startsQuery(cursor, offset);
}

/** MySQL 8 lets each row begin with the word. */
function insertRows(cursor: Cursor): InsertRows {
  const hasWord = cursor.at('row');
  const rows = cursor.list(() => {
    if (hasWord) cursor.expect('row');
    return cursor.bracketed(() => (cursor.at(')') ? [] : cursor.list(() => storedValue(cursor))));
  });
  return { kind: 'insert-rows', rows };
}

/** An expression, or DEFAULT. */
export function storedValue(cursor: Cursor): Expression {
  if (!cursor.at('default') || cursor.peek(1).word === '(') return cursor.grammar.expression(cursor);
  cursor.next();
  return { kind: 'default', column: null };
}

function rowAliasOf(cursor: Cursor): RowAlias | null {
  if (!cursor.at('as')) return null;
  const name = alias(cursor) ?? cursor.fail();
  return { kind: 'row-alias', name, columns: cursor.at('(') ? cursor.bracketed(() => cursor.names()) : null };
}

function assignment(cursor: Cursor): Assignment {
  const column = columnReference(cursor);
  if (!cursor.take(':=')) cursor.expect('=');
  return { kind: 'assignment', column, value: storedValue(cursor) };
}

export function update(cursor: Cursor, before: With | null): Update {
  cursor.expect('update');
  const options = cursor.take('low_priority') ? ['low_priority'] : [];
  const isIgnore = cursor.take('ignore');
  const sources = cursor.list(() => joined(cursor));
  cursor.expect('set');
  const assignments = cursor.list(() => assignment(cursor));
  return {
    kind: 'update',
    with: before,
    isIgnore,
    options,
    from: sources,
    assignments,
    ...restriction(cursor),
  };
}

export function remove(cursor: Cursor, before: With | null): Delete {
  cursor.expect('delete');
  const options: string[] = [];
  for (let word = deleteOption(cursor); word !== null; word = deleteOption(cursor)) options.push(word);
  const isIgnore = cursor.take('ignore');
  let targets: Delete['targets'] = null;
  let sources: readonly TableSource[];
  if (cursor.take('from')) {
    const start = cursor.position;
    const named = cursor.list(() => tableNameWithStar(cursor));
    if (cursor.take('using')) {
      targets = named;
      sources = from(cursor);
    } else {
      cursor.position = start;
      sources = [joined(cursor)];
      if (sources[0]?.kind !== 'table') cursor.fail();
    }
  } else {
    targets = cursor.list(() => tableNameWithStar(cursor));
    cursor.expect('from');
    sources = from(cursor);
  }
  const rest = restriction(cursor);
  const returning = cursor.take('returning') ? selectItems(cursor) : null;
  return { kind: 'delete', with: before, isIgnore, options, targets, from: sources, ...rest, returning };
}

const deleteOption = (cursor: Cursor): string | null => cursor.takeOne(['low_priority', 'quick']);

function restriction(cursor: Cursor): Pick<Update, 'where' | 'orderBy' | 'limit'> {
  const where = cursor.take('where') ? cursor.grammar.expression(cursor) : null;
  return { where, orderBy: orderedBy(cursor, 'order'), limit: limitOf(cursor) };
}

export function truncate(cursor: Cursor): Truncate {
  cursor.expect('truncate');
  cursor.take('table');
  const table = tableName(cursor);
  if (!cursor.take('nowait') && cursor.take('wait')) cursor.next();
  return { kind: 'truncate', table };
}
