/** Decides the pieces that the generated statements of the pins' differential test are made of: values, conditions. */
import fc from 'fast-check';
import type { Call } from '../pin-values.js';

export type { Call } from '../pin-values.js';

const columns = {
  team: { id: 'int', name: 'text', grp: 'int', flag: 'bool', big: 'int', tag: 'uuid', code: 'text' },
  member: { id: 'int', team: 'int', boss: 'int', label: 'text', small: 'int', doubled: 'int' },
  note: { id: 'int', member: 'int', body: 'text' },
  touched: { id: 'int', label: 'text' },
  item: { tenant: 'int', num: 'int', label: 'text', kind: 'mood', raw: 'bytes', parent: 'int' },
  parted: { id: 'int', part: 'int', label: 'text' },
} as const;

export type TableName = keyof typeof columns;
type Family = 'int' | 'text' | 'bool' | 'uuid' | 'mood' | 'bytes';

const uuid = (digit: number): string => `00000000-0000-0000-0000-00000000000${digit}`;

/** As the driver would send them: also spelt in ways that mean the same to the server. */
const values: Readonly<Record<Family, fc.Arbitrary<unknown>>> = {
  int: fc.oneof(
    { weight: 20, arbitrary: fc.integer({ min: 1, max: 4 }) },
    fc.constantFrom('1', '2', '03', ' 3', '+1', 2n, null, 3_000_000_000),
  ),
  text: fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom('a', 'b', 'A') },
    fc.constantFrom('a ', '', 'ab', 'ab ', 'c', null),
  ),
  bool: fc.constantFrom(true, false, 't', 'false', null),
  uuid: fc.constantFrom(uuid(1), uuid(2), `{${uuid(1)}}`, uuid(1).replaceAll('-', ''), null),
  mood: fc.constantFrom('sad', 'ok', 'happy', 'Sad', null),
  bytes: fc.constantFrom(Buffer.from('a'), '\\x61', '\\x 61', 'a', '\\x62', Buffer.from('b'), '\\x', null),
};

const literals: Readonly<Record<Family, fc.Arbitrary<string>>> = {
  int: fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom('1', '2', '3') },
    fc.constantFrom('0', "'1'", "'02'", "' 3'", '1.0', '-1', 'null', '3000000000'),
  ),
  text: fc.constantFrom("'a'", "'b'", "'A'", "'a '", "''", "'ab'", 'null'),
  bool: fc.constantFrom('true', 'false', "'t'", 'null'),
  uuid: fc.constantFrom(`'${uuid(1)}'`, `'${uuid(2)}'::uuid`, `'{${uuid(1)}}'`),
  mood: fc.constantFrom("'sad'", "'ok'::mood", 'null'),
  bytes: fc.constantFrom("'a'", "'\\x61'", "'\\x62'::bytea", 'null'),
};

const casts: Readonly<Record<Family, readonly string[]>> = {
  int: ['::int', '::bigint', '::int2', '::numeric', '::text::int'],
  text: ['::text', '::varchar', '::varchar(1)', '::char(2)'],
  bool: ['::bool'],
  uuid: ['::uuid'],
  mood: ['::mood'],
  bytes: ['::bytea'],
};

const arrayCasts: Readonly<Record<Family, readonly string[]>> = {
  int: ['', '', '::int[]', '::bigint[]', '::numeric[]'],
  text: ['', '::text[]', '::varchar[]', '::char(2)[]'],
  bool: ['', '::bool[]'],
  uuid: ['', '::uuid[]'],
  mood: ['', '::mood[]'],
  bytes: ['', '::bytea[]'],
};

/** A piece of text with `?` where parameters stand, in order. */
export interface Piece {
  readonly text: string;
  readonly values: readonly unknown[];
}

export const piece = (text: string, pieces: readonly Piece[] = []): Piece => ({
  text,
  values: pieces.flatMap((part) => part.values),
});

export function joined(pieces: readonly Piece[], separator: string): Piece {
  return piece(pieces.map((part) => part.text).join(separator), pieces);
}

export function valueOf(family: Family): fc.Arbitrary<Piece> {
  return fc.oneof(
    { weight: 5, arbitrary: values[family].map((value) => ({ text: '?', values: [value] })) },
    { weight: 2, arbitrary: literals[family].map((text) => piece(text)) },
    {
      weight: 1,
      arbitrary: fc
        .tuple(values[family], fc.constantFrom(...casts[family]))
        .map(([value, cast]) => ({ text: `?${cast}`, values: [value] })),
    },
  );
}

export function columnOf(table: TableName): fc.Arbitrary<{ readonly name: string; readonly family: Family }> {
  return fc.constantFrom(...Object.entries(columns[table]).map(([name, family]) => ({ name, family })));
}

/** `in (…)` and `= any (…)`, with what follows the column. */
function listOf(family: Family): fc.Arbitrary<Piece> {
  return fc.oneof(
    fc
      .array(valueOf(family), { minLength: 1, maxLength: 3 })
      .map((parts) => piece(` in (${joined(parts, ', ').text})`, parts)),
    fc
      .tuple(fc.array(values[family], { maxLength: 3 }), fc.constantFrom(...arrayCasts[family]))
      .map(([elements, cast]) => ({ text: ` = any (?${cast})`, values: [elements] })),
    fc
      .tuple(
        fc.array(valueOf(family), { minLength: 1, maxLength: 3 }),
        fc.constantFrom(...arrayCasts[family]),
      )
      .map(([parts, cast]) => piece(` = any (array[${joined(parts, ', ').text}]${cast})`, parts)),
  );
}

/** What a query gives, in its one column: values in so many words, and columns of a table under a condition of its own. */
export function queryOf(family: Family): fc.Arbitrary<Piece> {
  // A parameter by itself would be a text there.
  const typed = valueOf(family).map((given) =>
    given.text === '?' ? { ...given, text: `?${casts[family][0]}` } : given,
  );
  const spelt = fc
    .array(typed, { minLength: 1, maxLength: 3 })
    .chain((parts) =>
      fc.constantFrom(
        piece(`values ${parts.map(({ text }) => `(${text})`).join(', ')}`, parts),
        piece(parts.map(({ text }) => `select ${text}`).join(' union '), parts),
        piece(`select ${parts[0]?.text} from note`, parts.slice(0, 1)),
      ),
    );
  const taken = fc
    .constantFrom(...placesOf(family))
    .chain(([table, name]) =>
      fc
        .tuple(plainEquality(table, 'q.'), fc.constantFrom('', '', ' limit 2'))
        .map(([filter, tail]) =>
          piece(`select q.${name} from ${table} q where ${filter.text}${tail}`, [filter]),
        ),
    );
  const both = fc
    .tuple(spelt, taken)
    .map((pair) => piece(`(${pair[0].text}) union all (${pair[1].text})`, pair));
  return fc.oneof(spelt, taken, both);
}

/** All columns of a family. */
function placesOf(family: Family): readonly (readonly [table: TableName, name: string])[] {
  return (['team', 'member', 'item'] as const).flatMap((table) =>
    Object.entries(columns[table]).flatMap(([name, own]) => (own === family ? [[table, name] as const] : [])),
  );
}

/** Two columns at once. */
function rows(table: TableName, prefix: string): fc.Arbitrary<Piece> {
  return fc.tuple(columnOf(table), columnOf(table)).chain(([one, two]) => {
    const row = fc.tuple(valueOf(one.family), valueOf(two.family));
    const left = `(${prefix}${one.name}, ${prefix}${two.name})`;
    const right = row.map((pair) => piece(`(${joined(pair, ', ').text})`, pair));
    return fc.oneof(
      right.map((only) => piece(`${left} = ${only.text}`, [only])),
      fc
        .array(right, { minLength: 1, maxLength: 2 })
        .map((some) => piece(`${left} in (${joined(some, ', ').text})`, some)),
    );
  });
}

function plainEquality(table: TableName, prefix: string): fc.Arbitrary<Piece> {
  return columnOf(table).chain(({ name, family }) =>
    valueOf(family).map((right) => piece(`${prefix}${name} = ${right.text}`, [right])),
  );
}

/** One conjunct on a table that is called `alias`. */
function conjunct(table: TableName, alias: string): fc.Arbitrary<Piece> {
  const prefix = alias === '' ? '' : `${alias}.`;
  return columnOf(table).chain(({ name, family }) => {
    const value = valueOf(family);
    const equality = value.map((right) => piece(`${prefix}${name} = ${right.text}`, [right]));
    return fc.oneof(
      { weight: 24, arbitrary: equality },
      { weight: 1, arbitrary: value.map((left) => piece(`${left.text} = ${prefix}${name}`, [left])) },
      { weight: 1, arbitrary: value.map((right) => piece(`${prefix}${name} <> ${right.text}`, [right])) },
      {
        weight: 1,
        arbitrary: fc.tuple(equality, equality).map((pair) => piece(`(${joined(pair, ' or ').text})`, pair)),
      },
      {
        weight: 3,
        arbitrary: fc
          .tuple(equality, plainEquality(table, prefix), plainEquality(table, prefix))
          .map(([one, two, three]) =>
            piece(`(${one.text} and ${two.text} or ${three.text})`, [one, two, three]),
          ),
      },
      {
        weight: 3,
        arbitrary: fc
          .tuple(equality, plainEquality(table, prefix))
          .map((pair) => piece(`(${joined(pair, ' or ').text})`, pair)),
      },
      { weight: 1, arbitrary: equality.map((inner) => piece(`not (${inner.text})`, [inner])) },
      { weight: 1, arbitrary: equality.map((inner) => piece(`(${inner.text}) is not true`, [inner])) },
      {
        weight: 6,
        arbitrary: listOf(family).map((right) => piece(`${prefix}${name}${right.text}`, [right])),
      },
      {
        weight: 4,
        arbitrary: fc
          .tuple(queryOf(family), fc.constantFrom(' in', ' = any', ' not in'))
          .map(([query, word]) => piece(`${prefix}${name}${word} (${query.text})`, [query])),
      },
      { weight: 3, arbitrary: rows(table, prefix) },
      { weight: 3, arbitrary: fc.constant(piece(`${prefix}${name} is null`)) },
      { weight: 1, arbitrary: fc.constant(piece(`${prefix}${name} is not null`)) },
      {
        weight: 2,
        arbitrary: value.map((right) =>
          piece(`${prefix}${name} is not distinct from ${right.text}`, [right]),
        ),
      },
      {
        weight: 1,
        arbitrary: value.map((right) => piece(`(${prefix}${name} = ${right.text}) is true`, [right])),
      },
      {
        weight: 1,
        arbitrary: value.map((right) =>
          piece(`case when ${prefix}${name} = ${right.text} then true else false end`, [right]),
        ),
      },
      ...(family === 'bool'
        ? ['', 'not ', ' is true', ' is false', ' is not true'].map((word) => ({
            weight: 4,
            arbitrary: fc.constant(
              piece(word === 'not ' ? `not ${prefix}${name}` : `${prefix}${name}${word}`),
            ),
          }))
        : []),
    );
  });
}

export function where(table: TableName, alias: string): fc.Arbitrary<Piece> {
  return fc
    .oneof(
      { weight: 5, arbitrary: fc.array(conjunct(table, alias), { minLength: 1, maxLength: 1 }) },
      { weight: 2, arbitrary: fc.array(conjunct(table, alias), { minLength: 2, maxLength: 3 }) },
    )
    .map((parts) => joined(parts, ' and '));
}

export const tableName = fc.constantFrom<TableName>(
  'team',
  'team',
  'team',
  'member',
  'member',
  'member',
  'member',
  'note',
  'touched',
  'item',
  'item',
  'parted',
);

export function numbered({ text, values }: Piece): Call {
  let position = 0;
  return { text: text.replace(/\?/g, () => `$${(position += 1)}`), values };
}
