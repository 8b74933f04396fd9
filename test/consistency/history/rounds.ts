/**
 * Decides a run of several processes: rounds of so many operations with one kind of fault each, after which nothing
 * is under way, what everybody wrote down is judged, and everything is compared with the database.
 */
import { eventually } from '../../../scripts/lib/redis-process.js';
import { type Random, seededRandom } from '../../../src/clock.js';
import type { Config } from '../../../src/index.js';
import { lasting } from '../../support/lasting.js';
import { Applications } from './applications.js';
import type { Slow } from './caller.js';
import type { Hits } from './contenders.js';
import { BoundedCourt, type Court, StrictCourt } from './court.js';
import type { Database, DatabasePlace, Row } from './database.js';
import { databaseAt } from './databases.js';
import type { Fault, Field } from './field.js';
import type { Figures, Violation } from './history.js';
import type { Told } from './orders.js';
import { Tables } from './tables.js';
import type { Topology } from './topologies.js';
import type { Manners } from './workload.js';

export interface RoundsOptions {
  /** What each process runs. */
  readonly entry: string;
  readonly topology: Topology;
  readonly database: DatabasePlace;
  readonly config: Config;
  /** In ms, where the configuration says `bounded`. */
  readonly boundMs?: number;
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
  /** As far as processes told before they were killed. */
  readonly hits: Hits;
  /** What else happened. */
  readonly events: Readonly<Record<string, number>>;
}

const SETTLING_PATIENCE_MS = 30_000;

export async function playRounds(options: RoundsOptions): Promise<RoundsReport> {
  const database = databaseAt(options.database);
  const plain = database.open(options.database, { max: 2 });
  const query = async (sql: string): Promise<readonly Row[]> => (await plain.query(sql)).rows;
  await new Tables().create(query, database);
  const applications = await Applications.start({ ...options, count: options.processes });
  try {
    const rounds = new Rounds(options, applications, query, database);
    await rounds.settle();
    while (options.goesOn(rounds.report())) await rounds.play();
    await applications.leave();
    return rounds.report();
  } finally {
    await applications.abandon();
    await plain.end();
  }
}

class Rounds {
  private readonly court: Court;
  private readonly random: Random;
  private readonly events: Record<string, number> = {};
  private rounds = 0;
  private operations = 0;

  constructor(
    private readonly options: RoundsOptions,
    private readonly applications: Applications,
    private readonly query: (sql: string) => Promise<readonly Row[]>,
    private readonly database: Database,
  ) {
    const { boundMs, processes } = options;
    this.court = boundMs === undefined ? new StrictCourt() : new BoundedCourt(processes, boundMs);
    this.random = seededRandom(options.seed);
  }

  async play(): Promise<void> {
    const { applications, options } = this;
    const { faults, operations, mixture, topology } = options;
    const fault = faults[this.rounds % faults.length] as Fault; // one at least
    let ended = false;
    const field: Field = {
      applications,
      servers: topology.servers,
      random: this.random,
      query: this.query,
      isOver: () => ended || applications.progress(operations) >= 1,
      progress: () => applications.progress(operations),
      note: (what) => this.note(what),
    };
    const manners = { mixture, writesNotes: true, kills: fault.killsBackends === true };
    const meanwhile = (): Promise<void> => fault.strike(field);
    const told = await applications.work({ operations, manners, meanwhile }).finally(() => (ended = true));
    await this.quiet();
    const hearing = { toleratesOlderThanShown: fault.losesIntents === true };
    this.court.hear(applications.testimonies(), hearing);
    this.note(`round: ${fault.name}`);
    await this.settle();
    this.operations += applications.operationsDone;
    this.rounds++;
    this.count(told);
  }

  report(): RoundsReport {
    const { applications, court, operations, rounds, events } = this;
    const { figures, violations, broken } = court;
    const hits = applications.hitsTotal;
    return { figures, violations, broken, operations, rounds, hits, events };
  }

  /** What the database has now is what every read to come must show. */
  async settle(): Promise<void> {
    await lasting(this.options.boundMs ?? 0);
    await this.court.settle(this.query, this.database);
  }

  /** The database runs nothing more of those who were killed. */
  private async quiet(): Promise<void> {
    await eventually('the database is at rest', () => this.database.isAtRest(this.query), {
      patienceMs: SETTLING_PATIENCE_MS,
    });
  }

  private note(what: string): void {
    this.events[what] = (this.events[what] ?? 0) + 1;
  }

  private count(told: readonly Told[]): void {
    const sum = (of: (one: Told) => number): number => told.reduce((total, one) => total + of(one), 0);
    this.events['outcomes resolved'] = sum(({ resolved }) => resolved);
    for (const name of new Set(told.flatMap(({ events }) => Object.keys(events))))
      this.events[name] = sum(({ events }) => events[name] ?? 0);
  }
}
