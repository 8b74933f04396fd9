/**
 * Decides LOOKUP, CAPTURE, INTENT and END (CONSISTENCY §2) where nobody else shares the store: tokens and standing
 * intents are then objects of this process, every step is one synchronous call and none can fail. Knows no store.
 *
 * What the protocol keeps in `T` and `V` is here a `LocalTable` and its cells. A cell that nobody holds may be
 * forgotten, as any token may: missing is a miss.
 */
import type { Random } from '../../clock.js';
import type { Dependencies } from '../entry.js';
import type { Intent } from '../protocol/intent.js';
import type { CompleteVector, Looked, Refusal } from '../protocol/lookup.js';
import {
  conflicts,
  pinValue,
  type Ref,
  type Target,
  type TargetPins,
  touchedValues,
} from '../protocol/refs.js';
import { TOKEN_BYTES } from '../protocol/table.js';
import type { Tokens } from './tokens.js';

/** References that nothing depends on now and that are remembered, for entries in the store and results of functions. */
const IDLE_CELLS_MAX = 65_536;

interface Standing {
  readonly intent: Intent;
  readonly pins: TargetPins | null;
}

/** One reference: shared by all entries that depend on it. */
class LocalCell {
  /** Null: missing. Never used again once it is gone (I1). */
  token: string | null = null;
  /** The shape's epoch that the token was made in. */
  epoch = 0;
  holders = 0;

  constructor(
    readonly ref: Ref,
    readonly table: LocalTable,
    readonly shape: LocalShape,
    readonly value: string,
  ) {}
}

class LocalShape {
  readonly cells = new Map<string, LocalCell>();
  /** Rises when every token of the shape is gone at once. */
  epoch = 0;

  constructor(readonly name: string) {}
}

/** The shape of references that are not pinned: it has one value. */
const WHOLE = '';

class LocalTable {
  readonly shapes = new Map<string, LocalShape>();
  intents: readonly Standing[] = [];

  constructor(readonly key: string) {}

  get isUnused(): boolean {
    return this.shapes.size === 0 && this.intents.length === 0;
  }
}

export class LocalTokens implements Tokens {
  readonly answersAtOnce = true;
  readonly unresolved = 0;
  readonly bound = null;
  private readonly tables = new Map<string, LocalTable>();
  /** Cells without holders, the longest idle first. */
  private readonly idle = new Set<LocalCell>();
  private readonly prefix: string;
  private made = 0;

  /** @param shapesPerTableMax shapes tracked per table; a reference of a further one is held as its whole table */
  constructor(
    random: Random,
    private readonly shapesPerTableMax: number,
  ) {
    this.prefix = random.hex(TOKEN_BYTES);
  }

  hold(refs: readonly Ref[]): readonly LocalCell[] {
    const cells: LocalCell[] = [];
    for (const ref of refs) {
      const cell = this.cellOf(ref);
      if (cell.holders++ === 0) this.idle.delete(cell);
      cells.push(cell);
    }
    return cells;
  }

  share(cells: readonly LocalCell[]): void {
    for (const cell of cells) cell.holders++;
  }

  release(cells: readonly LocalCell[]): void {
    for (const cell of cells) if (--cell.holders === 0) this.idle.add(cell);
    while (this.idle.size > IDLE_CELLS_MAX) this.forgetLongestIdle();
  }

  /** A few nanoseconds. */
  tokenOf(cell: LocalCell): string | null {
    if (cell.epoch !== cell.shape.epoch) return null;
    return cell.table.intents.length > 0 && isBlocked(cell) ? null : cell.token;
  }

  lookup(cells: readonly LocalCell[]): Looked {
    return { refs: cells.map(refOf), vector: cells.map((cell) => this.tokenOf(cell)) };
  }

  vouchFor(cells: readonly LocalCell[], vector: CompleteVector): boolean {
    return cells.every((cell, index) => this.tokenOf(cell) === vector[index]);
  }

  capture(cells: readonly LocalCell[]): Dependencies | Refusal {
    for (const cell of cells) if (cell.table.intents.length > 0 && isBlocked(cell)) return 'write-under-way';
    return { refs: cells.map(refOf), vector: cells.map((cell) => this.captured(cell)) };
  }

  place(intent: Intent): null {
    for (const { table, pins } of intent.targets) {
      const known = this.tableOf(table);
      known.intents = [...known.intents, { intent, pins }];
    }
    return null;
  }

  end(intent: Intent, _seen: null, touched: readonly Target[]): void {
    this.invalidate(touched);
    for (const { table } of intent.targets) {
      const known = this.tables.get(table);
      if (known === undefined) continue;
      known.intents = known.intents.filter((standing) => standing.intent !== intent);
      this.tidy(known);
    }
  }

  invalidate(targets: readonly Target[]): void {
    for (const target of targets) {
      const table = this.tables.get(target.table);
      if (table !== undefined) rotate(table, target.pins);
    }
  }

  pay(tables: readonly string[]): void {
    this.invalidate(tables.map((table) => ({ table, pins: null })));
  }

  resolveWith(): void {
    // Every intent is of this process, and ended by it.
  }

  sweep(): void {
    // Nobody else leaves intents.
  }

  trouble(): null {
    return null;
  }

  close(): void {
    for (const table of this.tables.values()) rotate(table, null);
    this.tables.clear();
    this.idle.clear();
  }

  private captured(cell: LocalCell): string {
    const { epoch } = cell.shape;
    if (cell.token !== null && cell.epoch === epoch) return cell.token;
    this.made++;
    cell.epoch = epoch;
    return (cell.token = `${this.prefix}.${this.made.toString(36)}`);
  }

  private cellOf(ref: Ref): LocalCell {
    const table = this.tableOf(ref.table);
    const tracksWhole = table.shapes.has(WHOLE) ? 1 : 0;
    const isOver =
      ref.pin !== null &&
      !table.shapes.has(ref.pin.shape) &&
      table.shapes.size - tracksWhole >= this.shapesPerTableMax;
    const tracked = isOver ? { table: ref.table, pin: null } : ref;
    const name = tracked.pin?.shape ?? WHOLE;
    let shape = table.shapes.get(name);
    if (shape === undefined) table.shapes.set(name, (shape = new LocalShape(name)));
    const value = tracked.pin === null ? WHOLE : pinValue(tracked.pin.values);
    let cell = shape.cells.get(value);
    if (cell === undefined) shape.cells.set(value, (cell = new LocalCell(tracked, table, shape, value)));
    return cell;
  }

  private tableOf(key: string): LocalTable {
    let table = this.tables.get(key);
    if (table === undefined) this.tables.set(key, (table = new LocalTable(key)));
    return table;
  }

  private forgetLongestIdle(): void {
    const [cell] = this.idle;
    if (cell === undefined) return;
    this.idle.delete(cell);
    const { table, shape, value } = cell;
    shape.cells.delete(value);
    if (shape.cells.size === 0) table.shapes.delete(shape.name);
    this.tidy(table);
  }

  private tidy(table: LocalTable): void {
    if (table.isUnused) this.tables.delete(table.key);
  }
}

const refOf = ({ ref }: LocalCell): Ref => ref;

const isBlocked = ({ table, ref }: LocalCell): boolean =>
  table.intents.some(({ pins }) => conflicts(pins, ref));

/** What the write may have changed loses its token (CONSISTENCY §3). */
function rotate(table: LocalTable, pins: TargetPins | null): void {
  for (const shape of table.shapes.values()) {
    const values = pins === null || shape.name === WHOLE ? null : touchedValues(pins, shape.name);
    if (values === null) shape.epoch++;
    else
      for (const value of values) {
        const cell = shape.cells.get(value);
        if (cell !== undefined) cell.token = null;
      }
  }
}
