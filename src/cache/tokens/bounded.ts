/**
 * Decides how tokens of a shared store are known without asking (`bounded`, CONSISTENCY §2): what was read of each `T`
 * and `V` on a tracked connection stays known until that connection tells of a change, or falls silent for longer than
 * the bound. Own writes are known of before they are acknowledged.
 */
import type { Clock } from '../../clock.js';
import { expectNoError, type Session, type Tracking, textOf } from '../executor.js';
import type { Intent } from '../protocol/intent.js';
import { type CompleteVector, type Looked, TokenReads, valueKeyOf } from '../protocol/lookup.js';
import { pinValue, type Ref, refKey, type Target, touchedValues } from '../protocol/refs.js';
import { parseTable, type StandingIntent, type TableState, vectorOf } from '../protocol/table.js';
import { SharedTokens, type SharedTokensOptions } from './shared.js';
import type { Cell, Seen, Writer } from './tokens.js';

export interface BoundedTokensOptions extends SharedTokensOptions {
  readonly tracking: Tracking;
  /** How long after the last sign of life what is known counts, in ms. */
  readonly boundMs: number;
}

/** What is known of one key. */
class View<T> {
  /** Changes with all that is learnt or heard of the key, and never comes back: the placeholder of a request. */
  serial = 0;
  known: T | undefined = undefined;
  /** Cells that need it. */
  holders = 0;

  constructor(readonly key: string) {}
}

class TableView extends View<TableState> {
  /** Views of values, by shape and value: what an own write touches is found without looking through all. */
  readonly shapes = new Map<string, Map<string, TrackedCell>>();
}

class TrackedCell implements Cell {
  holders = 0;
  vector: string | null = null;
  tableSerial = -1;
  valueSerial = -1;

  constructor(
    readonly ref: Ref,
    readonly table: TableView,
    readonly value: View<string | null> | null,
  ) {}
}

export class BoundedTokens extends SharedTokens {
  private readonly cells = new Map<string, TrackedCell>();
  private readonly views = new Map<string, View<unknown>>();
  private readonly tracking: Tracking;
  private readonly clock: Clock;
  private readonly boundMs: number;
  private serial = 0;

  constructor(options: BoundedTokensOptions) {
    super(options);
    this.tracking = options.tracking;
    this.clock = options.clock;
    this.boundMs = options.boundMs;
    this.tracking.watch((key) => this.touched(key));
  }

  override get bound(): { readonly limitMs: number; readonly lagMs: number } {
    return { limitMs: this.boundMs, lagMs: this.clock.monotonicMs() - this.tracking.toldAllAtMs('') };
  }

  override hold(refs: readonly Ref[]): readonly TrackedCell[] {
    return refs.map((ref) => this.cellOf(ref));
  }

  override share(cells: readonly TrackedCell[]): void {
    for (const cell of cells) cell.holders++;
  }

  override release(cells: readonly TrackedCell[]): void {
    for (const cell of cells) if (--cell.holders === 0) this.drop(cell);
  }

  /** A few nanoseconds unless something was told of the table. */
  override tokenOf(cell: TrackedCell): string | null {
    const { table, value } = cell;
    if (table.known === undefined || (value !== null && value.known === undefined)) return null;
    const session = this.trusted(table.key);
    if (session === null) return null;
    if (cell.tableSerial !== table.serial || cell.valueSerial !== (value?.serial ?? 0)) {
      cell.tableSerial = table.serial;
      cell.valueSerial = value?.serial ?? 0;
      cell.vector = vectorOf(table.known, cell.ref, value?.known ?? null, session.voucher(table.key));
    }
    return cell.vector;
  }

  override lookup(cells: readonly TrackedCell[]): Looked | Promise<Looked> {
    const vector = cells.map((cell) => this.tokenOf(cell));
    if (!vector.includes(null)) return { refs: cells.map(({ ref }) => ref), vector };
    const session = this.tracking.session();
    return session === null ? super.lookup(cells) : this.learn(cells, session);
  }

  override vouchFor(cells: readonly TrackedCell[], vector: CompleteVector): boolean | Promise<boolean> {
    if (cells.every((cell, index) => this.tokenOf(cell) === vector[index])) return true;
    const session = this.tracking.session();
    if (session === null) return super.vouchFor(cells, vector);
    return this.learn(cells, session).then((looked) =>
      looked.vector.every((token, index) => token !== null && token === vector[index]),
    );
  }

  override place(intent: Intent, writer: Writer): Seen | Promise<Seen> {
    return this.thenForget(super.place(intent, writer), intent.targets);
  }

  override end(intent: Intent, seen: Seen, touched: readonly Target[]): void | Promise<void> {
    return this.thenForget(super.end(intent, seen, touched), intent.targets);
  }

  override invalidate(targets: readonly Target[]): void | Promise<void> {
    return this.thenForget(super.invalidate(targets), targets);
  }

  override pay(
    tables: readonly string[],
    isLeftOver: (intent: StandingIntent) => boolean,
  ): void | Promise<void> {
    const targets = tables.map((table): Target => ({ table, pins: null }));
    return this.thenForget(super.pay(tables, isLeftOver), targets);
  }

  override close(): void {
    super.close();
    this.touched(null);
  }

  /**
   * Asks on the tracked connection. An answer is kept only if nothing was heard of its key since the question: the
   * news may come in the same chunk as the answer, and be heard first.
   */
  private async learn(cells: readonly TrackedCell[], session: Session): Promise<Looked> {
    const reads = new TokenReads(cells.map(({ ref }) => ref));
    const placeholders = reads.commands.map(([, key]) => {
      const view = this.views.get(key as string);
      return view === undefined ? null : { view, serial: view.serial };
    });
    const replies = await session.run(reads.commands);
    expectNoError(replies);
    placeholders.forEach((placeholder, index) => {
      if (placeholder === null || placeholder.view.serial !== placeholder.serial) return;
      const { view } = placeholder;
      view.serial = ++this.serial;
      view.known = view instanceof TableView ? parseTable(replies[index]) : textOf(replies[index]);
    });
    return {
      refs: reads.refs,
      vector: reads.vector(replies, session),
      observation: () => reads.observation(replies),
    };
  }

  /** Null: what is known does not count now. */
  private trusted(key: string): Session | null {
    const session = this.tracking.session();
    if (session === null || !session.isTrusted(key)) return null;
    return this.clock.monotonicMs() - this.tracking.toldAllAtMs(key) <= this.boundMs ? session : null;
  }

  private touched(key: string | null): void {
    if (key === null) for (const view of this.views.values()) this.forget(view);
    else {
      const view = this.views.get(key);
      if (view !== undefined) this.forget(view);
    }
  }

  private forget(view: View<unknown>): void {
    view.serial = ++this.serial;
    view.known = undefined;
  }

  /** Before whoever did it goes on: an own write is not waited for to come back. */
  private thenForget<T>(doing: T | Promise<T>, targets: readonly Target[]): T | Promise<T> {
    if (!(doing instanceof Promise)) {
      this.forgetTargets(targets);
      return doing;
    }
    return doing.finally(() => this.forgetTargets(targets));
  }

  private forgetTargets(targets: readonly Target[]): void {
    for (const { table, pins } of targets) {
      const view = this.views.get(table);
      if (!(view instanceof TableView)) continue;
      this.forget(view);
      for (const [shape, cells] of view.shapes) {
        const values = pins === null ? null : touchedValues(pins, shape);
        if (values === null) continue; // the token of the shape is another, and that is in the table
        for (const value of values) {
          const cell = cells.get(value);
          if (cell !== undefined && cell.value !== null) this.forget(cell.value);
        }
      }
    }
  }

  private cellOf(ref: Ref): TrackedCell {
    const name = refKey(ref);
    let cell = this.cells.get(name);
    if (cell === undefined) {
      const table = this.tableOf(ref.table);
      const valueKey = valueKeyOf(ref);
      const value = valueKey === null ? null : new View<string | null>(valueKey);
      cell = new TrackedCell(ref, table, value);
      table.holders++;
      this.cells.set(name, cell);
      if (value !== null) this.views.set(value.key, value);
      if (ref.pin !== null) {
        let shape = table.shapes.get(ref.pin.shape);
        if (shape === undefined) table.shapes.set(ref.pin.shape, (shape = new Map<string, TrackedCell>()));
        shape.set(pinValue(ref.pin.values), cell);
      }
    }
    cell.holders++;
    return cell;
  }

  private tableOf(key: string): TableView {
    const known = this.views.get(key);
    if (known instanceof TableView) return known;
    const view = new TableView(key);
    this.views.set(key, view);
    return view;
  }

  private drop(cell: TrackedCell): void {
    const { ref, table, value } = cell;
    this.cells.delete(refKey(ref));
    if (value !== null) this.views.delete(value.key);
    if (ref.pin !== null) {
      const shape = table.shapes.get(ref.pin.shape);
      shape?.delete(pinValue(ref.pin.values));
      if (shape?.size === 0) table.shapes.delete(ref.pin.shape);
    }
    if (--table.holders === 0) this.views.delete(table.key);
  }
}
