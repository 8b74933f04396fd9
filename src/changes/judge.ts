/** Decides what the watch over a database gives to whoever judges what was seen of it. */
import type { TableNames } from '../cache/bind.js';
import type { Observer } from '../cache/changes.js';
import type { Conversation } from '../cache/executor.js';
import type { Statistics } from '../sql/statistics.js';

export interface Surroundings {
  readonly names: TableNames;
  /** Asks the store. */
  readonly converse: <T>(conversation: Conversation<T>) => Promise<T>;
  readonly delay: (delayMs: number) => Promise<void>;
  /** Writes of this process that were begun and have not ended, by id. */
  readonly underWay: () => ReadonlySet<string>;
}

/** Tells what others wrote from what was written through the cache, and rotates the one. */
export interface Judge<Seen extends Statistics> {
  /** Rejects when the store, or the database, could not be asked: then nothing is known of what was seen. */
  judge(seen: Seen, look: Observer['look']): Promise<void>;
  /** Another process may have judged since. */
  forget(): void;
}
