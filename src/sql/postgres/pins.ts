/** Decides which nodes of a tree are values that may name rows of a column (CONSISTENCY §3). When in doubt, none. */
import type { ValueClass } from '../plan.js';
import {
  alternativesMax,
  arraysOf,
  type Candidate,
  familyOf,
  type Pins,
  type ValueFamily,
} from '../rows/candidates.js';
import type { Column } from '../rows/relation.js';
import { canonicalValue, NULL_VALUE } from '../values.js';
import { child, type Fields, fieldsOf, flag, list, number, strings, text } from './ast.js';
import type { Catalog, TypeInfo } from './catalog.js';
import { findTypeName } from './types.js';

/** By oid: the types a value may be cast to without becoming another one. */
const familyByType: Readonly<Record<string, ValueFamily>> = {
  '16': 'bool',
  '17': 'bytea',
  '20': 'int',
  '21': 'int',
  '23': 'int',
  '25': 'text',
  '1043': 'text',
  '2950': 'uuid',
};

/** What a search for pins needs: the part of a walk that concerns values. */
export interface PinSearch {
  readonly catalog: Catalog;
  readonly pins: Pins;
}

/** A column whose equality is that of canonical texts and that only an explicit write can change. */
function pinnableClass(column: Column): ValueClass | null {
  return column.generated ? null : column.valueClass;
}

/** The values that nodes give to a column, if each is a parameter or a literal and nothing else. */
export function candidatesOf(
  search: PinSearch,
  nodes: readonly unknown[],
  column: Column,
): readonly Candidate[] | null {
  const candidates = nodes.flatMap((node) => candidateOf(search.catalog, node, column) ?? []);
  if (candidates.length !== nodes.length || nodes.length === 0) return null;
  for (const [index, candidate] of candidates.entries())
    if (candidate.kind === 'parameter')
      search.pins.noteUse(candidate.parameter, candidate.family, parameterIn(nodes[index]));
  return candidates;
}

/** A parameter stands in one place: in its node, whatever casts are around it. */
function parameterIn(node: unknown): unknown {
  const cast = fieldsOf(node, 'TypeCast');
  return fieldsOf(cast === null ? node : cast['arg'], 'ParamRef');
}

/** The values that `= any (array)` gives to a column: each element of a parameter, or of an array that is spelt out. */
export function elementsOf(search: PinSearch, node: unknown, column: Column): readonly Candidate[] | null {
  const valueClass = pinnableClass(column);
  if (valueClass === null) return null;
  const family = familyOf(column);
  const bare = withoutCast(search.catalog, node, { family, isArray: true });
  const array = fieldsOf(bare, 'A_ArrayExpr');
  if (array !== null) {
    const elements = list(array, 'elements');
    return elements.length > alternativesMax ? null : candidatesOf(search, elements, column);
  }
  const fields = fieldsOf(bare, 'ParamRef');
  const parameter = number(fields ?? {}, 'number');
  if (fields === null || parameter < 1) return null;
  search.pins.noteUse(parameter, arraysOf(family), fields);
  return [{ kind: 'elements', parameter, valueClass, family }];
}

function candidateOf(catalog: Catalog, node: unknown, column: Column): Candidate | null {
  const valueClass = pinnableClass(column);
  if (valueClass === null) return null;
  const family = familyOf(column);
  const bare = withoutCast(catalog, node, { family, isArray: false });
  const parameter = fieldsOf(bare, 'ParamRef');
  if (parameter !== null) {
    const position = number(parameter, 'number');
    return position < 1 ? null : { kind: 'parameter', parameter: position, valueClass, family };
  }
  const constant = fieldsOf(bare, 'A_Const');
  if (constant === null) return null;
  if (flag(constant, 'isnull')) return { kind: 'literal', value: NULL_VALUE };
  const value = canonicalValue(valueClass, literalOf(constant, valueClass));
  return value === null ? null : { kind: 'literal', value };
}

/** Takes off a cast that keeps the value as it is: to a type of the same family, without a length. */
function withoutCast(
  catalog: Catalog,
  node: unknown,
  wanted: { readonly family: ValueFamily; readonly isArray: boolean },
): unknown {
  const cast = fieldsOf(node, 'TypeCast');
  if (cast === null) return node;
  const typeName = child(cast, 'typeName');
  if (typeName === null || list(typeName, 'typmods').length > 0) return null;
  if (list(typeName, 'arrayBounds').length !== (wanted.isArray ? 1 : 0)) return null;
  const types = findTypeName(catalog, strings(list(typeName, 'names')) ?? []);
  const [type] = types;
  if (types.length !== 1 || type === undefined || familyOfType(type) !== wanted.family) return null;
  return fieldsOf(cast['arg'], 'TypeCast') === null ? cast['arg'] : null;
}

function familyOfType({ oid, schema, kind }: TypeInfo): ValueFamily | undefined {
  if (kind === 'e') return `enum ${oid}`;
  return schema === 'pg_catalog' ? familyByType[oid] : undefined;
}

/** The JavaScript value of a literal, as a parameter would carry it. */
function literalOf(constant: Fields, valueClass: ValueClass): unknown {
  const texts = child(constant, 'sval');
  // An untyped literal takes the column's type; of booleans only the keywords are canonical.
  if (texts !== null) return text(texts, 'sval');
  if (['text', 'uuid', 'bytea', 'enum'].includes(valueClass)) return null;
  const truth = child(constant, 'boolval');
  if (truth !== null) return valueClass === 'bool' ? flag(truth, 'boolval') : null;
  if (valueClass === 'bool') return null;
  const integer = child(constant, 'ival');
  if (integer !== null) return number(integer, 'ival');
  const long = child(constant, 'fval');
  return long === null ? null : text(long, 'fval');
}

const foreignEquality = new WeakMap<Catalog, boolean>();

/** A user-defined `=` on one of our types could be meant where ours stands. */
export function hasForeignEquality(catalog: Catalog): boolean {
  let found = foreignEquality.get(catalog);
  if (found === undefined) {
    found = (catalog.operatorsByName.get('=') ?? []).some(
      ({ userDefined, left, right }) =>
        userDefined && (isOfFamily(catalog, left) || isOfFamily(catalog, right)),
    );
    foreignEquality.set(catalog, found);
  }
  return found;
}

/** Pseudo-types stand for any other. */
function isOfFamily(catalog: Catalog, oid: string): boolean {
  const kind = catalog.types.get(oid)?.kind;
  return familyByType[oid] !== undefined || kind === 'e' || kind === 'p';
}
