/** Decides how a case on Postgres is connected: by pools per session with a cache in front, and beside them without. */
import pg from 'pg';
import type { Cache, Config } from '../../../src/index.js';
import { Fronts } from './fronts.js';
import type { Kept, Setting } from './kept.js';
import type { SessionName } from './script.js';
import { tenant } from './tenant.js';

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
  tenant: `-c role=${tenant}`,
};

const startOf = (session: SessionName): string => `${optionsOf[session]} -c lock_timeout=30`;

export class Caches {
  private readonly fronts: Fronts<SessionName, pg.Pool>;
  private readonly plain = new Map<SessionName, Promise<readonly pg.Client[]>>();

  constructor(
    private readonly place: Place,
    private readonly source: Package,
    setting: Setting,
  ) {
    this.fronts = new Fronts(source.createCache, setting, (session, cache) => this.opened(session, cache));
  }

  async close(): Promise<void> {
    for (const clients of this.plain.values())
      await Promise.all((await clients).map((client) => client.end()));
    await this.fronts.close((pool) => pool.end());
  }

  get counted(): Kept {
    return this.fronts.counted;
  }

  pool(session: SessionName): Promise<pg.Pool> {
    return this.fronts.pool(session);
  }

  private async opened(session: SessionName, cache: Cache): Promise<pg.Pool> {
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
