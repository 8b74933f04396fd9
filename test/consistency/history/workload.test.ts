/**
 * Many concurrent callers on a real Postgres, through the public door: no read may be older than an acknowledged
 * write, nor than what was shown. Mutants that a run of seconds reports every time are here, all others in the soak.
 */
import { describe, expect, it } from 'vitest';
import { describeWithPostgres, postgres } from '../../support/servers.js';
import { type Contender, cached, handWritten, lookaside } from './contenders.js';
import { mutantNamed, mutate, ofTransactions } from './mutants.js';
import { type PlayOptions, play, type Report } from './play.js';

const SEED = Number(process.env['HISTORY_SEED'] ?? 20_261_122);
const OPERATIONS = 2_500;
const ROUNDS_MAX = 20;

async function run(
  contender: Contender,
  options: Pick<PlayOptions, 'goesOn' | 'stopsWhenBroken'>,
): Promise<Report> {
  const database = await postgres().createDatabase();
  try {
    return await play({
      contender,
      database: database.config,
      seed: SEED,
      callers: 24,
      operations: OPERATIONS,
      ...options,
    });
  } finally {
    await database.drop();
  }
}

const untilBroken = (contender: Contender): Promise<Report> =>
  run(contender, {
    goesOn: ({ rounds, broken }) => broken === 0 && rounds < ROUNDS_MAX,
    stopsWhenBroken: true,
  });

describeWithPostgres('concurrent callers of one process', () => {
  it.each([
    ['with room for every result', {}],
    ['with so little room that results move to the store', { near: { max: '1mb' } }],
  ] as const)(
    'never get what is older than an acknowledged write, %s',
    async (name, config) => {
      const { figures, violations, hits } = await run(cached(name, lookaside, config), {
        goesOn: ({ rounds }) => rounds < 2,
      });
      expect(violations).toEqual([]);
      expect(hits.near + hits.store + hits.joined).toBeGreaterThan(figures.reads / 10); // or little was put to the test
      expect(figures.atRisk).toBeGreaterThan(0);
      if ('near' in config) expect(hits.store).toBeGreaterThan(0);
    },
    120_000,
  );

  describe('get stale results', () => {
    it('from a Map that is emptied after every write', async () => {
      expect((await untilBroken(handWritten())).broken).toBeGreaterThan(0);
    }, 120_000);

    it.each([
      'END in this process removes the intent and rotates nothing',
      'a result is stamped after its query',
      'a moved key drops the old value only',
    ] as const)(
      'from a mutant: %s',
      async (name) => {
        const { source, dispose } = await mutate(mutantNamed(name));
        try {
          expect((await untilBroken(cached(name, source))).figures.violations.stale).toBeGreaterThan(0);
        } finally {
          await dispose();
        }
      },
      120_000,
    );

    it('from a mutant: reads of a transaction use the cache after its first write, too', async () => {
      const { source, dispose } = await mutate(ofTransactions);
      try {
        expect((await untilBroken(cached(ofTransactions.name, source))).broken).toBeGreaterThan(0);
      } finally {
        await dispose();
      }
    }, 120_000);
  });
});
