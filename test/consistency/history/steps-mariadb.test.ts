/** Decides whether others see the truth while a process that writes to MariaDB is killed or stopped, at each step. */
import { createMysqlDatabase, describeWithMysql } from '../../support/mysql.js';
import { writerStopped } from './stopped-writer.js';

describeWithMysql(
  'while one of three processes writes to MariaDB, the others',
  writerStopped({
    kind: 'mariadb',
    createDatabase: async () => {
      const { config, drop } = await createMysqlDatabase();
      return { place: { kind: 'mariadb', ...config }, drop };
    },
    isTried: ({ name }) => name.includes('database'),
  }),
);
