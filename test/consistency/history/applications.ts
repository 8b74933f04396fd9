/**
 * Decides how several application processes on one store and one database are started, made to work, killed and
 * started again, and how what they wrote down is collected. Knows nothing of what is right.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Config } from '../../../src/index.js';
import { type OtherProcess, startProcess } from '../../support/processes.js';
import type { Slow } from './caller.js';
import { addHits, type Hits, noHits } from './contenders.js';
import type { DatabasePlace } from './database.js';
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
  readonly database: DatabasePlace;
  /** Beyond namespace and topology. */
  readonly config: Config;
  readonly seed: number;
  readonly callers: number;
  readonly slow: Slow;
  /** Where the configuration says `bounded`. */
  readonly boundMs?: number;
  /** How many of them, the last ones, have a network that can fail. */
  readonly proxied: number;
}

export interface Work {
  /** Of each. Who has done them goes on for as long as somebody has not, or something else lasts. */
  readonly operations: number;
  /** What goes wrong once all are at it. */
  readonly meanwhile: () => Promise<void>;
  readonly manners: Omit<Manners, 'leads'>;
}

/** How many times what it has to do one process may do while it waits for others. */
const MORE_MAX = 5;

/** Entries die by their tokens: neither of age nor because a poll takes a write for somebody else's. */
const STRICTEST: Config = {
  ttl: '1h',
  changes: { kind: 'none' },
  onStoreDown: 'reject',
  writeHot: 'cache',
  transactions: 'untilWrite',
};

const NODE_ARGS = ['--no-warnings', '--max-semi-space-size=64'];

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
  async work({ meanwhile, ...work }: Work): Promise<readonly Told[]> {
    const working = Promise.all(this.all.map((application) => application.work(work)));
    const reached = Promise.all(this.all.map((application) => application.reached));
    const happening = meanwhile();
    await Promise.race([Promise.all([reached, happening]), working]);
    for (const application of this.all) application.enough();
    const [told] = await Promise.all([working, happening]);
    return told;
  }

  /** In this work so far, all together. */
  get operationsDone(): number {
    return this.all.reduce((sum, { operationsDone }) => sum + operationsDone, 0);
  }

  get hitsTotal(): Hits {
    return this.all.map(({ hitsTotal }) => hitsTotal).reduce(addHits, noHits);
  }

  /** The share that is done of what each has to do in this work. */
  progress(operations: number): number {
    const done = this.all.reduce((sum, { operationsDone }) => sum + Math.min(operationsDone, operations), 0);
    return done / (operations * this.all.length);
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
  /** Resolves when what it has to do in this work is done. */
  reached: Promise<void> = Promise.resolve();
  private reach: () => void = () => undefined;
  private isEnough = false;
  private hitsOfThisLife = noHits;
  private hitsOfFormerLives = noHits;
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

  /** Of all its lives, as far as it told. */
  get hitsTotal(): Hits {
    return addHits(this.hitsOfFormerLives, this.hitsOfThisLife);
  }

  async begin(): Promise<void> {
    const { options, place } = this;
    const { index, namespace, network } = place;
    const life = this.lives++;
    const log = join(place.folder, `${index}-${life}.jsonl`);
    const started = await startProcess<Order, Answer>({ entry: options.entry, nodeArgs: NODE_ARGS });
    this.process = started;
    started.onAnswer((answer) => {
      if (answer.kind === 'progress') this.progressed(answer);
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
      boundMs: options.boundMs ?? 0,
      detours: network?.detours ?? {},
    });
    this.port = (await began).port;
    this.reader = { name: `process ${index}.${life}`, log: new LogReader(log) };
  }

  private toDo = 0;
  private doneBefore = 0;

  private progressed({ operations, hits }: Pick<Told, 'operations' | 'hits'>): void {
    this.hitsOfThisLife = hits;
    this.operationsDone = this.doneBefore + operations;
    if (this.operationsDone >= this.toDo) this.reach();
  }

  /** It may stop when it has done what it has to do. */
  enough(): void {
    this.isEnough = true;
    this.process?.send({ kind: 'enough' });
  }

  async work({ operations, manners }: Omit<Work, 'meanwhile'>): Promise<Told> {
    this.operationsDone = this.doneBefore = 0;
    this.toDo = operations;
    this.isEnough = false;
    this.reached = new Promise((resolve) => (this.reach = resolve));
    let mayWrite = manners.writesNotes;
    for (;;) {
      const { process } = this;
      if (process === null) throw new Error(`process ${this.index} does not run`);
      const worked = process.next(is('worked'));
      const left = Math.max(0, operations - this.doneBefore);
      process.send({
        kind: 'work',
        operations: left,
        operationsMax: this.isEnough ? left : Math.max(0, operations * MORE_MAX - this.doneBefore),
        manners: { ...manners, writesNotes: mayWrite },
      });
      try {
        const told = await worked;
        this.progressed(told);
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
    this.hitsOfFormerLives = this.hitsTotal;
    this.hitsOfThisLife = noHits;
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
