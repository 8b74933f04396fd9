/** Decides how what was found in a statement is gathered: the worst wins, the first reason stays. Knows no syntax. */
import type { Reason, SessionEffect, Table, TableRead, TableWrite, WritePin } from '../plan.js';
import { eitherOf } from '../rows/write-pins.js';
import type { Relation } from './catalog.js';

/** Everything known of the statements of one text. Filled while they are walked. */
export class Findings {
  readonly reads: TableRead[] = [];
  readonly writes = new Map<string, TableWrite>();
  /** All relations that the text names, as the parser has it. */
  readonly named = new Set<Relation>();
  /** Why it is never cached; null as long as nothing speaks against it. */
  uncacheable: Reason | null = null;
  /** Why it may change any table. */
  everything: Reason | null = null;
  session: SessionEffect = 'keeps';
  changesCatalog = false;
  commitsImplicitly = false;
  /** Code of users runs with it: triggers, stored functions. */
  runsCode = false;
  /** It runs under settings of its own, in which values may mean something else: nothing is known of rows. */
  hasOwnSettings = false;
  /** The answer may tell another number than a generated key. */
  tellsAnotherKey = false;
  /** How often each parameter (from 1) occurs. */
  readonly parameterUses = new Map<number, number>();
  /** Names of what may show a time of day, which becomes a date by the clock when it is compared with one. */
  readonly timesOfDay = new Set<string>();

  deny(code: string, detail: string): void {
    this.uncacheable ??= { code, detail };
  }

  writeEverything(reason: Reason): void {
    this.everything ??= reason;
  }

  /** It may do anything at all. */
  doAnything(code: string, detail: string): void {
    this.writeEverything({ code, detail });
    this.changesCatalog = true;
    this.session = 'departs';
    this.commitsImplicitly = true;
  }

  /** A write of one table. Written in two ways, its rows are known by the columns that both name. */
  write(table: Table, pins: readonly WritePin[]): void {
    const known = this.writes.get(table.id);
    this.writes.set(table.id, { table, pins: known === undefined ? pins : eitherOf(known.pins, pins) });
  }

  depart(): void {
    this.session = 'departs';
  }

  useParameter(parameter: number): void {
    this.parameterUses.set(parameter, (this.parameterUses.get(parameter) ?? 0) + 1);
  }
}
