/** Decides what the sorted set commands share: finding one, its replies, storing one. Knows no command's arguments. */
import type { Bytes } from './byte-string.js';
import { SYNTAX_ERROR, WRONG_TYPE, wordAt } from './call.js';
import type { Call } from './command.js';
import { type Entry, NEVER } from './keyspace/entry.js';
import { SortedSetValue } from './keyspace/sorted-set-value.js';
import type { IndexRange } from './ranges.js';
import { DoubleReply, type ErrorReply, PackedArrayReply, type Reply } from './resp/reply.js';

/** A sorted set that is there. */
export class FoundSortedSet {
  constructor(
    readonly entry: Entry,
    readonly set: SortedSetValue,
  ) {}

  get key(): string {
    return this.entry.key;
  }
}

/** For a command that changes it. */
export function sortedSetToWrite({ db }: Call, key: string): FoundSortedSet | undefined | ErrorReply {
  const entry = db.write(key);
  if (entry === undefined) return undefined;
  const set = entry.value;
  return set instanceof SortedSetValue ? new FoundSortedSet(entry, set) : WRONG_TYPE;
}

/** For a command that reads it. */
export function sortedSetToRead({ db }: Call, key: string): SortedSetValue | undefined | ErrorReply {
  const set = db.read(key)?.value;
  return set === undefined || set instanceof SortedSetValue ? set : WRONG_TYPE;
}

/** Told after members have left: an empty set goes. */
export function sortedSetShrunk(call: Call, found: FoundSortedSet, event: string): void {
  const { db } = call;
  const { entry, set } = found;
  if (call.server.notifications.wants('zset')) call.notify('zset', event, found.key);
  if (set.size > 0) db.changed(entry);
  else {
    const { key } = found;
    db.delete(key);
    call.notify('generic', 'del', key);
  }
}

/** Puts a result at a key, or removes what is there when the result is empty; answers how many members it has. */
export function storeSortedSet(call: Call, key: string, set: SortedSetValue, event: string): Reply {
  const { db } = call;
  if (set.size > 0) {
    db.set(key, set, NEVER);
    call.notify('zset', event, key);
  } else if (db.delete(key)) call.notify('generic', 'del', key);
  return set.size;
}

/** Collects members as they are answered: with scores one after the other in RESP2, in pairs in RESP3. */
export class MemberReplies {
  readonly replies: Reply[] = [];

  constructor(
    private readonly withScores: boolean,
    private readonly arePairs: boolean,
  ) {}

  static for({ client }: Call, withScores: boolean): MemberReplies {
    return new MemberReplies(withScores, client.respVersion === 3);
  }

  add(member: string, score: number): void {
    if (!this.withScores) this.replies.push(member);
    else if (this.arePairs) this.replies.push([member, new DoubleReply(score)]);
    else this.replies.push(member, new DoubleReply(score));
  }
}

export interface RangeReplyOptions {
  readonly isReversed: boolean;
  readonly withScores: boolean;
}

/** The members of a range of ranks. */
export function rangeReply(
  call: Call,
  set: SortedSetValue,
  { first, count }: IndexRange,
  { isReversed, withScores }: RangeReplyOptions,
): Reply {
  if (count <= 0) return [];
  if (!withScores) {
    if (!isReversed) return new PackedArrayReply(count, set.packedRange(first, count));
    return set.membersByRank(first, count).reverse();
  }
  const found: [string, number][] = [];
  set.visit(first, count, (member, score) => found.push([member, score]));
  if (isReversed) found.reverse();
  const replies = MemberReplies.for(call, true);
  for (const [member, score] of found) replies.add(member, score);
  return replies.replies;
}

export type ScoreEnd = 'min' | 'max';

/** `MIN` or `MAX`. */
export function scoreEndAt(args: readonly Bytes[], index: number): ScoreEnd | ErrorReply {
  const word = wordAt(args, index);
  if (word === 'MIN') return 'min';
  return word === 'MAX' ? 'max' : SYNTAX_ERROR;
}

/** Takes the members with the lowest or highest scores, in this order. */
export function popMembers(
  call: Call,
  found: FoundSortedSet,
  end: ScoreEnd,
  countMax: number,
): [string, number][] {
  const { set } = found;
  const count = Math.min(countMax, set.size);
  const first = end === 'min' ? 0 : set.size - count;
  const popped: [string, number][] = [];
  set.visit(first, count, (member, score) => popped.push([member, score]));
  set.deleteRange(first, count);
  sortedSetShrunk(call, found, `zpop${end}`);
  return end === 'min' ? popped : popped.reverse();
}

/** The first of the keys that has members. Undefined: none has. */
export function firstSortedSet(call: Call, keys: readonly string[]): FoundSortedSet | undefined | ErrorReply {
  for (const key of keys) {
    const found = sortedSetToWrite(call, key);
    if (found !== undefined) return found;
  }
  return undefined;
}
