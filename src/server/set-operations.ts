/** Decides what the set commands share: finding a set, storing one, union, intersection and difference. */
import { WRONG_TYPE } from './call.js';
import type { Call } from './command.js';
import { type Entry, NEVER } from './keyspace/entry.js';
import { SetValue } from './keyspace/set-value.js';
import { ErrorReply, type Reply } from './resp/reply.js';

/** A set that is there. */
export class FoundSet {
  constructor(
    readonly entry: Entry,
    readonly set: SetValue,
  ) {}

  get key(): string {
    return this.entry.key;
  }
}

/** For a command that changes it. */
export function setToWrite({ db }: Call, key: string): FoundSet | undefined | ErrorReply {
  const entry = db.write(key);
  if (entry === undefined) return undefined;
  const set = entry.value;
  return set instanceof SetValue ? new FoundSet(entry, set) : WRONG_TYPE;
}

/** For a command that reads it. */
export function setToRead({ db }: Call, key: string): SetValue | undefined | ErrorReply {
  const set = db.read(key)?.value;
  return set === undefined || set instanceof SetValue ? set : WRONG_TYPE;
}

/** Told after members have left: an empty set goes. */
export function setShrunk(call: Call, found: FoundSet, event: string): void {
  const { db } = call;
  const { entry, set } = found;
  if (call.server.notifications.wants('set')) call.notify('set', event, found.key);
  if (set.size > 0) db.changed(entry);
  else {
    const { key } = found;
    db.delete(key);
    call.notify('generic', 'del', key);
  }
}

/** Puts members at a key, or removes what is there when there are none; answers how many they are. */
export function storeSet(call: Call, key: string, members: Iterable<string>, event: string): Reply {
  const { db, server } = call;
  const set = new SetValue();
  for (const member of members) set.add(member, server.settings.encodings);
  if (set.size > 0) {
    db.set(key, set, NEVER);
    call.notify('set', event, key);
  } else if (db.delete(key)) call.notify('generic', 'del', key);
  return set.size;
}

/** The sets at these keys, undefined where there is none. */
export function setsToRead(call: Call, keys: readonly string[]): (SetValue | undefined)[] | ErrorReply {
  const sets: (SetValue | undefined)[] = [];
  for (const key of keys) {
    const set = setToRead(call, key);
    if (set instanceof ErrorReply) return set;
    sets.push(set);
  }
  return sets;
}

type Sets = readonly (SetValue | undefined)[];

/** Up to `limit` members that all have; 0 is no limit. */
export function intersection(sets: Sets, limit = 0): string[] {
  const present = sets.filter((set) => set !== undefined);
  const [smallest, ...others] = present.sort((left, right) => left.size - right.size);
  const found: string[] = [];
  if (smallest === undefined || present.length < sets.length) return found;
  for (const member of smallest.members()) {
    if (!others.every((set) => set.has(member))) continue;
    found.push(member);
    if (found.length === limit) break;
  }
  return found;
}

export function union(sets: Sets): string[] {
  const members = new Set<string>();
  for (const set of sets) for (const member of set?.members() ?? []) members.add(member);
  return [...members];
}

/** What the first has and no other. */
export function difference([first, ...others]: Sets): string[] {
  return (first?.members() ?? []).filter((member) => others.every((set) => set?.has(member) !== true));
}
