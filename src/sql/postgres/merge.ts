/** Decides what MERGE changes: each of its WHEN clauses is a change of its own, to rows that it says something of. */
import { child, type Fields, fieldsOf, list, text } from './ast.js';
import type { Relation } from './catalog.js';
import type { Change } from './closure.js';
import { mergedValues, unitedFacts } from './inserted-values.js';
import { type ColumnFacts, KnownValues } from './known-values.js';
import type { TargetScope } from './returned.js';
import type { Surroundings, Walk } from './walk.js';
import { assignedColumns, record, targetOf, updatedValues, walkParts } from './writes.js';

export function walkMerge(walk: Walk, fields: Fields, around: Surroundings): void {
  const relation = targetOf(walk, child(fields, 'relation'));
  const { sourceRelation, ...rest } = fields;
  const scope = walkParts(walk, rest, { relation, from: [sourceRelation], around });
  if (relation === null || scope === null) return;
  const clauses = list(fields, 'mergeWhenClauses').map((item) => fieldsOf(item, 'MergeWhenClause') ?? {});
  const actions = clauses.filter((clause) => text(clause, 'commandType') !== 'CMD_NOTHING');
  if (actions.length === 0) walk.findings.deny('utility', 'MERGE has no result to keep');
  const changes = actions.map((clause) => changeOf(relation, clause));
  const columns = unitedFacts(actions.map((clause) => rowsOf(walk, { relation, scope, fields, clause })));
  record(walk, { relation, changes, columns, fields, scope });
}

function changeOf(relation: Relation, clause: Fields): Change {
  switch (text(clause, 'commandType')) {
    case 'CMD_INSERT':
      return { event: 'insert', changed: null };
    case 'CMD_DELETE':
      return { event: 'delete', changed: null };
    default:
      return { event: 'update', changed: assignedColumns(relation, list(clause, 'targetList')) };
  }
}

/** What is known of the rows that one clause touches. */
function rowsOf(
  walk: Walk,
  merge: {
    readonly relation: Relation;
    readonly scope: TargetScope;
    readonly fields: Fields;
    readonly clause: Fields;
  },
): readonly ColumnFacts[] {
  const { relation, scope, fields, clause } = merge;
  const conditions = [
    ...(text(clause, 'matchKind') === 'MERGE_WHEN_MATCHED' ? [fields['joinCondition']] : []),
    ...('condition' in clause ? [clause['condition']] : []),
  ];
  const known = KnownValues.of(walk, {
    scope,
    condition: { BoolExpr: { boolop: 'AND_EXPR', args: conditions } },
    from: [fields['sourceRelation']],
  });
  switch (text(clause, 'commandType')) {
    case 'CMD_INSERT':
      return [...mergedValues(relation, { clause, known }).values()];
    case 'CMD_DELETE':
      return known.columnsOf(scope.target);
    default:
      return updatedValues(relation, {
        old: known.columnsOf(scope.target),
        assignments: list(clause, 'targetList'),
        known,
      });
  }
}
