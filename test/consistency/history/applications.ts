/**
 * Decides how several application processes on one store and one database are started, made to work, killed and
 * started again, and how what they wrote down is collected. Knows nothing of what is right.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type pg from 'pg';
import type { Config } from '../../../src/index.js';
import { type OtherProcess, startProcess } from '../../support/processes.js';
import type { Slow } from './caller.js';
import type { Testimony } from './judge.js';
import { LogReader } from './log.js';
import { buildNetwork, type Network } from './network.js';
import { type Answer, is, type Order, type Told } from './orders.js';
import type { Topology } from './topologies.js';
import type { Manners } from './workload.js';

export interface ApplicationsOptions {
  /** The file that each of them runs. */
  readonly entry: string;
  readonly count: number;
  readonly topology: Topology;
  readonly database: pg.PoolConfig & { readonly port: number };
  /** Beyond namespace and topology. */
  readonly config: Config;
  readonly seed: number;
  readonly callers: number;
  readonly slow: Slow;
  /** How many of them, the last ones, have a network that can fail. */
  readonly proxied: number;
}

/** Operations of each. */
export interface Work {
  readonly operations: number;
  readonly manners: Omit<Manners, 'leads'>;
}

/** Entries die by their tokens: neither of age nor because a poll takes a write for somebody else's. */
const STRICTEST: Config = { ttl: '1h', changes: { kind: 'none' }, onStoreDown: 'reject' };

let serial = 0;

export class Applications {
  private constructor(
    readonly all: readonly Application[],
    private readonly folder: string,
  ) {}

  static async start(options: ApplicationsOptions): Promise<Applications> {
    const folder = await mkdtemp(join(tmpdir(), 'lookaside-history-'));
    const namespace = `history-${process.pid}-${serial++}`;
    const all: Application[] = [];
    const applications = new Applications(all, folder);
    try {
      for (let index = 0; index < options.count; index++) {
        const isProxied = index >= options.count - options.proxied;
        const network = isProxied ? await buildNetwork(options.topology.ports, options.database.port) : null;
        const onRestart = (): void => applications.introduce();
        const application = new Application(options, { index, namespace, folder, network, onRestart });
        all.push(application);
        // One after the other: whoever has the store in it comes first.
        await application.begin();
      }
      applications.introduce();
      return applications;
    } catch (error) {
      await applications.abandon();
      throw error;
    }
  }

  /** What each was told to do, done. Who is killed meanwhile goes on where it is started again. */
  work(work: Work): Promise<readonly Told[]> {
    return Promise.all(this.all.map((application) => application.work(work)));
  }

  /** Operations done in this work so far, all together. */
  get operationsDone(): number {
    return this.all.reduce((sum, { operationsDone }) => sum + operationsDone, 0);
  }

  get proxied(): readonly Application[] {
    return this.all.filter(({ network }) => network !== null);
  }

  private introduce(): void {
    const ports = this.all.flatMap(({ port }) => (port === null ? [] : [port]));
    for (const application of this.all) application.meet(ports);
  }

  /** What they wrote down since they were asked last. */
  testimonies(): readonly Testimony[] {
    return this.all.flatMap((application) => application.testimonies());
  }

  /** As applications end, with everything given back. */
  async leave(): Promise<void> {
    // Whoever has the store in it goes last.
    for (const application of this.all.toReversed()) await application.leave();
    await this.abandon();
  }

  /** As they are. */
  async abandon(): Promise<void> {
    await Promise.all(this.all.map((application) => application.abandon()));
    await rm(this.folder, { recursive: true, force: true });
  }
}

interface Place {
  readonly index: number;
  readonly namespace: string;
  readonly folder: string;
  readonly network: Network | null;
  readonly onRestart: () => void;
}

/** One of them, through all its lives. */
export class Application {
  operationsDone = 0;
  /** Where it hears of what its neighbours write. */
  port: number | null = null;
  private lives = 0;
  private process: OtherProcess<Order, Answer> | null = null;
  private reader: { readonly name: string; readonly log: LogReader } | null = null;
  private readonly former: { readonly name: string; readonly log: LogReader }[] = [];
  private revival: Promise<void> | null = null;
  private revive: () => void = () => undefined;

  constructor(
    private readonly options: ApplicationsOptions,
    private readonly place: Place,
  ) {}

  get index(): number {
    return this.place.index;
  }

  get network(): Network | null {
    return this.place.network;
  }

  async begin(): Promise<void> {
    const { options, place } = this;
    const { index, namespace, network } = place;
    const life = this.lives++;
    const log = join(place.folder, `${index}-${life}.jsonl`);
    const started = await startProcess<Order, Answer>({ entry: options.entry, nodeArgs: ['--no-warnings'] });
    this.process = started;
    started.onAnswer((answer) => {
      if (answer.kind === 'progress') this.operationsDone = this.doneBefore + answer.operations;
    });
    const began = started.next(is('began'));
    started.send({
      kind: 'begin',
      process: { index, count: options.count },
      database: options.database,
      config: { ...STRICTEST, ...options.config, namespace, topology: options.topology.configOf(index) },
      log,
      seed: options.seed * 1_000 + index * 50 + life,
      callers: options.callers,
      slow: options.slow,
      detours: network?.detours ?? {},
    });
    this.port = (await began).port;
    this.reader = { name: `process ${index}.${life}`, log: new LogReader(log) };
  }

  private doneBefore = 0;

  async work({ operations, manners }: Work): Promise<Told> {
    this.operationsDone = this.doneBefore = 0;
    let mayWrite = manners.writesNotes;
    for (;;) {
      const { process } = this;
      if (process === null) throw new Error(`process ${this.index} does not run`);
      const worked = process.next(is('worked'));
      process.send({
        kind: 'work',
        operations: operations - this.doneBefore,
        manners: { ...manners, writesNotes: mayWrite },
      });
      try {
        const told = await worked;
        this.operationsDone = operations;
        return told;
      } catch (error) {
        if (this.revival === null) throw error; // nobody killed it
        await this.revival;
        this.doneBefore = this.operationsDone;
        mayWrite = false; // what became of the notes it was writing, only the next round knows
      }
    }
  }

  /** Runs statements through the cache; throws what its process says. Gives the rows of the last. */
  async query(...texts: readonly string[]): Promise<readonly unknown[]> {
    const { process } = this;
    if (process === null) throw new Error(`process ${this.index} does not run`);
    const answered = process.next(is('answered'));
    process.send({ kind: 'query', texts });
    const { rows, error } = await answered;
    if (rows === undefined) throw new Error(error);
    return rows;
  }

  meet(ports: readonly number[]): void {
    this.process?.send({ kind: 'meet', ports });
  }

  async hits(): Promise<number> {
    const { process } = this;
    if (process === null) throw new Error(`process ${this.index} does not run`);
    const told = process.next(is('hits'));
    process.send({ kind: 'hits' });
    const { hits } = await told;
    return hits.near + hits.store + hits.joined;
  }

  /** Without warning. Its connections are gone when this resolves. */
  async kill(): Promise<void> {
    const { process, reader } = this;
    if (process === null || reader === null) throw new Error(`process ${this.index} does not run`);
    this.revival = new Promise((resolve) => (this.revive = resolve));
    this.process = this.reader = null;
    this.former.push(reader);
    await process.kill();
  }

  async restart(): Promise<void> {
    await this.begin();
    this.place.onRestart();
    this.revival = null;
    this.revive();
  }

  pause(): void {
    this.process?.pause();
  }

  resume(): void {
    this.process?.resume();
  }

  testimonies(): readonly Testimony[] {
    const readers = [...this.former.splice(0), ...(this.reader === null ? [] : [this.reader])];
    return readers.map(({ name, log }) => ({ index: this.index, process: name, records: log.read() }));
  }

  async leave(): Promise<void> {
    const { process } = this;
    if (process === null) return;
    this.place.network?.store.mend();
    this.place.network?.database.mend();
    const left = process.next(is('left'));
    process.send({ kind: 'leave' });
    await left;
    await process.ended;
    this.process = null;
  }

  async abandon(): Promise<void> {
    await this.process?.kill();
    this.process = null;
    await this.place.network?.close();
  }
}
