/**
 * Decides a run: how many callers do what, in rounds after which nothing is under way and everything is compared
 * with the database. Bounded by operations; the seed decides what each caller does, the machine who comes first.
 */
import pg from 'pg';
import { type Random, seededRandom } from '../../../src/clock.js';
import { Caller, type Functions, type World } from './caller.js';
import type { Contender, Hits, Row } from './contenders.js';
import { type Figures, History, type Violation } from './history.js';
import * as reads from './reads.js';
import { Tables } from './tables.js';
import * as writes from './writes.js';

export interface PlayOptions {
  readonly contender: Contender;
  /** An empty database. */
  readonly database: pg.PoolConfig;
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

type Operation = (caller: Caller) => Promise<void>;

/** Each with how often. What changes everything, texts of several statements say, is rare: or nothing would be a hit. */
const mixture: readonly (readonly [number, Operation])[] = [
  [30, reads.account],
  [7, reads.accountsOfOwner],
  [4, reads.allAccounts],
  [6, reads.totals],
  [8, reads.pages],
  [4, reads.page],
  [4, reads.accountWithDocuments],
  [6, reads.counter],
  [3, reads.countersOfName],
  [6, reads.note],
  [2, reads.allNotes],
  [14, reads.crate],
  [5, reads.wrapped],
  [4, reads.shownThenRead],
  [4, writes.bump],
  [2, writes.move],
  [0.2, writes.failing],
  [0.3, writes.multiStatement],
  [2, writes.transfer],
  [2, writes.edit],
  [1, writes.upsert],
  [1, writes.stack],
];

/** Of the operations of one caller, who alone writes notes and does what happens now and then. */
const NOTES_SHARE = 0.2;
const KILLS_SHARE = 0.01;
const CATALOG_CHANGES_SHARE = 0.001;

const APPLICATION = 'history';

export async function play(options: PlayOptions): Promise<Report> {
  const { contender, database, callers } = options;
  const history = new History(() => performance.now());
  const tables = new Tables();
  const plain = new pg.Pool({ ...database, max: 4 });
  plain.on('error', () => undefined);
  const events: Record<string, number> = {};
  const count = (what: string): void => void (events[what] = (events[what] ?? 0) + 1);
  const query = async (sql: string): Promise<readonly Row[]> => (await plain.query<Row>(sql)).rows;
  await tables.create(query);
  const pools = [5, 3].map((max) => contender.pool({ ...database, max, application_name: APPLICATION }));
  const world: World = { history, tables, pools, plain, functions: functionsOf(contender, pools), count };
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
      await Promise.all(all.map((caller, index) => live(caller, index === 0, take)));
      await until(() => contender.isSettled());
      await tables.settle(query);
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

async function live(caller: Caller, isFirst: boolean, take: () => boolean): Promise<void> {
  while (take()) {
    const operation = isFirst ? operationOfFirst(caller) : drawn(caller.random);
    try {
      await operation(caller);
    } catch (error) {
      // A read on a connection that was killed has no result to be judged.
      if (!isLostConnection(error)) throw error;
      caller.noteFailure(error);
    }
  }
}

function drawn(random: Random): Operation {
  let left = random.fraction() * mixture.reduce((sum, [weight]) => sum + weight, 0);
  for (const [weight, operation] of mixture) {
    left -= weight;
    if (left < 0) return operation;
  }
  return reads.account;
}

function operationOfFirst(caller: Caller): Operation {
  const luck = caller.random.fraction();
  if (luck < CATALOG_CHANGES_SHARE) return changeCatalog;
  if (luck < CATALOG_CHANGES_SHARE + KILLS_SHARE) return kill;
  return luck < CATALOG_CHANGES_SHARE + KILLS_SHARE + NOTES_SHARE ? writes.writeNotes : drawn(caller.random);
}

/** Whichever connection of the contender's it hits, in the middle of whatever it does. */
async function kill({ world, random }: Caller): Promise<void> {
  world.count('connections killed');
  await world.plain.query(
    `select pg_terminate_backend(pid) from pg_stat_activity
     where datname = current_database() and application_name = $1 order by md5(pid || $2) limit 1`,
    [APPLICATION, random.hex(4)],
  );
}

async function changeCatalog(caller: Caller): Promise<void> {
  caller.world.count('tables changed');
  await caller.pool().query(`alter table changing add column added_${caller.random.hex(6)} int`);
}

/** Nothing is under way: every read must show exactly what there is. */
async function readEverything(caller: Caller): Promise<void> {
  for (const read of Object.values(reads)) for (let times = 0; times < 10; times++) await read(caller);
}

function isLostConnection(error: unknown): boolean {
  const { code, message } = error as { readonly code?: string; readonly message?: string };
  return code === '57P01' || code === 'ECONNRESET' || code === 'EPIPE' || /connection/i.test(message ?? '');
}

function functionsOf(contender: Contender, pools: readonly pg.Pool[]): Functions {
  const [one, other] = pools as [pg.Pool, pg.Pool]; // two are made
  return {
    accountAndDocument: contender.wrap('account and document', async (id: number, document: string) => {
      const accounts = await one.query<Row>(
        'select id, owner, balance, version from accounts where id = $1',
        [id],
      );
      const pages = await other.query<Row>('select * from document_pages where key = $1', [document]);
      return { account: accounts.rows[0] ?? {}, pages: pages.rows };
    }),
  };
}
