/**
 * Decides which pool a session is asked through: one for each cache that stands in front, in turns, as if each cache was of a
 * process of its own. Counts what was answered from them. Knows no driver: it is told how a pool is opened.
 */
import type { Cache, Config } from '../../../src/index.js';
import { cachesOf, type Kept, keptOf, type Setting } from './kept.js';

export class Fronts<Session extends string, Pool> {
  private readonly caches: readonly Cache[];
  private readonly pools = new Map<string, Promise<Pool>>();
  private turn = 0;

  constructor(
    createCache: (config: Config) => Cache,
    setting: Setting,
    private readonly open: (session: Session, cache: Cache) => Promise<Pool>,
  ) {
    this.caches = cachesOf(createCache, setting);
  }

  get counted(): Kept {
    return keptOf(this.caches);
  }

  pool(session: Session): Promise<Pool> {
    const number = this.turn++ % this.caches.length;
    const cache = this.caches[number];
    if (cache === undefined) throw new Error(`there is no cache ${number}`);
    const name = `${session} ${number}`;
    let known = this.pools.get(name);
    known ??= this.open(session, cache);
    this.pools.set(name, known);
    return known;
  }

  async close(end: (pool: Pool) => Promise<void>): Promise<void> {
    for (const pool of this.pools.values()) await end(await pool);
    for (const cache of this.caches) await cache.close();
  }
}
