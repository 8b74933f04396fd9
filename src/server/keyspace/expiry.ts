/**
 * Decides when keys that nobody asks for are expired: a cycle in bounded slices that comes sooner while it finds
 * much to do and stops while no key expires. Knows nothing of commands. (Redis: `expire.c`, activeExpireCycle.)
 */
import type { Timer } from '../../clock.js';
import type { Database } from './database.js';
import type { KeyspaceCore } from './keyspace-core.js';

const CYCLE_MS = 100;
/** While much is stale. */
const BUSY_CYCLE_MS = 10;
/** Longest time the event loop is held. */
const SLICE_MS_MAX = 1;
const BATCH_KEYS = 20;
/** Below this share of stale keys in a batch the rest is left to the next cycle. */
const STALE_SHARE_ACCEPTED = 0.1;

export class ExpiryCycle {
  private timer: Timer | null = null;
  private isStopped = false;
  private isActive = true;
  /** Per database: how many of the keys that expire are still to be seen in this round. */
  private readonly cursors: number[];
  private nextDatabase = 0;

  constructor(
    private readonly core: KeyspaceCore,
    private readonly databases: readonly Database[],
  ) {
    this.cursors = databases.map(() => 0);
    core.expiryNeeded = () => this.start(CYCLE_MS);
  }

  stop(): void {
    this.isStopped = true;
    this.timer?.cancel();
    this.timer = null;
  }

  /** While it is not active, keys expire only when somebody asks for them. */
  setActive(isActive: boolean): void {
    this.isActive = isActive;
    if (isActive) this.start(CYCLE_MS);
  }

  private start(delayMs: number): void {
    if (this.timer !== null || this.isStopped || !this.isActive) return;
    this.timer = this.core.clock.after(delayMs, () => {
      this.timer = null;
      if (!this.isActive) return;
      const delayMs = this.run();
      if (this.databases.some((database) => database.volatileSize > 0)) this.start(delayMs);
    });
  }

  /** One slice; returns how long to wait for the next. */
  private run(): number {
    this.core.thaw();
    const endMs = this.core.clock.monotonicMs() + SLICE_MS_MAX;
    for (let count = 0; count < this.databases.length; count++) {
      const database = this.databases[this.nextDatabase];
      if (database !== undefined && this.cleanUp(database, endMs) === 'out of time') return BUSY_CYCLE_MS;
      this.nextDatabase = (this.nextDatabase + 1) % this.databases.length;
    }
    return CYCLE_MS;
  }

  /** Goes on while much is stale. */
  private cleanUp(database: Database, endMs: number): 'done' | 'out of time' {
    while (this.batch(database) > STALE_SHARE_ACCEPTED)
      if (this.core.clock.monotonicMs() >= endMs) return 'out of time';
    return 'done';
  }

  /** Looks at the next few keys, from the back like a scan, and returns the share that was stale. */
  private batch(database: Database): number {
    const { index } = database;
    let position = Math.min(this.cursors[index] ?? 0, database.volatileSize);
    if (position === 0) position = database.volatileSize;
    const seen = Math.min(BATCH_KEYS, position);
    let stale = 0;
    for (let count = 0; count < seen; count++) {
      const place = database.volatilePlaceAt(--position);
      if (place === 0 || !database.isStaleAt(place)) continue;
      database.removeAt(place, 'expired');
      stale++;
    }
    this.cursors[index] = position;
    return seen === 0 ? 0 : stale / seen;
  }
}
