/** Decides what is known of a table's rows that are written in more than one way. Knows no syntax. */
import type { ValueSource, WritePin } from '../plan.js';

/** What both say. */
export function eitherOf(one: readonly WritePin[], other: readonly WritePin[]): readonly WritePin[] {
  return one.flatMap(({ column, values }): WritePin[] => {
    const second = other.find((pin) => pin.column === column)?.values;
    if (second === undefined) return [];
    return [{ column, values: distinct([...values, ...second]) }];
  });
}

/** Each value once. */
export function distinct(values: readonly ValueSource[]): readonly ValueSource[] {
  return [...new Map(values.map((value) => [JSON.stringify(value), value])).values()];
}
