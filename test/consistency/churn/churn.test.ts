/** A day's use leaves nothing in the store but a bounded hash per table: in short, the soak does 24 hours of it. */
import { Redis } from 'ioredis';
import { expect, it } from 'vitest';
import { seededRandom } from '../../../src/clock.js';
import { describeWithRedis, redisServer } from '../../support/servers.js';
import { Churn, footprintOf } from './churn.js';

const TABLES = 5;
const SHAPES = 4;
const CALLERS = 32;
/**
 * As the cache has it by default, what else a table's hash holds (who vouches, `any`, `wild`), and what captures that race
 * for the last place can register beside each other: one each, at most.
 */
const FIELDS_MAX = 16 + 3 + (CALLERS - 1);

describeWithRedis('what use leaves in the store', () => {
  it('is one bounded hash per table, whatever was read and written, and hot shapes stay tracked', async () => {
    const server = await redisServer();
    const client = new Redis(server.url);
    const churn = new Churn({
      url: server.url,
      namespace: 'churn',
      random: seededRandom(1),
      tables: TABLES,
      shapes: SHAPES,
      callers: CALLERS,
    });
    try {
      await churn.ready();
      expect(await churn.hitsOfAFavourite(5)).toBe(4);
      await churn.run({ reads: 4_000, writes: 2_000 }, 60_000);
      await expect.poll(() => churn.unresolved, { timeout: 10_000 }).toBe(0);
      const footprint = await footprintOf(client);
      expect(footprint.keysWithoutEnd).toBe(TABLES);
      expect(footprint.tables).toBe(TABLES);
      expect(footprint.intents).toBe(0);
      expect(footprint.fieldsMax).toBeLessThanOrEqual(FIELDS_MAX);
      expect(await churn.hitsOfAFavourite(5)).toBeGreaterThanOrEqual(4);
    } finally {
      await churn.close();
      client.disconnect();
      await server.stop();
    }
  }, 60_000);
});
