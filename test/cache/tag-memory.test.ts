/** What tags leave behind: nothing, in the end. */
import { expect, it } from 'vitest';
import { Engine } from '../../src/cache/engine.js';
import { FunctionCache } from '../../src/cache/functions.js';
import { tagRef } from '../../src/cache/protocol/keys.js';
import { manualClock, seededRandom } from '../../src/clock.js';
import { createServer } from '../../src/server/index.js';
import { embeddedStore } from '../../src/topology/embedded.js';

it('tags leave the store some time after their entries ended, and one that nobody carries is never made', async () => {
  const clock = manualClock();
  const random = seededRandom(1);
  const server = createServer({ clock, random });
  const engine = new Engine({
    store: embeddedStore(server),
    isStoreShared: true,
    boundMs: null,
    clock,
    random,
    namespace: 'n',
    mode: 'on',
    onStoreDown: 'bypass',
    writeHot: 'cache',
    limits: {
      nearBytesMax: 1 << 20,
      entryBytesMax: 1 << 16,
      flightsMax: 100,
      shapesPerTableMax: 16,
      compressAboveBytes: 1_048_576,
    },
    events: { onInvalidate: () => undefined, onFailure: () => undefined },
  });
  const functions = new FunctionCache(engine, 'n');
  for (let index = 0; index < 500; index++)
    await functions.load({
      key: `k${index}`,
      load: async () => index,
      leaseMs: null,
      ttlMs: 10_000,
      refs: [tagRef('n', `tag${index}`)],
    });
  const tokens = (): number => (server.execute('KEYS', 'lookaside:t:*') as unknown[]).length;
  expect(tokens()).toBe(501); // and the one that all results of functions carry
  await engine.invalidate([{ table: tagRef('n', 'nobody').table, pins: null }]);
  expect(tokens()).toBe(501);
  for (let second = 0; second < 120; second++) clock.advance(1_000);
  expect(server.execute('DBSIZE')).toBe(1);
  engine.close();
  await server.close();
});
