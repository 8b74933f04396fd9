/** Decides how the catalog of a MySQL or MariaDB is read and what the shared parts are told of it. Knows queries only as functions. */
import type { CacheCore } from '../../cache/core.js';
import { LookasideError } from '../../errors.js';
import { arePreparedGone, backendOfName, hasWriteEnded, nameOfBackend } from '../../sql/mysql/backend.js';
import { type Catalog, mysqlColumnName } from '../../sql/mysql/catalog.js';
import { type Backend, type MysqlSession, probeConnection } from '../../sql/mysql/database.js';
import { declaredMysqlCode } from '../../sql/mysql/declared-code.js';
import { digestOf, digestOfSchemas } from '../../sql/mysql/fingerprint.js';
import { loadMysqlCatalog, readMysqlFingerprint } from '../../sql/mysql/load-catalog.js';
import { createMysqlPlanner } from '../../sql/mysql/planner.js';
import { schemasReached } from '../../sql/mysql/reach.js';
import { readStatistics } from '../../sql/mysql/statistics.js';
import type { Plan, Planner, Table } from '../../sql/plan.js';
import { canonicalValue } from '../../sql/values.js';
import type { Dialect, KnownCatalog } from '../dialect.js';

export const mysqlDialect: Dialect<MysqlSession, Backend> = {
  readCatalog: async (query, session) => new MysqlCatalog({ ...(await loadMysqlCatalog(query)), session }),
  readFingerprint: readMysqlFingerprint,
  probe: ({ query, processId }) => probeConnection(query, { lock: null, expectedId: processId }),
  readStatistics,
  writes: { nameOfBackend, backendOfName, hasWriteEnded, arePreparedGone },
  actsInSelect: /\b(?:into|for)\b|[@!]/i,
  mayPrepare: /\bxa\b/i,
  mayDiscount: /truncate/i,
};

class MysqlCatalog implements KnownCatalog<MysqlSession> {
  readonly tables: readonly Table[];
  readonly ownFingerprint: string;
  private readonly allFingerprint: string;
  private readonly reached: ReadonlySet<string>;

  constructor(private readonly catalog: Catalog) {
    this.tables = [...catalog.relations.values()].map(({ table }) => table);
    this.reached = schemasReached(catalog);
    this.ownFingerprint = this.ownIn(catalog.fingerprint);
    this.allFingerprint = digestOf(catalog.fingerprint);
  }

  ownIn(fingerprint: string): string {
    return digestOfSchemas(fingerprint, this.reached);
  }

  fingerprintFor({ namesOtherSchemas }: Plan): string {
    return namesOtherSchemas === true ? this.allFingerprint : this.ownFingerprint;
  }

  get fingerprint(): string {
    return this.catalog.fingerprint;
  }

  get relationIds(): readonly string[] {
    return [...this.catalog.relations.keys()];
  }

  plannerFor({ statementsMax, effects, failed }: CacheCore): Planner {
    const { byRoutine, unknown } = declaredMysqlCode(this.catalog, effects);
    if (unknown !== null) failed('effects', unknown);
    const hidden = triggersHidden(this.catalog);
    if (hidden !== null) failed('triggers', hidden);
    return createMysqlPlanner({
      catalog: this.catalog,
      reached: this.reached,
      declared: byRoutine,
      limits: { plansMax: statementsMax },
    });
  }

  /** Without its schema: that of the session. */
  findTable(name: string): Table | undefined {
    const { relations, session } = this.catalog;
    const all = [...relations.values()];
    const exact = all.filter(({ table }) => table.name === name);
    if (exact.length === 1) return exact[0]?.table;
    const named = all.filter((relation) => relation.name === name);
    const own = named.find(({ schema }) => schema === session.schema);
    return own?.table ?? (named.length === 1 ? named[0]?.table : undefined);
  }

  pinOf(table: Table, columnName: string, value: unknown): { column: string; value: string } | null {
    const column = this.catalog.relations.get(table.id)?.columnByName.get(columnName.toLowerCase());
    if (!column?.valueClass) return null;
    const canonical = canonicalValue(column.valueClass, value);
    return canonical === null ? null : { column: String(column.number), value: canonical };
  }

  columnName(tableId: string, column: string): string {
    return mysqlColumnName(this.catalog, { id: tableId }, column) ?? `column ${column}`;
  }

  keysOf(tableId: string): readonly string[] {
    const relation = this.catalog.relations.get(tableId);
    if (relation === undefined) return [];
    return [...relation.uniqueKeys]
      .flatMap(({ columns }) => (columns === null ? [] : [columns]))
      .map((columns) => columns.map((column) => this.columnName(tableId, String(column))).join(', '));
  }

  seenBy(session: MysqlSession): KnownCatalog<MysqlSession> {
    return new MysqlCatalog({ ...this.catalog, session });
  }
}

/** Null: all are shown of what may be written. */
function triggersHidden({ hiddenTriggers }: Catalog): LookasideError | null {
  if (hiddenTriggers.length === 0) return null;
  const grants = hiddenTriggers.map(
    (schema) => `GRANT TRIGGER ON \`${schema.replaceAll('`', '``')}\`.* TO …`,
  );
  return new LookasideError(
    'TRIGGERS_HIDDEN',
    `each write to ${hiddenTriggers.join(', ')} counts as one of everything; have the account, or a role that is set for it, shown them: ${grants.join('; ')}`,
  );
}
