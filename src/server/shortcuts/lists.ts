/** Decides the shortcuts of the list commands that are called most. */
import type { Shortcut } from '../command.js';
import { NEVER } from '../keyspace/entry.js';
import { type ListEnd, ListValue } from '../keyspace/list-value.js';
import { rangeOf } from '../ranges.js';
import { PackedArrayReply } from '../resp/reply.js';
import { containerToRead, entryToWrite, indexIn, textIn } from './parts.js';

export function pushShortcut(end: ListEnd): Shortcut {
  return (request, db, out) => {
    const { count } = request;
    if (count < 3) return false;
    const entry = entryToWrite(request, db);
    const list = entry === undefined ? new ListValue() : entry.value;
    if (!(list instanceof ListValue)) return false;
    for (let index = 2; index < count; index++)
      list.pushPart(end, request.bytes, request.start(index), request.end(index));
    if (entry === undefined) db.set(textIn(request, 1), list, NEVER);
    else db.changed(entry);
    out.integer(list.size);
    return true;
  };
}

export function popShortcut(end: ListEnd): Shortcut {
  return (request, db, out, version) => {
    if (request.count !== 2) return false;
    const entry = entryToWrite(request, db);
    if (entry === undefined) {
      out.null(version);
      return true;
    }
    const list = entry.value;
    // The last element takes the key with it.
    if (!(list instanceof ListValue) || list.size < 2) return false;
    const element = list.pop(end) ?? '';
    db.changed(entry);
    out.write(element, version);
    return true;
  };
}

export const lrangeShortcut: Shortcut = (request, db, out, version) => {
  if (request.count !== 4) return false;
  const [start, stop] = [indexIn(request, 2), indexIn(request, 3)];
  if (start === null || stop === null) return false;
  const list = containerToRead(request, db, ListValue);
  if (list === null) return false;
  const range = list === undefined ? null : rangeOf(start, stop, list.size);
  if (list === undefined || range === null) out.arrayOf(0);
  else {
    const { first, count } = range;
    const target = out.packing(count, list.seekRange(first, count));
    if (target !== null) out.packed(list.copySought(target.bytes, out.packedFrom));
    else out.write(new PackedArrayReply(count, list.packedRange(first, count)), version);
  }
  return true;
};
