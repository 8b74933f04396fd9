/**
 * Decides what an ON sees of its query's level, and which columns USING and NATURAL make one of two. Knows no parser and no
 * catalog.
 */
import { equalPlaces, type Facts, together } from './facts.js';
import type { JoinType } from './queries.js';
import { columnsOf, findHere, type Place, type RangeEntry, type Scope } from './scope.js';
import type { Sight } from './sight.js';

/** What an ON of a join sees of its level: its own sides. */
export function partOf(
  sight: Sight,
  scope: Scope,
  { first, end }: { readonly first: number; readonly end: number },
): Scope {
  const entries: RangeEntry[] = scope.entries.slice(first, end);
  const merged = (scope.merged ?? []).filter((each) =>
    each.entries.every((entry) => entries.includes(entry)),
  );
  const inside: Scope = { entries, merged, ctes: scope.ctes, outer: scope.outer };
  const nested = sight.nestedOf(scope);
  if (nested !== undefined) sight.open(inside, nested);
  return inside;
}

/** The two sides of a join that begin at an item each. */
export interface Sides {
  readonly left: Scope;
  readonly right: Scope;
}

/** @param middle where the right one begins among the items inside */
export const sidesOf = (sight: Sight, inside: Scope, middle: number): Sides => ({
  left: partOf(sight, inside, { first: 0, end: middle }),
  right: partOf(sight, inside, { first: middle, end: inside.entries.length }),
});

/** Columns of both sides are equal, and one of them from here on. */
export function mergeColumns(
  names: readonly string[],
  { left, right }: Sides,
  about: { readonly scope: Scope; readonly inside: Scope; readonly type: JoinType },
): Facts {
  const { scope, inside, type } = about;
  const facts = names.map((name) => {
    const one = placeIn(left, name);
    const two = placeIn(right, name);
    const place = type === 'full' ? null : type === 'right' ? two : one;
    scope.merged?.push({ name, entries: inside.entries, place });
    return one === null || two === null ? together([]) : equalPlaces(inside, one, two);
  });
  return together(facts);
}

function placeIn(side: Scope, name: string): Place | null {
  const found = findHere(side, [name]);
  return typeof found === 'string' ? null : found;
}

/** What NATURAL means. Where one side's columns are not all known, a name that both have is not certain anyway. */
export function commonNames({ left, right }: Sides): readonly string[] {
  const namesOf = (side: Scope): ReadonlySet<string> =>
    new Set(side.entries.flatMap((entry) => [...(columnsOf(entry)?.byName.keys() ?? [])]));
  const others = namesOf(right);
  return [...namesOf(left)].filter((name) => others.has(name));
}
