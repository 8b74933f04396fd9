/** Decides how rows of the system catalogs become a snapshot. Knows no statement that will be judged by it. */
import { LookasideError, messageOf } from '../../errors.js';
import { groupBy } from '../grouping.js';
import type { ValueClass } from '../plan.js';
import type { CompositeKey } from '../rows/relation.js';
import {
  type Cast,
  type Catalog,
  type Column,
  type ForeignKey,
  type FunctionInfo,
  type Operator,
  type Relation,
  type RelationKind,
  relationKey,
  type Trigger,
  type TypeInfo,
  type ViewTree,
} from './catalog.js';
import { type CatalogPart, catalogSql } from './catalog-sql.js';

export { catalogFingerprintSql } from './catalog-sql.js';

/** Runs one statement without parameters and gives its rows, columns by name. */
export type CatalogQuery = (sql: string) => Promise<readonly Readonly<Record<string, unknown>>[]>;

interface RelationRow {
  oid: string;
  schema: string;
  name: string;
  kind: RelationKind;
  rowSecurity: boolean;
  isPartition: boolean;
}

interface ColumnRow {
  relation: string;
  number: number;
  name: string;
  type: string;
  generated: boolean;
  hasDefault: boolean;
  identity: boolean;
  deterministic: boolean;
}

type OfRelation<Row> = Row & { readonly relation: string };

interface UnknownCodeRow {
  relation: string;
  domain: string;
  function: string;
}

/** Oids that every Postgres has had for ever (pg_type.dat). */
const valueClassByType: Readonly<Record<string, ValueClass>> = {
  '16': 'bool',
  '17': 'bytea',
  '20': 'int8',
  '21': 'int2',
  '23': 'int4',
  '25': 'text',
  '1043': 'text',
  '2950': 'uuid',
};

/**
 * Takes a snapshot in one statement (some 50 ms for the server's own 3,400 functions, little more for a schema of
 * hundreds of tables).
 * @throws LookasideError CATALOG_UNAVAILABLE
 */
export async function loadCatalog(query: CatalogQuery): Promise<Catalog> {
  let row: Readonly<Record<string, unknown>> | undefined;
  try {
    [row] = await query(catalogSql);
  } catch (cause) {
    throw new LookasideError('CATALOG_UNAVAILABLE', `the query on pg_catalog failed: ${messageOf(cause)}`, {
      cause,
    });
  }
  if (row === undefined)
    throw new LookasideError('CATALOG_UNAVAILABLE', 'the query on pg_catalog gave no row');
  return catalogOf(row);
}

type AnswerRow = Readonly<Record<string, unknown>>;

/** One part of the answer. What its rows look like is what its question in catalog-sql.ts says. */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the caller names the row it asked for
function part<Row>(row: AnswerRow, name: CatalogPart | 'searchPath'): readonly Row[] {
  const value = row[name];
  if (typeof value !== 'string')
    throw new LookasideError('CATALOG_UNAVAILABLE', `the part "${name}" of the answer is not a text`);
  return JSON.parse(value) as readonly Row[];
}

function catalogOf(row: AnswerRow): Catalog {
  const unknownCode = part<UnknownCodeRow>(row, 'unknownCode');
  const types = typesOf(row, unknownCode);
  const relations = relationsOf(row, types, unknownCode);
  const functions = part<FunctionInfo>(row, 'functions');
  return {
    fingerprint: String(row['fingerprint']),
    searchPath: part<string>(row, 'searchPath').filter((schema) => !schema.startsWith('pg_temp')),
    standardConformingStrings: row['standardConformingStrings'] === 'on',
    relations: new Map(relations.map((relation) => [relation.table.id, relation])),
    relationByName: new Map(
      relations.map((relation) => [relationKey(relation.schema, relation.name), relation]),
    ),
    systemRelations: new Set(part<{ name: string }>(row, 'systemRelations').map(({ name }) => name)),
    functions: new Map(functions.map((info) => [info.oid, info])),
    functionsByName: groupBy(functions, (info) => info.name),
    operatorsByName: groupBy(part<Operator>(row, 'operators'), (operator) => operator.name),
    casts: part<Cast>(row, 'casts'),
    types: new Map(types.map((type) => [type.oid, type])),
    typesByName: groupBy(types, (type) => type.name),
  };
}

function typesOf(row: AnswerRow, unknownCode: readonly UnknownCodeRow[]): readonly TypeInfo[] {
  const functions = groupBy(unknownCode, (code) => code.domain);
  return part<Omit<TypeInfo, 'functions'>>(row, 'types').map((type) => ({
    ...type,
    functions: (functions.get(type.oid) ?? []).map((code) => code.function),
  }));
}

function relationsOf(
  row: AnswerRow,
  types: readonly TypeInfo[],
  unknownCode: readonly UnknownCodeRow[],
): readonly Relation[] {
  const typeByOid = new Map(types.map((type) => [type.oid, type]));
  const columns = groupBy(part<ColumnRow>(row, 'columns'), (column) => column.relation);
  const keys = groupBy(
    part<{ relation: string; column: number; primary: boolean }>(row, 'keys'),
    (key) => key.relation,
  );
  const compositeKeys = groupBy(
    part<OfRelation<{ columns: readonly number[]; primary: boolean }>>(row, 'compositeKeys'),
    (key) => key.relation,
  );
  const looseKeys = groupBy(part<OfRelation<{ column: number }>>(row, 'looseKeys'), (key) => key.relation);
  const foreignKeys = part<ForeignKey>(row, 'foreignKeys');
  const outgoing = groupBy(foreignKeys, (key) => key.from);
  const incoming = groupBy(foreignKeys, (key) => key.to);
  const triggers = groupBy(part<OfRelation<Trigger>>(row, 'triggers'), (trigger) => trigger.relation);
  const rules = groupBy(part<OfRelation<{ name: string }>>(row, 'rules'), (rule) => rule.relation);
  const policies = groupBy(part<OfRelation<{ tree: string }>>(row, 'policies'), (policy) => policy.relation);
  const views = new Map(part<OfRelation<ViewTree>>(row, 'views').map((view) => [view.relation, view]));
  const inherits = part<{ child: string; parent: string }>(row, 'inherits');
  const children = groupBy(inherits, (link) => link.parent);
  const parents = groupBy(inherits, (link) => link.child);
  const code = groupBy(unknownCode, (entry) => entry.relation);
  return part<RelationRow>(row, 'relations').map((relation): Relation => {
    const own = (columns.get(relation.oid) ?? []).map((column) => columnOf(column, typeByOid));
    const ranks = new Map<number, number>();
    for (const key of outgoing.get(relation.oid) ?? [])
      if (key.fromColumns.length === 1) ranks.set(key.fromColumns[0] ?? 0, 1);
    for (const key of keys.get(relation.oid) ?? [])
      ranks.set(key.column, Math.max(ranks.get(key.column) ?? 0, key.primary ? 3 : 2));
    return {
      table: { id: relation.oid, name: `${relation.schema}.${relation.name}` },
      schema: relation.schema,
      name: relation.name,
      kind: relation.kind,
      rowSecurity: relation.rowSecurity,
      policies: (policies.get(relation.oid) ?? []).map((policy) => policy.tree),
      isPartition: relation.isPartition,
      columns: own,
      columnByName: new Map(own.map((column) => [column.name, column])),
      keyRanks: ranks,
      compositeKeys: compositeKeysOf(compositeKeys.get(relation.oid) ?? [], outgoing.get(relation.oid) ?? []),
      looseKeyColumns: new Set((looseKeys.get(relation.oid) ?? []).map((key) => key.column)),
      parents: (parents.get(relation.oid) ?? []).map((link) => link.parent),
      children: (children.get(relation.oid) ?? []).map((link) => link.child),
      referencedBy: incoming.get(relation.oid) ?? [],
      triggers: triggers.get(relation.oid) ?? [],
      rules: (rules.get(relation.oid) ?? []).map((rule) => rule.name),
      functions: [
        ...(code.get(relation.oid) ?? []).map((entry) => entry.function),
        ...own.flatMap((column) => domainFunctions(typeByOid, column.type)),
      ],
      view: views.get(relation.oid) ?? null,
    };
  });
}

function compositeKeysOf(
  own: readonly { readonly columns: readonly number[]; readonly primary: boolean }[],
  foreign: readonly ForeignKey[],
): readonly CompositeKey[] {
  const keys = [
    ...own.map(({ columns, primary }) => ({ columns, rank: primary ? 3 : 2 })),
    ...foreign.map(({ fromColumns }) => ({ columns: fromColumns, rank: 1 })),
  ];
  return keys
    .filter(({ columns }) => columns.length > 1)
    .map(({ columns, rank }) => ({ columns: [...columns].sort((left, right) => left - right), rank }))
    .sort((left, right) => right.rank - left.rank || right.columns.length - left.columns.length);
}

function valueClassOf(row: ColumnRow, types: ReadonlyMap<string, TypeInfo>): ValueClass | null {
  if (!row.deterministic) return null;
  return types.get(row.type)?.kind === 'e' ? 'enum' : (valueClassByType[row.type] ?? null);
}

function columnOf(row: ColumnRow, types: ReadonlyMap<string, TypeInfo>): Column {
  return {
    number: row.number,
    name: row.name,
    type: row.type,
    generated: row.generated,
    hasDefault: row.hasDefault,
    identity: row.identity,
    valueClass: valueClassOf(row, types),
  };
}

/** The user functions that storing a value of this type runs: a domain's checks, down its bases and elements. */
function domainFunctions(types: ReadonlyMap<string, TypeInfo>, oid: string): readonly string[] {
  const found: string[] = [];
  for (let type = types.get(oid); type !== undefined; ) {
    found.push(...type.functions);
    type = types.get(type.kind === 'd' ? type.base : type.element);
  }
  return found;
}
