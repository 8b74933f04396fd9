/** What a result is after it was written for the store and read again, and rows that are made without pg's own classes. */
import fc from 'fast-check';
import pg from 'pg';
import { describe, expect, it } from 'vitest';
import { cellsOf, keepRow, payloadOf } from '../../../src/adapters/pg/payload.js';
import { replay } from '../../../src/adapters/pg/replay.js';
import type { CellParser, Field, ResultConstructor, TypeParsers } from '../../../src/adapters/pg/shapes.js';
import { payloadCodec } from '../../../src/adapters/pg/stored-payload.js';
import { fastParser, parseTimestamp } from '../../../src/adapters/pg/timestamps.js';

class Column {
  constructor(
    readonly name: string,
    readonly tableID: number,
    readonly columnID: number,
    readonly dataTypeID: number,
    readonly dataTypeSize: number,
    readonly dataTypeModifier: number,
    readonly format: string,
  ) {}
}

const types = pg.types as unknown as TypeParsers;
const codec = payloadCodec(Column);
const columnOf = (name: string, oid: number, index: number): Field =>
  new Column(name, 1, index + 1, oid, 4, -1, 'text');

/** Anything that a text of Postgres may hold: all but NUL. */
const cell = fc.option(
  fc.oneof(
    fc.string({ unit: 'binary' }).map((text) => text.replaceAll('\0', '')),
    fc.constantFrom('', '\u0001', '\u0001\u0001', '\u0001a', 'é', '\u{1f600}'),
  ),
);

describe('a result that was written for the store', () => {
  it('is what it was, whatever is in its cells', () => {
    const result = fc
      .integer({ min: 0, max: 5 })
      .chain((columns) =>
        fc.tuple(
          fc.constant(columns),
          fc.array(fc.array(cell, { minLength: columns, maxLength: columns }), { maxLength: 20 }),
          fc.boolean(),
        ),
      );
    fc.assert(
      fc.property(result, ([columns, cells, isKept]) => {
        const fields = Array.from({ length: columns }, (_, index) => columnOf(`c${index}`, 25, index));
        const rows = isKept ? cells.map(keepRow) : cells;
        const payload = payloadOf(`SELECT ${cells.length}`, { fields, isOwn: true }, rows, 0);
        const read = codec.decode(codec.encode(payload));
        expect(cellsOf(read)).toEqual(cells);
        expect(read.fields).toEqual(fields);
        expect([read.tag, read.rowCount]).toEqual([payload.tag, cells.length]);
        expect(codec.same(read, payload)).toBe(true);
      }),
    );
  });

  it('is what it was when it is long', () => {
    const cells = Array.from({ length: 5_000 }, (_, index) => [
      String(index),
      index % 7 === 0 ? null : 'é'.repeat(20),
    ]);
    const fields = [columnOf('a', 23, 0), columnOf('b', 25, 1)];
    const payload = payloadOf('SELECT 5000', { fields, isOwn: true }, cells, 0);
    expect(cellsOf(codec.decode(codec.encode(payload)))).toEqual(cells);
  });
});

/** A result out of the store, twice: the first is parsed by pg, the second by what was made for its columns. */
function replayed(
  oids: readonly number[],
  names: readonly string[],
  cells: (string | null)[][],
  parsers: TypeParsers,
) {
  const fields = oids.map((oid, index) => columnOf(names[index] ?? '', oid, index));
  const written = codec.encode(payloadOf(`SELECT ${cells.length}`, { fields, isOwn: true }, cells, 0));
  const classes = {
    Result: (pg as unknown as { Result: ResultConstructor }).Result,
    Field: Column,
  };
  const give = () =>
    replay(codec.decode(written), { classes, rowMode: undefined, types: undefined, clientTypes: parsers });
  return [give(), give(), give()] as const;
}

describe('rows that are made for their columns', () => {
  const oids = [23, 20, 25, 16, 701, 1184, 1114, 1082, 3802, 1007];
  const names = ['id', '2', 'text', '__proto__', 'constructor', 'at', 'local', 'day', 'json', 'list'];
  const row = [
    '7',
    '9007199254740993',
    'x',
    't',
    '0.1',
    '2026-11-22 16:05:09.123456+00',
    '2026-11-22 16:05:09',
    '2026-11-22',
    '{"a":1}',
    '{1,2}',
  ];

  it('are what pg makes', () => {
    const cells = [row, row.map(() => null), row];
    const [first, second, third] = replayed(oids, names, cells, types);
    expect(second).toStrictEqual(first);
    expect(third).toStrictEqual(first);
    expect(Object.keys(second.rows[0] as object)).toEqual(Object.keys(first.rows[0] as object));
    expect(second.rows[0]).not.toBe(third.rows[0]);
  });

  it('are left to pg where columns share a name', () => {
    const [first, second] = replayed([23, 25], ['a', 'a'], [['1', 'b']], types);
    expect(second).toStrictEqual(first);
  });

  it('follow parsers that are replaced later', () => {
    let parser: CellParser = (text) => `first ${text}`;
    const own = { getTypeParser: () => parser } as unknown as TypeParsers;
    const [first, second] = replayed([23], ['a'], [['1']], own);
    expect([first.rows, second.rows]).toEqual([[{ a: 'first 1' }], [{ a: 'first 1' }]]);
    parser = (text) => `later ${text}`;
    expect(replayed([23], ['a'], [['1']], own)[1].rows).toEqual([{ a: 'later 1' }]);
  });
});

describe('a timestamp', () => {
  const own = types.getTypeParser(1184, 'text');

  it('is parsed by what is faster than the parser of this pg, and by no other than what was set', () => {
    expect(fastParser(own)).not.toBe(own);
    const others = [(text: string) => new Date(text), (text: string) => text, String];
    for (const other of others) expect(fastParser(other)).toBe(other);
  });

  it('is the date that pg would have given, or left to pg', () => {
    const digits = (max: number, length: number) =>
      fc.integer({ min: 0, max }).map((number) => String(number).padStart(length, '0'));
    const zone = fc.oneof(
      fc.constantFrom('', '+00', 'Z', '-00', '+', '+5', ' BC', '+00 BC', '+05:', 'x'),
      fc
        .tuple(fc.constantFrom('+', '-'), digits(99, 2), digits(99, 2), digits(99, 2))
        .chain(([sign, hour, minute, second]) =>
          fc.constantFrom(
            `${sign}${hour}`,
            `${sign}${hour}:${minute}`,
            `${sign}${hour}:${minute}:${second}`,
            `${sign}${hour}${minute}`,
          ),
        ),
    );
    const fraction = fc.oneof(
      fc.constant(''),
      digits(999_999, 6).map((text) => `.${text}`),
      fc.stringMatching(/^\.?\d{0,12}$/),
    );
    const time = fc
      .tuple(digits(99, 2), digits(99, 2), digits(99, 2), fraction, zone)
      .map(([hour, minute, second, rest, end]) => ` ${hour}:${minute}:${second}${rest}${end}`);
    const text = fc
      .tuple(
        fc.oneof(digits(9_999, 4), digits(99_999, 5)),
        digits(19, 2),
        digits(39, 2),
        fc.option(time, { nil: '' }),
      )
      .map(([year, month, day, rest]) => `${year}-${month}-${day}${rest}`);
    fc.assert(
      fc.property(text, (given) => {
        const fast = parseTimestamp(given);
        if (fast !== null) expect(fast).toStrictEqual(own(given));
      }),
      { numRuns: 5_000 },
    );
    for (const given of ['infinity', '-infinity', '', '2026', '0044-03-15 BC', '2026-11-22T16:05:09Z'])
      expect(parseTimestamp(given)).toBeNull();
  });
});
