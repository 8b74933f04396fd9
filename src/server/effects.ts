/**
 * Decides how commands are repeated that would do something else at another time or by another throw of the dice: by
 * what they did. Knows nothing of who repeats them. (Redis: rewriteClientCommandVector and alsoPropagate in `t_*.c`.)
 */
import { type Bytes, byteString } from './byte-string.js';
import { argumentAt, keyAt, wordAt } from './call.js';
import { doubleText } from './double-text.js';
import { absoluteMs, type TimeUnit } from './expire-time.js';
import { integerOf } from './integers.js';
import { NEVER } from './keyspace/entry.js';
import { SortedSetValue } from './keyspace/sorted-set-value.js';
import type { Effect, Effects } from './propagation.js';
import { type Reply, SetReply } from './resp/reply.js';

/** What Array.isArray does not tell of a read-only array. */
const isArray = Array.isArray as (reply: Reply) => reply is readonly Reply[];

/** What it changes is nobody else's business. */
export const nothing: Effects = () => [];

/** EXPIRE and the like: when the key ends, that it does not, or that it has ended. */
export const expiryEffects: Effects = ({ args, db }) => {
  const key = argumentAt(args, 1);
  const entry = db.peek(key);
  if (entry === undefined) return [['DEL', key]];
  if (entry.expireAtMs === NEVER) return [['PERSIST', key]];
  return [['PEXPIREAT', key, String(entry.expireAtMs)]];
};

const absoluteUnits: Readonly<Record<string, TimeUnit>> = {
  EXAT: { msPerUnit: 1000, isRelative: false },
  PXAT: { msPerUnit: 1, isRelative: false },
};
const expiryWords: ReadonlySet<string> = new Set(['EX', 'PX', 'EXAT', 'PXAT']);

/** SET: one that ends is told when. An absolute time may be over, so the key is not asked. */
export const setEffects: Effects = ({ args, db }) => {
  const at = args.findIndex((_arg, index) => index >= 3 && expiryWords.has(wordAt(args, index)));
  if (at < 0) return [args.filter((_arg, index) => index < 3 || wordAt(args, index) !== 'GET')];
  const key = argumentAt(args, 1);
  const unit = absoluteUnits[wordAt(args, at)];
  const value = unit && integerOf(argumentAt(args, at + 1));
  const atMs =
    unit === undefined || value === null || value === undefined
      ? db.peek(key)?.expireAtMs
      : absoluteMs(value, unit, 0);
  return [['SET', key, argumentAt(args, 2), 'PXAT', String(atMs)]];
};

/** SETEX and PSETEX. */
export const setWithExpiryEffects: Effects = ({ args, db }) => {
  const key = argumentAt(args, 1);
  return [['SET', key, argumentAt(args, 3), 'PXAT', String(db.peek(key)?.expireAtMs)]];
};

export const getSetEffects: Effects = ({ args }) => [['SET', argumentAt(args, 1), argumentAt(args, 2)]];

export const getDelEffects: Effects = ({ args }) => [['DEL', argumentAt(args, 1)]];

/** The sum is told, and not what was added: others may calculate otherwise. */
export const floatSumEffects: Effects = ({ args, reply }) =>
  isBytes(reply) ? [['SET', argumentAt(args, 1), reply, 'KEEPTTL']] : null;

export const floatFieldEffects: Effects = ({ args, reply }) =>
  isBytes(reply) ? [['HSET', argumentAt(args, 1), argumentAt(args, 2), reply]] : null;

/** SPOP: who was taken. */
export const takenMembersEffects: Effects = ({ args, reply, db }) => {
  const key = argumentAt(args, 1);
  if (args.length > 2 && db.peek(key) === undefined) return [['DEL', key]];
  return [['SREM', key, ...(isBytes(reply) ? [reply] : itemsOf(reply).filter(isBytes))]];
};

/** RESTORE: when it ends, whatever else it was told. */
export const restoreEffects: Effects = ({ args, db }) => {
  const key = argumentAt(args, 1);
  const entry = db.peek(key);
  if (entry === undefined) return [['DEL', key]];
  const expireAtMs = entry.expireAtMs === NEVER ? '0' : String(entry.expireAtMs);
  const others = args.slice(4).filter((arg) => byteString(arg).toUpperCase() !== 'ABSTTL');
  return [['RESTORE', key, expireAtMs, argumentAt(args, 3), ...others, 'ABSTTL']];
};

/**
 * GEOSEARCHSTORE and GEORADIUS … STOREDIST: the distances themselves, since others may calculate their last bit otherwise.
 * `targetOf` says where they are stored.
 */
export function storedDistanceEffects(targetOf: (args: readonly Bytes[]) => Bytes | undefined): Effects {
  return ({ args, db }) => {
    if (!args.some((_arg, index) => index > 0 && wordAt(args, index) === 'STOREDIST')) return null;
    const target = targetOf(args);
    if (target === undefined) return null;
    const value = db.peek(target)?.value;
    if (!(value instanceof SortedSetValue)) return [['DEL', target]];
    const pairs: string[] = [];
    value.visit(0, value.size, (member, score) => pairs.push(doubleText(score), member));
    return [
      ['DEL', target],
      ['ZADD', target, ...pairs],
    ];
  };
}

/** GEORADIUS: the last word counts, and STORE stores no distances. */
export function distanceTarget(args: readonly Bytes[]): Bytes | undefined {
  const at = args.findLastIndex(
    (_arg, index) => index > 1 && ['STORE', 'STOREDIST'].includes(wordAt(args, index)),
  );
  return at > 0 && wordAt(args, at) === 'STOREDIST' ? args[at + 1] : undefined;
}

/** `[key, …]` answered: one taken from there. */
export function poppedOne(command: string, reply: Reply): Effect[] {
  const [key] = itemsOf(reply);
  return isBytes(key) ? [[command, key]] : [];
}

/** `[key, several]` answered. */
export function poppedSeveral(command: string, reply: Reply): Effect[] {
  const [key, taken] = itemsOf(reply);
  return isBytes(key) && taken !== undefined ? [[command, key, String(countOf(taken))]] : [];
}

/** BLPOP, BZPOPMAX and the like. */
export function poppedOneEffects(command: string): Effects {
  return ({ reply }) => poppedOne(command, reply);
}

/** LMPOP, ZMPOP and the like; `number` is where the number of keys stands. */
export function poppedSeveralEffects(number: number, commands: Readonly<Record<string, string>>): Effects {
  return ({ args, reply }) => {
    const where = wordAt(args, number + Number(keyAt(args, number)) + 1);
    return poppedSeveral(commands[where] ?? '', reply);
  };
}

/** A command that waits, as the one that does not: `BLMOVE … timeout` is `LMOVE …`. */
export function withoutWaiting(command: string): Effects {
  return ({ args }) => [[command, ...args.slice(1, -1)]];
}

export function isBytes(reply: Reply | undefined): reply is Bytes {
  return typeof reply === 'string' || Buffer.isBuffer(reply);
}

/** None if it has no items. */
export function itemsOf(reply: Reply): readonly Reply[] {
  if (isArray(reply)) return reply;
  if (reply === null || typeof reply !== 'object' || Buffer.isBuffer(reply)) return [];
  return reply instanceof SetReply ? reply.items : [];
}

function countOf(reply: Reply): number {
  if (typeof reply === 'object' && reply !== null && 'kind' in reply && reply.kind === 'packed-array')
    return reply.count;
  return itemsOf(reply).length;
}
