/** Decides what the list commands share: finding a list, taking from it, moving between two. Knows no command's arguments. */
import type { Bytes } from './byte-string.js';
import { argumentAt, SYNTAX_ERROR, WRONG_TYPE, wordAt } from './call.js';
import type { Call } from './command.js';
import { type Entry, NEVER } from './keyspace/entry.js';
import { type ListEnd, ListValue } from './keyspace/list-value.js';
import { ErrorReply, PackedArrayReply, type Reply } from './resp/reply.js';

/** A list that is there. */
export class FoundList {
  constructor(
    readonly entry: Entry,
    readonly list: ListValue,
  ) {}

  get key(): string {
    return this.entry.key;
  }
}

/** For a command that changes the list. */
export function listToWrite({ db }: Call, key: string): FoundList | undefined | ErrorReply {
  const entry = db.write(key);
  if (entry === undefined) return undefined;
  const list = entry.value;
  return list instanceof ListValue ? new FoundList(entry, list) : WRONG_TYPE;
}

/** The same for the key that is the first argument. */
export function firstListToWrite(call: Call): FoundList | undefined | ErrorReply {
  const entry = call.db.write(argumentAt(call.args, 1));
  if (entry === undefined) return undefined;
  const list = entry.value;
  return list instanceof ListValue ? new FoundList(entry, list) : WRONG_TYPE;
}

/** For a command that reads it. */
export function listToRead({ db }: Call, key: string): ListValue | undefined | ErrorReply {
  const list = db.read(key)?.value;
  return list === undefined || list instanceof ListValue ? list : WRONG_TYPE;
}

/** `LEFT` or `RIGHT`. */
export function endAt(args: readonly Bytes[], index: number): ListEnd | ErrorReply {
  const word = wordAt(args, index);
  if (word === 'LEFT') return 'front';
  return word === 'RIGHT' ? 'back' : SYNTAX_ERROR;
}

/** Told after elements have left a list: an empty one goes. */
export function shrunk(call: Call, found: FoundList, event: string): void {
  const { db } = call;
  const { entry, list } = found;
  if (call.server.notifications.wants('list')) call.notify('list', event, found.key);
  if (list.size > 0) db.changed(entry);
  else {
    const { key } = found;
    db.delete(key);
    call.notify('generic', 'del', key);
  }
}

/** One element, as LPOP and RPOP answer it. */
export function popOne(call: Call, found: FoundList, end: ListEnd): Bytes {
  const element = found.list.pop(end) ?? '';
  shrunk(call, found, popEvent(end));
  return element;
}

/** Several elements, in the order in which they leave. */
export function popSeveral(call: Call, found: FoundList, end: ListEnd, count: number): Reply {
  const { list } = found;
  const taken = Math.min(count, list.size);
  const elements = end === 'front' ? takeFront(list, taken) : takeBack(list, taken);
  shrunk(call, found, popEvent(end));
  return elements;
}

function takeFront(list: ListValue, count: number): Reply {
  const reply = new PackedArrayReply(count, list.packedRange(0, count));
  list.trim(count, list.size - count);
  return reply;
}

function takeBack(list: ListValue, count: number): Reply {
  const elements: Bytes[] = [];
  for (let taken = 0; taken < count; taken++) elements.push(list.pop('back') ?? '');
  return elements;
}

/** The first of the keys that has elements. Undefined: none has. */
export function firstList(call: Call, keys: readonly string[]): FoundList | undefined | ErrorReply {
  for (const key of keys) {
    const found = listToWrite(call, key);
    if (found !== undefined) return found;
  }
  return undefined;
}

export interface Move {
  readonly source: string;
  readonly from: ListEnd;
  readonly destination: string;
  readonly to: ListEnd;
}

/** Takes an element from one list and gives it to another. Undefined: there is none. */
export function moveElement(call: Call, { source, from, destination, to }: Move): Reply | undefined {
  const { db } = call;
  const found = listToWrite(call, source);
  if (found === undefined || found instanceof ErrorReply) return found;
  const target = listToWrite(call, destination);
  if (target instanceof ErrorReply) return target;
  const element = found.list.pop(from) ?? '';
  const list = target?.list ?? new ListValue();
  list.push(to, element);
  if (target === undefined) db.set(destination, list, NEVER);
  else if (target.list !== found.list) db.changed(target.entry);
  call.notify('list', to === 'front' ? 'lpush' : 'rpush', destination);
  shrunk(call, found, popEvent(from));
  return element;
}

function popEvent(end: ListEnd): string {
  return end === 'front' ? 'lpop' : 'rpop';
}
