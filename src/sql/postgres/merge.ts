/** Decides what MERGE changes: each of its WHEN clauses is a change of its own, to rows that it says something of. */
import { child, type Fields, fieldsOf, list, text } from './ast.js';
import type { Relation } from './catalog.js';
import type { Change } from './closure.js';
import { mergedValues } from './inserted-values.js';
import { KnownValues, united, type Written } from './known-values.js';
import type { Surroundings, Walk } from './walk.js';
import { assignedColumns, record, targetOf, updatedValues, type WriteLevel, walkParts } from './writes.js';

export function walkMerge(walk: Walk, fields: Fields, around: Surroundings): void {
  const relation = targetOf(walk, child(fields, 'relation'));
  const { sourceRelation, ...rest } = fields;
  const level = walkParts(walk, rest, { relation, from: [sourceRelation], around });
  if (relation === null || level === null) return;
  const clauses = list(fields, 'mergeWhenClauses').map((item) => fieldsOf(item, 'MergeWhenClause') ?? {});
  const actions = clauses.filter((clause) => text(clause, 'commandType') !== 'CMD_NOTHING');
  if (actions.length === 0) walk.findings.deny('utility', 'MERGE has no result to keep');
  const changes = actions.map((clause) => changeOf(relation, clause));
  const parts = actions.map((clause) => rowsOf(walk, { relation, level, fields, clause }));
  const columns: Written = () => united(parts.map((part) => part()));
  record(walk, { relation, changes, columns, fields, scope: level });
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
    readonly level: WriteLevel;
    readonly fields: Fields;
    readonly clause: Fields;
  },
): Written {
  const { relation, level, fields, clause } = merge;
  const known = KnownValues.of(walk, {
    scope: level,
    from: level.from,
    conditions: [
      ...(text(clause, 'matchKind') === 'MERGE_WHEN_MATCHED' ? [fields['joinCondition']] : []),
      clause['condition'],
    ],
  });
  switch (text(clause, 'commandType')) {
    case 'CMD_INSERT':
      return mergedValues(relation, { clause, known });
    case 'CMD_DELETE':
      return () => known.columnsOf(level.target);
    default:
      return updatedValues(relation, {
        target: level.target,
        assignments: list(clause, 'targetList'),
        known,
      });
  }
}
