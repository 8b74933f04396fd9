/** Decides which equality in a WHERE names the rows a reference can see (CONSISTENCY §3). When in doubt, none. */
import type { Pin, ValueClass, ValueSource } from '../plan.js';
import { canonicalValue, NULL_VALUE } from '../values.js';
import { child, type Fields, fieldsOf, flag, list, number, strings, text } from './ast.js';
import type { Catalog, Column, Relation, TypeInfo } from './catalog.js';
import { columnOf, type RangeEntry, type Scope } from './scope.js';
import { findTypeName } from './types.js';

/**
 * Those of one family compare with one another as their canonical texts do: `int`, `bool`, `uuid`, `text`, `bytea`, and
 * each enum's own. An array of them is another family.
 */
type ValueFamily = string;

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
      return valueClass;
  }
}

const arraysOf = (family: ValueFamily): ValueFamily => `${family}[]`;

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

/** A value of a column: a parameter (from 1) whose other uses are not known yet, the elements of one, or a literal. */
export type Candidate =
  | {
      readonly kind: 'parameter' | 'elements';
      readonly parameter: number;
      readonly valueClass: ValueClass;
      readonly family: ValueFamily;
    }
  | { readonly kind: 'literal'; readonly value: string };

/** What a search for pins needs: the part of a walk that concerns values. */
export interface PinSearch {
  readonly catalog: Catalog;
  readonly pins: Pins;
}

/** One conjunct `column = value` or `column in (values)` of a WHERE. */
export interface Equality {
  readonly entry: RangeEntry;
  readonly relation: Relation;
  readonly column: Column;
  /** One for `=`, several for IN: the column equals one of them. */
  readonly values: readonly Candidate[];
}

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

/** The conjuncts of a condition: the condition itself, or what stands between its top-level ANDs. */
export function conjuncts(condition: unknown): readonly unknown[] {
  const boolean = fieldsOf(condition, 'BoolExpr');
  if (boolean === null || text(boolean, 'boolop') !== 'AND_EXPR')
    return condition === undefined || condition === null ? [] : [condition];
  return list(boolean, 'args').flatMap(conjuncts);
}

/** More alternatives than these are not told apart (CONSISTENCY §3, rule 6). */
export const alternativesMax = 32;

/** All `column = value` and `column in (values)` among the conjuncts, each column certain. */
export function equalities(search: PinSearch, condition: unknown, scope: Scope): readonly Equality[] {
  if (hasForeignEquality(search.catalog)) return [];
  return conjuncts(condition).flatMap((conjunct) => {
    const operation = fieldsOf(conjunct, 'A_Expr');
    const name = operation === null ? [] : (strings(list(operation, 'name')) ?? []);
    if (operation === null || name.length !== 1 || name[0] !== '=') return [];
    const { lexpr, rexpr } = operation;
    switch (text(operation, 'kind')) {
      case 'AEXPR_OP':
        return (
          equalityOf(search, { column: lexpr, values: [rexpr] }, scope) ??
          equalityOf(search, { column: rexpr, values: [lexpr] }, scope) ??
          []
        );
      case 'AEXPR_IN': {
        const items = list(fieldsOf(rexpr, 'List') ?? {}, 'items');
        if (items.length > alternativesMax) return [];
        return equalityOf(search, { column: lexpr, values: items }, scope) ?? [];
      }
      default:
        return [];
    }
  });
}

/** Null if the first node is not a column of which it is certain which. */
function equalityOf(
  search: PinSearch,
  nodes: { readonly column: unknown; readonly values: readonly unknown[] },
  scope: Scope,
): Equality[] | null {
  const resolved = columnOf(scope, nodes.column);
  if (resolved === null) return null;
  const values = candidatesOf(search, nodes.values, resolved.column);
  return values === null ? [] : [{ ...resolved, values }];
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

/** Of the equalities on one reference the one that names the fewest rows: primary key, unique, foreign key, any. */
export function choosePin(
  settled: readonly { readonly equality: Equality; readonly source: ValueSource }[],
): Pin | null {
  let best: Pin | null = null;
  let bestRank = -1;
  for (const { equality, source } of settled) {
    const rank = equality.relation.keyRanks.get(equality.column.number) ?? 0;
    if (rank <= bestRank) continue;
    bestRank = rank;
    best = { shape: String(equality.column.number), values: [source] };
  }
  return best;
}
