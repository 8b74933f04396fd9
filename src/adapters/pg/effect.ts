/** Decides what a statement may make visible, from its plan and what is known of the connection's session. */

import { keyOfTable } from '../../cache/bind.js';
import type { Target } from '../../cache/protocol/refs.js';
import type { Plan, TransactionControl } from '../../sql/plan.js';
import type { Database } from './databases.js';
import type { Told } from './returned.js';
import type { Statement } from './statements.js';
import type { Effect } from './transaction.js';

type WritePlan = Extract<Plan, { kind: 'write' }>;

export interface Circumstances {
  readonly database: Database;
  /** The planner sees what the session sees: same settings, same catalog. */
  readonly planHolds: boolean;
}

/** What a statement that changes nothing means. */
export const nothing: Effect = { targets: [], changesCatalog: false, commits: 'no', prepares: [] };

/** A text of which nothing is known. */
export const anything = (roots: readonly Target[]): Effect => ({
  targets: roots,
  changesCatalog: true,
  commits: 'maybe',
  prepares: 'unknown',
});

export function effectOf(statement: Statement, values: unknown, about: Circumstances): Effect {
  const { plan, several, bindWrites } = statement;
  if (plan.kind === 'transaction') return effectOfControl(plan.transaction, about);
  const commits = several ? 'maybe' : 'no';
  const prepares = several && /prepare\s+transaction/i.test(statement.text) ? 'unknown' : [];
  if (plan.kind !== 'write' || bindWrites === null)
    return several ? { ...nothing, commits, prepares } : nothing;
  const { database, planHolds } = about;
  const known = planHolds && !(several && plan.session !== 'keeps');
  const list = Array.isArray(values) ? (values as readonly unknown[]) : [];
  const bound = known ? bindWrites(list) : [database.root];
  const targets = plan.changesCatalog ? [...bound, database.root] : bound;
  const isCounted = known && plan.counted !== undefined;
  return {
    targets,
    changesCatalog: plan.changesCatalog,
    commits,
    prepares,
    mayTakeLong: known && plan.mayTakeLong === true,
    told: known ? toldOf(plan, database) : undefined,
    counted: isCounted ? { names: database.names, tableId: plan.counted.id } : undefined,
    discounts: !isCounted && (!known || mayTruncate(statement)),
  };
}

function toldOf({ told }: WritePlan, database: Database): Told | undefined {
  if (told === undefined) return undefined;
  const { version } = database;
  return {
    tableId: Number(told.table.id),
    key: keyOfTable(database.names, told.table.id),
    columns: told.columns,
    holds: () => database.isCurrent && database.version === version,
  };
}

/** TRUNCATE drops the counts of its transaction. */
const mayTruncate = ({ plan, text }: Statement): boolean =>
  (plan.kind === 'write' && plan.writes.scope === 'everything') || /truncate/i.test(text);

function effectOfControl(control: TransactionControl, { database }: Circumstances): Effect {
  switch (control.control) {
    case 'begin':
    case 'savepoint':
    case 'rollback':
    case 'rollback-prepared':
      return nothing;
    case 'commit':
      return { ...nothing, commits: 'yes' };
    case 'prepare':
      return { ...nothing, commits: 'yes', prepares: [control.gid], discounts: true };
    case 'commit-prepared':
      return { ...nothing, targets: database.state.prepared.targetsOf(control.gid) ?? [database.root] };
  }
}
