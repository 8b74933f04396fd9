/** Decides what a scene is: a few tables around one hazard, with the reads and the writes that meet there. Plays nothing. */
import { type ColumnType, literalOf, Values } from '../column-types.js';
import type { Drawing } from '../conditions.js';
import type { Dice } from '../dice.js';
import type { CaseConfig, SessionName, Step } from '../script.js';
import type { Relation, RelationKind } from '../world.js';

/** A column's name and type, and what else is said of it. */
export type ColumnLine = readonly [name: string, type: ColumnType, rest?: string];

/** A text with values of a drawing. */
export type Writing = (drawing: Drawing) => string;

/** A read whose result is given in an order, or whose session is another one for its time. */
export interface Asked {
  readonly text: Writing;
  readonly isOrdered?: true;
  readonly around?: () => readonly [before: readonly string[], after: readonly string[]];
}

export interface Scene {
  readonly reads: readonly (Writing | Asked)[];
  readonly writes: readonly Writing[];
  /** Steps of its own. */
  readonly steps?: readonly (() => Step)[];
  /** Of its reads and writes; usually `plain`. */
  readonly session?: SessionName;
}

/** Where a scene is set up. Its names are its own. */
export class Stage {
  readonly setup: string[] = [];
  readonly relations: Relation[] = [];
  readonly effects: NonNullable<CaseConfig['effects']> = {};

  constructor(
    readonly dice: Dice,
    private readonly prefix: string,
  ) {}

  name(short: string): string {
    return `${this.prefix}_${short}`;
  }

  /** A table with what else stands between its parentheses. */
  table(
    short: string,
    columns: readonly ColumnLine[],
    { lines = [], behind = '', kind = 'table', keys = [['id']] }: TableOptions = {},
  ): Relation {
    const name = this.name(short);
    const texts = columns.map(([column, { sql }, rest = '']) => `${column} ${sql} ${rest}`.trim());
    this.setup.push(`create table ${name} (${[...texts, ...lines].join(', ')})${behind}`);
    return this.relation(name, columns, { kind, keys });
  }

  /** What is there by another text already. */
  relation(
    name: string,
    columns: readonly ColumnLine[],
    { kind, keys = [] }: { readonly kind: RelationKind; readonly keys?: readonly (readonly string[])[] },
  ): Relation {
    const relation: Relation = {
      name,
      kind,
      keys,
      columns: columns.map(([column, type, rest = '']) => ({
        name: column,
        type,
        isGenerated: rest.includes('generated always as ('),
      })),
    };
    this.relations.push(relation);
    return relation;
  }

  /** Rows with the first values of each column's type; what a constraint refuses is left out. */
  fill({ name, columns }: Relation, count = 7): void {
    const given = columns.filter(({ isGenerated }) => !isGenerated);
    const values = new Values(this.dice, false);
    for (let row = 0; row < count; row++) {
      const [key, ...others] = given;
      if (key === undefined) return;
      const first = key.type.family === 'int' ? String(row + 1) : values.of(key.type);
      const texts = [first, ...others.map(({ type }) => values.of(type))];
      this.setup.push(
        `insert into ${name} (${given.map((column) => column.name).join(', ')}) values (${texts.join(', ')})`,
      );
    }
  }

  view(short: string, text: string, columns: readonly ColumnLine[]): Relation {
    const name = this.name(short);
    this.setup.push(`create view ${name} as ${text}`);
    return this.relation(name, columns, { kind: 'view' });
  }

  /** A function that triggers of this scene run. */
  trigger(short: string, body: string, when: string): void {
    const name = this.name(short);
    this.setup.push(
      `create function ${name}() returns trigger language plpgsql as $$ ${body} $$`,
      `create ${when.replace('trigger', `trigger ${name}`)} execute function ${name}()`,
    );
  }
}

interface TableOptions {
  readonly lines?: readonly string[];
  /** After the parentheses. */
  readonly behind?: string;
  readonly kind?: RelationKind;
  readonly keys?: readonly (readonly string[])[];
}

export type Recipe = (stage: Stage) => Scene;

/** A value of this type, as a drawing writes it. */
export const valueOf =
  (type: ColumnType): Writing =>
  ({ values }) =>
    values.of(type);

/** One of these very values. */
export const amongThese =
  (given: readonly (string | number)[]): Writing =>
  ({ dice, values }) =>
    values.bind(dice.pick(given));

/** The text of a call with its values written into it. */
export const spelt = (text: string, values: readonly unknown[]): string =>
  text.replaceAll(/\$(\d+)/g, (_, digits: string) => literalOf(values[Number(digits) - 1]));
