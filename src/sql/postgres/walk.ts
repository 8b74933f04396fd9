/** Decides what travels along while a tree is walked: the catalog, what was found, and how parts call each other. */
import type { Catalog } from './catalog.js';
import type { Findings } from './findings.js';
import type { Pins } from './pins.js';
import type { CteNames, Scope } from './scope.js';

export interface Walk {
  readonly catalog: Catalog;
  readonly findings: Findings;
  /** Pins found so far, settled when all uses of their parameters are known. */
  readonly pins: Pins;
  /** Walks a query or a data-modifying statement inside another statement. */
  readonly statement: (walk: Walk, node: unknown, surroundings: Surroundings) => void;
}

/** What a nested query can see of the statement around it. */
export interface Surroundings {
  readonly ctes: CteNames | null;
  readonly outer: Scope | null;
}
