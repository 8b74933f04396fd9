/**
 * INTENT and END (CONSISTENCY §2): what stands in the store around the moment a write becomes visible. The
 * order of the commands is the protocol; each comment names the invariant it keeps.
 */
import type { Random } from '../../clock.js';
import {
  arrayOf,
  type Command,
  type Conversation,
  expectNoError,
  expectTrust,
  integerOf,
  textOf,
  type Vouching,
} from '../executor.js';
import { field, isTag, valueKey } from './keys.js';
import { type Target, touchedValues } from './refs.js';
import {
  encodeIntent,
  type IntentRecord,
  type LookAtTables,
  parseTable,
  readTable,
  type StandingIntent,
  type TableState,
  TOKEN_BYTES,
  takeOver,
} from './table.js';

/** An intent as its owner holds it. */
export interface Intent {
  readonly id: string;
  readonly targets: readonly Target[];
}

/** One whose write has an outcome. */
export interface EndingIntent extends Intent {
  /**
   * What was written, where the answer told more than the statement did: of what the intent names, a part. All the rest
   * was blocked in vain, and what was captured under the intent is about other rows than both.
   */
  readonly touched?: readonly Target[];
}

/**
 * INTENT: blocks hits and fills that conflict, in every table, before the message that can make the write
 * visible is sent. One round trip.
 *
 * @returns the tables as they are under the intent, for END, where `readsTables` asks for it: whatever is registered
 *   later is registered under the intent, so nothing that conflicts is captured with it
 */
export function* placeIntent(
  intent: Intent,
  record: Omit<IntentRecord, 'pins'>,
  session: Vouching,
  readsTables: boolean,
): Conversation<readonly TableState[] | null> {
  const commands = intent.targets.map(
    ({ table, pins }): Command => ['HSET', table, field.intent(intent.id), encodeIntent({ pins, ...record })],
  );
  if (readsTables) for (const { table } of intent.targets) commands.push(readTable(table)); // last: it stands by then
  const replies = yield commands;
  expectNoError(replies);
  expectTrust(session, intent.targets);
  return readsTables ? replies.slice(intent.targets.length).map(parseTable) : null;
}

/**
 * END: rotates what the write may have changed and only then removes the intent. Rotates always: an error is
 * not a rollback.
 *
 * Shapes are read while the intent stands: one registered meanwhile is seen here, or its capture was refused.
 *
 * @param known the tables as INTENT saw them; then it is one round trip
 */
export function* endIntent(
  intent: EndingIntent,
  session: Vouching,
  random: Random,
  look: LookAtTables,
  known: readonly TableState[] | null = null,
): Conversation<void> {
  const states = known ?? (yield* look(intent.targets.map(tableOf)));
  const { touched = intent.targets } = intent;
  const stateByTable = new Map(intent.targets.map(({ table }, index) => [table, states[index]]));
  const seen = touched.map(({ table }) => stateByTable.get(table) as TableState); // it names no other table
  const commands = rotateTargets(touched, seen, session, random);
  const rotations = commands.length;
  for (const { table } of intent.targets) commands.push(['HDEL', table, field.intent(intent.id)]); // last: I4
  const replies = yield commands;
  expectNoError(replies);
  const lost = intent.targets.filter((_, index) => integerOf(replies[rotations + index]) === 0);
  if (lost.length > 0) yield* dropTokens(lost);
  expectTrust(session, intent.targets);
}

/**
 * Tells the store what it could not be told in time: every token of the tables counts for nothing any more, and what
 * was left standing there goes, last (I4). What was written is committed or never will be, so a token made after the
 * look belongs to a query after the write.
 */
export function* payDebts(
  tables: readonly string[],
  isLeftOver: (intent: StandingIntent) => boolean,
  session: Vouching,
  random: Random,
  look: LookAtTables,
): Conversation<void> {
  const targets = tables.map((table): Target => ({ table, pins: null }));
  const states = yield* look(tables);
  const commands = rotateTargets(targets, states, session, random);
  states.forEach(({ intents }, index) => {
    const fields = intents.filter(isLeftOver).map(({ id }) => field.intent(id));
    for (const name of fields) commands.push(['HDEL', tables[index] as string, name]); // one state per table
  });
  expectNoError(yield commands);
  expectTrust(session, targets);
}

/** Rotates without an intent: for what has no commit of its own, a tag or an explicit invalidation. */
export function* invalidate(
  targets: readonly Target[],
  session: Vouching,
  random: Random,
  look: LookAtTables,
): Conversation<void> {
  const states = yield* look(targets.map(tableOf));
  expectNoError(yield rotateTargets(targets, states, session, random));
  expectTrust(session, targets);
}

const tableOf = ({ table }: Target): string => table;

function rotateTargets(
  targets: readonly Target[],
  states: readonly TableState[],
  session: Vouching,
  random: Random,
): Command[] {
  return targets.flatMap((target, index) => {
    const state = states[index] as TableState; // one per target
    return rotate(target, state, session.voucher(target.table), random);
  });
}

/** New tokens for all that the write may have changed (CONSISTENCY §3). Values are dropped, not set. */
function rotate(target: Target, state: TableState, voucher: string, random: Random): Command[] {
  if (state.any === null && isTag(target.table)) return []; // nothing that still counts depends on it
  if (state.voucher !== voucher) return [takeOver(target.table, state, voucher, random)];
  const rotated: string[] = [field.any];
  const dropped: string[] = [];
  if (target.pins === null) rotated.push(field.wild);
  else {
    for (const shape of state.shapes.keys()) {
      const values = touchedValues(target.pins, shape);
      if (values === null) rotated.push(field.shape(shape));
      else dropped.push(...values.map((value) => valueKey(target.table, shape, value)));
    }
  }
  const commands: Command[] = [
    ['HSET', target.table, ...rotated.flatMap((name) => [name, random.hex(TOKEN_BYTES)])],
  ];
  if (dropped.length > 0) commands.push(['DEL', ...dropped]);
  return commands;
}

/**
 * An intent that was gone before its END may have been lost with rotations of others: no token of these
 * tables is believed any more. What stands of other intents stays.
 */
function* dropTokens(targets: readonly Target[]): Conversation<void> {
  const listed = yield targets.map(tableOf).map(readTable);
  expectNoError(listed);
  const commands = targets.flatMap(({ table }, index): Command[] => {
    const names = arrayOf(listed[index]).filter((_, cell) => cell % 2 === 0); // each is followed by its value
    const tokens = names.map((name) => textOf(name) ?? '').filter((name) => !name.startsWith('i:'));
    return tokens.length === 0 ? [] : [['HDEL', table, ...tokens]];
  });
  if (commands.length > 0) expectNoError(yield commands);
}
