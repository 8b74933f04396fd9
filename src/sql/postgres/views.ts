/** Decides what reading a view means, from its stored tree: the tables below it, and whether it may be cached. */
import type { Catalog, Relation, ViewTree } from './catalog.js';
import type { Findings } from './findings.js';
import { effectOfFunctionOid } from './functions.js';
import { natureOfOid } from './types.js';

/**
 * Nodes of a stored tree whose meaning is covered by the functions, operators, types and tables they name.
 * Some had other names before Postgres 16.
 */
const understood: ReadonlySet<string> = new Set(
  `
  QUERY ALIAS RANGETBLENTRY RTEPERMISSIONINFO RTE FROMEXPR RANGETBLREF JOINEXPR TARGETENTRY VAR CONST
  FUNCEXPR OPEXPR BOOLEXPR SCALARARRAYOPEXPR DISTINCTEXPR NULLIFEXPR AGGREF GROUPINGFUNC WINDOWFUNC
  WINDOWCLAUSE SORTGROUPCLAUSE GROUPINGSET SUBLINK CASE CASEEXPR WHEN CASEWHEN CASETESTEXPR ARRAY
  ARRAYEXPR ROW ROWEXPR ROWCOMPARE ROWCOMPAREEXPR COALESCE COALESCEEXPR MINMAX MINMAXEXPR RELABELTYPE
  COERCEVIAIO ARRAYCOERCEEXPR COLLATE COLLATEEXPR NULLTEST BOOLEANTEST FIELDSELECT SUBSCRIPTINGREF
  SETOPERATIONSTMT COMMONTABLEEXPR RANGETBLFUNCTION NAMEDARGEXPR PARAM
  `
    .trim()
    .split(/\s+/),
);

/** The server's own relations have lower oids. */
const firstUserOid = 16_384;

/** Judges what the tree itself does; gives the relations it reads. */
export function judgeView(
  catalog: Catalog,
  findings: Findings,
  view: Relation & { readonly view: ViewTree },
): readonly Relation[] {
  const { tags, functions, operators, types, coercions, relations, writes, locks } = view.view;
  const { name } = view.table;
  const strange = tags.find((tag) => !understood.has(tag));
  if (strange !== undefined)
    findings.deny('view', `the view ${name} has a part (${strange}) that is not understood`);
  if (locks) findings.deny('row-lock', `the view ${name} locks rows`);
  if (writes) findings.writeEverything({ code: 'view', detail: `the view ${name} writes` });
  for (const oid of functions) findings.apply(effectOfFunctionOid(catalog, oid));
  for (const oid of operators)
    for (const operator of operatorsOf(catalog, oid)) findings.apply(effectOfFunctionOid(catalog, operator));
  if (types.some((oid) => natureOfOid(catalog, oid) === 'catalog'))
    findings.deny('view', `the view ${name} has a value that depends on the catalog`);
  if (coercions.some((oid) => natureOfOid(catalog, oid) !== 'plain'))
    findings.deny('view', `the view ${name} turns a text into a date`);
  return relations.flatMap((oid) => {
    if (oid === view.table.id) return [];
    const relation = catalog.relations.get(oid);
    if (relation !== undefined) return [relation];
    if (Number(oid) < firstUserOid)
      findings.deny('system-relation', `the view ${name} reads a system catalog`);
    else findings.deny('unknown-relation', `the view ${name} reads a relation that is not in the catalog`);
    return [];
  });
}

const functionByOperator = new WeakMap<Catalog, Map<string, readonly string[]>>();

/** The function of an operator that is the user's or not immutable; nothing for any other. */
function operatorsOf(catalog: Catalog, oid: string): readonly string[] {
  let index = functionByOperator.get(catalog);
  if (index === undefined) {
    index = new Map(
      [...catalog.operatorsByName.values()].flat().map((operator) => [operator.oid, [operator.function]]),
    );
    functionByOperator.set(catalog, index);
  }
  return index.get(oid) ?? [];
}
