/**
 * Decides which column of a query, or of the queries around it, a name means: through sub-queries, renamed columns and
 * USING. Knows nothing of what is said about the column. When in doubt, none.
 */
import { findPlace, type Place, type Scope } from '../rows/scope.js';
import { fieldsOf, list, strings } from './ast.js';

/** The column a node is, at this level or one around it, if it is nothing but a column whose meaning is certain. */
export function placeOf(scope: Scope, node: unknown): Place | null {
  const reference = fieldsOf(node, 'ColumnRef');
  const names = reference === null ? null : strings(list(reference, 'fields'));
  return names === null ? null : findPlace(scope, names);
}
