/** Decides how the differential is run for long on MariaDB or MySQL 5.7. Started by scripts/soak.mjs. */
import { startMariadb } from '../../../scripts/lib/mariadb.js';
import { startMysql57 } from '../../../scripts/lib/mysql57.js';
import { withCache } from '../../../src/adapters/mysql2/index.js';
import { createCache } from '../../../src/index.js';
import type { DifferentialMutant } from '../differential/mutant.js';
import { runSoak } from '../differential/soaking.js';
import { mutants, mutate } from './mutants.js';
import type { Package } from './pools.js';
import { type Trial, tries } from './run.js';

const STEPS = 160;

runSoak<Package, Trial, DifferentialMutant>(async (database = 'mariadb') => {
  if (!['mariadb', 'mysql57'].includes(database))
    throw new RangeError('--database must be postgres, mariadb or mysql57');
  const server = await (database === 'mariadb' ? startMariadb() : startMysql57());
  const { host, port, user } = server;
  const place = { host, port, user };
  return {
    tries,
    steps: STEPS,
    source: { createCache, withCache },
    trialOf: (source, setting, scene) => ({ place, source, setting, scene }),
    mutants,
    mutate,
    stop: () => server.stop(),
  };
});
