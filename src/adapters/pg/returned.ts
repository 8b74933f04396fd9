/**
 * Decides what the answer to a write tells of the rows that were written: how many, and which values they have in the
 * columns that the plan names. Takes the cells as the wire gives them, whatever the caller's parsers make of them.
 */
import type { Target } from '../../cache/protocol/refs.js';
import type { ToldColumn } from '../../sql/plan.js';
import { canonicalCell } from '../../sql/values.js';
import type { Told } from '../told.js';
import { ToldValues } from '../told-values.js';
import type { Cells, Field, PgQuery, PgResult, QueryConfig, QueryConstructor } from './shapes.js';

/** Gathers what one answer tells. */
export class Returned {
  private readonly values = new ToldValues();
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
    for (const { column } of this.columns) this.values.expect(column);
  }

  row(cells: Cells): void {
    this.rows++;
    for (const { column, position, valueClass } of this.columns)
      this.values.add(column, canonicalCell(valueClass, cells[position] ?? null));
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
      target.table === key ? { table: key, pins: this.values.pinsOf(target) } : target,
    );
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
