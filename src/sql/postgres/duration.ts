/** Decides whether a write is known to be short. Knows no statistics: only what the statement itself says. */
import type { TableWrite } from '../plan.js';
import { child, list, tagged, text } from './ast.js';
import { type Catalog, findRelation } from './catalog.js';

/** Rows of a VALUES list that are written in an instant. */
const ROWS_MAX = 100;

/** Of `Relation.keyRanks`: a value of the column names one row at most. */
const UNIQUE_RANK = 2;

const single: ReadonlySet<string> = new Set(['InsertStmt', 'UpdateStmt', 'DeleteStmt', 'MergeStmt']);

/**
 * Whether one INSERT, UPDATE, DELETE or MERGE may take long: the rows it writes are neither given in so many words nor
 * named by a unique key, or other tables are written with them. False for any other statement.
 */
export function mayTakeLong(catalog: Catalog, statement: unknown, writes: readonly TableWrite[]): boolean {
  const found = tagged(statement);
  if (found === null || !single.has(found.tag)) return false;
  if (child(found.fields, 'withClause') !== null || writes.length !== 1) return true;
  if (found.tag === 'InsertStmt') return !isOfFewRows(found.fields['selectStmt']);
  const target = child(found.fields, 'relation') ?? {};
  const relation = findRelation(catalog, text(target, 'schemaname'), text(target, 'relname'));
  const pins = writes[0]?.pins ?? [];
  return (
    relation.found !== 'relation' ||
    !pins.some(
      ({ column, values }) =>
        (relation.relation.keyRanks.get(Number(column)) ?? 0) >= UNIQUE_RANK &&
        !values.some(({ kind }) => kind === 'elements'), // of which there may be any number
    )
  );
}

/** `DEFAULT VALUES`, or a VALUES list. */
function isOfFewRows(select: unknown): boolean {
  const found = tagged(select);
  if (found === null) return true;
  const rows = list(found.fields, 'valuesLists').length;
  return rows > 0 && rows <= ROWS_MAX;
}
