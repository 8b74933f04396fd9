/** Decides how what was found in a statement is gathered: the worst wins, the first reason stays. Knows no syntax. */
import type { Reason, SessionEffect, Table, TableRead, TableWrite, WritePin } from '../plan.js';
import type { FunctionEffect } from './functions.js';

/** Everything known of the statements of one text. Filled while their trees are walked. */
export class Findings {
  readonly reads: TableRead[] = [];
  readonly writes = new Map<string, TableWrite>();
  /** Why it is never cached; null as long as nothing speaks against it. */
  uncacheable: Reason | null = null;
  /** Why it may change any table. */
  everything: Reason | null = null;
  session: SessionEffect = 'keeps';
  changesCatalog = false;
  /** How often each parameter (from 1) occurs. */
  readonly parameterUses = new Map<number, number>();

  deny(code: string, detail: string): void {
    this.uncacheable ??= { code, detail };
  }

  writeEverything(reason: Reason): void {
    this.everything ??= reason;
  }

  /** A write of one table. Written in two ways, it has no pins. */
  write(table: Table, pins: readonly WritePin[]): void {
    this.writes.set(table.id, { table, pins: this.writes.has(table.id) ? [] : pins });
  }

  apply(effect: FunctionEffect): void {
    if (effect.effect === 'pure') return;
    this.deny(effect.reason.code, effect.reason.detail);
    if (effect.effect === 'unstable') return;
    this.writeEverything(effect.reason);
    if (effect.changesSession) this.depart();
    if (effect.changesCatalog) this.changesCatalog = true;
  }

  depart(): void {
    this.session = 'departs';
  }

  useParameter(parameter: number): void {
    this.parameterUses.set(parameter, (this.parameterUses.get(parameter) ?? 0) + 1);
  }
}
