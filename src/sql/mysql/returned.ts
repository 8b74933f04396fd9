/**
 * Decides what the rows of a statement's answer tell of the rows that it wrote: RETURNING of MariaDB shows columns as they
 * are stored. Knows no answer, only what it will look like.
 */
import type { ToldColumn, ToldRows } from '../plan.js';
import { type Catalog, type Column, findRelation, foldName, type Relation } from './catalog.js';
import type { Delete, Insert } from './statement-ast.js';

/** Null: the answer does not tell of each row that is written in the table. To be asked where no code of users runs. */
export function toldRows(catalog: Catalog, statement: Insert | Delete): ToldRows | null {
  const { returning } = statement;
  const found = returning === null ? null : writtenBy(catalog, statement);
  if (returning === null || found === null || isReachedAgain(catalog, found.relation)) return null;
  const { relation, called } = found;
  const changing = changedBy(relation, statement);
  const columns: ToldColumn[] = [];
  let position = 0;
  const show = (column: Column | undefined): void => {
    if (column !== undefined && column.valueClass !== null && !column.generated && !changing.has(column.name))
      columns.push({
        column: String(column.number),
        name: column.name,
        position,
        valueClass: column.valueClass,
      });
    position += 1;
  };
  for (const item of returning) {
    if (item.kind === 'all-columns') {
      for (const column of relation.columns) if (!column.isInvisible) show(column);
      continue;
    }
    const { expression } = item;
    const [name, qualifier, ...more] = expression.kind === 'column' ? expression.names.toReversed() : [];
    const isOwn = more.length === 0 && (qualifier === undefined || foldName(catalog, qualifier) === called);
    show(name !== undefined && isOwn ? relation.columnByName.get(name.toLowerCase()) : undefined);
  }
  return { table: relation.table, columns };
}

interface Written {
  readonly relation: Relation;
  /** What its columns are qualified with. */
  readonly called: string;
}

/** The one table that is written. A row that REPLACE takes away, or that is kept as history, is not shown. */
function writtenBy(catalog: Catalog, statement: Insert | Delete): Written | null {
  if (statement.kind === 'insert') return statement.isReplace ? null : plainTable(catalog, statement.table);
  const [item, ...more] = statement.from;
  if (item?.kind !== 'table' || more.length > 0 || statement.targets !== null) return null;
  return item.alias === null ? plainTable(catalog, item.table) : null;
}

function plainTable(catalog: Catalog, name: Insert['table']): Written | null {
  const found = findRelation(catalog, name);
  if (found.found !== 'relation' || found.relation.kind !== 'table' || found.relation.isVersioned)
    return null;
  return { relation: found.relation, called: foldName(catalog, name.name) };
}

/** The columns in which a row had another value before. An inserted row had none, a deleted one has none after. */
function changedBy({ columns }: Relation, statement: Insert | Delete): ReadonlySet<string> {
  if (statement.kind === 'delete') return new Set();
  const names = (statement.onDuplicate ?? []).map(({ column }) => column.names.at(-1)?.toLowerCase() ?? '');
  return new Set(names.includes('') ? columns.map(({ name }) => name) : names);
}

/** Whether the actions of foreign keys may come back to the table, in rows that are not shown. */
function isReachedAgain({ relations }: Catalog, relation: Relation): boolean {
  const reached = new Set<Relation>();
  const queue = [relation];
  for (const next of queue)
    for (const { from, onDelete, onUpdate } of next.referencedBy) {
      const other = relations.get(from);
      if (other === undefined || (onDelete === 'restrict' && onUpdate === 'restrict')) continue;
      if (other === relation) return true;
      if (!reached.has(other)) queue.push(other);
      reached.add(other);
    }
  return false;
}
