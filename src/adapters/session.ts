/**
 * Decides what is known of one connection's session: which database it sees, as what, whether it still does, and by
 * which prefix its results are kept apart from those of the session that its pool usually has. How it is asked, and what
 * a protocol tells of it by itself, is its subclasses'.
 */
import type { CacheCore } from '../cache/core.js';
import type { Database } from './database.js';
import type { Databases } from './databases.js';
import type { SessionSeen, Sighting } from './dialect.js';
import { prefixOf } from './prefix.js';
import type { TransactionStatus } from './transaction.js';

/** What a session says of itself, beyond what all dialects share. */
export interface SessionTold extends SessionSeen {
  /** It has temporary tables or types, which shadow others. */
  readonly temporary: boolean;
  /** Of its transactions, where they do not say otherwise: `read committed`. */
  readonly isolation: string;
}

export interface Probed<S extends SessionTold, Backend> extends Sighting<S> {
  readonly backend: Backend;
}

export interface SessionParts<S extends SessionTold, P> {
  readonly core: CacheCore;
  readonly databases: Pick<Databases<S, P>, 'arrive' | 'placeOf' | 'roots'>;
}

export abstract class KnownSession<S extends SessionTold, P, Backend> {
  /** What the planner and the results of this connection's statements belong to. */
  database: Database<S, P> | null = null;
  protected probe: Probed<S, Backend> | 'wanted' | 'impossible' = 'wanted';
  /** As it was when the connection was handed out first: what its pool is keyed on. */
  private base: Database<S, P> | null = null;
  /** Something was changed that the protocol does not tell of: to be asked for before results are exchanged again. */
  protected isStale = false;
  private hidesTables = false;
  private level: string | null = null;
  /** Behind which the results of its database are not this session's. */
  protected departure = '';

  constructor(private readonly parts: SessionParts<S, P>) {}

  /** Behind this its results are nobody else's; empty where they are those of its database. */
  protected abstract readonly prefix: string;
  protected abstract hasEnded(): boolean;
  /** Asks the connection what it is. Rejects as its query does. */
  protected abstract probeNow(): Promise<Probed<S, Backend>>;
  /** Asks it what its session is. Rejects as its query does. */
  protected abstract readNow(): Promise<S>;
  /** What follows from an answer. */
  protected abstract anchored(state: S): void;

  get isUnknown(): boolean {
    return this.probe === 'wanted';
  }

  get isStandby(): boolean {
    return typeof this.probe !== 'string' && this.probe.standby;
  }

  get isPooled(): boolean {
    return typeof this.probe !== 'string' && this.probe.pooled;
  }

  /** What names mean in it is not known: a plan may be wrong. */
  get isUncertain(): boolean {
    return this.isStale || this.hidesTables;
  }

  /** Asking the server would tell what holds now. */
  get mayBeAsked(): boolean {
    return this.isStale && typeof this.probe !== 'string' && !this.probe.pooled;
  }

  /** It is no longer what the connection was handed out as. */
  get hasMoved(): boolean {
    return this.isUncertain || !this.isBase;
  }

  get isBase(): boolean {
    return this.database === this.base && this.prefix === '';
  }

  /** Null until it could be asked. */
  get backend(): Backend | null {
    return typeof this.probe === 'string' ? null : this.probe.backend;
  }

  /** The level of isolation that transactions have unless they say otherwise; null while that is not known. */
  get isolation(): string | null {
    return this.isStale ? null : this.level;
  }

  /** Why no result may be exchanged with this session; null when it may. */
  refusal(): string | null {
    const { probe, database } = this;
    if (typeof probe === 'string') return 'connection-unknown';
    if (probe.standby) return 'standby';
    if (probe.pooled && this.parts.core.pooler === 'bypass') return 'pooler';
    if (this.isUncertain) return 'session-departed';
    if (database === null) return 'too-many-sessions';
    if (database.state.superseded) return 'superseded';
    return null;
  }

  /** Nobody knows what it is from now on; undone by what it returns, if nothing came of it. */
  depart(): () => void {
    const before = this.isStale;
    this.isStale = true;
    return () => {
      this.isStale = before;
    };
  }

  /** Temporary tables may be gone. */
  revealTables(): void {
    if (this.hidesTables) this.isStale = true;
  }

  /** To be asked again before it is used next, as a new connection is. */
  forget(): void {
    if (this.probe !== 'impossible') this.probe = 'wanted';
  }

  /** Never rejects: a connection that cannot say what it is bypasses. */
  async learn(): Promise<void> {
    const { core, databases } = this.parts;
    try {
      const probe = await this.probeNow();
      // A standby shares its primary's lineage, but has nothing to say about which state is the latest.
      this.base = this.database = probe.standby ? null : await databases.arrive(probe);
      this.probe = probe;
      this.departure = '';
      this.anchor(probe.session);
    } catch (error) {
      this.probe = 'impossible';
      if (!this.hasEnded()) core.failed('probe', error);
    }
  }

  /** Asks what it has become: to be called while no transaction is open. Never rejects. */
  async ask(status: () => TransactionStatus | null): Promise<void> {
    const { core, databases } = this.parts;
    const { probe, base } = this;
    if (typeof probe === 'string' || base === null) return;
    try {
      const state = await this.readNow();
      if (status() !== 'I') return; // a transaction's own settings are not the session's
      const place = databases.placeOf(state, base);
      this.database = place.database;
      this.departure = place.isOwn ? '' : prefixOf('s', new Map([['', state.digest]]));
      this.anchor(state);
    } catch (error) {
      if (!this.hasEnded()) core.failed('session', error);
    }
  }

  /** What was shown before may be gone, or something was written that nobody saw. */
  protected voidAll(reason: string): void {
    const { core, databases } = this.parts;
    core.engine.invalidate(databases.roots()).catch((error: unknown) => core.failed(reason, error));
  }

  private anchor(state: S): void {
    this.hidesTables = state.temporary;
    this.isStale = false;
    this.level = state.isolation;
    this.anchored(state);
  }
}
