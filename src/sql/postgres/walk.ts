/** Decides what travels along while a tree is walked: the catalog, what was found, and how parts call each other. */
import type { Pins } from '../rows/candidates.js';
import type { Query } from '../rows/queries.js';
import type { CteNames, Scope } from '../rows/scope.js';
import type { Sight } from '../rows/sight.js';
import type { Fields } from './ast.js';
import type { Catalog } from './catalog.js';
import type { Findings } from './findings.js';

export interface Walk {
  readonly catalog: Catalog;
  readonly findings: Findings;
  /** Pins found so far, settled when all uses of their parameters are known. */
  readonly pins: Pins;
  /** The queries met so far, looked at when all uses of parameters are known. */
  readonly sight: Sight;
  /** Walks a query that is an item of another. */
  readonly query: (walk: Walk, select: Fields, surroundings: Surroundings) => Query;
  /** Walks a query or a data-modifying statement inside another statement. */
  readonly statement: (walk: Walk, node: unknown, surroundings: Surroundings) => void;
}

/** What a nested query can see of the statement around it. */
export interface Surroundings {
  readonly ctes: CteNames | null;
  readonly outer: Scope | null;
}
