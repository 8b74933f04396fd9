/** Decides how an example goes: a database, application processes, what they are told, and what is printed. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Config } from 'lookaside';
import { Client } from 'pg';
import { databaseOf, schema } from '../products.js';

/** What an application process is started with. */
export interface Settings {
  readonly databaseUrl: string;
  readonly config: Config;
}

export type Order =
  | { readonly do: 'read' }
  /** And then reads. */
  | { readonly do: 'write'; readonly price: number }
  | { readonly do: 'end' };

export interface Answer {
  readonly price: number;
  readonly isHit: boolean;
  /** Whether the store knows of all that this process wrote. */
  readonly isTold: boolean;
}

export interface Play {
  /** One for each application process. */
  readonly configs: readonly Config[];
  /** Something that befalls the servers, and what it is called. */
  readonly harm?: { readonly what: string; readonly run: () => Promise<void> };
  /** Stops the servers. */
  readonly stop: () => Promise<void>;
}

/** Starts what `prepare` says, plays it, and leaves nothing behind. */
export function play(prepare: () => Promise<Play>): void {
  run(prepare).catch((error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  });
}

async function run(prepare: () => Promise<Play>): Promise<void> {
  const stops: (() => Promise<unknown>)[] = [];
  try {
    const database = await databaseOf(process.env);
    stops.unshift(database.stop);
    const client = new Client({ connectionString: database.url });
    await client.connect();
    await client.query(schema);
    await client.query('update products set price = 3 where id = 1');
    await client.end();

    const { configs, harm, stop } = await prepare();
    stops.unshift(stop);
    const processes: Application[] = [];
    for (const config of configs) {
      const application = await Application.start({ databaseUrl: database.url, config });
      processes.push(application);
      stops.unshift(() => application.end());
    }
    await tell(processes);
    if (harm !== undefined) await endure(processes, harm);
  } finally {
    for (const stop of stops) await stop();
  }
  console.log('Everything is stopped.');
}

/** A write in one process is seen by the next read of every other. */
async function tell(processes: readonly Application[]): Promise<void> {
  let price = 3;
  for (const writer of processes.keys()) {
    await readUntilHit(processes, price);
    price += 1;
    await processes[writer]?.tell({ do: 'write', price });
    console.log(`Process ${writer + 1} sets the price to ${price}.`);
    for (const [reader, process] of processes.entries())
      describe(reader, await process.tell({ do: 'read' }), price);
  }
}

/**
 * Reads all the while: no query fails, and no read is old. But for one case: while the store cannot be told of a write,
 * `onStoreDown: 'bypass'` lets the write through, and other processes may be behind until it is told.
 */
async function endure(processes: readonly Application[], harm: NonNullable<Play['harm']>): Promise<void> {
  console.log(`Now ${harm.what}.`);
  const beganAtMs = performance.now();
  let reads = 0;
  let unsure = 0;
  let price = 10;
  const isOver = { harm: false };
  const harming = harm.run().then(() => (isOver.harm = true));
  while (!isOver.harm) {
    price += 1;
    const written = await processes[0]?.tell({ do: 'write', price });
    for (const [reader, process] of processes.entries()) {
      const answer = await process.tell({ do: 'read' });
      if (written?.isTold !== true) unsure += 1;
      else if (answer.price !== price)
        throw new Error(`process ${reader + 1} read ${answer.price}, not ${price}`);
      reads += 1;
    }
  }
  await harming;
  await readUntilHit(processes, price);
  if (unsure > 0) console.log(`${unsure} reads while the store could not be told of a write: not judged.`);
  console.log(`${reads} reads meanwhile, none failed, none was old.`);
  console.log(`Hits again after ${((performance.now() - beganAtMs) / 1_000).toFixed(1)} s.`);
}

async function readUntilHit(processes: readonly Application[], price: number): Promise<void> {
  for (const [reader, process] of processes.entries()) {
    let answer = await process.tell({ do: 'read' });
    while (!answer.isHit) answer = await process.tell({ do: 'read' });
    describe(reader, answer, price);
  }
}

function describe(reader: number, { price, isHit }: Answer, expected: number): void {
  if (price !== expected) throw new Error(`process ${reader + 1} read ${price}, not ${expected}`);
  console.log(`Process ${reader + 1} reads ${price}, from the ${isHit ? 'cache' : 'database'}.`);
}

class Application {
  private constructor(private readonly child: ChildProcess) {}

  static async start(settings: Settings): Promise<Application> {
    const program = fileURLToPath(new URL('application.ts', import.meta.url));
    const child = fork(program, [JSON.stringify(settings)], { execArgv: ['--import', 'tsx'] });
    const application = new Application(child);
    await application.answer();
    return application;
  }

  async tell(order: Order): Promise<Answer> {
    this.child.send(order);
    return this.answer();
  }

  async end(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = once(this.child, 'exit');
    this.child.send({ do: 'end' } satisfies Order);
    await ended;
  }

  private answer(): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const gone = (): void => reject(new Error('an application process ended'));
      this.child.once('exit', gone);
      this.child.once('message', (answer: Answer) => {
        this.child.removeListener('exit', gone);
        resolve(answer);
      });
    });
  }
}
