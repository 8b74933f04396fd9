/**
 * Decides what stands in front of a case's database: one cache, or two that share a store as those of two processes do, with
 * pools per session; and beside them connections without. Counts what was answered from a cache.
 */
import pg from 'pg';
import type { Cache, Config } from '../../../src/index.js';
import { cachesOf, type Kept, keptOf, type Setting } from './kept.js';
import type { SessionName } from './script.js';

/** The package, or a mutant of it. */
export interface Package {
  createCache(config: Config): Cache;
  withCache<T extends pg.Pool>(pool: T, cache: Cache): T;
}

export interface Place {
  readonly config: pg.ClientConfig;
}

/** Connections without a cache, per session. */
const DIRECT_CONNECTIONS = 4;

const optionsOf: Readonly<Record<SessionName, string>> = {
  plain: '',
  path: '-c search_path=other,public',
  zone: '-c timezone=Asia/Tokyo -c datestyle=sql,dmy -c bytea_output=escape -c extra_float_digits=0',
  tenant: '-c role=differential_tenant',
};

const startOf = (session: SessionName): string => `${optionsOf[session]} -c lock_timeout=30`;

export class Caches {
  private readonly caches: readonly Cache[];
  private readonly pools = new Map<string, Promise<pg.Pool>>();
  private readonly plain = new Map<SessionName, Promise<readonly pg.Client[]>>();
  private turn = 0;

  constructor(
    private readonly place: Place,
    private readonly source: Package,
    setting: Setting,
  ) {
    this.caches = cachesOf(source.createCache, setting);
  }

  async close(): Promise<void> {
    for (const pool of this.pools.values()) await (await pool).end();
    for (const clients of this.plain.values())
      await Promise.all((await clients).map((client) => client.end()));
    for (const cache of this.caches) await cache.close();
  }

  get counted(): Kept {
    return keptOf(this.caches);
  }

  /** With a cache in front: of several, each in its turn. */
  pool(session: SessionName): Promise<pg.Pool> {
    const number = this.turn++ % this.caches.length;
    const name = `${session} ${number}`;
    const known = this.pools.get(name);
    if (known !== undefined) return known;
    const opened = this.opened(session, number);
    this.pools.set(name, opened);
    return opened;
  }

  private async opened(session: SessionName, number: number): Promise<pg.Pool> {
    const cache = this.caches[number];
    if (cache === undefined) throw new Error(`there is no cache ${number}`);
    const pool = new pg.Pool({ ...this.place.config, options: startOf(session), max: 2 });
    pool.on('error', () => undefined); // told to its query, too
    this.source.withCache(pool, cache);
    // A database and a session are learnt by their first connection.
    await pool.query('select 1');
    await cache.ready();
    return pool;
  }

  /** Without: connections that are asked in turns. A pool would end each that was told of an error. */
  direct(session: SessionName): Promise<readonly pg.Client[]> {
    const known = this.plain.get(session);
    if (known !== undefined) return known;
    const clients = Array.from(
      { length: DIRECT_CONNECTIONS },
      () => new pg.Client({ ...this.place.config, options: startOf(session) }),
    );
    const connected = Promise.all(clients.map((client) => client.connect())).then(() => clients);
    this.plain.set(session, connected);
    return connected;
  }
}
