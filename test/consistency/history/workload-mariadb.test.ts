/**
 * Many concurrent callers on a real MariaDB, by every way of mysql2: no read may be older than an acknowledged write, nor
 * than what was shown. Short; the soak does the same for long, with every mutant there is.
 */
import { expect, it } from 'vitest';
import { createMysqlDatabase, describeWithMysql } from '../../support/mysql.js';
import { type Contender, cached, lookaside } from './contenders.js';
import { mutantNamed, mutate } from './mutants.js';
import { type PlayOptions, play, type Report } from './play.js';

const SEED = Number(process.env['HISTORY_SEED'] ?? 20_261_122);
const ROUNDS_MAX = 20;

async function run(
  contender: Contender,
  options: Pick<PlayOptions, 'goesOn' | 'operations' | 'stopsWhenBroken'>,
): Promise<Report> {
  const database = await createMysqlDatabase();
  try {
    const place = { kind: 'mariadb', ...database.config } as const;
    return await play({ contender, database: place, seed: SEED, callers: 24, ...options });
  } finally {
    await database.drop();
  }
}

describeWithMysql('concurrent callers of one process on MariaDB', () => {
  it('never get what is older than an acknowledged write', async () => {
    const { figures, violations, hits } = await run(cached('the cache', lookaside), {
      operations: 2_500,
      goesOn: ({ rounds }) => rounds < 1,
    });
    expect(violations).toEqual([]);
    expect(hits.near + hits.store + hits.joined).toBeGreaterThan(100); // or little was put to the test
    expect(figures.atRisk).toBeGreaterThan(0);
  }, 120_000);

  it('get what is older from a mutant: END in this process removes the intent and rotates nothing', async () => {
    const { source, dispose } = await mutate(
      mutantNamed('END in this process removes the intent and rotates nothing'),
    );
    try {
      const { figures } = await run(cached('a mutant', source), {
        operations: 1_000,
        goesOn: ({ rounds, broken }) => broken === 0 && rounds < ROUNDS_MAX,
        stopsWhenBroken: true,
      });
      expect(figures.violations.stale).toBeGreaterThan(0);
    } finally {
      await dispose();
    }
  }, 120_000);
});
