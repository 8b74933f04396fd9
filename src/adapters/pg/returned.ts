/**
 * Decides what the answer to a write tells of the rows that were written: how many, and which values they have in the
 * columns that the plan names. Takes the cells as the wire gives them, whatever the caller's parsers make of them.
 */
import { compactValue } from '../../cache/bind.js';
import type { Target, TargetPins } from '../../cache/protocol/refs.js';
import type { ToldColumn } from '../../sql/plan.js';
import { canonicalCell } from '../../sql/values.js';
import type { Told } from '../told.js';
import type { Cells, Field, PgQuery, PgResult, QueryConfig, QueryConstructor } from './shapes.js';

/** A write of more values than these of a column counts as one of any value. */
const VALUES_MAX = 64;

/** Gathers what one answer tells. */
export class Returned {
  /** By column; null: too many. */
  private readonly values = new Map<string, Set<string> | null>();
  private columns: readonly ToldColumn[] = [];
  private described = 0;
  private rows = 0;

  /** @param told null: the plan expects nothing */
  constructor(private readonly told: Told | null) {}

  /** Whether the rows have to be seen. */
  get isAboutRows(): boolean {
    return this.told !== null && this.told.columns.length > 0;
  }

  /** Only columns that the server itself calls by these numbers, in text, are believed. */
  describe(fields: readonly Field[]): void {
    this.described++;
    const { told } = this;
    const tableId = Number(told?.tableId); // an oid, as row descriptions have it
    this.columns = (told?.columns ?? []).filter(({ column, position }) => {
      const field = fields[position];
      return field?.tableID === tableId && field?.columnID === Number(column) && field.format === 'text';
    });
    for (const { column } of this.columns) this.values.set(column, new Set());
  }

  row(cells: Cells): void {
    this.rows++;
    for (const { column, position, valueClass } of this.columns) {
      const values = this.values.get(column);
      if (values === null || values === undefined) continue;
      values.add(compactValue(canonicalCell(valueClass, cells[position] ?? null)));
      if (values.size > VALUES_MAX) this.values.set(column, null);
    }
  }

  /** What of these targets was written, once the statement has succeeded. */
  narrow(
    targets: readonly Target[],
    result: Pick<PgResult, 'rowCount'> | readonly unknown[] | undefined,
  ): readonly Target[] {
    const { told } = this;
    if (told === null || result === undefined || !('rowCount' in result) || !told.holds()) return targets;
    const { rowCount } = result;
    const { key } = told;
    if (rowCount === 0) return targets.filter(({ table }) => table !== key);
    // Rows that were not seen may be others.
    if (rowCount === null || rowCount !== this.rows || this.described !== 1) return targets;
    return targets.map((target) =>
      target.table === key ? { table: key, pins: this.pinsOf(target) } : target,
    );
  }

  /** Of two lists, each of which is true, the shorter. */
  private pinsOf({ pins }: Target): TargetPins | null {
    const all: Record<string, readonly string[]> = { ...pins };
    for (const [column, values] of this.values) {
      if (values === null) continue;
      const known = all[column];
      if (known === undefined || values.size < known.length) all[column] = [...values];
    }
    return Object.keys(all).length === 0 ? null : all;
  }
}

export type TellingConstructor = new (
  config: QueryConfig | string,
  values: unknown,
  returned: Returned,
) => PgQuery;

/** The subclass of an application's own `pg.Query` that shows the cells of its rows. */
export function tellingQuery(Query: QueryConstructor): TellingConstructor {
  return class Telling extends Query {
    constructor(
      config: QueryConfig | string,
      values: unknown,
      private readonly returned: Returned,
    ) {
      super(config, values);
      if (typeof config !== 'string' && config.query_timeout !== undefined)
        this.query_timeout = config.query_timeout;
    }

    override handleRowDescription(message: { fields: Field[] }): void {
      this.returned.describe(message.fields);
      super.handleRowDescription(message);
    }

    override handleDataRow(message: { fields: Cells }): void {
      this.returned.row(message.fields);
      super.handleDataRow(message);
    }
  };
}
