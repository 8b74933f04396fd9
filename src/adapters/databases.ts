/**
 * Decides which databases are behind the wrapped pools of one cache, which state of each is the latest, and which
 * sessions share what is known of it. Knows no dialect.
 */
import { rootOf } from '../cache/bind.js';
import type { CacheCore } from '../cache/core.js';
import { claim, outdatedBy } from '../cache/lineage.js';
import { databaseOfTable } from '../cache/protocol/keys.js';
import type { Target } from '../cache/protocol/refs.js';
import { ProxiedWrites } from '../sql/write-backend.js';
import { Database, DatabaseState } from './database.js';
import type { Dialect, SessionSeen, Sighting } from './dialect.js';
import { prefixOf } from './prefix.js';

/** A database's state is told to the store again when that failed. */
const CLAIM_RETRY_MS = 1_000;

/** Catalogs kept for differing sessions of one database state as connections begin; a further one is never planned for. */
const SESSIONS_MAX = 16;

/** Planners kept for what sessions become (another role, another search path): the one used longest ago gives way. */
const PLACES_MAX = 32;

/** All databases that the wrapped pools of one cache have been connected to. */
export class Databases<S extends SessionSeen = SessionSeen, P = unknown, Backend = unknown> {
  /** Writes through proxies that are asked about. */
  readonly proxied = new ProxiedWrites();
  private readonly states = new Map<string, DatabaseState>();
  private readonly bySession = new Map<string, Database<S, P>>();
  /** What sessions became, used longest ago first. */
  private readonly places = new Map<string, Database<S, P>>();
  /** By lineage, the identity seen last. */
  private readonly latest = new Map<string, string>();

  constructor(
    private readonly core: CacheCore,
    readonly dialect: Dialect<S, Backend>,
  ) {}

  /**
   * The same, after what the sighting makes untrue was voided for every process that shares the store: so nothing is
   * read or written in this state before.
   */
  async arrive(probe: Sighting<S>): Promise<Database<S, P> | null> {
    await this.claim(probe);
    return this.of(probe);
  }

  /** The database that a connection belongs to; null when there are too many different sessions already. */
  of(probe: Sighting<S>): Database<S, P> | null {
    this.supersede(probe);
    const { identity, session } = probe;
    const key = `${identity}/${session.digest}${prefixOf('d', session.declared)}`;
    let database = this.bySession.get(key);
    if (database === undefined) {
      const state = this.stateOf(probe);
      if ([...this.bySession.values()].filter((other) => other.state === state).length >= SESSIONS_MAX)
        return null;
      this.bySession.set(key, (database = new Database(this.core, this.dialect, state, session)));
    }
    return database;
  }

  /**
   * Where the results of a session are that has become another one than its connection began with. `isOwn`: nobody
   * else's are there.
   */
  placeOf(state: S, began: Database<S, P>): { readonly database: Database<S, P>; readonly isOwn: boolean } {
    const known = [...this.bySession.values(), ...this.places.values()].filter(
      (database) => database.state === began.state,
    );
    const own = began.isOf(state) ? began : known.find((database) => database.isOf(state));
    const database = own ?? [began, ...known].find((other) => other.sees(state));
    if (database !== undefined) {
      this.touch(database);
      return { database, isOwn: database === own };
    }
    const place = new Database<S, P>(this.core, this.dialect, began.state, state);
    place.takeOver(began);
    this.makeRoom();
    this.places.set(keyOfPlace(place), place);
    return { database: place, isOwn: true };
  }

  private touch(database: Database<S, P>): void {
    const key = keyOfPlace(database);
    if (this.places.get(key) !== database) return;
    this.places.delete(key);
    this.places.set(key, database);
  }

  private makeRoom(): void {
    for (const [key, place] of this.places) {
      if (this.places.size < PLACES_MAX && !place.state.superseded) return;
      this.places.delete(key);
      place.retire();
    }
  }

  private stateOf({ identity, lineage }: Sighting<S>): DatabaseState {
    let state = this.states.get(identity);
    if (state === undefined) {
      const names = { namespace: this.core.namespace, database: identity };
      state = new DatabaseState(names, lineage, this.core.clock);
      this.states.set(identity, state);
    }
    return state;
  }

  /** A store that cannot be told is told later: until it can, it serves nobody. */
  private async claim(probe: Sighting<S>): Promise<void> {
    const { core } = this;
    try {
      const outdated = await core.converse(outdatedBy(core.namespace, probe));
      if (outdated.length > 0) await core.engine.invalidate(outdated.map((table) => ({ table, pins: null })));
      await core.converse(claim(core.namespace, probe));
      for (const root of outdated) this.stateOf(probe).succeed(databaseOfTable(root));
    } catch (error) {
      if (core.engine.trouble() === 'closed') return; // it serves nobody any more
      core.failed('identity', error);
      core.clock.after(CLAIM_RETRY_MS, () => void this.claim(probe));
    }
  }

  /** Everything of every database known: what a connection may touch that could not say what it is. */
  roots(): readonly Target[] {
    return [...this.states.values()].map(({ names }) => ({ table: rootOf(names), pins: null }));
  }

  /** A database that restarted, failed over or was restored may have lost what was already shown. */
  private supersede(probe: Sighting<S>): void {
    const { lineage, identity } = probe;
    const before = this.latest.get(lineage);
    if (before === identity) return;
    this.latest.set(lineage, identity);
    const state = this.stateOf(probe);
    if (state.superseded) {
      // Writes went to the other one meanwhile.
      state.superseded = false;
      this.core.engine
        .invalidate([{ table: rootOf(state.names), pins: null }])
        .catch((error: unknown) => this.core.failed('supersede', error));
    }
    if (before === undefined) return;
    const outdated = this.states.get(before);
    if (outdated !== undefined) outdated.superseded = true;
    for (const database of [...this.bySession.values(), ...this.places.values()])
      if (database.state.superseded) database.retire();
  }
}

const keyOfPlace = ({ state, session }: Pick<Database, 'state' | 'session'>): string =>
  `${state.names.database}/${session}`;

/** Those of each cache, for the adapter that speaks the dialect. */
export function databasesIn<S extends SessionSeen, P, Backend>(
  dialect: Dialect<S, Backend>,
): (core: CacheCore) => Databases<S, P, Backend> {
  const registries = new WeakMap<CacheCore, Databases<S, P, Backend>>();
  return (core) => {
    let known = registries.get(core);
    if (known === undefined) registries.set(core, (known = new Databases(core, dialect)));
    return known;
  };
}
