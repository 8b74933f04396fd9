/**
 * Decides which values the columns of the rows that a write touches have, and which ones its expressions give them: what its
 * conditions say (conditions.ts), followed from column to equal column as for a query (rows/sight.ts). When in doubt, any.
 */
import { type Candidate, familyOf } from '../rows/candidates.js';
import type { Knowledge } from '../rows/equal-columns.js';
import { type Facts, nothing, nullValue, together } from '../rows/facts.js';
import { nullableIn, type Source } from '../rows/queries.js';
import type { Column } from '../rows/relation.js';
import { isLocal, type RangeEntry, type Scope } from '../rows/scope.js';
import { fieldsOf, flag } from './ast.js';
import type { Column as StoredColumn } from './catalog.js';
import { factsOf } from './conditions.js';
import { candidatesOf } from './pins.js';
import { placeOf } from './places.js';
import type { Walk } from './walk.js';

/** Each touched row has one of the values in the column. */
export interface ColumnValues {
  readonly column: Column;
  readonly values: readonly Candidate[];
}

/** Asked once all uses of parameters are known. Columns of which nothing is known are left out. */
export type Written = () => readonly ColumnValues[];

/** What is given to one column, asked likewise; null: anything. */
export type Given = () => readonly Candidate[] | null;

export const anything: Given = () => null;

const always =
  (values: readonly Candidate[] | null): Given =>
  () =>
    values;

/** The values known at one query level. */
export class KnownValues {
  readonly #nullable: ReadonlySet<RangeEntry>;
  #knowledge: Knowledge | null = null;

  private constructor(
    private readonly walk: Walk,
    private readonly scope: Scope,
    private readonly items: readonly Source[],
    private readonly factsWhenSettled: () => Facts,
  ) {
    this.#nullable = new Set(items.flatMap(nullableIn));
  }

  static of(
    walk: Walk,
    level: {
      readonly scope: Scope;
      /** The items of its FROM list. */
      readonly from: readonly Source[];
      /** All of them hold. */
      readonly conditions: readonly unknown[];
      /** What holds besides, asked once all uses of parameters are known. */
      readonly besides?: () => Facts;
    },
  ): KnownValues {
    const { scope, from, conditions, besides } = level;
    const members: Source[] = [];
    // Now: uses of parameters are noted.
    const facts = together(conditions.map((condition) => factsOf(walk, condition, scope, members)));
    return new KnownValues(walk, scope, [...from, ...members], () =>
      together([facts, besides?.() ?? nothing]),
    );
  }

  /** What is known of the columns of one item, once all uses of parameters are known. */
  columnsOf(entry: RangeEntry): readonly ColumnValues[] {
    const known = this.#known().get(entry)?.columns ?? new Map<never, never>();
    return [...known.values()].map(({ place, values }) => ({ column: place.column, values }));
  }

  /** What an expression of this level gives to a column. */
  given(node: unknown, column: StoredColumn): Given {
    if (column.valueClass === null || column.generated) return anything;
    const place = placeOf(this.scope, node);
    if (place === null) return always(speltOut(this.walk, column, [node]));
    if (!isLocal(this.scope, place)) return anything;
    const { entry } = place;
    const nodes = entry.columns?.given?.get(place.column.name);
    if (nodes !== undefined) {
      const values = this.#nullable.has(entry) ? null : speltOut(this.walk, column, nodes);
      return always(values);
    }
    if (familyOf(place.column) !== familyOf(column)) return anything;
    return () => this.#known().get(entry)?.columns.get(place.column.number)?.values ?? null;
  }

  #known(): Knowledge {
    return (this.#knowledge ??= this.walk.sight.knownOf(this.items, this.factsWhenSettled()));
  }
}

/** A statement that brings more values than these of a column is taken to bring any. */
const VALUES_MAX = 64;

/** The values that nodes, one for each row, give to a column; DEFAULT is NULL where nothing else is said. */
export function speltOut(
  walk: Walk,
  column: StoredColumn,
  nodes: readonly unknown[],
): readonly Candidate[] | null {
  if (column.valueClass === null || column.generated || nodes.length > VALUES_MAX) return null;
  const values: Candidate[] = [];
  let isKnown = true;
  for (const node of nodes) {
    if (isDefault(node) ? !column.hasDefault : isNull(node)) {
      values.push(nullValue);
      continue;
    }
    // Also where another one is not known: it is a use of a parameter as such a value.
    const some = candidatesOf(walk, [node], column);
    if (some === null) isKnown = false;
    else values.push(...some);
  }
  return isKnown ? values : null;
}

const isDefault = (node: unknown): boolean => fieldsOf(node, 'SetToDefault') !== null;

function isNull(node: unknown): boolean {
  const cast = fieldsOf(node, 'TypeCast');
  return flag(fieldsOf(cast === null ? node : cast['arg'], 'A_Const') ?? {}, 'isnull');
}

/** The union of what several kinds of changes say of each column; nothing where one of them says nothing. */
export function united(alternatives: readonly (readonly ColumnValues[])[]): readonly ColumnValues[] {
  const [first = [], ...others] = alternatives;
  return first.flatMap(({ column, values }): readonly ColumnValues[] => {
    const same = others.flatMap((each) => each.find((other) => other.column.number === column.number) ?? []);
    if (same.length < others.length) return [];
    const all = [values, ...same.map((each) => each.values)].flat();
    return [{ column, values: [...new Set(all)] }];
  });
}
