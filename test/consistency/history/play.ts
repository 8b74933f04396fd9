/**
 * Decides a run: how many callers do what, in rounds after which nothing is under way and everything is compared
 * with the database. Bounded by operations; the seed decides what each caller does, the machine who comes first.
 */
import { seededRandom } from '../../../src/clock.js';
import { Caller, type World } from './caller.js';
import type { Contender, Hits } from './contenders.js';
import type { DatabasePlace, Row } from './database.js';
import { databaseAt } from './databases.js';
import { type Figures, History, type Violation } from './history.js';
import { Tables } from './tables.js';
import { functionsOf, live, readEverything } from './workload.js';

export interface PlayOptions {
  readonly contender: Contender;
  readonly database: DatabasePlace;
  readonly seed: number;
  readonly callers: number;
  /** Reads and writes of one round, all callers together. */
  readonly operations: number;
  /** Asked before each round. */
  readonly goesOn: (soFar: Report) => boolean;
  /** Ends a round as soon as something was found. */
  readonly stopsWhenBroken?: boolean;
}

export interface Report {
  readonly figures: Figures;
  readonly violations: readonly Violation[];
  readonly broken: number;
  readonly operations: number;
  readonly rounds: number;
  readonly hits: Hits;
  /** What else happened: writes that failed, by reason, kills, changes of tables. */
  readonly events: Readonly<Record<string, number>>;
}

export async function play(options: PlayOptions): Promise<Report> {
  const { contender, callers } = options;
  const database = databaseAt(options.database);
  const history = new History(() => performance.now());
  const tables = new Tables();
  const plain = database.open(options.database, { max: 4 });
  const events: Record<string, number> = {};
  const count = (what: string): void => void (events[what] = (events[what] ?? 0) + 1);
  const query = async (sql: string): Promise<readonly Row[]> => (await plain.query(sql)).rows;
  await tables.create(query, database);
  const pools = [5, 3].map((max) => contender.pool(options.database, max));
  const world: World = {
    history,
    tables,
    database,
    pools,
    plain,
    functions: functionsOf(contender, pools, plain),
    count,
    process: { index: 0, count: 1 },
    slow: { share: 0.25, factor: 1 },
  };
  await contender.ready();
  const all = Array.from(
    { length: callers },
    (_, index) => new Caller(world, seededRandom(options.seed * 1_000 + index)),
  );
  let operations = 0;
  let rounds = 0;
  const report = (): Report => ({
    figures: history.figures,
    violations: history.violations,
    broken: history.broken,
    operations,
    rounds,
    hits: contender.hits(),
    events,
  });
  try {
    while (options.goesOn(report())) {
      let left = options.operations;
      const take = (): boolean => {
        if (left === 0 || (options.stopsWhenBroken === true && history.broken > 0)) return false;
        left--;
        operations++;
        return true;
      };
      await Promise.all(
        all.map((caller, index) =>
          live(caller, { mixture: 'broad', leads: index === 0, writesNotes: true, kills: true }, take),
        ),
      );
      await until(() => contender.isSettled());
      await tables.settle(query, database);
      await readEverything(all[0] as Caller); // there is one at least
      rounds++;
    }
    return report();
  } finally {
    await Promise.all([...pools, plain].map((pool) => pool.end()));
    await contender.close();
  }
}

/** Waits for what is under way; each asking is a turn of the event loop. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setImmediate(resolve));
}
