/** Decides what the databases of one keyspace share: memory, time, counters, and who hears of changes. */
import type { Clock, Random } from '../../clock.js';
import type { Entry } from './entry.js';
import { KeyHasher } from './key-hash.js';
import type { KeyIndex } from './key-index.js';
import { KeysAhead } from './keys-ahead.js';
import { RecordStore } from './records.js';
import type { UsageTracker } from './usage.js';

/** Why a key is not what it was. */
export type ChangeCause = 'written' | 'expired' | 'evicted';

/** Hears of every change, before the command that made it answers. Must neither throw nor change data. */
export interface KeyspaceObserver {
  changed(database: number, key: string, cause: ChangeCause): void;
  /** Called before the data goes, so that it can be asked what was there. */
  flushed(database: number): void;
  /** A command looked for a key that is not there. */
  missed?(database: number, key: string): void;
  /** A key is there that was not. */
  created?(database: number, key: string): void;
}

/** Hears which keys are written, while somebody waits for some. */
export interface KeyWaiters {
  /** Written or removed. */
  changed(database: number, key: string): void;
  /** Any of its keys may have been. */
  allChanged(database: number): void;
}

/** Where the records of one database are found, to who reads them all. */
export interface WalkedTable {
  readonly index: KeyIndex;
  readonly size: number;
  /** Frees a record that no index leads to any more. */
  bury(place: number): void;
}

/**
 * Asked before anything that was there changes, while somebody reads the whole keyspace as it was at one moment. A key's
 * hash stands for it and for the few others that share it.
 */
export interface ChangeGuard {
  /** A record of this hash is about to be made (`place` is 0), changed or removed. */
  before(table: WalkedTable, hash: number, place: number): void;
  /** A table is about to lose all its records: whether they are still needed. */
  wants(table: WalkedTable): boolean;
  /** Here they are: in a store of their own, or to be freed one by one with `table.bury`. */
  keeps(table: WalkedTable, index: KeyIndex, ownStore: RecordStore | null): void;
}

export interface KeyspaceStatistics {
  hits: number;
  misses: number;
  expired: number;
  evicted: number;
  /** Changes since the start. */
  changes: number;
}

export class KeyspaceCore {
  /** Null while nobody listens, so that a change then costs one comparison and no key is spelled out. */
  observer: KeyspaceObserver | null = null;
  /** Null while nobody waits for a key. */
  waiters: KeyWaiters | null = null;
  /** Null while no snapshot is being taken. */
  guard: ChangeGuard | null = null;
  /** Hears that a key is gone that no command removed, as it goes. Null while nobody repeats what happens here. */
  vanished: ((database: number, key: string) => void) | null = null;
  /** While false, nothing is past its time: who repeats what happened is told of what went. */
  expires = true;
  /** While all databases lose all they hold. */
  losesAll = false;
  usedBytes = 0;
  readonly statistics: KeyspaceStatistics = { hits: 0, misses: 0, expired: 0, evicted: 0, changes: 0 };
  readonly records = new RecordStore();
  readonly hasher: KeyHasher;
  /** What is about to be looked for. */
  readonly ahead: KeysAhead;
  /** Called when a key gets an expiry. */
  expiryNeeded: () => void = () => undefined;
  private frozenMs = Number.NaN;
  /** The handles that the running command has. Most ask for one. */
  private handle: Entry | null = null;
  private readonly moreHandles = new Map<number, Entry>();

  constructor(
    readonly clock: Clock,
    readonly random: Random,
    readonly usage: UsageTracker,
  ) {
    this.hasher = new KeyHasher(random);
    this.ahead = new KeysAhead(this.hasher);
  }

  /** The wall clock, standing still within one command (and within one EXEC). */
  nowMs(): number {
    if (Number.isNaN(this.frozenMs)) this.frozenMs = this.clock.wallMs();
    return this.frozenMs;
  }

  /** A new command begins: time may move on, and nobody has a handle any more. */
  thaw(): void {
    this.frozenMs = Number.NaN;
    this.handle = null;
    if (this.moreHandles.size > 0) this.moreHandles.clear();
  }

  /** Whether the running command may hold a handle. */
  get hasHandles(): boolean {
    return this.handle !== null || this.moreHandles.size > 0;
  }

  /** All records go at once. */
  detachHandles(): void {
    for (const entry of [this.handle, ...this.moreHandles.values()]) if (entry?.place !== 0) entry?.detach();
    this.moreHandles.clear();
  }

  /** The handle on a record that was given out, if any. */
  handleAt(place: number): Entry | undefined {
    if (this.handle?.place === place) return this.handle;
    return this.moreHandles.size === 0 ? undefined : this.moreHandles.get(place);
  }

  keepHandle(entry: Entry): void {
    if (this.handle === null || this.handle.place === 0) this.handle = entry;
    else this.moreHandles.set(entry.place, entry);
  }

  /** The record of a handle moves, or goes: then `to` is 0. */
  moveHandle(from: number, to: number): void {
    const entry = this.handleAt(from);
    if (entry === undefined) return;
    this.moreHandles.delete(from);
    if (to === 0) entry.detach();
    else {
      entry.place = to;
      if (entry !== this.handle) this.moreHandles.set(to, entry);
    }
  }
}
