/** Decides which columns name the rows of a table that are seen: keys before others, few values before many. */
import type { Pin, ValueSource } from '../plan.js';
import { alternativesMax } from './candidates.js';
import type { Relation } from './relation.js';

/** By column number the values it may have, all columns at once. */
export type Combination = ReadonlyMap<number, readonly ValueSource[]>;

interface Choice {
  readonly pins: readonly Pin[];
  /** 3 primary key, 2 unique, 1 foreign key, 0 any column. */
  readonly rank: number;
}

/**
 * @param ways several ways to say which rows are seen, each of them true: the rows match one of its combinations
 */
export function choosePins(
  relation: Relation,
  ways: readonly (readonly Combination[])[],
): readonly Pin[] | null {
  const choices = ways.flatMap((combinations): Choice[] => {
    const parts = combinations.flatMap((combination) => chooseShape(relation, combination) ?? []);
    if (parts.length !== combinations.length) return [];
    return [{ pins: parts.flatMap(({ pins }) => pins), rank: Math.min(...parts.map(({ rank }) => rank)) }];
  });
  return best(choices)?.pins ?? null;
}

/** Never several columns that are no key together: writes rarely name them all. */
function chooseShape(relation: Relation, columns: Combination): Choice | null {
  const composite = relation.compositeKeys.filter((key) =>
    key.columns.every((column) => columns.has(column)),
  );
  return best([
    ...composite.map(({ columns: shape, rank }) => ({ pins: pinsOf(shape, columns), rank })),
    ...[...columns.keys()].map((column) => ({
      pins: pinsOf([column], columns),
      rank: relation.keyRanks.get(column) ?? 0,
    })),
  ]);
}

function best(choices: readonly Choice[]): Choice | null {
  let found: Choice | null = null;
  for (const choice of choices) {
    if (choice.pins.length > alternativesMax) continue;
    const isBetter =
      found === null ||
      choice.rank > found.rank ||
      (choice.rank === found.rank && choice.pins.length < found.pins.length);
    if (isBetter) found = choice;
  }
  return found;
}

/** One for each combination of the columns' values. */
function pinsOf(shape: readonly number[], columns: Combination): readonly Pin[] {
  let rows: readonly (readonly ValueSource[])[] = [[]];
  for (const column of shape) {
    const values = columns.get(column) ?? [];
    rows = rows.flatMap((row) => values.map((value) => [...row, value]));
    if (rows.length > alternativesMax) break;
  }
  return rows.map((values) => ({ shape: shape.join(','), values }));
}

/** The same rows in a partition or child, where the columns may have other numbers; null where one is not the same there. */
export function pinsOfMember(
  pins: readonly Pin[] | null,
  relation: Relation,
  member: Relation,
): readonly Pin[] | null {
  if (pins === null || member === relation) return pins;
  const mapped = pins.flatMap(({ shape, values }): Pin[] => {
    const columns = shape.split(',').flatMap((number, index) => {
      const own = relation.columns.find((column) => String(column.number) === number);
      const column = own === undefined ? undefined : member.columnByName.get(own.name);
      const value = values[index];
      if (column === undefined || value === undefined || column.generated) return [];
      return column.valueClass === own?.valueClass ? [{ number: column.number, value }] : [];
    });
    if (columns.length !== values.length) return [];
    columns.sort((left, right) => left.number - right.number);
    return [{ shape: columns.map(({ number }) => number).join(), values: columns.map(({ value }) => value) }];
  });
  return mapped.length === pins.length ? mapped : null;
}
