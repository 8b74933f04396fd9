/**
 * Decides which column of a query, or of the queries around it, a name means. Knows nothing of what is said about the
 * column. When in doubt, none.
 */
import { type Found, findHere, findPlace, type Place, type RangeEntry, type Scope } from '../rows/scope.js';
import type { Expression } from './ast.js';
import { type Catalog, foldName, type Relation } from './catalog.js';

/** A column's name as items of a FROM list are asked for it: names of columns have no case, those of items may. */
export function namesOf(catalog: Catalog, names: readonly string[]): readonly string[] {
  return names.map((name, index) =>
    index === names.length - 1 ? name.toLowerCase() : foldName(catalog, name),
  );
}

/** The column an expression is, at this level or one around it, if it is nothing but a column whose meaning is certain. */
export function placeOf(catalog: Catalog, scope: Scope, node: Expression): Place | null {
  return node.kind === 'column' ? findPlace(scope, namesOf(catalog, node.names)) : null;
}

/** The same at this very level. */
export const placeHere = (catalog: Catalog, scope: Scope, names: readonly string[]): Found =>
  findHere(scope, namesOf(catalog, names));

/** The columns of an item that only those see who name them. A view or a query has none: what it shows is visible. */
export function invisibleIn({ relation, columns }: RangeEntry): ReadonlySet<string> {
  if (relation === null || columns !== undefined) return none;
  const own = (relation as Relation).columns; // of this dialect's catalog
  return own.some(({ isInvisible }) => isInvisible)
    ? new Set(own.flatMap(({ name, isInvisible }) => (isInvisible ? [name] : [])))
    : none;
}

const none: ReadonlySet<string> = new Set();
