/**
 * LOOKUP and CAPTURE (CONSISTENCY §2): which tokens vouch for a set of references now. Both read each table's
 * `T` before its `V`, on one connection; the reads are the caller's own, sent after it began.
 */
import type { Random } from '../../clock.js';
import {
  type Command,
  type Conversation,
  expectNoError,
  type Replies,
  textOf,
  type Vouching,
} from '../executor.js';
import { field, isTag, valueKey } from './keys.js';
import { pinValue, type Ref } from './refs.js';
import { blocked, parseTable, readTable, type TableState, TOKEN_BYTES, takeOver, vectorOf } from './table.js';

/** What a read depends on, and the tokens that vouched for it, one per reference. Null: not to be trusted now. */
export type Vector = readonly (string | null)[];

/** A vector without gaps: what an entry or a flight may be stamped with. */
export type CompleteVector = readonly string[];

export interface TokenContext {
  readonly random: Random;
  /** How long a token of a value, or a tag, outlives its making, in ms: longer than the entry it is made for. */
  readonly valueTtlMs: number;
  /** Shapes tracked per table; further ones count as unpinned. */
  readonly shapesPerTableMax: number;
}

export const valueKeyOf = (ref: Ref): string | null =>
  ref.pin === null ? null : valueKey(ref.table, ref.pin.shape, pinValue(ref.pin.values));

/** The commands that read what `refs` depend on, in the order that LOOKUP demands. */
function readCommands(refs: readonly Ref[]): Command[] {
  const commands: Command[] = [];
  for (let index = 0; index < refs.length; index++)
    if (isFirstOfTable(refs, index)) commands.push(readTable((refs[index] as Ref).table)); // index < length
  for (const ref of refs) {
    const key = valueKeyOf(ref);
    if (key !== null) commands.push(['GET', key]);
  }
  return commands;
}

/** There are but a few: looking through them costs less than a set. */
function isFirstOfTable(refs: readonly Ref[], index: number): boolean {
  for (let before = 0; before < index; before++)
    if ((refs[before] as Ref).table === (refs[index] as Ref).table) return false; // both are below the length
  return true;
}

/** What references depend on, as one look showed it. */
export interface Observation {
  readonly tables: ReadonlyMap<string, TableState>;
  /** Per reference. */
  readonly valueTokens: readonly (string | null)[];
}

/** How references are looked at: by asking the store, or in a mirror of it. */
export type Look = (refs: readonly Ref[]) => Conversation<Observation>;

/** One round trip. */
export function* lookAtStore(refs: readonly Ref[]): Conversation<Observation> {
  return observe(refs, yield readCommands(refs));
}

function observe(refs: readonly Ref[], replies: Replies): Observation {
  expectNoError(replies);
  const tables = new Map<string, TableState>();
  let next = 0;
  for (const table of new Set(refs.map((ref) => ref.table))) tables.set(table, parseTable(replies[next++]));
  const valueTokens = refs.map((ref) => (ref.pin === null ? null : textOf(replies[next++])));
  return { tables, valueTokens };
}

const stateOf = (observation: Observation, ref: Ref): TableState =>
  observation.tables.get(ref.table) as TableState; // one per distinct table of refs

/** The node that answered has to be primary still, now that it has. */
const vectorFrom = (observation: Observation, refs: readonly Ref[], session: Vouching): Vector =>
  refs.map((ref, index) =>
    session.isTrusted(ref.table)
      ? vectorOf(
          stateOf(observation, ref),
          ref,
          observation.valueTokens[index] ?? null,
          session.voucher(ref.table),
        )
      : null,
  );

/** What LOOKUP found out: one token text per reference. */
export interface Looked {
  readonly refs: readonly Ref[];
  readonly vector: Vector;
  /** What was seen besides where the store had to be asked, for CAPTURE to go on from. */
  readonly observation?: () => Observation;
}

/** LOOKUP where the store has to be asked: one round trip. */
export function* lookup(refs: readonly Ref[], session: Vouching): Conversation<Looked> {
  const replies = yield readCommands(refs);
  return { refs, vector: vectorOfReplies(refs, replies, session), observation: () => observe(refs, replies) };
}

/** The same as `vectorFrom(observe(…))`, for the many that need no more. */
function vectorOfReplies(refs: readonly Ref[], replies: Replies, session: Vouching): Vector {
  expectNoError(replies);
  const vector: (string | null)[] = [];
  let tables = 0;
  for (let index = 0; index < refs.length; index++) if (isFirstOfTable(refs, index)) tables++;
  let nextValue = tables;
  let nextTable = 0;
  for (let index = 0; index < refs.length; index++) {
    const ref = refs[index] as Ref; // index < length
    const reply = isFirstOfTable(refs, index) ? replies[nextTable++] : replies[tableOf(refs, index)];
    const valueToken = ref.pin === null ? null : textOf(replies[nextValue++]);
    vector.push(
      session.isTrusted(ref.table)
        ? vectorOf(parseTable(reply), ref, valueToken, session.voucher(ref.table))
        : null,
    );
  }
  return vector;
}

/** Which of the distinct tables, in the order of their first references, is that of this reference. */
function tableOf(refs: readonly Ref[], index: number): number {
  let position = -1;
  for (let before = 0; before < index; before++) {
    if (isFirstOfTable(refs, before)) position++;
    if ((refs[before] as Ref).table === (refs[index] as Ref).table) return position; // both are below the length
  }
  return position + 1;
}

/** Why the result of the coming query may not be stored. `store-away`: who answered is not known to be primary still. */
export type Refusal = 'write-under-way' | 'store-away';

export interface Captured {
  readonly refs: readonly Ref[];
  readonly vector: CompleteVector;
}

/**
 * CAPTURE: creates the tokens that are missing and reads them all, before the query is sent (I3). A table
 * vouched for by another node is emptied of tokens first.
 *
 * @param seen what a look-up of the same read showed of the same references, if there was one
 */
export function* capture(
  refs: readonly Ref[],
  session: Vouching,
  context: TokenContext,
  look: Look,
  seen: Observation | null,
): Conversation<Captured | Refusal> {
  let observation = seen ?? (yield* look(refs));
  const effective = limitShapes(refs, observation, context.shapesPerTableMax);
  if (effective !== refs) observation = yield* look(effective);
  if (isBlocked(observation, effective)) return 'write-under-way';
  if (!effective.every(({ table }) => session.isTrusted(table))) return 'store-away';
  const present = vectorFrom(observation, effective, session);
  if (isComplete(present)) return { refs: effective, vector: present };

  const disowned = [...observation.tables].filter(
    ([table, state]) => state.voucher !== session.voucher(table),
  );
  const changes = disowned.flatMap(([table, state]): Command[] => {
    const taken = takeOver(table, state, session.voucher(table), context.random);
    return isTag(table) ? [taken, ['PEXPIRE', table, String(context.valueTtlMs)]] : [taken];
  });
  changes.push(...createMissing(effective, observation, context));
  const vector = vectorFrom(yield* changeAndLook(changes, effective, look), effective, session);
  return isComplete(vector) ? { refs: effective, vector } : 'write-under-way';
}

/** Where the store has to be asked, in one round trip: each table's commands stay in their order. */
function* changeAndLook(
  changes: readonly Command[],
  refs: readonly Ref[],
  look: Look,
): Conversation<Observation> {
  if (look !== lookAtStore) {
    expectNoError(yield changes);
    return yield* look(refs);
  }
  const replies = yield [...changes, ...readCommands(refs)];
  expectNoError(replies);
  return observe(refs, replies.slice(changes.length));
}

export const isComplete = (vector: Vector): vector is CompleteVector => !vector.includes(null);

export const sameVector = (left: Vector, right: Vector): boolean =>
  left.length === right.length && left.every((token, index) => token !== null && token === right[index]);

const isBlocked = (observation: Observation, refs: readonly Ref[]): boolean =>
  refs.some((ref) => blocked(stateOf(observation, ref), ref));

/** A shape over the limit is not registered: its reads depend on the whole table. */
function limitShapes(refs: readonly Ref[], observation: Observation, shapesMax: number): readonly Ref[] {
  const exceeds = (ref: Ref): boolean => {
    const { shapes } = stateOf(observation, ref);
    return ref.pin !== null && !shapes.has(ref.pin.shape) && shapes.size >= shapesMax;
  };
  if (!refs.some(exceeds)) return refs;
  return refs.map((ref) => (exceeds(ref) ? { table: ref.table, pin: null } : ref));
}

/** Never sets a token that another process created meanwhile. */
function createMissing(refs: readonly Ref[], observation: Observation, context: TokenContext): Command[] {
  const token = (): string => context.random.hex(TOKEN_BYTES);
  return refs.flatMap((ref, index): Command[] => {
    const { any, wild, shapes } = stateOf(observation, ref);
    if (ref.pin === null) return any === null ? [['HSETNX', ref.table, field.any, token()]] : [];
    const commands: Command[] = [];
    if (wild === null) commands.push(['HSETNX', ref.table, field.wild, token()]);
    if (!shapes.has(ref.pin.shape)) commands.push(['HSETNX', ref.table, field.shape(ref.pin.shape), token()]);
    if (observation.valueTokens[index] === null) {
      const key = valueKeyOf(ref) as string; // ref.pin is not null
      commands.push(['SET', key, token(), 'NX', 'PX', String(context.valueTtlMs)]);
    }
    return commands;
  });
}
