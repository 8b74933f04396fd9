/** Decides the tables of the workload and the rows that are tracked in them. Knows nothing of who reads or writes. */
import type { Database, TextQuery } from './database.js';
import { TrackedRow } from './witness.js';

export const owners = [1, 2, 3, 4, 5] as const;
const BALANCE_AT_START = 1_000;
const counts = { accounts: 12, documents: 8, counters: 12, notes: 24, crates: 250, labels: 6 };

/** What all accounts hold together, in every snapshot. */
export const BALANCE_TOTAL = counts.accounts * BALANCE_AT_START;

/** A column that holds a text or a number, as a text. */
export function textOf(value: unknown): string {
  if (typeof value === 'string' || typeof value === 'number') return String(value);
  throw new TypeError(`a text or a number was expected, not ${typeof value}`);
}

/** The rows of one table, by the text of their key. */
export class TrackedTable {
  readonly rows: readonly TrackedRow[];
  readonly keys: readonly string[];
  private readonly byKey: ReadonlyMap<string, TrackedRow>;

  constructor(
    readonly name: string,
    keys: readonly string[],
    isMonotonic = true,
  ) {
    this.keys = keys;
    this.byKey = new Map(keys.map((key) => [key, new TrackedRow(`${name} ${key}`, isMonotonic)]));
    this.rows = [...this.byKey.values()];
  }

  row(key: string | number): TrackedRow {
    const row = this.byKey.get(String(key));
    if (row === undefined) throw new Error(`${this.name} has no key ${key}`);
    return row;
  }
}

const numbers = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => String(index + 1));

export class Tables {
  readonly accounts = new TrackedTable('accounts', numbers(counts.accounts));
  readonly documents = new TrackedTable(
    'documents',
    numbers(counts.documents).map((number) => `document ${number}`),
  );
  readonly counters = new TrackedTable(
    'counters',
    numbers(counts.counters).map((number) => counterKey(`counter ${Number(number) % 3}`, Number(number))),
  );
  readonly notes = new TrackedTable(
    'notes',
    numbers(counts.notes).map((number) => `note ${number}`),
  );
  readonly crates = new TrackedTable('crates', numbers(counts.crates));
  /** Written past the cache, then invalidated by tag: nothing is promised before the invalidation is acknowledged. */
  readonly labels = new TrackedTable('labels', numbers(counts.labels), false);
  /** Of all tables, in the same order everywhere. */
  readonly rows: readonly TrackedRow[] = [
    this.accounts,
    this.documents,
    this.counters,
    this.notes,
    this.crates,
    this.labels,
  ].flatMap(({ rows }) => rows);

  /** `crates` have bodies, so that many of them push each other out of the near tier; `stones` make a query slow. */
  async create(query: TextQuery, database: Database): Promise<void> {
    await query(database.schema({ ...counts, owners: owners.length, balance: BALANCE_AT_START }));
    await this.settle(query, database);
  }

  /** While nothing is under way: takes what the database has for what there is. */
  async settle(query: TextQuery, database: Database): Promise<void> {
    for (const [table, sql] of [
      [this.accounts, 'select id as name, version, owner as place from accounts'],
      [this.documents, `select code as name, version, ${database.pagesOf('code')} as place from documents`],
      [this.counters, `select ${database.counterKey} as name, version, null as place from counters`],
      [this.notes, 'select code as name, version, null as place from notes'],
      [this.crates, 'select id as name, version, null as place from crates'],
      [this.labels, 'select id as name, version, null as place from labels'],
    ] as const)
      await this.settleTable(query, table, sql);
  }

  private async settleTable(query: TextQuery, table: TrackedTable, sql: string): Promise<void> {
    const found = new Map((await query(sql)).map((row) => [textOf(row['name']), row]));
    for (const key of table.keys) {
      const row = table.row(key);
      const version = found.get(key)?.['version'];
      const place = found.get(key)?.['place'];
      if (version !== undefined && Number(version) < row.shown)
        throw new Error(
          `${row.name} went back from ${row.shown} to ${Number(version)} in the database itself`,
        );
      row.rebase(
        version === undefined ? null : Number(version),
        place === null || place === undefined ? undefined : textOf(place),
      );
    }
  }
}

export const counterKey = (name: string, slot: number): string => `${name}/${slot}`;
