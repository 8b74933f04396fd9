/** Decides how the differential is run for long on Postgres. Started by scripts/soak.mjs. */
import pg from 'pg';
import { startPostgres } from '../../../scripts/lib/postgres.js';
import { withCache } from '../../../src/adapters/pg/index.js';
import { createCache } from '../../../src/index.js';
import { mutate } from '../history/mutants.js';
import type { Package } from './caches.js';
import type { DifferentialMutant } from './mutant.js';
import { mutants } from './mutants.js';
import { type Server, type Trial, tries } from './run.js';
import { runSoak } from './soaking.js';

const STEPS = 200;

runSoak<Package, Trial, DifferentialMutant>(async (database = 'postgres') => {
  if (database !== 'postgres') throw new RangeError('--database must be postgres, mariadb or mysql57');
  const postgres = await startPostgres();
  const server = serverAt(postgres.url);
  return {
    tries,
    steps: STEPS,
    source: { createCache, withCache },
    trialOf: (source, setting, scene) => ({ server, source, setting, scene }),
    mutants,
    mutate,
    stop: () => postgres.stop(),
  };
});

function serverAt(url: string): Server {
  let serial = 0;
  const { hostname, port, username } = new URL(url);
  const config = { host: hostname, port: Number(port), user: username };
  const administer = async (statement: string): Promise<void> => {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    await client.query(statement);
    await client.end();
  };
  return {
    createDatabase: async (like = 'template0') => {
      const database = `differential_${serial++}`;
      await administer(`create database ${database} template ${like}`);
      return {
        config: { ...config, database },
        drop: () => administer(`drop database ${database} with (force)`),
      };
    },
  };
}
