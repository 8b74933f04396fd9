/**
 * Decides what is put to the test: pools with the real cache in front, with a mutant of it, or with what one writes
 * by hand. Knows nothing of the workload.
 */
import pg from 'pg';
import { withCache as withMysqlCache } from '../../../src/adapters/mysql2/index.js';
import { withCache } from '../../../src/adapters/pg/index.js';
import { type Config, createCache } from '../../../src/index.js';
import { APPLICATION, addressOf, type DatabasePlace, type Package, type Pool } from './database.js';
import { databaseAt } from './databases.js';
import { PostgresPool, quiet } from './postgres.js';

/** What the workload runs against. */
export interface Contender {
  readonly name: string;
  pool(place: DatabasePlace, max: number): Pool;
  wrap<A extends readonly unknown[], T>(
    name: string,
    load: (...args: A) => Promise<T>,
  ): (...args: A) => Promise<T>;
  /** A result of one's own, under a tag. */
  tagged<T>(key: string, tag: string, load: () => Promise<T>): Promise<T>;
  invalidate(tag: string): Promise<void>;
  ready(): Promise<void>;
  /** Whether no outcome is being found out any more. */
  isSettled(): boolean;
  hits(): Hits;
  /** Outcomes that are being found out, and those that were. */
  pending(): { readonly unresolved: number; readonly resolved: number };
  close(): Promise<void>;
}

export interface Hits {
  readonly near: number;
  readonly store: number;
  readonly joined: number;
  /** Asked of the database, by a read that could have been a hit. */
  readonly missed: number;
  /** Asked of the database without asking the cache. */
  readonly bypassed: number;
}

export const noHits: Hits = { near: 0, store: 0, joined: 0, missed: 0, bypassed: 0 };

export const addHits = (one: Hits, other: Hits): Hits => ({
  near: one.near + other.near,
  store: one.store + other.store,
  joined: one.joined + other.joined,
  missed: one.missed + other.missed,
  bypassed: one.bypassed + other.bypassed,
});

export const lookaside: Package = { createCache, withCache, withMysqlCache };

let serial = 0;

/** @param config beyond the namespace; entries die by their tokens, never by age */
export function cached(name: string, source: Package, config: Config = {}): Contender {
  const cache = source.createCache({
    namespace: `history-${process.pid}-${serial++}`,
    ttl: '1h',
    writeHot: 'cache',
    transactions: 'untilWrite',
    ...config,
  });
  return {
    name,
    pool: (place, max) => databaseAt(place).open(place, { max, cache: { source, cache } }),
    wrap: (functionName, load) => cache.wrap(load, { name: functionName }),
    tagged: (key, tag, load) => cache.getOrSet({ key, load, tags: [tag] }),
    invalidate: (tag) => cache.invalidate({ tags: [tag] }),
    ready: () => cache.ready(),
    isSettled: () => {
      const { unresolved, owed } = cache.stats();
      return unresolved === 0 && owed === 0;
    },
    hits: () => {
      const { nearHits, storeHits, joined, misses, bypassed } = cache.stats();
      return {
        near: nearHits,
        store: storeHits,
        joined,
        missed: misses,
        bypassed: Object.values(bypassed).reduce((sum, count) => sum + count, 0),
      };
    },
    pending: () => {
      const { unresolved, resolved } = cache.stats();
      return { unresolved, resolved };
    },
    close: () => cache.close(),
  };
}

/** What one writes by hand in front of `pg`: a Map of results, emptied after every write. */
export function handWritten(): Contender {
  const results = new Map<string, pg.QueryResult>();
  let hits = 0;
  const pool = (place: DatabasePlace, max: number): Pool => {
    const made = quiet(new pg.Pool({ ...addressOf(place), max, application_name: APPLICATION }));
    made.on('connect', (client) => emptyAfterWrites(client, () => results.clear()));
    const query = made.query.bind(made) as (...given: unknown[]) => Promise<pg.QueryResult>;
    const caching = async (text: string, values: unknown): Promise<pg.QueryResult> => {
      const key = JSON.stringify([text, values]);
      const known = results.get(key);
      if (known !== undefined) {
        hits++;
        return known;
      }
      const result = await query(text, values);
      results.set(key, result);
      return result;
    };
    const patched = {
      query: (text: unknown, values: unknown, callback: unknown) =>
        typeof text === 'string' && isRead(text) && callback === undefined
          ? caching(text, values)
          : query(...[text, values, callback].filter((given) => given !== undefined)),
    };
    return new PostgresPool(Object.assign<pg.Pool, object>(made, patched));
  };
  return {
    name: 'a Map, emptied after every write',
    pool,
    wrap: (_, load) => load,
    tagged: (_key, _tag, load) => load(),
    invalidate: async () => undefined,
    ready: async () => undefined,
    isSettled: () => true,
    hits: () => ({ near: hits, store: 0, joined: 0, missed: 0, bypassed: 0 }),
    pending: () => ({ unresolved: 0, resolved: 0 }),
    close: async () => results.clear(),
  };
}

const isRead = (text: string): boolean => text.trimStart().startsWith('select');

function emptyAfterWrites(client: pg.PoolClient, empty: () => void): void {
  const query = client.query.bind(client) as (...given: unknown[]) => Promise<unknown> | undefined;
  const emptying = (...given: unknown[]): unknown => {
    const text = typeof given[0] === 'string' ? given[0] : (given[0] as pg.QueryConfig).text;
    if (isRead(text)) return query(...given);
    const last = given.at(-1);
    if (typeof last !== 'function') return query(...given)?.finally(empty);
    const callback = last as (...answer: unknown[]) => void;
    return query(...given.slice(0, -1), (...answer: unknown[]) => {
      empty();
      callback(...answer);
    });
  };
  Object.assign(client, { query: emptying });
}
