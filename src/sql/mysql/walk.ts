/** Decides what travels along while a statement is walked: the catalog, what was found, and how parts call each other. */
import type { Pins } from '../rows/candidates.js';
import type { Query as RowsQuery } from '../rows/queries.js';
import type { CteNames, Scope } from '../rows/scope.js';
import type { Sight } from '../rows/sight.js';
import type { Query } from './ast.js';
import type { Catalog } from './catalog.js';
import type { Findings } from './findings.js';

export interface Walk {
  readonly catalog: Catalog;
  readonly findings: Findings;
  /** Pins found so far, settled when all uses of their parameters are known. */
  readonly pins: Pins;
  /** The queries met so far, looked at when all uses of parameters are known. */
  readonly sight: Sight;
  /** Walks a query that is an item of another, or stands in an expression. */
  readonly query: (walk: Walk, query: Query, surroundings: Surroundings) => RowsQuery;
}

/** What a nested query can see of the statement around it. */
export interface Surroundings {
  readonly ctes: CteNames | null;
  readonly outer: Scope | null;
}
