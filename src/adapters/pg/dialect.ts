/** Decides how a Postgres catalog is read and what the shared parts are told of it. Knows queries only as functions. */
import type { CacheCore } from '../../cache/core.js';
import type { Planner, Table } from '../../sql/plan.js';
import { backendOfName, hasWriteEnded, nameOfBackend } from '../../sql/postgres/backend.js';
import type { Catalog, Relation } from '../../sql/postgres/catalog.js';
import {
  arePreparedGone,
  type Backend,
  probeConnection,
  type SessionState,
} from '../../sql/postgres/database.js';
import { declaredCode } from '../../sql/postgres/declared-code.js';
import { catalogFingerprintSql, loadCatalog } from '../../sql/postgres/load-catalog.js';
import { loadParser, type PostgresParser } from '../../sql/postgres/parser.js';
import { createPostgresPlanner } from '../../sql/postgres/planner.js';
import { readStatistics } from '../../sql/postgres/statistics.js';
import { canonicalValue } from '../../sql/values.js';
import type { Dialect, KnownCatalog } from '../dialect.js';

export const postgresDialect: Dialect<SessionState, Backend> = {
  readCatalog: async (query) => {
    const [parser, catalog] = await Promise.all([loadParser(), loadCatalog(query)]);
    return new PostgresCatalog(catalog, parser);
  },
  readFingerprint: async (query) => {
    const [row] = await query(catalogFingerprintSql);
    return row?.['fingerprint'] ?? '';
  },
  probe: ({ query, processId }) => probeConnection(query, { lock: null, expectedPid: processId }),
  readStatistics,
  writes: { nameOfBackend, backendOfName, hasWriteEnded, arePreparedGone },
  actsInSelect: /\b(?:into|for)\b/i,
  mayPrepare: /prepare\s+transaction/i,
  mayDiscount: /truncate/i,
};

class PostgresCatalog implements KnownCatalog<SessionState> {
  private readonly named: readonly Relation[];

  constructor(
    private readonly catalog: Catalog,
    private readonly parser: PostgresParser,
  ) {
    this.named = [...catalog.relations.values()].filter(({ kind }) => kind !== 'S');
  }

  get fingerprint(): string {
    return this.catalog.fingerprint;
  }

  get ownFingerprint(): string {
    return this.catalog.fingerprint;
  }

  ownIn(fingerprint: string): string {
    return fingerprint;
  }

  fingerprintFor(): string {
    return this.catalog.fingerprint;
  }

  get relationIds(): readonly string[] {
    return [...this.catalog.relations.keys()];
  }

  get tables(): readonly Table[] {
    return this.named.map(({ table }) => table);
  }

  plannerFor({ statementsMax, sessionKeys, effects, failed }: CacheCore): Planner {
    const { catalog, parser } = this;
    const { byRoutine, unknown } = declaredCode(catalog, effects);
    if (unknown !== null) failed('effects', unknown);
    return createPostgresPlanner({
      declared: byRoutine,
      parser,
      catalog,
      settingsInKey: sessionKeys,
      limits: { plansMax: statementsMax },
    });
  }

  findTable(name: string): Table | undefined {
    const found = this.named.filter((relation) => relation.table.name === name || relation.name === name);
    if (found.length === 1) return found[0]?.table;
    const exact = found.filter(({ table }) => table.name === name);
    return exact.length === 1 ? exact[0]?.table : undefined;
  }

  pinOf(table: Table, columnName: string, value: unknown): { column: string; value: string } | null {
    const column = this.catalog.relations.get(table.id)?.columnByName.get(columnName);
    if (!column?.valueClass) return null;
    const canonical = canonicalValue(column.valueClass, value);
    return canonical === null ? null : { column: String(column.number), value: canonical };
  }

  columnName(tableId: string, column: string): string {
    const columns = this.catalog.relations.get(tableId)?.columns;
    return columns?.find(({ number }) => String(number) === column)?.name ?? `column ${column}`;
  }

  keysOf(tableId: string): readonly string[] {
    const relation = this.catalog.relations.get(tableId);
    if (relation === undefined) return [];
    const single = [...relation.keyRanks].map(([column, rank]) => ({ columns: [column], rank }));
    return [...single, ...relation.compositeKeys]
      .sort((left, right) => right.rank - left.rank)
      .map(({ columns }) => columns.map((column) => this.columnName(tableId, String(column))).join(', '));
  }

  seenBy({ searchPath, standardConformingStrings }: SessionState): KnownCatalog<SessionState> {
    const seen = { ...this.catalog, searchPath: lasting(searchPath), standardConformingStrings };
    return new PostgresCatalog(seen, this.parser);
  }
}

/** Temporary schemas are one session's own. */
const lasting = (searchPath: readonly string[]): readonly string[] =>
  searchPath.filter((schema) => !schema.startsWith('pg_temp'));
