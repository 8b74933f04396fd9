/** Decides what a scene of the MySQL family is: a few tables around one hazard, with the reads and the writes that meet there. */
import mysql from 'mysql2';
import type { Dice } from '../differential/dice.js';
import type { SessionName } from './script.js';

/** How values are drawn while a text is written: as parameters, in their order, or spelt out. */
export class Drawing {
  readonly values: unknown[] = [];

  constructor(
    readonly dice: Dice,
    private readonly mayBind: boolean,
  ) {}

  /** One of these, or only this. */
  value(...among: readonly unknown[]): string {
    const value = this.dice.pick(among);
    if (!this.mayBind || this.dice.chance(0.4)) return mysql.escape(value as mysql.SqlValue);
    this.values.push(value);
    return '?';
  }

  /** A small number, most often. */
  number(): string {
    return this.dice.chance(0.1)
      ? this.value(null, '1', ' 2', true, 1.5, '2x', -1, 300, '3.0')
      : this.value(1, 2, 3, 4);
  }

  pick(...texts: readonly string[]): string {
    return this.dice.pick(texts);
  }

  /** One of the makers, made now: values are drawn where they stand. */
  any(...makers: readonly (() => string)[]): string {
    return this.dice.pick(makers)();
  }
}

/** A text with values of a drawing. */
export type Writing = (drawing: Drawing) => string;

export interface Scene {
  readonly reads: readonly Writing[];
  readonly writes: readonly Writing[];
  /** What one client says, one statement after another. */
  readonly clients?: readonly ((drawing: Drawing) => readonly Writing[])[];
  /** Of some of its reads and writes; usually `plain`. */
  readonly session?: SessionName;
}

/** Where a scene is set up. Its names are its own. */
export class Stage {
  readonly setup: string[] = [];

  constructor(
    readonly dice: Dice,
    private readonly prefix: string,
  ) {}

  name(short: string): string {
    return `${this.prefix}_${short}`;
  }

  /** @returns its name */
  table(short: string, columns: string, behind = ''): string {
    const name = this.name(short);
    this.setup.push(`create table ${name} (${columns})${behind}`);
    return name;
  }

  /** Rows with these columns, of which the first counts from 1; what a constraint refuses is left out. */
  fill(table: string, columns: string, values: readonly (readonly unknown[])[], count = 6): void {
    for (let row = 1; row <= count; row++) {
      const given = [row, ...values.map((among) => this.dice.pick(among))];
      this.setup.push(
        `insert into ${table} (${columns}) values (${given.map((value) => mysql.escape(value as mysql.SqlValue)).join(', ')})`,
      );
    }
  }

  say(...texts: readonly string[]): void {
    this.setup.push(...texts);
  }
}

export type Recipe = (stage: Stage) => Scene;

export const small: readonly unknown[] = [1, 2, 3, 4, null];

/** Ordinary writes to the rows of a table with the columns id, k and v, by any of the columns. */
export function movesOf(table: string, columns: readonly string[] = ['k']): readonly Writing[] {
  const by = (d: Drawing): string => `${d.pick('id', ...columns)} = ${d.number()}`;
  return [
    (d) => `update ${table} set ${d.pick(...columns)} = ${d.number()} where ${by(d)}`,
    (d) => `update ${table} set v = coalesce(v, 0) + 1 where ${by(d)}`,
    (d) =>
      `insert into ${table} (id, ${columns[0] ?? 'v'}, v) values (${d.value(5, 6, 7, 8, 9)}, ${d.number()}, ${d.number()})`,
    (d) => `delete from ${table} where ${by(d)}${d.pick('', '', ' limit 1')}`,
  ];
}
