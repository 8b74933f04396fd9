/** Decides which canonical values a pin's source stands for in a call, spelt out apart from the engine. */
import type { ValueSource } from '../../../src/sql/plan.js';
import { canonicalValue, NULL_VALUE } from '../../../src/sql/values.js';
import type { Call } from './pins-pieces.js';

/** The values that a source stands for in a call; null where that is not certain. */
export function valuesOf(source: ValueSource, call: Call): readonly string[] | null {
  if (source.kind === 'literal') return [source.value];
  const given = call.values[source.index];
  if (source.kind === 'parameter')
    return given === null ? [NULL_VALUE] : listOf(canonicalValue(source.valueClass, given));
  if (!Array.isArray(given)) return null;
  const elements = given.filter((element) => element !== null);
  const canonical = elements.map((element) => canonicalValue(source.valueClass, element));
  return canonical.includes(null) ? null : (canonical as string[]); // no null, just seen
}

const listOf = (value: string | null): readonly string[] | null => (value === null ? null : [value]);
