/**
 * Decides how entries are kept in the store. Knows no tokens but those that are written with an entry.
 *
 * A store in this process holds what the decoded results have no room for; one that others share holds
 * everything, at once.
 */
import { createHash } from 'node:crypto';
import { type Dependencies, decodeEntry, encodeEntry, type StoredEntry } from './entry.js';
import { type Executor, expectNoError } from './executor.js';
import { entryKey } from './protocol/keys.js';

/** Everything that tells one result from another (CONSISTENCY §4, "In the key"). */
export type Identity = readonly string[];

export interface FoundEntry extends StoredEntry {
  readonly remainingMs: number;
}

export class EntryStore {
  /** Whether this process ever wrote an entry: a store of its own is not asked before. */
  private written = false;

  constructor(
    private readonly executor: Executor,
    private readonly namespace: string,
    private readonly isPrivate: boolean,
    private readonly onUnreadable: () => void,
  ) {}

  /** Null when there is none that this version can read. */
  async get(identity: Identity): Promise<FoundEntry | null> {
    if (this.isPrivate && !this.written) return null;
    const key = this.keyOf(identity);
    const replies = await this.executor.runBinary([
      ['GET', key],
      ['PTTL', key],
    ]);
    expectNoError(replies);
    const [bytes, remainingMs] = replies;
    if (!Buffer.isBuffer(bytes) || typeof remainingMs !== 'number' || remainingMs < 0) return null;
    const stored = decodeEntry(bytes);
    if (stored === null) this.onUnreadable();
    return stored === null ? null : { ...stored, remainingMs };
  }

  /** @param ttlMs how long the entry may be served, from now */
  async put(identity: Identity, dependencies: Dependencies, payload: Buffer, ttlMs: number): Promise<void> {
    this.written = true;
    const bytes = encodeEntry(dependencies, payload);
    const lifeMs = String(Math.max(1, Math.round(ttlMs)));
    expectNoError(await this.executor.run([['SET', this.keyOf(identity), bytes, 'PX', lifeMs]]));
  }

  private keyOf(identity: Identity): string {
    const hash = createHash('sha256');
    for (const part of identity) hash.update(`${part.length}:${part}`);
    return entryKey(this.namespace, hash.digest('base64url').slice(0, 32));
  }
}
