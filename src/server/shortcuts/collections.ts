/** Decides the shortcuts of the set, hash and sorted set commands that are called most. */
import type { Shortcut } from '../command.js';
import { NEVER } from '../keyspace/entry.js';
import { HashValue } from '../keyspace/hash-value.js';
import { SetValue } from '../keyspace/set-value.js';
import { SortedSetValue } from '../keyspace/sorted-set-value.js';
import { rangeOf } from '../ranges.js';
import { DoubleReply } from '../resp/reply.js';
import { containerToRead, digitsIn, entryToWrite, indexIn, keptIn, textIn } from './parts.js';

export const saddShortcut: Shortcut = (request, db, out, _version, limits) => {
  const { count } = request;
  if (count < 3) return false;
  const entry = entryToWrite(request, db);
  const set = entry === undefined ? new SetValue() : entry.value;
  if (!(set instanceof SetValue)) return false;
  let added = 0;
  for (let index = 2; index < count; index++) if (set.add(textIn(request, index), limits)) added++;
  if (entry === undefined) db.set(textIn(request, 1), set, NEVER);
  else if (added > 0) db.changed(entry);
  out.integer(added);
  return true;
};

export const sismemberShortcut: Shortcut = (request, db, out) => {
  if (request.count !== 3) return false;
  const set = containerToRead(request, db, SetValue);
  if (set === null) return false;
  out.integer(set?.has(textIn(request, 2)) === true ? 1 : 0);
  return true;
};

export const hsetShortcut: Shortcut = (request, db, out, _version, limits) => {
  const { count } = request;
  if (count < 4 || count % 2 === 1) return false;
  const entry = entryToWrite(request, db);
  const hash = entry === undefined ? new HashValue() : entry.value;
  if (!(hash instanceof HashValue)) return false;
  let added = 0;
  for (let index = 2; index < count; index += 2)
    if (hash.set(textIn(request, index), keptIn(request, index + 1), limits)) added++;
  if (entry === undefined) db.set(textIn(request, 1), hash, NEVER);
  else db.changed(entry);
  out.integer(added);
  return true;
};

export const hgetShortcut: Shortcut = (request, db, out, version) => {
  if (request.count !== 3) return false;
  const hash = containerToRead(request, db, HashValue);
  if (hash === null) return false;
  out.write(hash?.get(textIn(request, 2)) ?? null, version);
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
  const old = set.set(textIn(request, 3), score, limits);
  if (entry === undefined) db.set(textIn(request, 1), set, NEVER);
  else if (old !== score) db.changed(entry);
  out.integer(old === undefined ? 1 : 0);
  return true;
};

export const zscoreShortcut: Shortcut = (request, db, out, version) => {
  if (request.count !== 3) return false;
  const set = containerToRead(request, db, SortedSetValue);
  if (set === null) return false;
  const score = set?.scoreOf(textIn(request, 2));
  out.write(score === undefined ? null : new DoubleReply(score), version);
  return true;
};

/** By rank, without options. */
export const zrangeShortcut: Shortcut = (request, db, out) => {
  if (request.count !== 4) return false;
  const [start, stop] = [indexIn(request, 2), indexIn(request, 3)];
  if (start === null || stop === null) return false;
  const set = containerToRead(request, db, SortedSetValue);
  if (set === null) return false;
  const range = set === undefined ? null : rangeOf(start, stop, set.size);
  const members = set === undefined || range === null ? [] : set.membersByRank(range.first, range.count);
  out.arrayOf(members.length);
  for (const member of members) out.text(member);
  return true;
};
