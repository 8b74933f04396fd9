/** Many concurrent callers on a real Postgres, through the public door: no read may be older than an acknowledged write. */
import { expect, it } from 'vitest';
import { describeWithPostgres, postgres } from '../../support/servers.js';
import { type Contender, cached, handWritten, lookaside } from './contenders.js';
import { type PlayOptions, play, type Report } from './play.js';

const SEED = Number(process.env['HISTORY_SEED'] ?? 20_261_122);

async function run(contender: Contender, options: Partial<PlayOptions> = {}): Promise<Report> {
  const database = await postgres().createDatabase();
  try {
    return await play({
      contender,
      database: database.config,
      seed: SEED,
      callers: 24,
      operations: 4_000,
      goesOn: ({ rounds }) => rounds < 2,
      ...options,
    });
  } finally {
    await database.drop();
  }
}

describeWithPostgres('concurrent callers of one process', () => {
  it.each([
    ['with room for every result', {}],
    ['with so little room that results are moved to the store', { near: { max: '1mb' } }],
  ] as const)(
    'never get what is older than an acknowledged write, %s',
    async (name, config) => {
      const report = await run(cached(name, lookaside, config));
      expect(report.violations).toEqual([]);
      expect(report.figures.atRisk).toBeGreaterThan(report.figures.reads / 10); // otherwise little was put to the test
      const { near, store, joined } = report.hits;
      expect(near + store + joined).toBeGreaterThan(report.figures.reads / 10);
    },
    120_000,
  );

  it('get stale results from a Map that is emptied after every write', async () => {
    const report = await run(handWritten(), {
      goesOn: ({ rounds, broken }) => broken === 0 && rounds < 10,
      stopsWhenBroken: true,
    });
    expect(report.figures.violations.stale).toBeGreaterThan(0);
  }, 120_000);
});
