/** Decides whether others see the truth while a process that writes to Postgres is killed or stopped, at each step. */
import { describeWithPostgres, postgres } from '../../support/servers.js';
import { writerStopped } from './stopped-writer.js';

describeWithPostgres(
  'while one of three processes writes to Postgres, the others',
  writerStopped({
    kind: 'postgres',
    createDatabase: async () => {
      const { config, drop } = await postgres().createDatabase();
      return { place: { kind: 'postgres', ...config }, drop };
    },
    isTried: () => true,
  }),
);
