/** Decides which expressions are values that may name rows of a column (CONSISTENCY §3). When in doubt, none. */
import { isLimited, kindOfLimited } from '../limited-values.js';
import type { ValueClass } from '../plan.js';
import { alternativesMax, type Candidate, familyOf, type Pins } from '../rows/candidates.js';
import { nullValue } from '../rows/facts.js';
import type { Column as AnyColumn } from '../rows/relation.js';
import { canonicalOrNull } from '../values.js';
import type { Expression } from './ast.js';
import type { Catalog, Column } from './catalog.js';

/** What a search for pins needs: the part of a walk that concerns values. */
export interface PinSearch {
  readonly catalog: Catalog;
  readonly pins: Pins;
}

/** A statement that brings more values than these of a column is taken to bring any. */
const VALUES_MAX = 64;

/** The values that expressions may be equal to in a column, if each is a parameter or a literal and nothing else. */
export function candidatesOf(
  search: PinSearch,
  nodes: readonly Expression[],
  column: AnyColumn,
): readonly Candidate[] | null {
  if (nodes.length > alternativesMax || column.generated) return null;
  return valuesOf(search, nodes, { column, valueClass: column.valueClass });
}

/** The values that a column has once expressions, one for each row, were stored in it. */
export function storedValues(
  search: PinSearch,
  nodes: readonly Expression[],
  column: Column,
): readonly Candidate[] | null {
  if (nodes.length > VALUES_MAX || column.generated) return null;
  const isLeft = (node: Expression): boolean => node.kind === 'default' && node.column === null;
  if (column.hasDefault && nodes.some(isLeft)) return null;
  const given = nodes.filter((node) => !isLeft(node));
  const values =
    given.length === 0 ? [] : valuesOf(search, given, { column, valueClass: column.storedClass });
  return values === null || given.length === nodes.length ? values : [...values, nullValue];
}

interface Wanted {
  readonly column: AnyColumn;
  readonly valueClass: ValueClass | null;
}

function valuesOf(
  { catalog, pins }: PinSearch,
  nodes: readonly Expression[],
  { column, valueClass }: Wanted,
): readonly Candidate[] | null {
  if (valueClass === null) return null;
  // In another character set the same text is other bytes, which may be another value.
  if (!catalog.session.hasAsciiTexts && !isInteger(valueClass)) return null;
  // A driver that escapes texts with backslashes sends other ones than it was given.
  const isEscaped = /\bNO_BACKSLASH_ESCAPES\b/i.test(catalog.session.sqlMode) && !isInteger(valueClass);
  if (isEscaped && nodes.some(({ kind }) => kind === 'parameter')) return null;
  const family = familyOf(column);
  const candidates = nodes.flatMap((node): Candidate[] => {
    if (node.kind === 'parameter')
      return [{ kind: 'parameter', parameter: node.index + 1, valueClass, family }];
    const value = canonicalLiteral(node, valueClass);
    return value === null ? [] : [{ kind: 'literal', value }];
  });
  if (candidates.length !== nodes.length) return null;
  for (const [index, candidate] of candidates.entries())
    if (candidate.kind === 'parameter') pins.noteUse(candidate.parameter, family, nodes[index]);
  return candidates;
}

const isInteger = (valueClass: ValueClass): boolean =>
  isLimited(valueClass) && kindOfLimited(valueClass) === 'integer';

/** A parameter, or a literal that may be told apart from others. */
export const isSpeltOut = (node: Expression): boolean =>
  node.kind === 'parameter' || literalOf(node) !== undefined;

function canonicalLiteral(node: Expression, valueClass: ValueClass): string | null {
  const literal = literalOf(node);
  return literal === undefined ? null : canonicalOrNull(valueClass, literal);
}

/** The JavaScript value of a literal, as a parameter would carry it. */
function literalOf(node: Expression): unknown {
  switch (node.kind) {
    case 'null':
      return null;
    case 'boolean':
      return node.value;
    case 'string':
      return node.charset === null ? node.value : undefined;
    case 'number':
      return node.form === 'integer' ? BigInt(node.text) : undefined;
    case 'unary': {
      const { operator, operand } = node;
      if (operator !== '-' || operand.kind !== 'number' || operand.form !== 'integer') return undefined;
      return -BigInt(operand.text);
    }
    default:
      return undefined;
  }
}
