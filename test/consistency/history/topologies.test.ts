/**
 * Four processes on each topology, with a fault or two: no read is older than an acknowledged write. Short; the soak
 * does the same for long, with every fault there is.
 */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { missingPrograms } from '../../support/sentinel.js';
import { describeWith, describeWithPostgres, postgres } from '../../support/servers.js';
import { type Bundle, bundleApplication } from './bundle.js';
import { mutantNamed } from './mutants.js';
import type { RoundsReport } from './rounds.js';
import { OPERATIONS, playShortly } from './short-rounds.js';
import type { TopologyName } from './topologies.js';

const LOST_WRITES = 'failovers that lose what was written last';
const faultsByTopology: Readonly<Record<TopologyName, readonly string[]>> = {
  'embedded-listen': ['none', 'processes killed', 'everything flushed'],
  single: ['connections to the database killed', 'roads to the store cut, stalled, lossy, slow'],
  sentinel: ['none', LOST_WRITES],
  cluster: ['slots on the move, there and back', 'primaries killed'],
};

const play = (bundle: Bundle, topology: TopologyName, roundsMax?: number): Promise<RoundsReport> =>
  playShortly({
    bundle,
    topology,
    faults: faultsByTopology[topology],
    createDatabase: async () => {
      const { config, drop } = await postgres().createDatabase();
      return { place: config, drop };
    },
    ...(roundsMax === undefined ? {} : { roundsMax }),
  });

describeWithPostgres('four processes', () => {
  describeWith({
    name: 'that share a store',
    server: 'redis-server',
    missing: missingPrograms(['redis-server', 'redis-sentinel']),
    suite: () => {
      let bundle: Bundle;
      beforeAll(async () => {
        bundle = await bundleApplication(null);
      });
      afterAll(() => bundle.dispose());

      it.each(Object.keys(faultsByTopology) as TopologyName[])(
        'never get what is older than an acknowledged write: %s',
        async (name) => {
          const { violations, figures, hits, rounds } = await play(bundle, name);
          expect(violations).toEqual([]);
          expect(rounds).toBe(faultsByTopology[name].length);
          expect(figures.atRisk).toBeGreaterThan(OPERATIONS);
          expect(hits.near + hits.store + hits.joined).toBeGreaterThan(OPERATIONS);
        },
        300_000,
      );

      it('get what is older from a mutant: END removes the intent and rotates nothing', async () => {
        const mutant = await bundleApplication(mutantNamed('END removes the intent and rotates nothing'));
        try {
          const { figures } = await play(mutant, 'single', 10);
          expect(figures.violations.stale).toBeGreaterThan(0);
        } finally {
          await mutant.dispose();
        }
      }, 300_000);
    },
  });
});
