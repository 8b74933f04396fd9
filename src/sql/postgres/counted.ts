/**
 * Decides of which table the server's answer to a statement tells how many rows were written. What cascades and
 * triggers write besides is not told, and never less is written than told.
 */
import type { Table } from '../plan.js';
import { child, tagged, text } from './ast.js';
import { type Catalog, findRelation } from './catalog.js';
import { isPlainTable } from './relations.js';

const counting: ReadonlySet<string> = new Set(['InsertStmt', 'UpdateStmt', 'DeleteStmt', 'MergeStmt']);

/** Null where the rows may be those of partitions or of other tables. */
export function countedTable(catalog: Catalog, statement: unknown): Table | null {
  const found = tagged(statement);
  if (found === null || !counting.has(found.tag)) return null;
  const target = child(found.fields, 'relation') ?? {};
  const relation = findRelation(catalog, text(target, 'schemaname'), text(target, 'relname'));
  return relation.found === 'relation' && isPlainTable(relation.relation) ? relation.relation.table : null;
}
