/**
 * Decides how the records of one database are found, made, moved and removed, and what they are counted to weigh. Knows
 * neither time nor who hears of changes.
 */
import { type Bytes, Memory, writeLatin1 } from '../byte-string.js';
import { Container } from './container.js';
import { longStringBytes } from './entry.js';
import { type ExpireAtMs, NEVER } from './expire-at.js';
import { INDEX_ENTRY_BYTES, KeyIndex } from './key-index.js';
import type { KeysAhead } from './keys-ahead.js';
import type { KeyspaceCore } from './keyspace-core.js';
import { PlaceList } from './place-list.js';
import { BYTES, INT32, INT64, KIND_MASK, OBJECT, RAW, type RecordStore } from './records.js';

const SCRATCH_BYTES = 4096;
/** What an expiry costs beside the record: its place in the list. */
const LISTED_BYTES = 4;

export class KeyTable {
  index: KeyIndex;
  /** The records that expire. */
  volatile = new PlaceList();
  private readonly records: RecordStore;
  /** The key that was looked for last, and its hash: what `reserve` and `remove` are about. */
  key: Memory;
  keyStart = 0;
  keyEnd = 0;
  hash = 0;
  /** Where a key is written that comes as a string. */
  private readonly scratch = new Memory(Buffer.allocUnsafeSlow(SCRATCH_BYTES));

  constructor(private readonly core: KeyspaceCore) {
    this.records = core.records;
    this.index = new KeyIndex(this.records);
    this.key = this.scratch;
  }

  get size(): number {
    return this.index.size;
  }

  /** The place of a key's record, 0 if there is none. */
  find(key: Bytes): number {
    if (typeof key !== 'string') return this.findPart(new Memory(key), 0, key.length);
    const { length } = key;
    // A long one is rare: its memory is not kept.
    const memory = length > SCRATCH_BYTES ? new Memory(Buffer.allocUnsafeSlow(length)) : this.scratch;
    writeLatin1(key, memory.bytes, 0);
    return this.findPart(memory, 0, length);
  }

  findPart(key: Memory, start: number, end: number): number {
    this.key = key;
    this.keyStart = start;
    this.keyEnd = end;
    const known = this.core.ahead.hashOf(key, start, end);
    this.hash = known < 0 ? this.core.hasher.hashIn(key.view, start, end) : known;
    return this.index.find(this.hash, key, start, end);
  }

  /** They are about to be looked for here. */
  fetch(keys: KeysAhead): void {
    keys.fetch(this.index, this.records);
  }

  /** Goes to a record that is known by its place. */
  goTo(place: number): void {
    const start = this.records.keyStart(place);
    const memory = this.records.memoryAt(place);
    this.key = memory;
    this.keyStart = start;
    this.keyEnd = start + this.records.keyLength(place);
    this.hash = this.core.hasher.hashIn(memory.view, start, this.keyEnd);
    this.index.findPlace(this.hash, place);
  }

  hashAt(place: number): number {
    const start = this.records.keyStart(place);
    const end = start + this.records.keyLength(place);
    return this.core.hasher.hashIn(this.records.memoryAt(place).view, start, end);
  }

  /**
   * A record for the key that was looked for last, with room for so many bytes of value: the one it has, if that fits,
   * or a new one. Its old value is let go, its new one is still to be written.
   */
  reserve(place: number, tailBytes: number, expireAtMs: ExpireAtMs): number {
    const { records, core } = this;
    if (place === 0) return this.add(tailBytes, expireAtMs);
    core.moveHandle(place, 0);
    this.releaseObject(place);
    const isVolatile = records.isVolatile(place);
    if (isVolatile === (expireAtMs !== NEVER)) {
      if (records.slab.fits(place, records.headBytes(place) + tailBytes)) {
        if (isVolatile) records.setExpireAtMs(place, expireAtMs);
        return place;
      }
    }
    return this.replace(place, tailBytes, expireAtMs);
  }

  /** Gives the record that `goTo` or a search went to another expiry, and returns its place afterwards. */
  changeExpiry(place: number, expireAtMs: ExpireAtMs): number {
    const { records } = this;
    const isVolatile = records.isVolatile(place);
    if (isVolatile === (expireAtMs !== NEVER)) {
      if (isVolatile) records.setExpireAtMs(place, expireAtMs);
      return place;
    }
    const flags = records.flags(place);
    const detail = records.detail(place);
    const kind = flags & KIND_MASK;
    const tailBytes = kind === BYTES ? detail : kind === INT64 ? 8 : 0;
    const from = records.memoryAt(place);
    const start = records.valueStart(place);
    const moved = this.records.create(this.key, this.keyStart, this.keyEnd, tailBytes, expireAtMs);
    if (tailBytes > 0) records.setBytes(moved, from, start, start + tailBytes);
    records.setDetail(moved, detail);
    records.setFlags(moved, kind, (flags & RAW) !== 0);
    this.exchange(place, moved);
    this.core.moveHandle(place, moved);
    return moved;
  }

  /** Removes the record that `goTo` or a search went to. */
  remove(place: number): void {
    const { records, core } = this;
    core.moveHandle(place, 0);
    this.releaseObject(place);
    if (records.isVolatile(place)) this.unlist(records.listPosition(place));
    this.index.removeFound();
    core.usedBytes -= records.slab.slotBytesAt(place) + INDEX_ENTRY_BYTES;
    records.free(place);
  }

  /** Makes a container or a long string the value of a record. */
  setObject(place: number, object: Container | Buffer): void {
    const number = this.records.objects.add(object);
    this.records.setFlags(place, OBJECT, !(object instanceof Container));
    this.records.setDetail(place, number);
    this.reweigh(place);
  }

  /** The bytes of a long string, to be changed, with zeros behind them up to so many; null for any other value. */
  editString(place: number, lengthMin: number): Buffer | null {
    const { records } = this;
    if (place === 0 || (records.flags(place) & (KIND_MASK | RAW)) !== (OBJECT | RAW)) return null;
    return records.objects.edit(records.detail(place), lengthMin);
  }

  /** Counts a container's weight again, or a string's. */
  reweigh(place: number): void {
    const { records, core } = this;
    if ((records.flags(place) & KIND_MASK) !== OBJECT) return;
    const number = records.detail(place);
    const object = records.objects.peek(number);
    const weightBytes = object instanceof Container ? object.weightBytes : longStringBytes(object);
    core.usedBytes += records.objects.reweigh(number, weightBytes);
  }

  /** Lets go of everything. */
  clear(): void {
    const { records, core, index } = this;
    const isWanted = core.guard?.wants(this) === true;
    if (core.losesAll) {
      // Nothing is to be done for each: the store is emptied afterwards.
    } else if (this.size === records.count) {
      // Nobody else has any: a million records go as quickly as one.
      core.detachHandles();
      core.usedBytes = 0;
      if (isWanted) core.guard?.keeps(this, index, records.handOver());
      else records.reset();
    } else if (isWanted) {
      core.detachHandles();
      core.guard?.keeps(this, index, null);
    } else this.clearEach();
    this.index = new KeyIndex(records);
    this.volatile = new PlaceList();
  }

  private clearEach(): void {
    this.index.scan(0, Number.POSITIVE_INFINITY, (place) => {
      this.core.moveHandle(place, 0);
      this.bury(place);
    });
  }

  /** Frees a record that no index leads to any more. */
  bury(place: number): void {
    const { records, core } = this;
    this.releaseObject(place);
    const listedBytes = records.isVolatile(place) ? LISTED_BYTES : 0;
    core.usedBytes -= records.slab.slotBytesAt(place) + INDEX_ENTRY_BYTES + listedBytes;
    records.free(place);
  }

  private add(tailBytes: number, expireAtMs: ExpireAtMs): number {
    const { records, core } = this;
    const place = records.create(this.key, this.keyStart, this.keyEnd, tailBytes, expireAtMs);
    records.setUsage(place, core.usage.created());
    core.usedBytes += records.slab.slotBytesAt(place) + INDEX_ENTRY_BYTES;
    this.index.insertFound(this.hash, place);
    if (expireAtMs !== NEVER) this.list(place);
    return place;
  }

  private replace(place: number, tailBytes: number, expireAtMs: ExpireAtMs): number {
    const moved = this.records.create(this.key, this.keyStart, this.keyEnd, tailBytes, expireAtMs);
    this.exchange(place, moved);
    return moved;
  }

  /** Puts one record in the place of another, which is freed. Its object, if any, is not. */
  private exchange(place: number, moved: number): void {
    const { records, core } = this;
    const { slab } = records;
    records.setUsage(moved, records.usage(place));
    core.usedBytes += slab.slotBytesAt(moved) - slab.slotBytesAt(place);
    this.index.moveFound(moved);
    if (!records.isVolatile(place)) {
      if (records.isVolatile(moved)) this.list(moved);
    } else if (records.isVolatile(moved)) {
      const position = records.listPosition(place);
      records.setListPosition(moved, position);
      this.volatile.put(position, moved);
    } else this.unlist(records.listPosition(place));
    records.free(place);
  }

  private releaseObject(place: number): void {
    const { records, core } = this;
    if ((records.flags(place) & KIND_MASK) !== OBJECT) return;
    const number = records.detail(place);
    core.usedBytes += records.objects.reweigh(number, 0);
    records.objects.remove(number);
    // What is left is a record without a value: nothing may take the number for an object's any more.
    records.setFlags(place, INT32, false);
  }

  private list(place: number): void {
    this.records.setListPosition(place, this.volatile.push(place));
    this.core.usedBytes += LISTED_BYTES;
    this.core.expiryNeeded();
  }

  private unlist(position: number): void {
    const moved = this.volatile.removeAt(position);
    if (moved !== 0) this.records.setListPosition(moved, position);
    this.core.usedBytes -= LISTED_BYTES;
  }
}
