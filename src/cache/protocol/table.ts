/**
 * Decides how the hash `T` of one table is read: its tokens and standing intents, and the token vector that a
 * reference validates against. Knows no transport.
 */
import type { Random } from '../../clock.js';
import { arrayOf, type Command, type Conversation, type Reply, ReplyError, textOf } from '../executor.js';
import { field } from './keys.js';
import { conflicts, type Ref, type TargetPins } from './refs.js';

/** A write under way, as it stands in `T`. Read when a reference is first held against it. */
export class StandingIntent {
  #pins: TargetPins | null | undefined;

  constructor(
    readonly id: string,
    private readonly text: string,
  ) {}

  /** Of who placed it; empty in an intent that cannot be read. */
  get process(): string {
    return this.text.split(' ')[1] ?? '';
  }

  /** What its database knows the connection by that will make the write visible. */
  get backend(): string {
    return this.text.split(' ')[2] ?? '';
  }

  get pins(): TargetPins | null {
    if (this.#pins === undefined) this.#pins = parsePins(this.text);
    return this.#pins;
  }
}

/** 96 bits: never re-used (I1). */
export const TOKEN_BYTES = 12;

/** What one read of `T` showed. */
export interface TableState {
  readonly voucher: string | null;
  readonly any: string | null;
  readonly wild: string | null;
  readonly shapes: ReadonlyMap<string, string>;
  readonly intents: readonly StandingIntent[];
}

/** What is written into `T` for an intent. */
export interface IntentRecord {
  readonly pins: TargetPins | null;
  /** The process that placed it. */
  readonly process: string;
  /** The database connection that will make the write visible, for RESOLVE. */
  readonly backend: string;
  /** Wall clock of the process that placed it, in ms: for people only, never compared. */
  readonly startedAtMs: number;
}

/**
 * Takes a table over from another voucher, whose tokens may be old ones come back: every token becomes a new
 * one, the intents stay (CONSISTENCY §2, fact 5). The tokens of values die with those of their shapes.
 */
export function takeOver(table: string, state: TableState, voucher: string, random: Random): Command {
  const names = [field.any, field.wild, ...[...state.shapes.keys()].map(field.shape)];
  const tokens = names.flatMap((name) => [name, random.hex(TOKEN_BYTES)]);
  return ['HSET', table, ...tokens, field.voucher, voucher];
}

/** Pins first, as JSON; canonical values hold no space, nor does a backend's name. `*`: any row. */
export const encodeIntent = ({ pins, process, backend, startedAtMs }: IntentRecord): string =>
  `${pins === null ? '*' : JSON.stringify(pins)} ${process} ${backend} ${startedAtMs}`;

export const readTable = (table: string): Command => ['HGETALL', table];

/** How the tables of targets are looked at: by asking the store, or in a mirror of it. */
export type LookAtTables = (tables: readonly string[]) => Conversation<readonly TableState[]>;

/** One round trip. */
export function* lookAtStoredTables(tables: readonly string[]): Conversation<readonly TableState[]> {
  const replies = yield tables.map(readTable);
  return replies.map(parseTable);
}

const NOTHING: TableState = { voucher: null, any: null, wild: null, shapes: new Map(), intents: [] };

/**
 * Callers who share a reply share what it says: they come one after the other, so a few are enough to remember. (A
 * WeakMap would cost the garbage collector more than is saved.)
 */
const recent: { cells: readonly Reply[] | null; state: TableState }[] = Array.from({ length: 8 }, () => ({
  cells: null,
  state: NOTHING,
}));
let oldest = 0;

/** @param reply the reply to `readTable` */
export function parseTable(reply: Reply | undefined): TableState {
  for (const { cells, state } of recent) if (cells === reply) return state;
  const cells = arrayOf(reply);
  const state = stateFrom(cells);
  const place = recent[oldest] as (typeof recent)[number]; // below the length
  place.cells = cells;
  place.state = state;
  oldest = (oldest + 1) % recent.length;
  return state;
}

function stateFrom(cells: readonly Reply[]): TableState {
  const fields: string[] = [];
  for (const cell of cells) fields.push(textOf(cell) ?? '');
  return withFields(NOTHING, fields);
}

/** The state after `HSET` of these fields and values, in turns. */
function withFields(state: TableState, fields: readonly string[]): TableState {
  let { voucher, any, wild } = state;
  let shapes: Map<string, string> | null = null;
  let intents: StandingIntent[] | null = null;
  for (let index = 0; index + 1 < fields.length; index += 2) {
    const name = fields[index] as string; // index < length
    const value = fields[index + 1] as string; // index + 1 < length
    if (name === field.voucher) voucher = value;
    else if (name === field.any) any = value;
    else if (name === field.wild) wild = value;
    else if (name.startsWith('s:')) (shapes ??= new Map(state.shapes)).set(name.slice(2), value);
    else if (name.startsWith('i:'))
      (intents ??= [...state.intents]).push(new StandingIntent(name.slice(2), value));
  }
  return { voucher, any, wild, shapes: shapes ?? state.shapes, intents: intents ?? state.intents };
}

/**
 * The state after a command that this process ran itself, or null when that cannot be told from the command:
 * saves reading the table again after each own write.
 *
 * @param reply what the server answered
 */
export function following(state: TableState, command: Command, reply: Reply | undefined): TableState | null {
  const [name, , ...args] = command as readonly string[];
  if (reply instanceof ReplyError) return null;
  if (name === 'HSET') return withFields(state, args);
  if (name === 'HSETNX') return reply === 1 ? withFields(state, args) : state;
  const removed = args[0] ?? '';
  if (name !== 'HDEL' || args.length !== 1 || !removed.startsWith('i:')) return null;
  const id = removed.slice(2);
  return { ...state, intents: state.intents.filter((intent) => intent.id !== id) };
}

/** An intent that cannot be read, of another version say, may be about any row. */
function parsePins(text: string): TargetPins | null {
  const [json = ''] = text.split(' ', 1);
  if (!json.startsWith('{')) return null;
  try {
    return JSON.parse(json) as TargetPins;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

/**
 * The tokens that vouch for a reference, as one text, or null when the reference cannot be trusted now: a
 * token is missing (missing is a miss), another node vouches for them, or a standing intent conflicts (I2).
 *
 * @param valueToken the token in `V`, for a pinned reference
 */
export function vectorOf(
  state: TableState,
  ref: Ref,
  valueToken: string | null,
  voucher: string,
): string | null {
  if (state.voucher !== voucher) return null;
  if (blocked(state, ref)) return null;
  if (ref.pin === null) return state.any;
  const shape = state.shapes.get(ref.pin.shape);
  if (state.wild === null || shape === undefined || valueToken === null) return null;
  return `${state.wild}.${shape}.${valueToken}`;
}

/** Whether `vectorOf` the same is this text, without making it. */
export function isVectorOf(
  vector: string,
  state: TableState,
  ref: Ref,
  valueToken: string | null,
  voucher: string,
): boolean {
  if (state.voucher !== voucher || blocked(state, ref)) return false;
  if (ref.pin === null) return state.any === vector;
  const shape = state.shapes.get(ref.pin.shape);
  if (state.wild === null || shape === undefined || valueToken === null) return false;
  const shapeAt = state.wild.length + 1;
  const valueAt = shapeAt + shape.length + 1;
  return (
    vector.length === valueAt + valueToken.length &&
    vector.startsWith(state.wild) &&
    vector.startsWith(shape, shapeAt) &&
    vector.startsWith(valueToken, valueAt)
  );
}

/** Whether a write under way keeps a reference from being captured (I2). */
export function blocked(state: TableState, ref: Ref): boolean {
  return state.intents.some((intent) => conflicts(intent.pins, ref));
}
