/**
 * Four processes on one store and one MariaDB, whose connections and processes are killed: no read is older than an
 * acknowledged write. Short; the soak does the same for long, on each topology.
 */
import { expect, it } from 'vitest';
import { createMysqlDatabase, describeWithMysql } from '../../support/mysql.js';
import { missingPrograms } from '../../support/sentinel.js';
import { describeWith } from '../../support/servers.js';
import { bundleApplication } from './bundle.js';
import { OPERATIONS, playShortly } from './short-rounds.js';

const faults = ['connections to the database killed', 'processes killed'];

describeWithMysql('four processes on MariaDB', () => {
  describeWith({
    name: 'that share a store',
    server: 'redis-server',
    missing: missingPrograms(['redis-server']),
    suite: () => {
      it('never get what is older than an acknowledged write', async () => {
        const bundle = await bundleApplication(null);
        try {
          const { violations, figures, hits, rounds } = await playShortly({
            bundle,
            topology: 'single',
            faults,
            createDatabase: async () => {
              const { config, drop } = await createMysqlDatabase();
              return { place: { kind: 'mariadb', ...config }, drop };
            },
          });
          expect(violations).toEqual([]);
          expect(rounds).toBe(faults.length);
          expect(figures.atRisk).toBeGreaterThan(OPERATIONS);
          expect(hits.near + hits.store + hits.joined).toBeGreaterThan(OPERATIONS);
        } finally {
          await bundle.dispose();
        }
      }, 300_000);
    },
  });
});
