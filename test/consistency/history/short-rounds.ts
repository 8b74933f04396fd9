/** Decides how a test plays a few rounds of four processes on one topology. Knows neither faults nor what is right. */
import type { Bundle } from './bundle.js';
import type { DatabasePlace } from './database.js';
import { faultsNamed } from './faults.js';
import { playRounds, type RoundsReport } from './rounds.js';
import { startTopology, type TopologyName } from './topologies.js';

const SEED = Number(process.env['HISTORY_SEED'] ?? 20_261_122);
export const OPERATIONS = 60;

export interface ShortRounds {
  readonly bundle: Bundle;
  readonly topology: TopologyName;
  readonly faults: readonly string[];
  readonly createDatabase: () => Promise<{
    readonly place: DatabasePlace;
    readonly drop: () => Promise<void>;
  }>;
  /** Default: one round for each fault. */
  readonly roundsMax?: number;
}

export async function playShortly(options: ShortRounds): Promise<RoundsReport> {
  const [topology, database] = await Promise.all([startTopology(options.topology), options.createDatabase()]);
  const faults = faultsNamed(topology.servers, options.faults);
  try {
    return await playRounds({
      entry: options.bundle.file,
      topology,
      database: database.place,
      config: {},
      seed: SEED,
      processes: 4,
      callers: 5,
      operations: OPERATIONS,
      mixture: 'hot',
      slow: { share: 0.1, factor: 1 },
      proxied: 2,
      faults,
      goesOn: ({ rounds, broken }) => broken === 0 && rounds < (options.roundsMax ?? faults.length),
    });
  } finally {
    await Promise.all([topology.stop(), database.drop()]);
  }
}
