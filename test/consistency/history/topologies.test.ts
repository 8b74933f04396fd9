/**
 * Four processes on each topology, with a fault or two: no read is older than an acknowledged write. Short; the soak
 * does the same for long, with every fault there is.
 */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { missingPrograms } from '../../support/sentinel.js';
import { describeWith, describeWithPostgres, postgres } from '../../support/servers.js';
import { type Bundle, bundleApplication } from './bundle.js';
import { faultsNamed } from './faults.js';
import { mutantNamed } from './mutants.js';
import { playRounds, type RoundsReport } from './rounds.js';
import { startTopology, type TopologyName } from './topologies.js';

const SEED = Number(process.env['HISTORY_SEED'] ?? 20_261_122);
const OPERATIONS = 60;

const LOST_WRITES = 'failovers that lose what was written last';
const faultsByTopology: Readonly<Record<TopologyName, readonly string[]>> = {
  'embedded-listen': ['none', 'processes killed', 'everything flushed'],
  single: ['connections to the database killed', 'roads to the store cut, stalled, lossy, slow'],
  sentinel: ['none', LOST_WRITES],
  cluster: ['slots on the move, there and back', 'primaries killed'],
};

async function play(bundle: Bundle, name: TopologyName, roundsMax?: number): Promise<RoundsReport> {
  const [topology, database] = await Promise.all([startTopology(name), postgres().createDatabase()]);
  const faults = faultsNamed(topology.servers, faultsByTopology[name]);
  try {
    return await playRounds({
      entry: bundle.file,
      topology,
      database: database.config,
      config: {},
      seed: SEED,
      processes: 4,
      callers: 5,
      operations: OPERATIONS,
      mixture: 'hot',
      slow: { share: 0.1, factor: 1 },
      proxied: 2,
      faults,
      goesOn: ({ rounds, broken }) => broken === 0 && rounds < (roundsMax ?? faults.length),
    });
  } finally {
    await Promise.all([topology.stop(), database.drop()]);
  }
}

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
