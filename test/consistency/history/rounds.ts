/**
 * Decides a run of several processes: rounds of so many operations with one kind of fault each, after which nothing
 * is under way, what everybody wrote down is judged, and everything is compared with the database.
 */
import pg from 'pg';
import { eventually } from '../../../scripts/lib/redis-process.js';
import { type Random, seededRandom } from '../../../src/clock.js';
import type { Config } from '../../../src/index.js';
import { Applications } from './applications.js';
import type { Slow } from './caller.js';
import { type Hits, quiet, type Row } from './contenders.js';
import type { Fault, Field } from './field.js';
import { type Figures, History, type Violation } from './history.js';
import { Judge } from './judge.js';
import type { Told } from './orders.js';
import { Tables } from './tables.js';
import type { Topology } from './topologies.js';
import { APPLICATION, type Manners } from './workload.js';

export interface RoundsOptions {
  /** What each process runs. */
  readonly entry: string;
  readonly topology: Topology;
  /** An empty database. */
  readonly database: pg.PoolConfig & { readonly port: number };
  readonly config: Config;
  readonly seed: number;
  readonly processes: number;
  readonly callers: number;
  /** Reads and writes of one round, per process. */
  readonly operations: number;
  readonly mixture: Manners['mixture'];
  readonly slow: Slow;
  /** Of processes whose network can fail. */
  readonly proxied: number;
  /** One per round, in turns. */
  readonly faults: readonly Fault[];
  /** Asked before each round. */
  readonly goesOn: (soFar: RoundsReport) => boolean;
}

export interface RoundsReport {
  readonly figures: Figures;
  readonly violations: readonly Violation[];
  readonly broken: number;
  readonly operations: number;
  readonly rounds: number;
  /** Of processes that lived to tell. */
  readonly hits: Hits;
  /** What else happened. */
  readonly events: Readonly<Record<string, number>>;
}

const SETTLING_PATIENCE_MS = 30_000;

export async function playRounds(options: RoundsOptions): Promise<RoundsReport> {
  const plain = quiet(new pg.Pool({ ...options.database, max: 2 }));
  const query = async (sql: string): Promise<readonly Row[]> => (await plain.query<Row>(sql)).rows;
  const tables = new Tables();
  await tables.create(query);
  const applications = await Applications.start({ ...options, count: options.processes });
  try {
    const rounds = new Rounds(options, applications, tables, query);
    while (options.goesOn(rounds.report())) await rounds.play();
    await applications.leave();
    return rounds.report();
  } finally {
    await applications.abandon();
    await plain.end();
  }
}

class Rounds {
  private readonly history: History;
  private readonly judge: Judge;
  private readonly random: Random;
  private readonly events: Record<string, number> = {};
  private rounds = 0;
  private operations = 0;
  private hits: Hits = { near: 0, store: 0, joined: 0 };

  constructor(
    private readonly options: RoundsOptions,
    private readonly applications: Applications,
    private readonly tables: Tables,
    private readonly query: (sql: string) => Promise<readonly Row[]>,
  ) {
    let nowMs = (): number => 0;
    this.history = new History(() => nowMs());
    this.judge = new Judge((clock) => {
      nowMs = clock;
      return this.history;
    }, tables.rows);
    this.random = seededRandom(options.seed);
  }

  async play(): Promise<void> {
    const { applications, history, options } = this;
    const { faults, operations, mixture, topology } = options;
    const fault = faults[this.rounds % faults.length] as Fault; // one at least
    let over = false;
    const field: Field = {
      applications,
      servers: topology.servers,
      random: this.random,
      query: this.query,
      isOver: () => over,
      progress: () => applications.operationsDone / (operations * applications.all.length),
      note: (what) => this.note(what),
    };
    const manners = { mixture, writesNotes: true, kills: fault.killsBackends === true };
    const working = applications.work({ operations, manners }).finally(() => (over = true));
    const [told] = await Promise.all([working, fault.strike(field)]);
    await this.quiet();
    history.toleratesOlderThanShown = fault.losesIntents === true;
    this.judge.hear(applications.testimonies());
    this.note(`round: ${fault.name}`);
    await this.tables.settle(this.query);
    this.operations += operations * applications.all.length;
    this.rounds++;
    this.count(told);
  }

  report(): RoundsReport {
    const { history, operations, rounds, hits, events } = this;
    const { figures, violations, broken } = history;
    return { figures, violations, broken, operations, rounds, hits, events };
  }

  /** The database runs nothing more of those who were killed. */
  private async quiet(): Promise<void> {
    await eventually(
      'the database is at rest',
      async () => {
        const [row] = await this.query(
          `select count(*)::int as busy from pg_stat_activity where datname = current_database()
           and application_name = '${APPLICATION}' and state <> 'idle'`,
        );
        return row?.['busy'] === 0;
      },
      { patienceMs: SETTLING_PATIENCE_MS },
    );
  }

  private note(what: string): void {
    this.events[what] = (this.events[what] ?? 0) + 1;
  }

  private count(told: readonly Told[]): void {
    const sum = (of: (one: Told) => number): number => told.reduce((total, one) => total + of(one), 0);
    this.hits = {
      near: sum(({ hits }) => hits.near),
      store: sum(({ hits }) => hits.store),
      joined: sum(({ hits }) => hits.joined),
    };
    this.events['outcomes resolved'] = sum(({ resolved }) => resolved);
    for (const name of new Set(told.flatMap(({ events }) => Object.keys(events))))
      this.events[name] = sum(({ events }) => events[name] ?? 0);
  }
}
