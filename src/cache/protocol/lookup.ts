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

/** How references are looked up by asking the store: made once for references that are looked up again and again. */
export class TokenReads {
  /** In the order that LOOKUP demands: tables first, then values. */
  readonly commands: readonly Command[];
  readonly tables: readonly string[];
  /** Names the tables, in this order. */
  readonly name: string;
  readonly places: readonly Place[];

  constructor(readonly refs: readonly Ref[]) {
    const tables: string[] = [];
    for (const { table } of refs) if (!tables.includes(table)) tables.push(table); // there are but a few
    const commands = tables.map(readTable);
    this.places = refs.map((ref) => {
      const valueKey = valueKeyOf(ref);
      const value = valueKey === null ? NO_VALUE : commands.push(['GET', valueKey]) - 1;
      return { table: tables.indexOf(ref.table), value, valueKey };
    });
    this.commands = commands;
    this.tables = tables;
    this.name = tables.join(' ');
  }

  /** What LOOKUP finds in the replies. The node that answered has to be primary still, now that it has. */
  vector(replies: Replies, session: Vouching): Vector {
    expectNoError(replies);
    return this.refs.map((ref, index) => {
      const { table, value } = this.places[index] as Place; // one per reference
      if (!session.isTrusted(ref.table)) return null;
      const token = value === NO_VALUE ? null : textOf(replies[value]);
      return vectorOf(parseTable(replies[table]), ref, token, session.voucher(ref.table));
    });
  }

  observation(replies: Replies): Observation {
    expectNoError(replies);
    const tables = new Map<string, TableState>();
    const valueTokens = this.refs.map((ref, index) => {
      const { table, value } = this.places[index] as Place; // one per reference
      tables.set(ref.table, parseTable(replies[table]));
      return value === NO_VALUE ? null : textOf(replies[value]);
    });
    return { tables, valueTokens };
  }
}

/** Of one reference: which reply is its table's, and which its value's. */
export interface Place {
  readonly table: number;
  readonly value: number;
  readonly valueKey: string | null;
}

const NO_VALUE = -1;

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
  const reads = new TokenReads(refs);
  return reads.observation(yield reads.commands);
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

  const changes = [
    ...[...observation.tables].flatMap(([table, state]) =>
      vouch(table, state, session.voucher(table), context),
    ),
    ...createMissing(effective, observation, context),
  ];
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
  const reads = new TokenReads(refs);
  const replies = yield [...changes, ...reads.commands];
  expectNoError(replies);
  return reads.observation(replies.slice(changes.length));
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

/**
 * Has this voucher vouch for a table. Of several who meet a new one at once the first does it for all; one that another
 * voucher vouched for is taken over, and the last to do so has its tokens.
 */
function vouch(table: string, state: TableState, voucher: string, context: TokenContext): Command[] {
  if (state.voucher === voucher) return [];
  const vouching: Command = isWithoutTokens(state)
    ? ['HSETNX', table, field.voucher, voucher]
    : takeOver(table, state, voucher, context.random);
  return isTag(table) ? [vouching, ['PEXPIRE', table, String(context.valueTtlMs)]] : [vouching];
}

const isWithoutTokens = ({ voucher, any, wild, shapes }: TableState): boolean =>
  voucher === null && any === null && wild === null && shapes.size === 0;

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
