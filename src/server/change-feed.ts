/**
 * Decides who hears that keys changed: the keyspace tells one observer, this hands it on to as many as there are.
 * While there is none, the keyspace is told not to report at all. Knows nothing of who listens.
 */
import type { Keyspace } from './keyspace/keyspace.js';
import type { ChangeCause, KeyspaceObserver } from './keyspace/keyspace-core.js';

export class ChangeFeed implements KeyspaceObserver {
  private observers: readonly KeyspaceObserver[] = [];

  constructor(private readonly keyspace: Keyspace) {}

  /** Whether the observer is to be told from now on. */
  tell(observer: KeyspaceObserver, isListening: boolean): void {
    if (this.observers.includes(observer) === isListening) return;
    this.observers = isListening
      ? [...this.observers, observer]
      : this.observers.filter((other) => other !== observer);
    const [only = null, ...others] = this.observers;
    this.keyspace.observer = others.length === 0 ? only : this;
  }

  changed(database: number, key: string, cause: ChangeCause): void {
    for (const observer of this.observers) observer.changed(database, key, cause);
  }

  flushed(database: number): void {
    for (const observer of this.observers) observer.flushed(database);
  }

  missed(database: number, key: string): void {
    for (const observer of this.observers) observer.missed?.(database, key);
  }

  created(database: number, key: string): void {
    for (const observer of this.observers) observer.created?.(database, key);
  }
}
