/** Decides how what was found in a statement is gathered: the worst wins, the first reason stays. Knows no syntax. */
import type {
  Reason,
  SessionEffect,
  SettingChange,
  Table,
  TableRead,
  TableWrite,
  ToldRows,
  WritePin,
} from '../plan.js';
import { eitherOf } from '../rows/write-pins.js';
import type { FunctionEffect } from './functions.js';

/** Everything known of the statements of one text. Filled while their trees are walked. */
export class Findings {
  readonly reads: TableRead[] = [];
  readonly writes = new Map<string, TableWrite>();
  /** By statement. */
  readonly told = new Map<object, ToldRows>();
  /** By table, all that sets off a write of it. */
  private readonly sources = new Map<string, Set<object>>();
  /** Why it is never cached; null as long as nothing speaks against it. */
  uncacheable: Reason | null = null;
  /** Why it may change any table. */
  everything: Reason | null = null;
  session: SessionEffect = 'keeps';
  /** What it sets, where that is all that happens to the session. */
  readonly settings: SettingChange[] = [];
  changesCatalog = false;
  /** How often each parameter (from 1) occurs. */
  readonly parameterUses = new Map<number, number>();

  /** Settings that what it reads depends on. */
  readonly settingsRead = new Set<string>();

  /** @param settingsInKey names of settings by which results are kept apart where they depend on them */
  constructor(readonly settingsInKey: ReadonlySet<string> = new Set()) {}

  deny(code: string, detail: string): void {
    this.uncacheable ??= { code, detail };
  }

  writeEverything(reason: Reason): void {
    this.everything ??= reason;
  }

  /**
   * A write of one table. Written in two ways, its rows are known by the columns that both name.
   *
   * @param source what sets it off
   */
  write(table: Table, pins: readonly WritePin[], source: object): void {
    const known = this.writes.get(table.id);
    this.writes.set(table.id, { table, pins: known === undefined ? pins : eitherOf(known.pins, pins) });
    const sources = this.sources.get(table.id);
    if (sources === undefined) this.sources.set(table.id, new Set([source]));
    else sources.add(source);
  }

  /** What the answer to a statement tells of the rows it wrote, if nothing but the statement itself wrote that table. */
  toldBy(statement: object): ToldRows | null {
    const told = this.told.get(statement) ?? null;
    const sources = told === null ? undefined : this.sources.get(told.table.id);
    return sources?.size === 1 && sources.has(statement) ? told : null;
  }

  apply(effect: FunctionEffect): void {
    if (effect.effect === 'pure') return;
    if (effect.effect === 'reads') {
      for (const table of effect.tables) this.reads.push({ table, pins: null });
      return;
    }
    this.deny(effect.reason.code, effect.reason.detail);
    if (effect.effect === 'unstable') return;
    if (effect.tables === null) this.writeEverything(effect.reason);
    else for (const table of effect.tables) this.write(table, [], effect);
    if (effect.changesSession) this.depart();
    if (effect.changesCatalog) this.changesCatalog = true;
  }

  depart(): void {
    this.session = 'departs';
  }

  set(change: SettingChange): void {
    this.settings.push(change);
    if (this.session === 'keeps') this.session = 'sets';
    else if (this.session === 'resets') this.session = 'departs';
  }

  useParameter(parameter: number): void {
    this.parameterUses.set(parameter, (this.parameterUses.get(parameter) ?? 0) + 1);
  }
}
