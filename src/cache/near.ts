/**
 * Decides which results stay decoded in this process, within a limit of bytes. Knows nothing of tokens: an
 * entry's owner says whether it is still true.
 *
 * Eviction is SIEVE (Zhang et al., NSDI 2024): a hit sets one bit and moves nothing, so hits cost no list
 * work; a hand walks from the oldest entry, gives visited ones another round and evicts the first that is not.
 */

/** Entries that are dropped together: those of one statement, say. */
export class NearGroup<P, S> {
  readonly entries = new Map<string, NearEntry<P, S>>();
  /** Served by entries that are gone. */
  pastHits = 0;
  /** Entries read again after a write had ended them, and those of them whose result was the same. */
  reread = 0;
  needless = 0;

  /** @param label for people: a statement's text; null: it is not counted apart */
  constructor(readonly label: string | null) {}

  get hits(): number {
    let hits = this.pastHits;
    for (const entry of this.entries.values()) hits += entry.hits;
    return hits;
  }
}

export class NearEntry<P, S> {
  /** Since the hand last came by. */
  visited = false;
  /** Reads that it served. */
  hits = 0;
  /** Towards newer entries. */
  newer: NearEntry<P, S> | null = null;
  older: NearEntry<P, S> | null = null;
  dropped = false;

  constructor(
    readonly group: NearGroup<P, S>,
    readonly key: string,
    readonly payload: P,
    readonly bytes: number,
    /** On the monotonic clock. */
    readonly expiresAtMs: number,
    /** What vouches for the entry; given back through `onDrop`. */
    readonly stamp: S,
  ) {}
}

export class Near<P, S> {
  private newest: NearEntry<P, S> | null = null;
  private oldest: NearEntry<P, S> | null = null;
  private hand: NearEntry<P, S> | null = null;
  private bytesHeld = 0;
  private count = 0;
  evictions = 0;

  constructor(
    private readonly limits: { readonly bytesMax: number; readonly entryBytesMax: number },
    private readonly onDrop: (entry: NearEntry<P, S>) => void,
    /** Told before an entry is dropped for want of room. */
    private readonly onEvict: (entry: NearEntry<P, S>) => void,
  ) {}

  get bytes(): number {
    return this.bytesHeld;
  }

  get size(): number {
    return this.count;
  }

  /** Whether an entry of this size may be held at all. */
  accepts(bytes: number): boolean {
    return bytes <= this.limits.entryBytesMax && bytes <= this.limits.bytesMax;
  }

  /** Takes the place of an entry with the same key. */
  put(entry: NearEntry<P, S>): void {
    const known = entry.group.entries.get(entry.key);
    if (known !== undefined) this.drop(known);
    entry.group.entries.set(entry.key, entry);
    entry.older = this.newest;
    if (this.newest !== null) this.newest.newer = entry;
    this.newest = entry;
    this.oldest ??= entry;
    this.bytesHeld += entry.bytes;
    this.count++;
    while (this.bytesHeld > this.limits.bytesMax) this.evictOne();
  }

  drop(entry: NearEntry<P, S>): void {
    if (entry.dropped) return;
    entry.dropped = true;
    entry.group.pastHits += entry.hits;
    if (entry.group.entries.get(entry.key) === entry) entry.group.entries.delete(entry.key);
    if (this.hand === entry) this.hand = entry.newer;
    if (entry.newer === null) this.newest = entry.older;
    else entry.newer.older = entry.older;
    if (entry.older === null) this.oldest = entry.newer;
    else entry.older.newer = entry.newer;
    entry.newer = entry.older = null;
    this.bytesHeld -= entry.bytes;
    this.count--;
    this.onDrop(entry);
  }

  dropGroup(group: NearGroup<P, S>): void {
    for (const entry of group.entries.values()) this.drop(entry);
  }

  clear(): void {
    while (this.newest !== null) this.drop(this.newest);
  }

  private evictOne(): void {
    let candidate = this.hand ?? this.oldest;
    while (candidate?.visited === true) {
      candidate.visited = false;
      candidate = candidate.newer ?? this.oldest;
    }
    if (candidate === null) return;
    this.hand = candidate.newer;
    this.evictions++;
    this.onEvict(candidate);
    this.drop(candidate);
  }
}
