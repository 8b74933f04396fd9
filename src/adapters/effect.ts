/** Decides what a statement may make visible, from its plan and what is known of the connection's session. */

import { keyOfTable } from '../cache/bind.js';
import type { Target } from '../cache/protocol/refs.js';
import type { Plan, TransactionControl } from '../sql/plan.js';
import type { Database } from './database.js';
import type { Dialect } from './dialect.js';
import type { Statement } from './statements.js';
import type { Told } from './told.js';
import type { Effect } from './transaction.js';

type WritePlan = Extract<Plan, { kind: 'write' }>;

/** What the database is asked for here, whatever its sessions and results are. */
type KnownDatabase = Pick<Database, 'names' | 'root' | 'isCurrent' | 'versionFor' | 'state'>;

export interface Circumstances {
  readonly database: KnownDatabase;
  readonly dialect: Pick<Dialect<never>, 'mayPrepare' | 'mayDiscount'>;
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

/** Without a planner: a single SELECT that calls nothing. Used only while nothing is cached anyway. */
export const looksHarmless = (
  text: string,
  { actsInSelect }: Pick<Dialect<never>, 'actsInSelect'>,
): boolean => /^\s*select\b[^;()]*$/i.test(text) && !actsInSelect.test(text);

export function effectOf(statement: Statement, values: unknown, about: Circumstances): Effect {
  const { plan, several, bindWrites } = statement;
  if (plan.kind === 'transaction') {
    const effect = effectOfControl(plan.transaction, about);
    return plan.implicitCommit === true && effect.commits === 'no' ? { ...effect, commits: 'maybe' } : effect;
  }
  const commits = several || (plan.kind !== 'read' && plan.implicitCommit === true) ? 'maybe' : 'no';
  const prepares = several && about.dialect.mayPrepare.test(statement.text) ? 'unknown' : [];
  if (plan.kind !== 'write' || bindWrites === null)
    return commits === 'maybe' ? { ...nothing, commits, prepares } : nothing;
  const { database, dialect, planHolds } = about;
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
    discounts: !isCounted && (!known || mayDiscount(statement, dialect)),
  };
}

function toldOf(plan: WritePlan, database: KnownDatabase): Told | undefined {
  const { told, generatedKey, isNothingAtZero } = plan;
  const table = told?.table ?? generatedKey?.table ?? null;
  if (table === null && isNothingAtZero !== true) return undefined;
  const version = database.versionFor(plan);
  return {
    tableId: table?.id ?? null,
    key: table === null ? null : keyOfTable(database.names, table.id),
    columns: told?.columns ?? [],
    isNothingAtZero: isNothingAtZero === true,
    generatedColumn: generatedKey?.column ?? null,
    holds: () => database.isCurrent && database.versionFor(plan) === version,
  };
}

/** What drops the counts of its transaction: TRUNCATE, say. */
const mayDiscount = ({ plan, text }: Statement, dialect: Circumstances['dialect']): boolean =>
  (plan.kind === 'write' && plan.writes.scope === 'everything') || dialect.mayDiscount.test(text);

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
      // On MySQL the session that prepared it is in it still.
      return {
        ...nothing,
        targets: database.state.prepared.targetsOf(control.gid) ?? [database.root],
        commits: 'maybe',
      };
  }
}
