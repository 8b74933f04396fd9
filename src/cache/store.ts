/**
 * Decides how entries are kept in the store. Knows no tokens but those that are written with an entry.
 *
 * A store in this process holds what the decoded results have no room for; one that others share holds
 * everything, at once.
 */
import { hash } from 'node:crypto';
import { type Dependencies, decodeEntry, encodeEntry, type Unreadable } from './entry.js';
import { type Command, expectNoError, integerOf, openSession, type Store } from './executor.js';
import { PLAIN, pack, unpack } from './packing.js';
import { entryKey } from './protocol/keys.js';

/** Everything that tells one result from another (CONSISTENCY §4, "In the key"). */
export type Identity = readonly string[];

export interface FoundEntry {
  readonly dependencies: Dependencies;
  readonly payload: Buffer;
  /** Null where nobody needs to know: it is not kept here. */
  readonly remainingMs: number | null;
}

/** A store that answers fewer than one in so many of the entries pushed out to it is not worth their writing. */
const SPILLS_PER_HIT_MAX = 50;
const SPILLS_TO_JUDGE_BY = 1_000;
const SPILL_SAMPLE = 16;

/** 192 bits. */
const DIGEST_LENGTH = 32;

export interface EntryStoreOptions {
  readonly namespace: string;
  /** Whether only this process uses the store. */
  readonly isPrivate: boolean;
  /** Whether results that are found are kept in this process, for as long as they may be. */
  readonly keepsFound: boolean;
  /** Larger payloads are compressed; not in a store of this process, which holds what it has no better room for. */
  readonly compressAboveBytes: number;
  readonly onUnreadable: (why: Unreadable) => void;
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
    const { keepsFound, onUnreadable, namespace } = this.options;
    const digest = digestOf(identity);
    const key = entryKey(namespace, digest);
    const commands: Command[] = [['GET', key]];
    if (keepsFound) commands.push(['PTTL', key]);
    const replies = await openSession(this.store).runBinary(commands);
    expectNoError(replies);
    const [bytes, age] = replies;
    const remainingMs = keepsFound ? integerOf(age) : null;
    if (!Buffer.isBuffer(bytes) || (remainingMs !== null && remainingMs < 0)) return null;
    const stored = decodeEntry(bytes, digest);
    if (typeof stored === 'string') {
      onUnreadable(stored);
      return null;
    }
    const { dependencies } = stored;
    const payload = stored.payload.method === PLAIN ? stored.payload.bytes : await unpack(stored.payload);
    if (payload === null) onUnreadable('another-version');
    else this.hits++;
    return payload === null ? null : { dependencies, payload, remainingMs };
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
    const { isPrivate, compressAboveBytes, namespace } = this.options;
    const digest = digestOf(identity);
    const isLarge = !isPrivate && payload.length > compressAboveBytes;
    const bytes = encodeEntry(
      dependencies,
      digest,
      isLarge ? await pack(payload) : { method: PLAIN, bytes: payload },
    );
    const lifeMs = String(Math.max(1, Math.round(ttlMs)));
    expectNoError(
      await openSession(this.store).run([['SET', entryKey(namespace, digest), bytes, 'PX', lifeMs]]),
    );
  }
}

export function digestOf(identity: Identity): string {
  let text = '';
  for (const part of identity) text += `${part.length}:${part}`;
  return hash('sha256', text, 'base64url').slice(0, DIGEST_LENGTH);
}
