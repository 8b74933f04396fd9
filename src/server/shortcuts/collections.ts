/** Decides the shortcuts of the set, hash and sorted set commands that are called most. */
import type { Shortcut } from '../command.js';
import { NEVER } from '../keyspace/entry.js';
import { HashValue } from '../keyspace/hash-value.js';
import { SetValue } from '../keyspace/set-value.js';
import { SortedSetValue } from '../keyspace/sorted-set-value.js';
import { StringView } from '../keyspace/string-view.js';
import { rangeOf } from '../ranges.js';
import { DoubleReply, PackedArrayReply } from '../resp/reply.js';
import { containerToRead, digitsIn, entryToWrite, indexIn, textIn } from './parts.js';

/** One for all: what it shows is written at once. */
const view = new StringView();

export const saddShortcut: Shortcut = (request, db, out, _version, limits) => {
  const { count } = request;
  if (count < 3) return false;
  const entry = entryToWrite(request, db);
  const set = entry === undefined ? new SetValue() : entry.value;
  if (!(set instanceof SetValue)) return false;
  let added = 0;
  for (let index = 2; index < count; index++)
    if (set.addPart(request.memory, request.start(index), request.end(index), limits)) added++;
  if (entry === undefined) db.set(textIn(request, 1), set, NEVER);
  else if (added > 0) db.changed(entry);
  out.integer(added);
  return true;
};

export const sismemberShortcut: Shortcut = (request, db, out) => {
  if (request.count !== 3) return false;
  const set = containerToRead(request, db, SetValue);
  if (set === null) return false;
  out.integer(set?.hasPart(request.memory, request.start(2), request.end(2)) === true ? 1 : 0);
  return true;
};

export const hsetShortcut: Shortcut = (request, db, out, _version, limits) => {
  const { count } = request;
  if (count < 4 || count % 2 === 1) return false;
  const entry = entryToWrite(request, db);
  const hash = entry === undefined ? new HashValue() : entry.value;
  if (!(hash instanceof HashValue)) return false;
  let added = 0;
  for (let index = 2; index < count; index += 2) {
    const value = index + 1;
    const [start, end] = [request.start(value), request.end(value)];
    if (hash.setPart(request.memory, request.start(index), request.end(index), start, end, limits)) added++;
  }
  if (entry === undefined) db.set(textIn(request, 1), hash, NEVER);
  else db.changed(entry);
  out.integer(added);
  return true;
};

export const hgetShortcut: Shortcut = (request, db, out, version) => {
  if (request.count !== 3) return false;
  const hash = containerToRead(request, db, HashValue);
  if (hash === null) return false;
  const value = hash?.getPart(request.memory, request.start(2), request.end(2), view);
  if (value instanceof StringView) out.stored(value);
  else out.write(value ?? null, version);
  return true;
};

/** One member, without options, and a score of digits: most calls are. */
export const zaddShortcut: Shortcut = (request, db, out, _version, limits) => {
  if (request.count !== 4) return false;
  const score = digitsIn(request, 2);
  if (score < 0) return false;
  const entry = entryToWrite(request, db);
  const set = entry === undefined ? new SortedSetValue() : entry.value;
  if (!(set instanceof SortedSetValue)) return false;
  const old = set.setPart(request.memory, request.start(3), request.end(3), score, limits);
  if (entry === undefined) db.set(textIn(request, 1), set, NEVER);
  else if (old !== score) db.changed(entry);
  out.integer(old === undefined ? 1 : 0);
  return true;
};

export const zscoreShortcut: Shortcut = (request, db, out, version) => {
  if (request.count !== 3) return false;
  const set = containerToRead(request, db, SortedSetValue);
  if (set === null) return false;
  const score = set?.scoreOfPart(request.memory, request.start(2), request.end(2));
  out.write(score === undefined ? null : new DoubleReply(score), version);
  return true;
};

/** By rank, without options. */
export const zrangeShortcut: Shortcut = (request, db, out, version) => {
  if (request.count !== 4) return false;
  const [start, stop] = [indexIn(request, 2), indexIn(request, 3)];
  if (start === null || stop === null) return false;
  const set = containerToRead(request, db, SortedSetValue);
  if (set === null) return false;
  const range = set === undefined ? null : rangeOf(start, stop, set.size);
  if (set === undefined || range === null) out.arrayOf(0);
  else {
    const { first, count } = range;
    const target = out.packing(count, set.seekRange(first, count));
    if (target !== null) out.packed(set.packSought(target, out.packedFrom));
    else out.write(new PackedArrayReply(count, set.packedRange(first, count)), version);
  }
  return true;
};
