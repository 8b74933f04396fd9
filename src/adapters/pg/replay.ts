/**
 * Decides how a kept result becomes the `pg.Result` that a miss would have given: by copying decoded rows where
 * that is provably the same, else by giving the raw cells to pg's own classes again.
 */
import { type CopyingMaster, isCopying, isCurrent, masterOf } from './copier.js';
import { cellsOf, copyField, type FieldConstructor, keepRows, keptCellsOf, type Payload } from './payload.js';
import { type RowMaker, rowMakerOf, rowParserOf } from './row-maker.js';
import type { Cells, Field, PgResult, ResultConstructor, TypeParsers } from './shapes.js';

/** The application's own classes, as found on its clients. */
export interface DriverClasses {
  readonly Result: ResultConstructor;
  readonly Field: FieldConstructor;
}

export interface Replay {
  readonly classes: DriverClasses;
  readonly rowMode: string | undefined;
  /** Given with the call; such parsers are often made anew for each call. */
  readonly types: TypeParsers | undefined;
  /** Those of the connection. */
  readonly clientTypes: TypeParsers;
}

/** A result of the caller's own: nothing in it is anybody else's. */
export function replay(payload: Payload, { classes, rowMode, types, clientTypes }: Replay): PgResult {
  const result = new classes.Result(rowMode, types ?? clientTypes);
  if (payload.isNew) {
    payload.isNew = false; // rows to copy from would have cost more than was parsed, and perhaps nobody else asks
    const isPlain = types === undefined && rowMode !== 'array' && payload.rowCount !== null;
    if (isPlain) makeInto(result, payload, cellsOf(payload), clientTypes, classes.Field);
    else parseInto(result, payload, cellsOf(payload), classes.Field);
    return result;
  }
  const master = types === undefined ? currentMaster(payload, rowMode, clientTypes, classes) : null;
  if (master === null) parseInto(result, payload, keptCellsOf(payload), classes.Field);
  else {
    describe(result, payload, master, classes.Field);
    result.rows = master.copy(master.rows);
  }
  return result;
}

/** What pg makes of the row description and of the tag. */
function describe(
  result: PgResult,
  { fields, rowCount }: Payload,
  { parsers, copyEmpty }: Pick<CopyingMaster, 'parsers' | 'copyEmpty'>,
  Field: FieldConstructor,
): void {
  result.command = 'SELECT';
  result.rowCount = rowCount;
  const count = fields.length;
  const copies: Field[] = [];
  for (let index = 0; index < count; index++) copies.push(copyField(Field, fields[index] as Field)); // index < count
  result.fields = copies;
  if (count > 0) result._parsers = parsers.slice();
  result._prebuiltEmptyResultObject = copyEmpty();
}

/** By columns: results out of the store share them. Null: left to pg. */
const makers = new WeakMap<readonly Field[], RowMaker | null>();

/** What `parseInto` does, by code that is made for the columns once they were seen with a row. */
function makeInto(
  result: PgResult,
  payload: Payload,
  cells: readonly Cells[],
  types: TypeParsers,
  Field: FieldConstructor,
): void {
  const { fields } = payload;
  const maker = makers.get(fields);
  if (
    maker !== undefined &&
    maker !== null &&
    maker.parseRow === rowParserOf(result) &&
    isCurrent(maker, types)
  ) {
    describe(result, payload, maker, Field);
    result.rows = maker.make(cells);
    return;
  }
  parseInto(result, payload, cells, Field);
  if (maker !== null && cells.length > 0) makers.set(fields, rowMakerOf(fields, cells, result));
}

function parseInto(
  result: PgResult,
  payload: Payload,
  cells: readonly Cells[],
  Field: FieldConstructor,
): void {
  result.addFields(payload.fields.map((field) => copyField(Field, field)));
  for (const row of cells) result.addRow(result.parseRow(row));
  result.addCommandComplete({ text: payload.tag });
}

function currentMaster(
  payload: Payload,
  rowMode: string | undefined,
  types: TypeParsers,
  classes: DriverClasses,
): CopyingMaster | null {
  const slot = rowMode === 'array' ? 'arrays' : 'objects';
  let master = payload[slot];
  if (master === null || !isCurrent(master, types)) {
    const decoded = new classes.Result(rowMode, types);
    const cells = cellsOf(payload);
    keepRows(payload);
    parseInto(decoded, payload, cells, classes.Field);
    payload[slot] = master = masterOf({
      rows: decoded.rows,
      cells,
      fields: payload.fields,
      parsers: decoded._parsers ?? [],
      asArrays: rowMode === 'array',
      empty: decoded._prebuiltEmptyResultObject ?? {},
    });
  }
  return isCopying(master) && payload.rowCount !== null ? master : null;
}
