/**
 * Decides whether a reference can be validated without asking the store: keeps what was last read of each `T`
 * and `V`, and forgets it in the very call that changes it. Only for a store in this process, where that call
 * is synchronous; so a mirrored token is as good as one read now.
 */
import {
  type Command,
  type Conversation,
  expectNoError,
  type Replies,
  type Reply,
  type Session,
  textOf,
  type WatchableStore,
} from '../executor.js';
import { tokenPrefix } from '../protocol/keys.js';
import { type Look, type Observation, type Vector, valueKeyOf } from '../protocol/lookup.js';
import { type Ref, refKey } from '../protocol/refs.js';
import {
  following,
  type LookAtTables,
  parseTable,
  readTable,
  type TableState,
  vectorOf,
} from '../protocol/table.js';

/** What is known of one `T`. */
class TableView {
  /** Rises with every change of `T`: what was derived from an earlier one is void. */
  version = 0;
  state: TableState | null = null;
  /** How often `T` was touched, by anybody. */
  touches = 0;
  /** How many cells look at this table. */
  watchers = 0;

  constructor(readonly key: string) {}

  forget(): void {
    this.version++;
    this.touches++;
    this.state = null;
  }
}

/** What is known of one reference; shared by all entries that depend on it. */
export class Cell {
  /** The version of the table that `vector` was derived from; below zero: `V` changed, or never derived. */
  derivedFrom = -1;
  vector: string | null = null;
  valueToken: string | null | undefined = undefined;
  holders = 0;

  constructor(
    readonly ref: Ref,
    readonly view: TableView,
    readonly valueKey: string | null,
  ) {}

  forget(): void {
    this.derivedFrom = -1;
    this.valueToken = undefined;
  }
}

/** Tables that are remembered although no entry depends on them now. */
const VIEWS_MAX = 4_096;

export class Mirror {
  private readonly views = new Map<string, TableView>();
  private readonly cells = new Map<string, Cell>();
  private readonly cellsByValueKey = new Map<string, Cell>();
  private readonly server: Session;
  private readonly stopWatching: () => void;

  constructor(
    store: WatchableStore,
    namespace: string,
    private readonly onFailure: (error: unknown) => void,
  ) {
    this.server = store.session();
    this.stopWatching = store.watch(tokenPrefix(namespace), (key) => this.touched(key));
  }

  /**
   * For the commands of this process: what they change in tables that are known stays known. Anything that
   * happened besides, a flush say, shows in the number of touches.
   */
  readonly session: Session = {
    run: (commands) => this.follow(commands),
    runBinary: (commands) => this.server.runBinary(commands),
    voucher: (key) => this.server.voucher(key),
    isTrusted: () => true, // it is this process
  };

  /** A cell stays current until it is released as often as it was held. */
  hold(ref: Ref): Cell {
    const key = refKey(ref);
    let cell = this.cells.get(key);
    if (cell === undefined) {
      const valueKey = valueKeyOf(ref);
      cell = new Cell(ref, this.viewOf(ref.table), valueKey);
      cell.view.watchers++;
      this.cells.set(key, cell);
      if (valueKey !== null) this.cellsByValueKey.set(valueKey, cell);
    }
    cell.holders++;
    return cell;
  }

  release(cell: Cell): void {
    if (--cell.holders > 0) return;
    this.cells.delete(refKey(cell.ref));
    if (cell.valueKey !== null) this.cellsByValueKey.delete(cell.valueKey);
    if (--cell.view.watchers === 0 && this.views.size > VIEWS_MAX) this.views.delete(cell.view.key);
  }

  /** The tokens that vouch for the cell's reference now, or null. A few nanoseconds unless its table changed. */
  vectorOf(cell: Cell): string | null {
    return cell.derivedFrom === cell.view.version ? cell.vector : this.derive(cell);
  }

  private follow(commands: readonly Command[]): Replies {
    const known = new Map<string, { readonly state: TableState; readonly touches: number }>();
    for (const [, key] of commands) {
      const view = this.views.get(key as string);
      if (view !== undefined && view.state !== null)
        known.set(view.key, { state: view.state, touches: view.touches });
    }
    const replies = this.run(commands);
    for (const [key, { state, touches }] of known) this.keepUp(key, state, touches, commands, replies);
    return replies;
  }

  private run(commands: readonly Command[]): Replies {
    const replies = this.server.run(commands);
    if (replies instanceof Promise) throw new TypeError('a mirrored store must answer synchronously');
    return replies;
  }

  holdAll(refs: readonly Ref[]): readonly Cell[] {
    return refs.map((ref) => this.hold(ref));
  }

  releaseAll(cells: readonly Cell[]): void {
    for (const cell of cells) this.release(cell);
  }

  /** What LOOKUP would read now. */
  vectorsOf(cells: readonly Cell[]): Vector {
    return cells.map((cell) => this.vectorOf(cell));
  }

  /** For CAPTURE: costs no round trip. */
  readonly look: Look = (refs) => known(() => this.observe(refs));

  /** For END: costs no round trip. */
  readonly lookAtTables: LookAtTables = (tables) => known(() => tables.map((table) => this.stateOf(table)));

  close(): void {
    this.stopWatching();
    this.touched(null);
  }

  /** A store that cannot be asked vouches for nothing (I5). */
  private derive(cell: Cell): string | null {
    try {
      const state = this.stateOf(cell.view.key);
      cell.vector = vectorOf(state, cell.ref, this.valueTokenOf(cell), this.server.voucher(cell.view.key));
      cell.derivedFrom = cell.view.version;
      return cell.vector;
    } catch (error) {
      this.onFailure(error);
      return null;
    }
  }

  private keepUp(
    key: string,
    before: TableState,
    touchesBefore: number,
    commands: readonly Command[],
    replies: Replies,
  ): void {
    const view = this.views.get(key);
    if (view === undefined || view.state !== null) return;
    let state: TableState | null = before;
    let touches = touchesBefore;
    for (let index = 0; index < commands.length && state !== null; index++) {
      const command = commands[index] as Command; // index < length
      if (command[1] !== key || command[0] === 'HGETALL' || command[0] === 'HKEYS') continue;
      if (replies[index] !== 0 || command[0] === 'HSET') touches++;
      state = following(state, command, replies[index]);
    }
    if (touches === view.touches) view.state = state;
  }

  private observe(refs: readonly Ref[]): Observation {
    const cells = this.holdAll(refs);
    try {
      return {
        tables: new Map(refs.map(({ table }) => [table, this.stateOf(table)])),
        valueTokens: cells.map((cell) => this.valueTokenOf(cell)),
      };
    } finally {
      this.releaseAll(cells);
    }
  }

  private stateOf(table: string): TableState {
    const view = this.views.get(table) ?? (this.views.size < VIEWS_MAX ? this.viewOf(table) : undefined);
    if (view === undefined) return parseTable(this.ask(readTable(table)));
    view.state ??= parseTable(this.ask(readTable(table)));
    return view.state;
  }

  private valueTokenOf(cell: Cell): string | null {
    if (cell.valueKey === null) return null;
    if (cell.valueToken === undefined) cell.valueToken = textOf(this.ask(['GET', cell.valueKey]));
    return cell.valueToken;
  }

  private ask(command: Command): Reply | undefined {
    const replies = this.run([command]);
    expectNoError(replies);
    return replies[0];
  }

  private viewOf(key: string): TableView {
    let view = this.views.get(key);
    if (view === undefined) this.views.set(key, (view = new TableView(key)));
    return view;
  }

  private touched(key: string | null): void {
    if (key === null) {
      for (const view of this.views.values()) view.forget();
      for (const cell of this.cells.values()) cell.forget();
      return;
    }
    const view = this.views.get(key);
    if (view !== undefined) view.forget();
    else this.cellsByValueKey.get(key)?.forget();
  }
}

/** What is known needs no conversation. */
// oxlint-disable-next-line require-yield -- nothing has to be asked
function* known<T>(find: () => T): Conversation<T> {
  return find();
}
