/**
 * Decides how everything that is there at one moment is told to a sink while commands go on: what Redis gets from fork()
 * and the system's copy-on-write is done one level up. A cursor walks the hashes of each database in slices of less than
 * 100 µs; before a key changes that the cursor has not reached, what it was is told out of turn, and its hash is
 * remembered so that the walk passes over it. Knows no file format.
 *
 * What stands for a key is its hash: the few keys that share one are told together, and a new key's hash counts as told.
 * So nothing has to be marked in the records. SWAPDB exchanges tables, and the walk goes by tables; a flushed table is
 * handed over with its records, which are freed as the walk passes them. Values too large to be told at once are held
 * (large-values.ts) and told piece by piece between slices.
 */
import type { Clock } from '../../clock.js';
import { InvariantError } from '../../errors.js';
import { Container } from '../keyspace/container.js';
import { type ExpireAtMs, NEVER } from '../keyspace/entry.js';
import type { KeyIndex } from '../keyspace/key-index.js';
import type { Keyspace } from '../keyspace/keyspace.js';
import type { ChangeGuard, WalkedTable } from '../keyspace/keyspace-core.js';
import { BYTES, INT32, INT64, KIND_MASK, OBJECT, type RecordStore } from '../keyspace/records.js';
import type { UsageTracker } from '../keyspace/usage.js';
import { HashSet } from './hash-set.js';
import { type HeldValue, hold, isLarge, look } from './large-values.js';
import type { SnapshotEntry, SnapshotSink } from './snapshot-sink.js';

/**
 * How long the event loop is held at once: less than others had it for since the last time, so that whoever asks waits for
 * one slice about as long as for the others who ask; when nobody does, so long that starting costs little.
 */
const SLICE_MS_MIN = 0.025;
const SLICE_MS_MAX = 0.1;
const SLICE_SHARE = 0.5;
const QUIET_SLICE_MS = 0.075;
const QUIET_TURN_MS = 0.015;
/** Strings told between two looks at the clock: some 5 µs. Containers are told one by one. */
const BATCH_RECORDS = 6;

/** What of the server's policy goes into an entry. */
export type TellsUsage = 'idle time' | 'frequency' | 'nothing';

export interface SnapshotOptions {
  readonly keyspace: Keyspace;
  readonly sink: SnapshotSink;
  readonly clock: Clock;
  readonly tellsUsage: TellsUsage;
  /** Lets others have their turn between two slices. */
  readonly pause: () => Promise<void>;
}

/** One database on its way. */
interface Walk {
  readonly database: number;
  readonly table: WalkedTable;
  index: KeyIndex;
  /** Where its records are. */
  store: RecordStore;
  /** Whether they have to be freed one by one. */
  isGrave: boolean;
  /** The next hash to be told; `HASHES` once all are. */
  cursor: number;
  readonly told: HashSet;
}

interface Told extends SnapshotEntry {
  database: number;
  keyBytes: Buffer;
  keyStart: number;
  keyEnd: number;
  expireAtMs: ExpireAtMs;
  idleSeconds: number | null;
  frequency: number | null;
}

interface Holding {
  readonly entry: SnapshotEntry;
  readonly object: Container | Buffer;
  readonly held: HeldValue;
  isDetached: boolean;
}

const PAST_ALL = 2 ** 31;

export class Snapshot implements ChangeGuard {
  /** How many keys there were, and how many have been told. */
  readonly keysTotal: number;
  keysTold = 0;
  /** How many of them before it was their turn, because they were about to change. */
  keysToldEarly = 0;
  private readonly walks: Walk[];
  private readonly byTable = new Map<WalkedTable, Walk>();
  /** Large values that wait to be told. */
  private readonly waiting: Holding[] = [];
  private readonly holdings = new Map<Container | Buffer, Holding>();
  private telling: { readonly holding: Holding; readonly pieces: Iterator<void> } | null = null;
  private walking = 0;
  /** Among what was told last was a container: the next may be one as well. */
  private metContainer = true;
  private sliceEndedMs = 0;
  /** Nothing changes while it runs. */
  private isStill = false;
  /** It was ended before it was through, or what it told is not wanted any more. */
  isStopped = false;
  private readonly entry: Told = {
    database: 0,
    keyBytes: Buffer.alloc(0),
    keyStart: 0,
    keyEnd: 0,
    expireAtMs: NEVER,
    idleSeconds: null,
    frequency: null,
  };
  private readonly usage: UsageTracker;

  constructor(private readonly options: SnapshotOptions) {
    const { core, databases } = options.keyspace;
    this.usage = core.usage;
    this.walks = databases
      .filter(({ size }) => size > 0)
      .map(({ index: database, keyTable: table }) => ({
        database,
        table,
        index: table.index,
        store: core.records,
        isGrave: false,
        cursor: 0,
        told: new HashSet(),
      }));
    for (const walk of this.walks) this.byTable.set(walk.table, walk);
    this.keysTotal = this.walks.reduce((sum, { index }) => sum + index.size, 0);
  }

  /**
   * Tells everything in slices, the first one at once.
   * @returns true when the sink has heard it all, false when it was stopped before
   * @throws what the sink fails with
   */
  async run(): Promise<boolean> {
    const { keyspace, sink, pause } = this.options;
    if (keyspace.core.guard !== null) throw new InvariantError('one snapshot at a time');
    keyspace.core.guard = this;
    try {
      while (this.slice()) {
        await pause();
        // In a loop: what is told early may have filled it again.
        for (let room = sink.room(); room !== null && !this.isStopped; room = sink.room()) await room;
        if (this.isStopped) return false;
      }
      return true;
    } finally {
      keyspace.core.guard = null;
      this.finish();
    }
  }

  /** Tells everything at once. */
  runNow(): void {
    this.isStill = true;
    try {
      for (; this.walking < this.walks.length; this.walking++) {
        const walk = this.walks[this.walking] as Walk;
        while (walk.cursor < PAST_ALL) {
          this.tellBatch(walk);
          while (this.tellPieces());
        }
      }
    } finally {
      this.finish();
    }
  }

  /** Ends it before it is through. */
  stop(): void {
    this.isStopped = true;
  }

  // What the keyspace asks before a change.

  before(table: WalkedTable, hash: number, place: number): void {
    if (place !== 0 && this.holdings.size > 0) this.detachAt(place);
    const walk = this.byTable.get(table);
    if (walk === undefined || walk.index !== table.index || hash < walk.cursor || walk.told.has(hash)) return;
    walk.told.add(hash);
    walk.index.scan(hash, 1, (other, own) => {
      if (own !== hash) return;
      this.keysToldEarly++;
      this.tell(walk, other);
    });
    // What is changed in place right away cannot be read where it lies.
    if (place !== 0 && this.holdings.size > 0) this.detachAt(place);
  }

  wants(table: WalkedTable): boolean {
    const walk = this.byTable.get(table);
    return walk !== undefined && walk.index === table.index && walk.cursor < PAST_ALL;
  }

  keeps(table: WalkedTable, _index: KeyIndex, ownStore: RecordStore | null): void {
    const walk = this.byTable.get(table);
    if (walk === undefined) throw new InvariantError('what is kept was wanted');
    if (ownStore !== null) {
      walk.store = ownStore;
      return;
    }
    walk.isGrave = true;
    // What has been passed is only to be freed, at once, as it would be without a snapshot.
    walk.index.scan(0, Number.POSITIVE_INFINITY, (place, hash) => {
      if (hash < walk.cursor) table.bury(place);
    });
  }

  // The walk.

  /** False once all is told. */
  private slice(): boolean {
    const { clock } = this.options;
    let nowMs = clock.monotonicMs();
    const endMs = nowMs + sliceMsAfter(nowMs - this.sliceEndedMs);
    do {
      if (!this.tellPieces()) {
        const walk = this.walks[this.walking];
        if (walk === undefined) return false;
        if (walk.cursor >= PAST_ALL) this.walking++;
        else this.tellBatch(walk);
      }
      nowMs = clock.monotonicMs();
    } while (nowMs < endMs);
    this.sliceEndedMs = nowMs;
    return true;
  }

  private tellBatch(walk: Walk): void {
    const { told } = walk;
    const count = this.metContainer ? 1 : BATCH_RECORDS;
    this.metContainer = false;
    const next = walk.index.scan(walk.cursor, count, (place, hash) => {
      if (!told.has(hash)) this.tell(walk, place);
      if (walk.isGrave) walk.table.bury(place);
    });
    walk.cursor = next === 0 ? PAST_ALL : next;
    told.dropBelow(walk.cursor);
  }

  /** Tells one key, or takes it in hand if it is a large one. */
  private tell(walk: Walk, place: number): void {
    const { store } = walk;
    const { sink } = this.options;
    const entry = this.entryAt(walk, place);
    this.keysTold++;
    switch (store.flags(place) & KIND_MASK) {
      case BYTES: {
        const start = store.valueStart(place);
        sink.string(entry, store.bytesAt(place), start, start + store.detail(place));
        return;
      }
      case INT32:
        sink.integer(entry, store.detail(place));
        return;
      case INT64:
        sink.integer(entry, store.int64(place));
        return;
      default:
        this.tellObject(entry, store.objects.at(store.detail(place)));
    }
  }

  private tellObject(entry: Told, object: Container | Buffer): void {
    const { sink } = this.options;
    this.metContainer = true;
    if (isLarge(object)) {
      const holding = {
        entry: copyOfEntry(entry),
        object,
        held: this.isStill ? look(object) : hold(object),
        isDetached: false,
      };
      this.holdings.set(object, holding);
      this.waiting.push(holding);
    } else if (object instanceof Container) sink.container(entry, object);
    else sink.string(entry, object, 0, object.length);
  }

  /** A piece of a large value; false when none is waiting. */
  private tellPieces(): boolean {
    const holding = this.telling === null ? this.waiting.shift() : this.telling.holding;
    if (holding === undefined) return false;
    this.telling ??= { holding, pieces: this.options.sink.large(holding.entry, holding.held.value) };
    if (this.telling.pieces.next().done === true) {
      this.telling = null;
      holding.held.release();
      this.holdings.delete(holding.object);
    }
    return true;
  }

  private detachAt(place: number): void {
    const { records } = this.options.keyspace.core;
    if ((records.flags(place) & KIND_MASK) !== OBJECT) return;
    const holding = this.holdings.get(records.objects.at(records.detail(place)));
    if (holding === undefined || holding.isDetached) return;
    holding.isDetached = true;
    holding.held.detach();
  }

  /** Whatever was taken in hand is let go, also when the snapshot ends early. */
  private finish(): void {
    for (const { held } of this.holdings.values()) held.release();
    this.holdings.clear();
    for (const { isGrave, cursor, index, table } of this.walks)
      if (isGrave && cursor < PAST_ALL)
        index.scan(cursor, Number.POSITIVE_INFINITY, (place) => table.bury(place));
  }

  private entryAt(walk: Walk, place: number): Told {
    const { entry, usage } = this;
    const { store, database } = walk;
    entry.database = database;
    entry.keyBytes = store.bytesAt(place);
    entry.keyStart = store.keyStart(place);
    entry.keyEnd = entry.keyStart + store.keyLength(place);
    entry.expireAtMs = store.expireAtMs(place);
    if (this.options.tellsUsage === 'idle time') entry.idleSeconds = usage.idleSeconds(store.usage(place));
    else if (this.options.tellsUsage === 'frequency') entry.frequency = usage.frequency(store.usage(place));
    return entry;
  }
}

/** The length of a slice after others had the loop for so long. */
function sliceMsAfter(turnMs: number): number {
  if (turnMs < QUIET_TURN_MS) return QUIET_SLICE_MS;
  return Math.min(SLICE_MS_MAX, Math.max(SLICE_MS_MIN, turnMs * SLICE_SHARE));
}

function copyOfEntry(entry: SnapshotEntry): SnapshotEntry {
  const keyBytes = Buffer.from(entry.keyBytes.subarray(entry.keyStart, entry.keyEnd));
  return { ...entry, keyBytes, keyStart: 0, keyEnd: keyBytes.length };
}
