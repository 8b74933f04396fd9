/**
 * Decides which keys go when the memory limit is passed: Redis' eight policies, by sampling, with a pool of the
 * best candidates seen. Knows nothing of commands.
 */
import { InvariantError } from '../../errors.js';
import type { Database } from './database.js';
import { NEVER } from './expire-at.js';
import type { KeyspaceCore } from './keyspace-core.js';
import { SLAB_BYTES_MAX } from './slab.js';

export const evictionPolicies = [
  'volatile-lru',
  'volatile-lfu',
  'volatile-random',
  'volatile-ttl',
  'allkeys-lru',
  'allkeys-lfu',
  'allkeys-random',
  'noeviction',
] as const;

export type EvictionPolicy = (typeof evictionPolicies)[number];

/** Candidates remembered between samples. */
const POOL_SIZE = 16;
/** Longest stretch of evictions in front of one command; the rest is left to the next ones and to a timer. */
const SLICE_MS_MAX = 0.5;

/** A record, and the hash of its key: when both still agree it is the same one. */
interface Candidate {
  database: Database;
  place: number;
  hash: number;
  idleness: number;
}

export interface EvictionSettings {
  /** 0 is no limit. */
  maxBytes: number;
  policy: EvictionPolicy;
  /** Keys looked at for each one evicted and database. */
  samples: number;
}

export class Evictor {
  private pool: Candidate[] = [];
  private continues = false;
  private nextRandomDatabase = 0;

  constructor(
    private readonly core: KeyspaceCore,
    private readonly databases: readonly Database[],
    private readonly settings: EvictionSettings,
  ) {}

  /** False when the limit is passed and nothing may go: then a command that needs memory is refused. */
  makeRoom(): boolean {
    const maxBytes = this.settings.maxBytes || SLAB_BYTES_MAX;
    if (this.core.usedBytes <= maxBytes) return true;
    if (this.settings.policy === 'noeviction') return false;
    const startMs = this.core.clock.monotonicMs();
    for (let evicted = 0; this.core.usedBytes > maxBytes; evicted++) {
      if (evicted % 16 === 15 && this.core.clock.monotonicMs() - startMs > SLICE_MS_MAX) {
        this.continueLater();
        return true;
      }
      const victim = this.choose();
      if (victim === undefined) return false;
      victim.database.removeAt(victim.place, 'evicted');
    }
    return true;
  }

  private continueLater(): void {
    if (this.continues) return;
    this.continues = true;
    this.core.clock.after(0, () => {
      this.continues = false;
      this.core.thaw();
      this.makeRoom();
    });
  }

  private choose(): { database: Database; place: number } | undefined {
    const { policy } = this.settings;
    if (policy === 'allkeys-random' || policy === 'volatile-random') return this.chooseRandom();
    for (const database of this.databases) this.sample(database);
    for (let best = this.pool.pop(); best !== undefined; best = this.pool.pop())
      if (best.database.holds(best.place, best.hash) && this.isEligible(best)) return best;
    return undefined;
  }

  private chooseRandom(): { database: Database; place: number } | undefined {
    for (let tried = 0; tried < this.databases.length; tried++) {
      const database = this.databases[this.nextRandomDatabase++ % this.databases.length];
      const place = database === undefined ? 0 : this.pick(database);
      if (database !== undefined && place !== 0) return { database, place };
    }
    return undefined;
  }

  /** Puts a few random keys in the pool, which stays sorted by idleness, best last. */
  private sample(database: Database): void {
    for (let count = 0; count < this.settings.samples; count++) {
      const place = this.pick(database);
      if (place === 0) return;
      const idleness = this.idlenessOf(database, place);
      if (this.pool.some((candidate) => candidate.place === place)) continue;
      const above = this.pool.findIndex((candidate) => candidate.idleness > idleness);
      const at = above < 0 ? this.pool.length : above;
      if (at === 0 && this.pool.length >= POOL_SIZE) continue;
      this.pool.splice(at, 0, { database, place, hash: database.hashAt(place), idleness });
      if (this.pool.length > POOL_SIZE) this.pool.shift();
    }
  }

  private pick(database: Database): number {
    return this.settings.policy.startsWith('allkeys')
      ? database.randomPlace()
      : database.randomVolatilePlace();
  }

  private isEligible({ database, place }: Candidate): boolean {
    return this.settings.policy.startsWith('allkeys') || database.expireAtMsAt(place) !== NEVER;
  }

  private idlenessOf(database: Database, place: number): number {
    switch (this.settings.policy) {
      case 'volatile-ttl':
        return -Number(database.expireAtMsAt(place));
      case 'allkeys-lru':
      case 'volatile-lru':
      case 'allkeys-lfu':
      case 'volatile-lfu':
        return this.core.usage.idleness(database.usageAt(place));
      case 'allkeys-random':
      case 'volatile-random':
      case 'noeviction':
        throw new InvariantError(`policy ${this.settings.policy} samples nothing`);
    }
  }
}
