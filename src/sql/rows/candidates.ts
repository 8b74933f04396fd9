/**
 * Decides which values of a statement may name rows: those whose every use is of the column's family. Knows no parser and
 * no conditions.
 */
import { isLimited, kindOfLimited } from '../limited-values.js';
import type { ValueClass, ValueSource } from '../plan.js';
import type { Column } from './relation.js';

/** More alternatives than these are not told apart (CONSISTENCY §3, rule 6). */
export const alternativesMax = 32;

/**
 * Those of one family compare with one another as their canonical texts do: `int`, `bool`, `uuid`, `text`, `bytea`, each
 * enum's own, each collation's. An array of them is another family.
 */
export type ValueFamily = string;

/** The family of a column's values. Of a column that has no value class none may be asked for. */
export function familyOf({ valueClass, type }: Pick<Column, 'valueClass' | 'type'>): ValueFamily {
  switch (valueClass) {
    case null:
      return '';
    case 'int2':
    case 'int4':
    case 'int8':
      return 'int';
    case 'enum':
      return `enum ${type}`;
    default:
      return isLimited(valueClass) ? familyOfLimited(kindOfLimited(valueClass), type) : valueClass;
  }
}

/** Integers of all sizes are one; texts are of one family where they are compared in the same way. */
const familyOfLimited = (kind: string, type: string): ValueFamily =>
  kind === 'integer' ? 'int' : `${kind} ${type}`;

export const arraysOf = (family: ValueFamily): ValueFamily => `${family}[]`;

/** A value of a column: a parameter (from 1) whose other uses are not known yet, the elements of one, or a literal. */
export type Candidate =
  | {
      readonly kind: 'parameter' | 'elements';
      readonly parameter: number;
      readonly valueClass: ValueClass;
      readonly family: ValueFamily;
    }
  | { readonly kind: 'literal'; readonly value: string };

/** Gathers the uses of parameters as values, then settles what was waiting for them. */
export class Pins {
  readonly #families = new Map<number, ValueFamily[]>();
  /** Looked at once by the query they stand in and once by the write that takes its rows, say. */
  readonly #noted = new Set<unknown>();
  readonly #waiting: (() => void)[] = [];

  /** Notes one use of a parameter (from 1) as a value of this family. @param node where it stands */
  noteUse(parameter: number, family: ValueFamily, node: unknown): void {
    if (this.#noted.has(node)) return;
    this.#noted.add(node);
    const families = this.#families.get(parameter);
    if (families === undefined) this.#families.set(parameter, [family]);
    else families.push(family);
  }

  /** To be run when the statement was walked and all uses are known. */
  later(settle: () => void): void {
    this.#waiting.push(settle);
  }

  settle(): void {
    for (const settle of this.#waiting) settle();
  }

  /**
   * A parameter has one type in the whole statement, taken from its first use: it is known to be of the column's
   * family only if each of its uses is.
   */
  sourceOf(candidate: Candidate, uses: ReadonlyMap<number, number>): ValueSource | null {
    if (candidate.kind === 'literal') return candidate;
    const { kind, parameter, valueClass, family } = candidate;
    const families = this.#families.get(parameter) ?? [];
    const own = kind === 'elements' ? arraysOf(family) : family;
    if (families.length !== uses.get(parameter)) return null;
    if (families.some((other) => other !== own)) return null;
    return { kind, index: parameter - 1, valueClass };
  }
}
