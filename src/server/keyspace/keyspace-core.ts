/** Decides what the databases of one keyspace share: time, counters, memory, and who hears of changes. */
import type { Clock, Random } from '../../clock.js';
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
  changed(database: number, key: string): void;
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
  /** Null while nobody listens, so that a change then costs one comparison. */
  observer: KeyspaceObserver | null = null;
  /** Null while nobody waits for a key. */
  waiters: KeyWaiters | null = null;
  usedBytes = 0;
  readonly statistics: KeyspaceStatistics = { hits: 0, misses: 0, expired: 0, evicted: 0, changes: 0 };
  /** Called when a key gets an expiry. */
  expiryNeeded: () => void = () => undefined;
  private frozenMs = Number.NaN;

  constructor(
    readonly clock: Clock,
    readonly random: Random,
    readonly usage: UsageTracker,
  ) {}

  /** The wall clock, standing still within one command (and within one EXEC). */
  nowMs(): number {
    if (Number.isNaN(this.frozenMs)) this.frozenMs = this.clock.wallMs();
    return this.frozenMs;
  }

  /** A new command begins: time may move on. */
  thaw(): void {
    this.frozenMs = Number.NaN;
  }
}
