/**
 * Decides how rows are made of raw cells by code that is made for their columns, where that was seen to give what pg's
 * own classes give. Knows nothing of caching.
 */
import { isDeepStrictEqual } from 'node:util';
import { COLUMNS_MAX, compileOnce, propertyName } from '../copier.js';
import { compileEmpty, distinctParsers, type Master } from './copier.js';
import type { CellParser, Cells, Field, PgResult } from './shapes.js';
import { fastParser } from './timestamps.js';

type MakeRows = (rows: readonly Cells[], parsers: readonly CellParser[]) => unknown[];

export interface RowMaker extends Pick<Master, 'parsers' | 'distinct' | 'copyEmpty'> {
  /** Of pg's result, then as now: another one may do something else. */
  readonly parseRow: unknown;
  make(rows: readonly Cells[]): unknown[];
}

/**
 * What makes the rows of results with these columns. Null: leave it to pg.
 *
 * @param result what pg's own classes made of `cells`
 */
export function rowMakerOf(
  fields: readonly Field[],
  cells: readonly Cells[],
  result: PgResult,
): RowMaker | null {
  const parsers = result._parsers ?? [];
  const names = new Set(fields.map(({ name }) => name));
  if (names.size !== fields.length || fields.length === 0 || fields.length > COLUMNS_MAX) return null;
  const makeRows = compileOnce(codeFor(fields)) as MakeRows | null;
  if (makeRows === null) return null;
  const fast = parsers.map(fastParser);
  const make = (rows: readonly Cells[]): unknown[] => makeRows(rows, fast);
  if (!isDeepStrictEqual(make(cells), result.rows)) return null;
  return {
    parseRow: rowParserOf(result),
    make,
    parsers,
    distinct: distinctParsers(fields, parsers),
    copyEmpty: compileEmpty(Object.keys(result._prebuiltEmptyResultObject ?? {})),
  };
}

/** Told from others, never called. */
export const rowParserOf = (result: { readonly parseRow: unknown }): unknown => result.parseRow;

function codeFor(fields: readonly Field[]): string {
  const parsers = fields.map((_, column) => `p${column} = parsers[${column}]`);
  const values = fields.map(
    ({ name }, column) =>
      `${propertyName(name)}: row[${column}] === null ? null : p${column}(row[${column}])`,
  );
  return `return (rows, parsers) => {
      const ${parsers.join(', ')};
      const count = rows.length;
      const made = new Array(count);
      for (let index = 0; index < count; index++) { const row = rows[index]; made[index] = { ${values.join(', ')} }; }
      return made;
    };`;
}
