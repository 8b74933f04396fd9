/** Decides how code of users is walked: as texts are. Joins those who walk statements with those who ask what code does. */
import { type Catalog, type Code } from './catalog.js';
import { type CodeEffect, installCodeReader } from './code.js';
import { walkExpression } from './expressions.js';
import { walkQuery } from './select.js';
import { walkStatement } from './statements.js';

/** To be called before code of this catalog is asked about. @param declared what a user says of routines */
export function readCodeOf(catalog: Catalog, declared: ReadonlyMap<Code, CodeEffect> = new Map()): void {
  installCodeReader(catalog, {
    statement: walkStatement,
    expression: walkExpression,
    query: walkQuery,
    declared,
  });
}
