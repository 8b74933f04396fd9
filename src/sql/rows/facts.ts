/**
 * Decides how what conditions say of columns is put together: all of it holds, or one of several parts does. Knows no
 * parser.
 */
import { NULL_VALUE } from '../values.js';
import { alternativesMax, type Candidate, familyOf } from './candidates.js';
import { isLocal, isSamePlace, type Place, type RangeEntry, type Scope } from './scope.js';

/** The column has one of the values. */
export interface Values {
  readonly place: Place;
  readonly values: readonly Candidate[];
  /** Never true of a row that an outer join made up of nulls. */
  readonly isStrict: boolean;
}

/** Two columns are equal. The second may be one of a query around. */
export type Link = readonly [Place, Place];

/** The row of one item matches one of several combinations of values. */
export interface Choice {
  readonly entry: RangeEntry;
  readonly alternatives: readonly (readonly Values[])[];
  /** One value that cannot be told changes what all of them mean. */
  readonly isWhole?: true;
}

/** What holds together. */
export interface Facts {
  readonly values: readonly Values[];
  readonly links: readonly Link[];
  readonly choices: readonly Choice[];
}

export const nothing: Facts = { values: [], links: [], choices: [] };

export function together(parts: readonly Facts[]): Facts {
  const some = parts.filter((part) => part !== nothing);
  const [only] = some;
  if (some.length < 2) return only ?? nothing;
  return {
    values: some.flatMap(({ values }) => values),
    links: some.flatMap(({ links }) => links),
    choices: some.flatMap(({ choices }) => choices),
  };
}

export const nullValue: Candidate = { kind: 'literal', value: NULL_VALUE };

export const isPinnable = ({ column }: Place): boolean => column.valueClass !== null && !column.generated;

/** Two columns are equal, of which one at least is of this level. */
export function equalPlaces(scope: Scope, one: Place, other: Place): Facts {
  const family = familyOf(one.column);
  if (!isPinnable(one) || !isPinnable(other) || family !== familyOf(other.column)) return nothing;
  if (isLocal(scope, one)) return { ...nothing, links: [[one, other]] };
  return isLocal(scope, other) ? { ...nothing, links: [[other, one]] } : nothing;
}

/** One of them holds: what each of them says of the same column, or of the same item's row. */
export function either(branches: readonly Facts[]): Facts {
  const [first, ...others] = branches;
  if (first === undefined || branches.length > alternativesMax) return nothing;
  if (others.length === 0) return first;
  const values = first.values.flatMap((own): Values[] => {
    const same = others.map((branch) => branch.values.find(({ place }) => isSamePlace(place, own.place)));
    const all = [own, ...same.filter((found) => found !== undefined)];
    const united = all.flatMap((each) => each.values);
    if (all.length !== branches.length || united.length > alternativesMax) return [];
    return [{ place: own.place, values: united, isStrict: all.every(({ isStrict }) => isStrict) }];
  });
  const entries = new Set(first.values.map(({ place }) => place.entry));
  const choices = [...entries].flatMap((entry): Choice[] => {
    const alternatives = branches.map((branch) => branch.values.filter(({ place }) => place.entry === entry));
    return alternatives.every((alternative) => alternative.length > 0) ? [{ entry, alternatives }] : [];
  });
  return { values, links: [], choices };
}
