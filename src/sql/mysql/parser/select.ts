/** Decides what stands between SELECT and ORDER BY. */
import type { Into, NamedWindow, Select, SelectItem } from '../ast.js';
import type { Cursor } from './cursor.js';
import { intoOf } from './into.js';
import { selectAlias } from './names.js';
import { orderedBy, windowOf } from './ordering.js';
import { from } from './tables.js';

const optionWords = [
  'all',
  'distinct',
  'distinctrow',
  'high_priority',
  'straight_join',
  'sql_small_result',
  'sql_big_result',
  'sql_buffer_result',
  'sql_no_cache',
  'sql_calc_found_rows',
] as const;

export function select(cursor: Cursor): { readonly body: Select; readonly into: Into | null } {
  cursor.expect('select');
  const words: string[] = [];
  for (let word = option(cursor); word !== null; word = option(cursor)) words.push(word);
  const items = selectItems(cursor);
  const into = cursor.at('into') ? intoOf(cursor) : null;
  const sources = cursor.take('from') ? from(cursor) : [];
  const where = cursor.take('where') ? cursor.grammar.expression(cursor) : null;
  const groupBy = orderedBy(cursor, 'group');
  const hasRollup = groupBy.length > 0 && cursor.take('with', 'rollup');
  const having = cursor.take('having') ? cursor.grammar.expression(cursor) : null;
  const windows = cursor.take('window') ? cursor.list(() => namedWindow(cursor)) : [];
  const isDistinct = words.some((word) => word.startsWith('distinct'));
  const options = words.filter((word) => word !== 'all' && !word.startsWith('distinct'));
  const body: Select = {
    kind: 'select',
    isDistinct,
    options,
    items,
    from: sources,
    where,
    groupBy,
    hasRollup,
    having,
    windows,
  };
  return { body, into };
}

/** `sql_cache` is a name like any other for MySQL 8, and an option for its elders. */
function option(cursor: Cursor): string | null {
  return cursor.at('sql_cache') ? cursor.fail() : cursor.takeOne(optionWords);
}

/** Also what RETURNING says. */
export function selectItems(cursor: Cursor): SelectItem[] {
  return cursor.list(() => selectItem(cursor));
}

function selectItem(cursor: Cursor): SelectItem {
  if (cursor.take('*')) return { kind: 'all-columns', table: null };
  const isOfTable = cursor.atName() && cursor.peek(1).word === '.';
  if (isOfTable && cursor.peek(2).word === '*') {
    const name = cursor.name();
    cursor.position += 2;
    return { kind: 'all-columns', table: { kind: 'table-name', schema: null, name } };
  }
  if (isOfTable && cursor.atName(2) && cursor.peek(3).word === '.' && cursor.peek(4).word === '*') {
    const schema = cursor.name();
    cursor.next();
    const name = cursor.name();
    cursor.position += 2;
    return { kind: 'all-columns', table: { kind: 'table-name', schema, name } };
  }
  const expression = cursor.grammar.expression(cursor);
  return { kind: 'select-expression', expression, alias: selectAlias(cursor) };
}

function namedWindow(cursor: Cursor): NamedWindow {
  const name = cursor.name();
  cursor.expect('as');
  return { kind: 'named-window', name, window: windowOf(cursor) };
}
