/**
 * Decides what is remembered of a statement text: its plan, whether the config lets its results be cached, and
 * where its results are. Knows no connection.
 */
import {
  type BindReads,
  type BindWrites,
  readsBinder,
  type TableNames,
  writesBinder,
} from '../cache/bind.js';
import type { Engine, ResultGroup } from '../cache/engine.js';
import type { Plan } from '../sql/plan.js';

export interface Statement<P = unknown> {
  readonly text: string;
  readonly plan: Plan;
  /** What it depends on, once its parameters are known. */
  readonly bindReads: BindReads | null;
  /** What it may change. */
  readonly bindWrites: BindWrites | null;
  /** Where its decoded results are; null when they may not be cached. */
  readonly group: ResultGroup<P> | null;
  /** Why not, for the counters. */
  readonly refusal: string;
  /** Settings that its results depend on, beside those that all do. */
  readonly settings: readonly string[];
  /** A semicolon is followed by something: other statements, perhaps a COMMIT among them. */
  readonly several: boolean;
}

/** A statement whose results may be cached. */
export interface CachedStatement<P = unknown> extends Statement<P> {
  readonly bindReads: BindReads;
  readonly group: ResultGroup<P>;
}

export const isCached = <P>(statement: Statement<P>): statement is CachedStatement<P> =>
  statement.group !== null;

export interface StatementsOptions {
  readonly engine: Engine;
  readonly names: TableNames;
  readonly countMax: number;
  readonly mayCache: (tableName: string) => boolean;
}

/** A semicolon inside a literal counts too: that costs a needless intent at most. */
const anotherStatement = /;\s*[^\s;]/;

/**
 * Two generations: a hit in the young one moves nothing. When the young one is full it becomes the old one, and
 * what was not asked for since is forgotten.
 */
export class Statements<P = unknown> {
  private young = new Map<string, Statement<P>>();
  private old = new Map<string, Statement<P>>();

  constructor(private readonly options: StatementsOptions) {}

  /** A few nanoseconds. */
  get(text: string): Statement<P> | undefined {
    return this.young.get(text) ?? this.promote(text);
  }

  add(text: string, plan: Plan): Statement<P> {
    const excluded =
      plan.kind === 'read' && !plan.reads.every(({ table }) => this.options.mayCache(table.name));
    const cached = plan.kind === 'read' && !excluded;
    const statement: Statement<P> = {
      text,
      plan,
      bindReads: plan.kind === 'read' ? readsBinder(this.options.names, plan.reads) : null,
      bindWrites: plan.kind === 'write' ? writesBinder(this.options.names, plan.writes) : null,
      group: cached ? this.options.engine.createGroup<P>(text) : null,
      refusal: excluded ? 'excluded' : plan.kind === 'bypass' ? plan.reason.code : plan.kind,
      settings: plan.kind === 'read' ? (plan.settings ?? []) : [],
      several: anotherStatement.test(text),
    };
    this.remember(statement);
    return statement;
  }

  clear(): void {
    this.forget(this.young);
    this.forget(this.old);
    this.young = new Map();
    this.old = new Map();
  }

  /** Forgets all others. */
  keep(isKept: (statement: Statement<P>) => boolean): void {
    for (const generation of [this.young, this.old])
      for (const [text, statement] of generation) {
        if (isKept(statement)) continue;
        generation.delete(text);
        this.forgetOne(statement);
      }
  }

  private promote(text: string): Statement<P> | undefined {
    const statement = this.old.get(text);
    if (statement === undefined) return undefined;
    this.old.delete(text);
    this.remember(statement);
    return statement;
  }

  private remember(statement: Statement<P>): void {
    if (this.young.size * 2 >= this.options.countMax) {
      this.forget(this.old);
      this.old = this.young;
      this.young = new Map();
    }
    this.young.set(statement.text, statement);
  }

  private forget(statements: ReadonlyMap<string, Statement<P>>): void {
    for (const statement of statements.values()) this.forgetOne(statement);
  }

  private forgetOne({ group }: Statement<P>): void {
    if (group !== null) this.options.engine.dropGroup(group);
  }
}
