/** Decides which canonical values a pin's source stands for in a call, spelt out apart from the engine. */
import type { ValueSource } from '../../src/sql/plan.js';
import { canonicalOrNull } from '../../src/sql/values.js';

/** A statement and the values of its parameters. */
export interface Call {
  readonly text: string;
  readonly values: readonly unknown[];
}

/** The values that a source stands for in a call; null where that is not certain. */
export function valuesOf(source: ValueSource, call: Call): readonly string[] | null {
  if (source.kind === 'literal') return [source.value];
  const given = call.values[source.index];
  if (source.kind === 'parameter') return listOf(canonicalOrNull(source.valueClass, given));
  if (!Array.isArray(given)) return null;
  const elements = given.filter((element) => element !== null);
  const canonical = elements.map((element) => canonicalOrNull(source.valueClass, element));
  return canonical.includes(null) ? null : (canonical as string[]); // no null, just seen
}

const listOf = (value: string | null): readonly string[] | null => (value === null ? null : [value]);
