/** Decides of which types generated columns are, and how their values are written: as literals, as parameters. */
import type { Dice } from './dice.js';

/** Types whose values compare with one another. */
export type Family =
  | 'int'
  | 'text'
  | 'bool'
  | 'uuid'
  | 'bytea'
  | 'mood'
  | 'numeric'
  | 'float'
  | 'date'
  | 'moment'
  | 'json'
  | 'ints';

export interface ColumnType {
  readonly sql: string;
  readonly family: Family;
  /** Equal values look equal, so that it does not matter which of them stands for a group. */
  readonly looksEqual: boolean;
  /** How many of each list, from its start, people would write. */
  readonly usual: number;
  readonly literals: readonly string[];
  readonly parameters: readonly unknown[];
}

const uuid = (digit: number): string => `00000000-0000-0000-0000-00000000000${digit}`;
const day = (number: number): string => `2024-01-0${number}`;

const ints = {
  family: 'int',
  looksEqual: true,
  usual: 4,
  literals: ['1', '2', '3', '4', "'2'", "' 3'", "'03'", '0', '-1', '3000000000', '2.0'],
  parameters: [1, 2, 3, 4, '2', '03', ' 3', '+1', 2n, 1n, true, 3_000_000_000, 1.5, '0x1'],
} as const;

/** What the driver makes a text of. */
const unusualTexts: readonly unknown[] = [1, true, Buffer.from('a'), new Date(0), { a: 1 }];

const texts = {
  family: 'text',
  looksEqual: true,
  usual: 3,
  literals: ["'a'", "'b'", "'A'", "'a '", "''", "'ab'", "'1'", "E'\\u00e9'", "E'e\\u0301'"],
  parameters: ['a', 'b', 'A', 'a ', '', 'ab', '1', '\u00e9', 'e\u0301', 'x'.repeat(80), ...unusualTexts],
} as const;

const looseTexts = { ...texts, looksEqual: false } as const;

export const columnTypes: readonly ColumnType[] = [
  { sql: 'int', ...ints },
  { sql: 'int', ...ints },
  { sql: 'int2', ...ints },
  { sql: 'int8', ...ints },
  { sql: 'plain_id', ...ints },
  { sql: 'positive', ...ints },
  { sql: 'text', ...texts },
  { sql: 'text', ...texts },
  { sql: 'varchar(3)', ...texts },
  { sql: 'short_text', ...texts },
  { sql: 'text collate "C"', ...texts },
  { sql: 'text collate "und-x-icu"', ...texts },
  { sql: 'char(3)', ...looseTexts },
  { sql: 'text collate loose', ...looseTexts },
  { sql: 'loose_text', ...looseTexts },
  { sql: 'citext', ...looseTexts },
  {
    sql: 'bool',
    family: 'bool',
    looksEqual: true,
    usual: 2,
    literals: ['true', 'false', "'t'", "'no'"],
    parameters: [true, false, 't', 'no', 1],
  },
  {
    sql: 'uuid',
    family: 'uuid',
    looksEqual: true,
    usual: 2,
    literals: [`'${uuid(1)}'`, `'${uuid(2)}'`, `'{${uuid(1)}}'`, `'${uuid(3)}'::uuid`],
    parameters: [uuid(1), uuid(2), `{${uuid(1)}}`, uuid(1).replaceAll('-', ''), uuid(3)],
  },
  {
    sql: 'bytea',
    family: 'bytea',
    looksEqual: true,
    usual: 2,
    literals: ["'\\x61'", "'a'", "'\\x6162'::bytea", "'\\x'"],
    parameters: [Buffer.from('a'), Buffer.from('ab'), '\\x61', 'a', Buffer.alloc(0), new Uint8Array([97])],
  },
  {
    sql: 'mood',
    family: 'mood',
    looksEqual: true,
    usual: 2,
    literals: ["'sad'", "'happy'", "'sad'::mood", "'calm'"],
    parameters: ['sad', 'happy', 'calm', 'sad', Buffer.from('sad')],
  },
  {
    sql: 'numeric',
    family: 'numeric',
    looksEqual: false,
    usual: 2,
    literals: ['1', '1.0', "'1.00'", '2', '1.5', "'NaN'"],
    parameters: [1, '1.0', '1.00', 2, 1.5, 2n, 'NaN'],
  },
  {
    sql: 'float8',
    family: 'float',
    looksEqual: false,
    usual: 2,
    literals: ['1', '1.0', "'2'", '0', "'-0'", "'NaN'"],
    parameters: [1, '1.0', 2, 0, -0, 'NaN', 1.5],
  },
  {
    sql: 'date',
    family: 'date',
    looksEqual: true,
    usual: 2,
    literals: [`'${day(1)}'`, `date '${day(2)}'`, `'20240103'`],
    parameters: [day(1), day(2), '20240103', new Date('2024-01-01T12:00:00Z')],
  },
  {
    sql: 'timestamptz',
    family: 'moment',
    looksEqual: true,
    usual: 2,
    literals: [`'${day(1)} 00:00:00Z'`, `'${day(1)} 01:00:00+01'`, `'${day(2)}'`],
    parameters: [new Date('2024-01-01T00:00:00Z'), `${day(1)} 00:00:00Z`, `${day(1)} 01:00:00+01`, day(2)],
  },
  {
    sql: 'jsonb',
    family: 'json',
    looksEqual: false,
    usual: 2,
    literals: [`'{"a": 1}'`, `'{"a":1.0}'`, `'[1]'`, `'null'`],
    parameters: ['{"a": 1}', { a: 1 }, '{"a":1.0}', 'null'],
  },
  {
    sql: 'int[]',
    family: 'ints',
    looksEqual: true,
    usual: 2,
    literals: ["'{1,2}'", 'array[1,2]', "'{}'"],
    parameters: [[1, 2], '{1,2}', [], [null]],
  },
];

export const keyTypes: readonly ColumnType[] = columnTypes.filter(
  ({ family }) => family === 'int' || family === 'text' || family === 'uuid' || family === 'mood',
);

/** What the types above need. */
export const typesSql: readonly string[] = [
  'create extension if not exists citext',
  "create collation loose (provider = icu, locale = 'und-u-ks-level2', deterministic = false)",
  "create type mood as enum ('sad', 'calm', 'happy')",
  'create domain plain_id as int',
  'create domain positive as int check (value > 0)',
  'create domain short_text as text check (length(value) < 100)',
  'create domain loose_text as text collate loose',
];

/** Gathers a statement's parameters; where it may have none, values are written out. */
export class Values {
  private readonly given: unknown[] = [];
  private readonly families: (Family | null)[] = [];

  constructor(
    private readonly dice: Dice,
    private readonly mayBind: boolean,
  ) {}

  /** A value of this type, or nearly: also null, another spelling, an explicit cast. */
  of(type: ColumnType): string {
    const { dice } = this;
    if (dice.chance(0.03)) return 'null';
    if (!this.mayBind || dice.chance(0.3)) return this.among(type.literals, type);
    return this.casted(this.parameter(type), type);
  }

  /** This very value, as a parameter where there may be one. */
  bind(value: string | number): string {
    if (!this.mayBind) return literalOf(value);
    this.given.push(value);
    this.families.push(null);
    return `$${this.given.length}`;
  }

  /** An array of values of this type, as one parameter. */
  array(type: ColumnType): string {
    const { dice } = this;
    const items = Array.from({ length: dice.pick([0, 1, 2, 3]) }, () => this.among(type.parameters, type));
    this.given.push(dice.chance(0.1) ? [...items, null] : dice.chance(0.05) ? null : items);
    this.families.push(null);
    return `$${this.given.length}`;
  }

  get isBinding(): boolean {
    return this.mayBind;
  }

  /** The text with those parameters only that stand in it. */
  bound(text: string): { readonly text: string; readonly values: readonly unknown[] } {
    const used = new Map<number, number>();
    const renumbered = text.replaceAll(/\$(\d+)/g, (_, digits: string) => {
      const old = Number(digits);
      if (!used.has(old)) used.set(old, used.size + 1);
      return `$${used.get(old) ?? 0}`;
    });
    return { text: renumbered, values: [...used.keys()].map((old) => this.given[old - 1]) };
  }

  private among<T>(list: readonly T[], { usual }: ColumnType): T {
    return this.dice.pick(this.dice.chance(0.9) ? list.slice(0, usual) : list);
  }

  private parameter(type: ColumnType): string {
    const { dice } = this;
    const same = this.families.flatMap((family, index) => (family === type.family ? [index + 1] : []));
    if (same.length > 0 && dice.chance(0.1)) return `$${dice.pick(same)}`;
    this.given.push(dice.chance(0.03) ? null : this.among(type.parameters, type));
    this.families.push(type.family);
    return `$${this.given.length}`;
  }

  private casted(parameter: string, type: ColumnType): string {
    if (!this.dice.chance(0.1)) return parameter;
    const bare = bareType(type);
    const others =
      type.family === 'int' ? ['bigint', 'int2', 'numeric', 'text::int'] : ['text', 'varchar(2)'];
    return `${parameter}::${this.dice.pick([bare, bare, ...others])}`;
  }
}

export const literalOf = (value: unknown): string =>
  typeof value === 'string'
    ? `'${value.replaceAll("'", "''")}'`
    : typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean'
      ? String(value)
      : 'null';

/** The first of that name. */
export function typeNamed(sql: string): ColumnType {
  const found = columnTypes.find((type) => type.sql === sql);
  if (found === undefined) throw new Error(`there is no type ${sql}`);
  return found;
}

export const bareType = ({ sql }: ColumnType): string => sql.replace(/ collate.*/, '');
