/**
 * Decides how entries are kept in the store. Knows no tokens but those that are written with an entry.
 *
 * A store in this process holds what the decoded results have no room for; one that others share holds
 * everything, at once.
 */
import { createHash } from 'node:crypto';
import { type Dependencies, decodeEntry, encodeEntry, type StoredEntry } from './entry.js';
import { expectNoError, openSession, type Store } from './executor.js';
import { entryKey } from './protocol/keys.js';

/** Everything that tells one result from another (CONSISTENCY §4, "In the key"). */
export type Identity = readonly string[];

export interface FoundEntry extends StoredEntry {
  readonly remainingMs: number;
}

/** A store that answers fewer than one in so many of the entries pushed out to it is not worth their writing. */
const SPILLS_PER_HIT_MAX = 50;
const SPILLS_TO_JUDGE_BY = 1_000;
const SPILL_SAMPLE = 16;

export interface EntryStoreOptions {
  readonly namespace: string;
  /** Whether only this process uses the store. */
  readonly isPrivate: boolean;
  readonly onUnreadable: () => void;
}

export class EntryStore {
  private spilled = 0;
  private hits = 0;
  /** Whether this process ever wrote an entry: a store of its own is not asked before. */
  private written = false;

  constructor(
    private readonly store: Store,
    private readonly options: EntryStoreOptions,
  ) {}

  /** False: there can be none. */
  get mayHold(): boolean {
    return !this.options.isPrivate || this.written;
  }

  /** Null when there is none that this version can read. */
  async get(identity: Identity): Promise<FoundEntry | null> {
    if (!this.mayHold) return null;
    const key = this.keyOf(identity);
    const replies = await openSession(this.store).runBinary([
      ['GET', key],
      ['PTTL', key],
    ]);
    expectNoError(replies);
    const [bytes, remainingMs] = replies;
    if (!Buffer.isBuffer(bytes) || typeof remainingMs !== 'number' || remainingMs < 0) return null;
    const stored = decodeEntry(bytes);
    if (stored === null) this.options.onUnreadable();
    else this.hits++;
    return stored === null ? null : { ...stored, remainingMs };
  }

  /**
   * Whether an entry that is pushed out of the decoded results is to be written. Where hardly anything is ever asked
   * for again there, only a sample is: writing costs some 30 µs, and the sample tells when that changes.
   */
  takesSpilled(): boolean {
    this.spilled++;
    const pays = this.hits * SPILLS_PER_HIT_MAX >= this.spilled;
    return pays || this.spilled <= SPILLS_TO_JUDGE_BY || this.spilled % SPILL_SAMPLE === 0;
  }

  /** @param ttlMs how long the entry may be served, from now */
  async put(identity: Identity, dependencies: Dependencies, payload: Buffer, ttlMs: number): Promise<void> {
    this.written = true;
    const bytes = encodeEntry(dependencies, payload);
    const lifeMs = String(Math.max(1, Math.round(ttlMs)));
    expectNoError(await openSession(this.store).run([['SET', this.keyOf(identity), bytes, 'PX', lifeMs]]));
  }

  private keyOf(identity: Identity): string {
    const hash = createHash('sha256');
    for (const part of identity) hash.update(`${part.length}:${part}`);
    return entryKey(this.options.namespace, hash.digest('base64url').slice(0, 32));
  }
}
