/**
 * Decides what one numbered database holds: look-up with lazy expiry, change, random choice and scan.
 * Knows nothing of commands; tells the keyspace what changed and how memory moved.
 */
import { type Bytes, byteString } from '../byte-string.js';
import { Entry, type ExpireAtMs, NEVER, type Value } from './entry.js';
import type { ChangeCause, KeyspaceCore } from './keyspace-core.js';

/**
 * Every way into the data. Whoever changes a container in place calls `changed` before it answers. An `Entry` is good
 * until its command answers, or replaces or deletes its key: nobody keeps one.
 */
export class Database {
  private entries = new Map<string, Entry>();
  /** All entries without order, so that one can be picked at random and a scan can stop anywhere. */
  private order: Entry[] = [];
  /** Those that expire. */
  private volatile: Entry[] = [];

  constructor(
    readonly index: number,
    private readonly core: KeyspaceCore,
  ) {}

  get size(): number {
    return this.entries.size;
  }

  get volatileSize(): number {
    return this.volatile.length;
  }

  /** For a command that reads: counts a hit or a miss and marks the key as used. */
  read(key: Bytes): Entry | undefined {
    const entry = this.alive(key);
    if (entry === undefined) {
      this.core.statistics.misses++;
      this.core.observer?.missed?.(this.index, byteString(key));
    } else {
      this.core.statistics.hits++;
      entry.usage = this.core.usage.touched(entry.usage);
    }
    return entry;
  }

  /** For a command that is about to change the key. */
  write(key: Bytes): Entry | undefined {
    const entry = this.alive(key);
    if (entry !== undefined) entry.usage = this.core.usage.touched(entry.usage);
    return entry;
  }

  /** Looks without marking the key as used. */
  peek(key: Bytes): Entry | undefined {
    return this.alive(key);
  }

  /** Whether the key is there but past its time. */
  isStale(key: Bytes): boolean {
    const entry = this.entries.get(byteString(key));
    return entry !== undefined && this.isExpired(entry);
  }

  /** Creates or replaces; `expireAtMs` replaces the expiry as well. */
  set(bytes: Bytes, value: Value, expireAtMs: ExpireAtMs): void {
    const key = byteString(bytes);
    let entry = this.entries.get(key);
    if (entry === undefined) {
      entry = new Entry(key, value);
      entry.usage = this.core.usage.created();
      entry.position = this.order.length;
      this.order.push(entry);
      this.entries.set(key, entry);
      this.core.observer?.created?.(this.index, key);
    } else entry.value = value;
    if (entry.expireAtMs !== expireAtMs) this.moveExpiry(entry, expireAtMs);
    this.changed(entry);
  }

  /** The entry's value was changed in place or replaced: counts its weight again and tells who watches. */
  changed(entry: Entry): void {
    const weightBytes = entry.weigh();
    this.core.usedBytes += weightBytes - entry.weightBytes;
    entry.weightBytes = weightBytes;
    this.core.statistics.changes++;
    this.core.observer?.changed(this.index, entry.key, 'written');
    this.core.waiters?.changed(this.index, entry.key);
  }

  setExpiry(entry: Entry, atMs: ExpireAtMs): void {
    this.moveExpiry(entry, atMs);
    this.core.statistics.changes++;
    this.core.observer?.changed(this.index, entry.key, 'written');
  }

  delete(key: Bytes): boolean {
    const entry = this.alive(key);
    if (entry === undefined) return false;
    this.core.statistics.changes++;
    this.remove(entry, 'written');
    return true;
  }

  /** Takes an entry out for a reason that is not a command's. */
  remove(entry: Entry, cause: ChangeCause): void {
    this.entries.delete(entry.key);
    this.moveExpiry(entry, NEVER);
    swapRemove(this.order, entry.position, (moved, position) => {
      moved.position = position;
    });
    entry.position = -1;
    this.core.usedBytes -= entry.weightBytes;
    if (cause === 'expired') this.core.statistics.expired++;
    else if (cause === 'evicted') this.core.statistics.evicted++;
    this.core.observer?.changed(this.index, entry.key, cause);
  }

  /** Removes everything and says how many keys that were. */
  flush(): number {
    const count = this.entries.size;
    this.core.observer?.flushed(this.index);
    for (const entry of this.order) this.core.usedBytes -= entry.weightBytes;
    this.entries = new Map();
    this.order = [];
    this.volatile = [];
    this.core.statistics.changes += count;
    return count;
  }

  /** Whether a key that is there now is there, without expiring it. */
  has(key: Bytes): boolean {
    return this.entries.has(byteString(key));
  }

  /** Every key that has not expired. The caller changes nothing meanwhile. */
  *keys(): IterableIterator<Entry> {
    for (const entry of this.order) if (!this.isExpired(entry)) yield entry;
  }

  /**
   * Visits about `count` entries and returns the cursor to go on with, 0 at the end.
   *
   * The cursor is how many entries of `order` are still to be seen, walked from the back. A new entry goes to the
   * back and a removed one is replaced by the last, so an entry not yet seen only ever moves forward, to where
   * the walk still has to come: whatever is there from start to end is returned, some perhaps twice. This is the
   * guarantee of Redis' SCAN, with a cursor that needs no state here.
   */
  scan(cursor: number, count: number, visit: (entry: Entry) => void): number {
    let position = cursor === 0 ? this.order.length : Math.min(cursor, this.order.length);
    const stop = Math.max(0, position - count);
    const expired: Entry[] = [];
    while (position > stop) {
      const entry = this.order[--position];
      if (entry === undefined) continue;
      if (this.isExpired(entry)) expired.push(entry);
      else visit(entry);
    }
    for (const entry of expired) this.remove(entry, 'expired');
    return stop;
  }

  /** Any entry, each as likely as another. */
  randomEntry(): Entry | undefined {
    return this.order[Math.floor(this.core.random.fraction() * this.order.length)];
  }

  /** Any entry that expires. */
  randomVolatileEntry(): Entry | undefined {
    return this.volatile[Math.floor(this.core.random.fraction() * this.volatile.length)];
  }

  /** The entry at a position of the list of those that expire. */
  volatileAt(position: number): Entry | undefined {
    return this.volatile[position];
  }

  /** Whether this very entry is still in here. */
  holds(entry: Entry): boolean {
    return this.entries.get(entry.key) === entry;
  }

  isExpired(entry: Entry): boolean {
    return entry.expireAtMs !== NEVER && this.core.nowMs() > entry.expireAtMs;
  }

  private alive(key: Bytes): Entry | undefined {
    const entry = this.entries.get(byteString(key));
    if (entry === undefined || entry.expireAtMs === NEVER || !this.isExpired(entry)) return entry;
    this.remove(entry, 'expired');
    return undefined;
  }

  private moveExpiry(entry: Entry, atMs: ExpireAtMs): void {
    entry.expireAtMs = atMs;
    const isListed = entry.volatilePosition >= 0;
    if (isListed === (atMs !== NEVER)) return;
    if (isListed) {
      swapRemove(this.volatile, entry.volatilePosition, (moved, position) => {
        moved.volatilePosition = position;
      });
      entry.volatilePosition = -1;
    } else {
      entry.volatilePosition = this.volatile.length;
      this.volatile.push(entry);
      this.core.expiryNeeded();
    }
  }
}

/** Removes the item at a position by moving the last one there. */
function swapRemove(list: Entry[], position: number, move: (moved: Entry, position: number) => void): void {
  const last = list.pop();
  if (last === undefined || position === list.length) return;
  list[position] = last;
  move(last, position);
}
