/**
 * One application process of the history check: a cache, two wrapped pools, callers, and a log of what they did. Does
 * what it is told over its channel and ends with it. Built by `bundle.ts`, with a mutant's change in the cache or none.
 */
import { seededRandom } from '../../../src/clock.js';
import { Caller, type World } from './caller.js';
import { type Contender, cached, lookaside } from './contenders.js';
import type { Pool, Row } from './database.js';
import { databaseAt } from './databases.js';
import { takeDetours } from './detours.js';
import { LogWriter } from './log.js';
import { type Acknowledged, Neighbours } from './neighbours.js';
import type { Answer, BeginOrder, Order } from './orders.js';
import { Pursuits } from './pursuits.js';
import { Recorder } from './recorder.js';
import { Tables } from './tables.js';
import { functionsOf, isOutage, live, readEverything } from './workload.js';

const PROGRESS_OPERATIONS = 25;

const tell = (answer: Answer): void => void process.send?.(answer);

const READY_ATTEMPTS = 20;

class Application {
  private readonly contender: Contender;
  private readonly log: LogWriter;
  private readonly callers: readonly Caller[];
  private readonly events: Record<string, number> = {};
  private readonly world: World;
  private readonly pursuits: Pursuits;
  private readonly boundMs: number;
  private isWorking = false;
  private isEnough = false;

  constructor(
    order: BeginOrder,
    readonly neighbours: Neighbours,
  ) {
    takeDetours(order.detours);
    const { seed } = order;
    const database = databaseAt(order.database);
    this.contender = cached('the cache', lookaside, order.config);
    this.log = new LogWriter(order.log);
    const tables = new Tables();
    const plain = database.open(order.database, { max: 2 });
    const pools = [10, 6].map((max) => this.contender.pool(order.database, max));
    this.world = {
      history: new Recorder(this.log, tables.rows, (acknowledged) => {
        neighbours.tell(acknowledged);
        if (this.isWorking) this.pursuits.onAcknowledged(acknowledged, 0);
      }),
      tables,
      database,
      pools,
      plain,
      functions: functionsOf(this.contender, pools, plain),
      process: order.process,
      slow: order.slow,
      count: (what) => void (this.events[what] = (this.events[what] ?? 0) + 1),
    };
    this.boundMs = order.boundMs;
    this.pursuits = new Pursuits(this.world, seededRandom(seed), () => this.log.nowNs());
    this.callers = Array.from(
      { length: order.callers },
      (_, index) => new Caller(this.world, seededRandom(seed * 1_000 + index)),
    );
  }

  acknowledgedElsewhere(acknowledged: Acknowledged): void {
    if (this.isWorking) this.pursuits.onAcknowledged(acknowledged, this.boundMs);
  }

  enough(): void {
    this.isEnough = true;
  }

  /** A store that others keep busy may take longer to answer for the first time than it is waited for. */
  async ready(): Promise<void> {
    for (let attempt = 1; ; attempt++)
      try {
        return await this.contender.ready();
      } catch (error) {
        const isAway = error instanceof Error && 'code' in error && error.code === 'LOOKASIDE_STORE_AWAY';
        if (!isAway || attempt === READY_ATTEMPTS) throw error;
      }
  }

  /** Again where its network fails just now: it must know which notes there are before it writes any. */
  private async askPlainly(sql: string): Promise<readonly Row[]> {
    for (;;)
      try {
        return (await this.world.plain.query(sql)).rows;
      } catch (error) {
        if (!isOutage(error, this.world.database)) throw error;
      }
  }

  async work({ operations, operationsMax, manners }: Extract<Order, { kind: 'work' }>): Promise<void> {
    this.isEnough = false;
    const [leader] = this.callers;
    if (leader === undefined) throw new Error('nobody is there to work');
    await this.world.tables.settle((sql) => this.askPlainly(sql), this.world.database);
    await readEverything(leader);
    this.isWorking = true;
    let done = 0;
    const take = (): boolean => {
      if (done >= (this.isEnough ? operations : operationsMax)) return false;
      if (++done % PROGRESS_OPERATIONS === 0 || done === operations)
        tell({ kind: 'progress', operations: done, hits: this.contender.hits() });
      return true;
    };
    await Promise.all(
      this.callers.map((caller) => live(caller, { ...manners, leads: caller === leader }, take)),
    );
    this.isWorking = false;
    await this.pursuits.end();
    this.log.flush();
    tell({
      kind: 'worked',
      operations: done,
      hits: this.contender.hits(),
      ...this.contender.pending(),
      events: this.events,
    });
  }

  tellHits(): void {
    tell({ kind: 'hits', hits: this.contender.hits() });
  }

  async query(texts: readonly string[]): Promise<void> {
    const pool = this.world.pools[0] as Pool; // two are made
    const [first, ...others] = texts;
    if (first === undefined) throw new Error('no statement was given');
    try {
      if (others.length === 0) {
        const { rows } = await pool.query(first);
        return tell({ kind: 'answered', rows });
      }
      const client = await pool.connect();
      try {
        let rows: readonly object[] = [];
        for (const text of texts) ({ rows } = await client.query(text));
        tell({ kind: 'answered', rows });
      } finally {
        client.release(false);
      }
    } catch (error) {
      tell({ kind: 'answered', error: String(error) });
    }
  }

  async leave(): Promise<void> {
    await Promise.all([...this.world.pools, this.world.plain].map((pool) => pool.end()));
    await this.contender.close();
    this.neighbours.close();
    this.log.close();
    tell({ kind: 'left' });
    process.disconnect();
  }
}

let application: Application | undefined;

async function obey(order: Order): Promise<void> {
  if (order.kind === 'begin') {
    const neighbours = await Neighbours.open((acknowledged) =>
      application?.acknowledgedElsewhere(acknowledged),
    );
    application = new Application(order, neighbours);
    await application.ready();
    return tell({ kind: 'began', port: neighbours.port });
  }
  if (application === undefined) throw new Error('it was not told to begin');
  if (order.kind === 'work') await application.work(order);
  else if (order.kind === 'enough') application.enough();
  else if (order.kind === 'query') await application.query(order.texts);
  else if (order.kind === 'meet') application.neighbours.meet(order.ports);
  else if (order.kind === 'hits') application.tellHits();
  else await application.leave();
}

process.on('message', (order) => {
  obey(order as Order).catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exit(1);
  });
});
process.on('disconnect', () => process.exit(0));
