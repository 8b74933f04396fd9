/** Decides what stands in FROM: tables, queries, and how they are joined. */
import type { IndexHint, JoinedTables, Query, TableReference, TableSource } from '../ast.js';
import type { Cursor } from './cursor.js';
import { alias, tableName } from './names.js';
import { continuesQuery, startsQuery } from './subqueries.js';

/** What is separated by commas; none of DUAL. */
export function from(cursor: Cursor): readonly TableSource[] {
  if (cursor.take('dual')) return cursor.at(',') ? cursor.fail() : [];
  return cursor.list(() => joined(cursor));
}

/** An item whose join has no condition yet. */
interface Waiting {
  readonly left: TableSource;
  readonly type: JoinedTables['type'];
}

/**
 * One item, or a chain of joins. A condition belongs to the last join that has none.
 *
 * @param first an item that was passed
 */
export function joined(cursor: Cursor, first: TableSource = factor(cursor)): TableSource {
  return cursor.atAny(joinWords) ? chain(cursor, first) : first;
}

const joinWords = new Set(['join', 'inner', 'cross', 'straight_join', 'left', 'right', 'natural']);

function chain(cursor: Cursor, first: TableSource): TableSource {
  const waiting: Waiting[] = [];
  const made = new Set<TableSource>();
  const make = (join: Omit<JoinedTables, 'kind'>): TableSource => {
    const source: JoinedTables = { kind: 'join', ...join };
    made.add(source);
    return source;
  };
  let last = first;
  for (;;) {
    if (cursor.at('natural')) {
      // Where it belongs in a chain without conditions the servers do not agree on.
      if (waiting.length > 0) cursor.fail();
      const type = naturalType(cursor);
      last = make({ ...unconditional, type, isNatural: true, left: last, right: factor(cursor) });
      continue;
    }
    const type = joinType(cursor);
    if (type !== null) {
      waiting.push({ left: last, type });
      last = factor(cursor);
    } else if (cursor.at('on') || cursor.at('using')) {
      const before = waiting.pop();
      // ON DUPLICATE KEY of an INSERT, USING of a DELETE.
      if (before === undefined) break;
      last = make({ ...before, isNatural: false, right: last, ...condition(cursor) });
    } else break;
  }
  for (let before = waiting.pop(); before !== undefined; before = waiting.pop()) {
    if (before.type !== 'inner') cursor.fail('a join has no condition');
    last = crossed(before.left, last, made);
    made.add(last);
  }
  return last;
}

function condition(cursor: Cursor): Pick<JoinedTables, 'on' | 'using'> {
  if (cursor.take('on')) return { on: cursor.grammar.expression(cursor), using: null };
  cursor.expect('using');
  return { on: null, using: cursor.bracketed(() => cursor.names()) };
}

const unconditional = { on: null, using: null };

/**
 * `a JOIN b LEFT JOIN c ON …` is `(a JOIN b) LEFT JOIN c ON …`, though that shows only at the end.
 *
 * @param made the joins of this chain: others stand in brackets
 */
function crossed(left: TableSource, source: TableSource, made: ReadonlySet<TableSource>): TableSource {
  if (source.kind !== 'join' || !made.has(source)) return crossJoin(left, source);
  return { ...source, left: crossed(left, source.left, made) };
}

function crossJoin(left: TableSource, right: TableSource): JoinedTables {
  return { kind: 'join', type: 'inner', isNatural: false, left, right, ...unconditional };
}

function naturalType(cursor: Cursor): JoinedTables['type'] {
  cursor.expect('natural');
  const side = cursor.takeOne(['inner', 'left', 'right']) ?? 'inner';
  if (side !== 'inner') cursor.take('outer');
  cursor.expect('join');
  return side;
}

function joinType(cursor: Cursor): JoinedTables['type'] | null {
  if (cursor.take('join') || cursor.take('inner', 'join') || cursor.take('cross', 'join')) return 'inner';
  if (cursor.take('straight_join')) return 'inner';
  const side = cursor.takeOne(['left', 'right']);
  if (side === null) return null;
  cursor.take('outer');
  cursor.expect('join');
  return side;
}

function factor(cursor: Cursor): TableSource {
  const found = cursor.deeper(() => bareFactor(cursor));
  // In brackets a query may go on; here it must have a name.
  if (found.kind === 'derived' && found.alias === null) cursor.fail('a query in FROM has no name');
  return found;
}

function bareFactor(cursor: Cursor): TableSource {
  if (cursor.take('lateral'))
    return named(
      cursor,
      cursor.bracketed(() => cursor.grammar.query(cursor)),
      true,
    );
  if (cursor.take('(')) return inBrackets(cursor);
  if (!cursor.take('{')) return tableReference(cursor);
  cursor.expect('oj');
  const found = joined(cursor);
  cursor.expect('}');
  return found;
}

/** Behind the bracket: a query, or joined tables. */
function inBrackets(cursor: Cursor): TableSource {
  if (startsQuery(cursor) || cursor.at('values')) return afterQuery(cursor, cursor.grammar.query(cursor));
  let first: TableSource | undefined;
  if (cursor.at('(')) {
    first = cursor.deeper(() => bareFactor(cursor));
    if (first.kind === 'derived' && first.alias === null) {
      if (continuesQuery(cursor))
        return afterQuery(cursor, cursor.grammar.continuedQuery(cursor, first.query));
      return afterQuery(cursor, first.query);
    }
  }
  let source = joined(cursor, first);
  while (cursor.take(',')) source = crossJoin(source, joined(cursor));
  cursor.expect(')');
  return source;
}

function afterQuery(cursor: Cursor, query: Query): TableSource {
  cursor.expect(')');
  return named(cursor, query, false);
}

function named(cursor: Cursor, query: Query, isLateral: boolean): TableSource {
  const name = alias(cursor);
  const columns = name !== null && cursor.at('(') ? cursor.bracketed(() => cursor.names()) : null;
  return { kind: 'derived', query, alias: name, columns, isLateral };
}

export function tableReference(cursor: Cursor): TableReference {
  const table = tableName(cursor);
  const partitions = cursor.take('partition') ? cursor.bracketed(() => cursor.names()) : null;
  const name = alias(cursor);
  const indexHints: IndexHint[] = [];
  for (let hint = indexHint(cursor); hint !== null; hint = indexHint(cursor)) indexHints.push(hint);
  return { kind: 'table', table, alias: name, partitions, indexHints };
}

function indexHint(cursor: Cursor): IndexHint | null {
  const action = cursor.takeOne(['use', 'ignore', 'force']);
  if (action === null) return null;
  if (cursor.takeOne(['index', 'key']) === null) cursor.fail();
  const purposes = [['join'], ['order', 'by'], ['group', 'by']];
  const purpose = cursor.take('for')
    ? (purposes.find((words) => cursor.takeAll(words)) ?? cursor.fail())
    : [];
  const indexes = cursor.bracketed(() => (cursor.at(')') ? [] : cursor.list(() => indexName(cursor))));
  return { kind: 'index-hint', action, purpose: purpose.join(' ') as IndexHint['purpose'], indexes };
}

function indexName(cursor: Cursor): string {
  return cursor.take('primary') ? 'PRIMARY' : cursor.name();
}
