/**
 * Decides which values the columns of the rows that a write touches have, and which ones its expressions give them: what its
 * conditions say (conditions.ts), followed from column to equal column as for a query (rows/sight.ts). When in doubt, any.
 */
import type { ValueSource, WritePin } from '../plan.js';
import type { Candidate } from '../rows/candidates.js';
import type { Knowledge } from '../rows/equal-columns.js';
import { type Facts, together } from '../rows/facts.js';
import type { Source } from '../rows/queries.js';
import type { Column as AnyColumn } from '../rows/relation.js';
import type { RangeEntry, Scope } from '../rows/scope.js';
import { distinct } from '../rows/write-pins.js';
import type { Expression } from './ast.js';
import { factsOf } from './conditions.js';
import type { Walk } from './walk.js';

/** Each touched row has one of the values in the column. */
export interface ColumnValues {
  readonly column: AnyColumn;
  readonly values: readonly Candidate[];
}

/** Asked once all uses of parameters are known. */
export type Written = () => readonly ColumnValues[];

/** What is given to one column, asked likewise; null: anything. */
export type Given = () => readonly Candidate[] | null;

/** Asked once all uses of parameters are known. Columns of which nothing is known are left out. */
export type Known = (entry: RangeEntry) => readonly ColumnValues[];

/** What the condition of a level says of the columns of its items. */
export function knownRows(
  walk: Walk,
  level: { readonly scope: Scope; readonly from: readonly Source[]; readonly where: Expression | null },
): Known {
  const members: Source[] = [];
  // Now: uses of parameters are noted.
  const facts: Facts = together([factsOf(walk, level.where, level.scope, members)]);
  let knowledge: Knowledge | null = null;
  return (entry) => {
    knowledge ??= walk.sight.knownOf([...level.from, ...members], facts);
    const columns = knowledge.get(entry)?.columns ?? new Map<never, never>();
    return [...columns.values()].map(({ place, values }) => ({ column: place.column, values }));
  };
}

/** The pins of columns whose values can all be told when the statement is called. */
export function settledPins(walk: Walk, columns: readonly ColumnValues[]): readonly WritePin[] {
  if (walk.findings.hasOwnSettings) return [];
  return columns.flatMap(({ column, values }): WritePin[] => {
    const sources = values.flatMap((value): ValueSource[] => {
      const source = walk.pins.sourceOf(value, walk.findings.parameterUses);
      return source === null ? [] : [source];
    });
    if (column.generated || sources.length < values.length) return [];
    return [{ column: String(column.number), values: distinct(sources) }];
  });
}
