/**
 * Decides what one numbered database holds: look-up with lazy expiry, change, random choice and scan.
 * Knows nothing of commands; tells the keyspace what changed.
 */
import { type Bytes, byteString, latin1Text, Memory } from '../byte-string.js';
import type { Integer } from '../integers.js';
import { Container } from './container.js';
import { Entry, type ExpireAtMs, NEVER, showString, type Value } from './entry.js';
import { INDEX_ENTRY_BYTES } from './key-index.js';
import { KeyTable } from './key-table.js';
import type { ChangeCause, KeyspaceCore } from './keyspace-core.js';
import { BYTES, INT32, INT64, KIND_MASK, type RecordStore } from './records.js';
import { mayBeInteger, storedInteger } from './stored-integer.js';
import type { StringView } from './string-view.js';

/** A longer string is an object beside the slots, so that any record fits one. */
const SLOT_STRING_BYTES_MAX = 64 * 1024;

export type Found = 'absent' | 'string' | 'other type';

/**
 * Every way into the data. Whoever changes a container in place calls `changed` before it answers. An `Entry` is good
 * until its command answers, or replaces or deletes its key: nobody keeps one.
 *
 * A key is a byte string, or bytes that may lie anywhere: they are only looked at. Methods on a part of some bytes make
 * no objects, for the commands that are called most.
 */
export class Database {
  private readonly records: RecordStore;
  private table: KeyTable;

  constructor(
    readonly index: number,
    private readonly core: KeyspaceCore,
  ) {
    this.records = core.records;
    this.table = new KeyTable(core);
  }

  get size(): number {
    return this.table.size;
  }

  /** Where its records are found now: SWAPDB exchanges that. */
  get keyTable(): KeyTable {
    return this.table;
  }

  get volatileSize(): number {
    return this.table.volatile.length;
  }

  /** For a command that reads: counts a hit or a miss and marks the key as used. */
  read(key: Bytes): Entry | undefined {
    const place = this.used(this.alive(this.table.find(key)));
    if (place !== 0) return this.entryAt(place);
    this.core.observer?.missed?.(this.index, byteString(key));
    return undefined;
  }

  /** The same for a string, shown where it lies. What is shown is good until anything is changed. */
  readString(key: Memory, start: number, end: number, view: StringView): Found {
    const { core } = this;
    const found = this.table.findPart(key, start, end);
    if (found !== 0 && !core.usage.countsFrequency && this.records.showPlain(found, core.usage.now, view)) {
      core.statistics.hits++;
      return 'string';
    }
    const place = this.used(this.alive(found));
    if (place === 0 && this.core.observer !== null)
      this.core.observer.missed?.(this.index, latin1Text(key.bytes, start, end));
    if (place === 0) return 'absent';
    return showString(this.records, place, view) ? 'string' : 'other type';
  }

  /** For a command that is about to change the key. */
  write(key: Bytes): Entry | undefined {
    const place = this.alive(this.table.find(key));
    if (place === 0) return undefined;
    this.guardFound(place);
    this.touch(place);
    return this.entryAt(place);
  }

  /** The same where the key is part of some bytes. */
  writePart(memory: Memory, start: number, end: number): Entry | undefined {
    const place = this.alive(this.table.findPart(memory, start, end));
    if (place === 0) return undefined;
    this.guardFound(place);
    this.touch(place);
    return this.entryAt(place);
  }

  /** For a command that asks about the key, not for its value: counts a hit or a miss, and does not mark it as used. */
  look(key: Bytes): Entry | undefined {
    const entry = this.peek(key);
    if (entry !== undefined) this.core.statistics.hits++;
    else {
      this.core.statistics.misses++;
      this.core.observer?.missed?.(this.index, byteString(key));
    }
    return entry;
  }

  /** Looks without marking the key as used, where the key is part of some bytes. */
  peekPart(memory: Memory, start: number, end: number): Entry | undefined {
    const place = this.alive(this.table.findPart(memory, start, end));
    return place === 0 ? undefined : this.entryAt(place);
  }

  /** What `peekPart` found, or did not, was read after all: counts a hit or a miss and marks the key as used. */
  wasRead(entry: Entry | undefined): void {
    this.used(entry?.place ?? 0);
  }

  /** Looks without marking the key as used. */
  peek(key: Bytes): Entry | undefined {
    const place = this.alive(this.table.find(key));
    return place === 0 ? undefined : this.entryAt(place);
  }

  /** Whether the key is there but past its time. */
  isStale(key: Bytes): boolean {
    const place = this.table.find(key);
    return place !== 0 && this.isStaleAt(place);
  }

  /** Creates or replaces; `expireAtMs` replaces the expiry as well. A short Buffer is a string changed in place. */
  set(key: Bytes, value: Value, expireAtMs: ExpireAtMs): void {
    const place = this.alive(this.table.find(key));
    if (value instanceof Container) {
      const wakes = this.wakesWaiters(place);
      this.guardFound(place);
      if (place !== 0) this.touch(place);
      const own = this.table.reserve(place, 0, expireAtMs);
      this.table.setObject(own, value);
      this.written(own, place === 0, wakes);
    } else if (typeof value === 'string') this.put(place, value, 0, value.length, false, expireAtMs);
    else this.put(place, new Memory(value), 0, value.length, true, expireAtMs);
  }

  /** The same for a string without an expiry, from parts of some bytes. */
  setPart(memory: Memory, keyStart: number, keyEnd: number, start: number, end: number): void {
    const { core } = this;
    const found = this.table.findPart(memory, keyStart, keyEnd);
    const isCommon = found !== 0 && !core.usage.countsFrequency && !core.hasHandles && core.guard === null;
    if (
      isCommon &&
      !mayBeInteger(memory, start, end) &&
      this.records.replacePlain(found, core.usage.now, memory, start, end)
    )
      return this.written(found, false);
    this.put(this.alive(found), memory, start, end, false, NEVER);
  }

  /** For who loads: a string with its expiry, from parts of some bytes. False when the key is there already. */
  load(
    memory: Memory,
    keyStart: number,
    keyEnd: number,
    start: number,
    end: number,
    expireAtMs: ExpireAtMs,
  ): boolean {
    if (this.table.findPart(memory, keyStart, keyEnd) !== 0) return false;
    this.put(0, memory, start, end, false, expireAtMs);
    return true;
  }

  /** Adds to a small integer, or to 0 where there is none, and returns the sum; null when that is not all there is to do. */
  addSmall(key: Bytes, by: Integer): number | null {
    return this.addAt(this.alive(this.table.find(key)), by);
  }

  addSmallPart(key: Memory, start: number, end: number, by: Integer): number | null {
    const found = this.table.findPart(key, start, end);
    const { core } = this;
    if (
      found === 0 ||
      typeof by !== 'number' ||
      core.usage.countsFrequency ||
      core.hasHandles ||
      core.guard !== null
    )
      return this.addAt(this.alive(found), by);
    const sum = this.records.addToPlain(found, core.usage.now, by);
    if (sum === null) return this.addAt(this.alive(found), by);
    this.written(found, false);
    return sum;
  }

  /** The entry's container was changed in place: counts its weight again and tells who watches. */
  changed(entry: Entry): void {
    if (entry.place !== 0) this.table.reweigh(entry.place);
    const { core } = this;
    core.statistics.changes++;
    if (core.observer !== null) core.observer.changed(this.index, entry.key, 'written');
    if (core.waiters !== null) core.waiters.changed(this.index, entry.key);
  }

  setExpiry(entry: Entry, atMs: ExpireAtMs): void {
    if (entry.place !== 0) {
      this.table.goTo(entry.place);
      this.guardFound(entry.place);
      this.table.changeExpiry(entry.place, atMs);
    }
    this.core.statistics.changes++;
    if (this.core.observer !== null) this.core.observer.changed(this.index, entry.key, 'written');
  }

  delete(key: Bytes): boolean {
    const place = this.alive(this.table.find(key));
    if (place === 0) return false;
    this.core.statistics.changes++;
    this.removeFound(place, 'written');
    return true;
  }

  /** Takes a record out for a reason that is not a command's. */
  removeAt(place: number, cause: ChangeCause): void {
    this.table.goTo(place);
    this.removeFound(place, cause);
  }

  /** Removes everything and says how many keys that were. */
  flush(): number {
    const count = this.size;
    this.core.observer?.flushed(this.index);
    this.table.clear();
    this.core.statistics.changes += count;
    this.core.waiters?.allChanged(this.index);
    return count;
  }

  /** Holds what another table has, and hands over what it held. Who is told of a flush is told of both. */
  exchange(table: KeyTable): KeyTable {
    const { core, index, table: before } = this;
    core.observer?.flushed(index);
    this.table = table;
    core.observer?.flushed(index);
    core.waiters?.allChanged(index);
    return before;
  }

  /** Whether a key that is there now is there, without expiring it. */
  has(key: Bytes): boolean {
    return this.table.find(key) !== 0;
  }

  /** Every key that has not expired. The caller changes nothing meanwhile. */
  *keys(): IterableIterator<Entry> {
    let cursor = 0;
    do {
      const places: number[] = [];
      cursor = this.table.index.scan(cursor, 1000, (place) => places.push(place));
      for (const place of places) if (!this.isStaleAt(place)) yield new Entry(this.records, place);
    } while (cursor !== 0);
  }

  /**
   * Visits about `count` entries and returns the cursor to go on with, 0 at the end: whatever is there from start to
   * end is visited, exactly once, whatever else comes and goes. What is past its time is removed, if it is wanted.
   */
  scan(
    cursor: number,
    count: number,
    isWanted: (key: string) => boolean,
    visit: (entry: Entry) => void,
  ): number {
    const places: number[] = [];
    const next = this.table.index.scan(cursor, count, (place) => places.push(place));
    for (const place of places) {
      const entry = new Entry(this.records, place);
      if (!isWanted(entry.key)) continue;
      if (this.isStaleAt(place)) this.removeAt(place, 'expired');
      else visit(entry);
    }
    return next;
  }

  /** Any entry, each about as likely as another; it may be past its time. */
  randomEntry(): Entry | undefined {
    const place = this.randomPlace();
    return place === 0 ? undefined : this.entryAt(place);
  }

  /** What the key, its value and its places in the index are counted to weigh. */
  weightOf(entry: Entry): number {
    const { value } = entry;
    const containerBytes = value instanceof Container ? value.weightBytes : 0;
    return this.records.slab.slotBytesAt(entry.place) + INDEX_ENTRY_BYTES + containerBytes;
  }

  isExpired(entry: Entry): boolean {
    const { expireAtMs } = entry;
    return expireAtMs !== NEVER && this.core.nowMs() > expireAtMs && this.core.expires;
  }

  // For OBJECT, RESTORE and the like.

  idleSeconds(entry: Entry): number {
    return this.core.usage.idleSeconds(this.usageAt(entry.place));
  }

  frequency(entry: Entry): number {
    return this.core.usage.frequency(this.usageAt(entry.place));
  }

  setIdleSeconds(entry: Entry, seconds: number): void {
    if (entry.place !== 0) this.records.setUsage(entry.place, this.core.usage.usedSecondsAgo(seconds));
  }

  setFrequency(entry: Entry, counter: number): void {
    if (entry.place !== 0) this.records.setUsage(entry.place, this.core.usage.usedWithFrequency(counter));
  }

  setUsage(entry: Entry, usage: number): void {
    if (entry.place !== 0) this.records.setUsage(entry.place, usage);
  }

  // For eviction and the expiry cycle, which go by places: they keep nothing else between two looks.

  /** Any record, each about as likely as another; 0 if there is none. */
  randomPlace(): number {
    return this.table.index.random(this.core.random);
  }

  /** Any record that expires, 0 if there is none. */
  randomVolatilePlace(): number {
    return this.table.volatile.at(Math.floor(this.core.random.fraction() * this.volatileSize));
  }

  /** The record at a position of the list of those that expire. */
  volatilePlaceAt(position: number): number {
    return this.table.volatile.at(position);
  }

  /** Whether a record of this hash is still here. */
  holds(place: number, hash: number): boolean {
    return this.table.index.findPlace(hash, place);
  }

  hashAt(place: number): number {
    return this.table.hashAt(place);
  }

  isStaleAt(place: number): boolean {
    if (!this.records.isVolatile(place) || !this.core.expires) return false;
    return this.core.nowMs() > this.records.expireAtMs(place);
  }

  expireAtMsAt(place: number): ExpireAtMs {
    return this.records.expireAtMs(place);
  }

  usageAt(place: number): number {
    return place === 0 ? 0 : this.records.usage(place);
  }

  private entryAt(place: number): Entry {
    const known = this.core.handleAt(place);
    if (known !== undefined) return known;
    const entry = new Entry(this.records, place);
    this.core.keepHandle(entry);
    return entry;
  }

  /** The place of the record that a search ended at; 0 when it is past its time, after removing it. */
  private alive(place: number): number {
    if (place === 0 || !this.isStaleAt(place)) return place;
    const { key, keyStart, keyEnd } = this.table;
    this.removeFound(place, 'expired');
    // Removing moved others, and whoever was told may have searched: back to where the key would be.
    return this.table.findPart(key, keyStart, keyEnd);
  }

  private used(place: number): number {
    if (place === 0) this.core.statistics.misses++;
    else {
      this.core.statistics.hits++;
      this.touch(place);
    }
    return place;
  }

  /** A command that came to read is about to change the value after all. */
  preserve(entry: Entry): void {
    const { guard } = this.core;
    if (guard !== null && entry.place !== 0)
      guard.before(this.table, this.table.hashAt(entry.place), entry.place);
  }

  /** What a search ended at is about to change. */
  private guardFound(place: number): void {
    const { guard } = this.core;
    if (guard !== null) guard.before(this.table, this.table.hash, place);
  }

  private touch(place: number): void {
    this.records.setUsage(place, this.core.usage.touched(this.records.usage(place)));
  }

  private addAt(place: number, by: Integer): number | null {
    const { records } = this;
    if (place !== 0 && (records.flags(place) & KIND_MASK) !== INT32) return null;
    const sum = (place === 0 ? 0 : records.detail(place)) + Number(by);
    if (sum !== (sum | 0)) return null;
    if (place === 0) {
      this.guardFound(0);
      this.written(this.putInteger(0, sum, NEVER), true);
    } else {
      this.guardFound(place);
      this.core.moveHandle(place, 0);
      this.touch(place);
      records.setDetail(place, sum);
      this.written(place, false);
    }
    return sum;
  }

  private put(
    place: number,
    from: Memory | string,
    start: number,
    end: number,
    isChangedInPlace: boolean,
    expireAtMs: ExpireAtMs,
  ): void {
    const { table, records } = this;
    const wakes = this.wakesWaiters(place);
    this.guardFound(place);
    if (place !== 0) this.touch(place);
    const integer = isChangedInPlace ? null : storedInteger(from, start, end);
    let own = 0;
    if (integer !== null) own = this.putInteger(place, integer, expireAtMs);
    else if (end - start <= SLOT_STRING_BYTES_MAX) {
      own = table.reserve(place, end - start, expireAtMs);
      records.setFlags(own, BYTES, isChangedInPlace);
      records.setBytes(own, from, start, end);
    } else {
      own = table.reserve(place, 0, expireAtMs);
      table.setObject(own, ownBuffer(from, start, end));
    }
    this.written(own, place === 0, wakes);
  }

  private putInteger(place: number, integer: Integer, expireAtMs: ExpireAtMs): number {
    const { table, records } = this;
    if (integer === (Number(integer) | 0)) {
      const own = table.reserve(place, 0, expireAtMs);
      records.setFlags(own, INT32, false);
      records.setDetail(own, integer);
      return own;
    }
    const own = table.reserve(place, 8, expireAtMs);
    records.setFlags(own, INT64, false);
    records.setDetail(own, 8);
    records.setInt64(own, integer);
    return own;
  }

  /** Replacing a value wakes nobody, unless it was a stream, whose readers hear that it is gone. (Redis: `dbOverwrite`.) */
  private wakesWaiters(place: number): boolean {
    return place === 0 || (this.core.waiters !== null && new Entry(this.records, place).type === 'stream');
  }

  private written(place: number, isNew: boolean, wakes = isNew): void {
    const { core } = this;
    core.statistics.changes++;
    if (core.observer === null && core.waiters === null) return;
    const key = this.records.key(place);
    if (isNew) core.observer?.created?.(this.index, key);
    core.observer?.changed(this.index, key, 'written');
    if (wakes) core.waiters?.changed(this.index, key);
  }

  /** Removes the record that a search ended at. */
  private removeFound(place: number, cause: ChangeCause): void {
    const { core, table } = this;
    this.guardFound(place);
    const { vanished } = core;
    const isVanished = vanished !== null && cause !== 'written';
    const isTold = core.observer !== null || core.waiters !== null || isVanished;
    const key = isTold ? this.records.key(place) : '';
    table.remove(place);
    if (isVanished) vanished(this.index, key);
    if (cause === 'expired') core.statistics.expired++;
    else if (cause === 'evicted') core.statistics.evicted++;
    core.observer?.changed(this.index, key, cause);
    core.waiters?.changed(this.index, key);
  }
}

/** Bytes that nobody else can change. */
function ownBuffer(from: Memory | string, start: number, end: number): Buffer {
  const own = Buffer.allocUnsafeSlow(end - start);
  if (typeof from === 'string') own.write(from, 'latin1');
  else from.bytes.copy(own, 0, start, end);
  return own;
}
