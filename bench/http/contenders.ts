/**
 * Decides how each contender caches one city with its country, each in its own idiom, with the same pool and the same
 * time to live, and with room for every city.
 */
import { BentoCache, bentostore } from 'bentocache';
import { memoryDriver } from 'bentocache/drivers/memory';
import { Cacheable } from 'cacheable';
import { Redis } from 'ioredis';
import { createCache } from 'lookaside';
import { withCache } from 'lookaside/pg';
import type { Pool } from 'pg';
import { type Cities, type City, citiesIn } from '../../examples/demo/cities.js';
import type { ContenderName } from './messages.js';

export interface Surroundings {
  readonly pool: Pool;
  readonly redisUrl: string;
}

type Contender = (surroundings: Surroundings) => Cities;

const ttlSeconds = 600;
const citiesMax = 200_000;

export const contenders: Readonly<Record<ContenderName, Contender>> = {
  'plain pg': ({ pool }) => citiesIn(pool),
  'ioredis by hand': withRedis,
  bentocache: withBentocache,
  cacheable: withCacheable,
  'a bare Map': withMap,
  lookaside: ({ pool }) =>
    citiesIn(withCache(pool, createCache({ ttl: `${ttlSeconds}s`, near: { max: '512mb' } }))),
  'a constant reply': ({ pool }) => citiesIn(pool), // its routes never ask
};

function withRedis({ pool, redisUrl }: Surroundings): Cities {
  const cities = citiesIn(pool);
  const redis = new Redis(redisUrl);
  return {
    ...cities,
    async find(id) {
      const cached = await redis.get(`city:${id}`);
      if (cached !== null) return JSON.parse(cached) as City;
      const city = await cities.find(id);
      if (city !== null) await redis.set(`city:${id}`, JSON.stringify(city), 'EX', ttlSeconds);
      return city;
    },
    async change(id, change) {
      const city = await cities.change(id, change);
      await redis.del(`city:${id}`);
      return city;
    },
  };
}

function withBentocache({ pool }: Surroundings): Cities {
  const cities = citiesIn(pool);
  // Its own default keeps 1,000 items.
  const memory = bentostore().useL1Layer(memoryDriver({ maxItems: citiesMax }));
  const bento = new BentoCache({ default: 'memory', ttl: ttlSeconds * 1_000, stores: { memory } });
  return {
    ...cities,
    find: (id) => bento.getOrSet({ key: `city:${id}`, factory: () => cities.find(id) }),
    async change(id, change) {
      const city = await cities.change(id, change);
      await bento.delete({ key: `city:${id}` });
      return city;
    },
  };
}

function withCacheable({ pool }: Surroundings): Cities {
  const cities = citiesIn(pool);
  const cacheable = new Cacheable({ ttl: ttlSeconds * 1_000 });
  return {
    ...cities,
    find: async (id) => (await cacheable.getOrSet(`city:${id}`, () => cities.find(id))) ?? null,
    async change(id, change) {
      const city = await cities.change(id, change);
      await cacheable.delete(`city:${id}`);
      return city;
    },
  };
}

function withMap({ pool }: Surroundings): Cities {
  const cities = citiesIn(pool);
  const known = new Map<number, City>();
  return {
    ...cities,
    async find(id) {
      const cached = known.get(id);
      if (cached !== undefined) return cached;
      const city = await cities.find(id);
      if (city !== null) known.set(id, city);
      return city;
    },
    async change(id, change) {
      const city = await cities.change(id, change);
      known.delete(id);
      return city;
    },
  };
}
