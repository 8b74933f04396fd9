/** Decides how one caller of the workload asks: through which pool, by which of pg's ways, with what luck. */
import type pg from 'pg';
import type { Random } from '../../../src/clock.js';
import type { Row } from './contenders.js';
import type { Tables } from './tables.js';
import type { Witness, WriteWitness } from './witness.js';

/** What all callers share. */
export interface World {
  readonly history: Witness;
  readonly tables: Tables;
  /** Of the contender. */
  readonly pools: readonly pg.Pool[];
  /** Not of the contender: what it reads is the truth. */
  readonly plain: pg.Pool;
  readonly functions: Functions;
  /** The one among how many processes this is: notes are written by one caller each. */
  readonly process: { readonly index: number; readonly count: number };
  readonly count: (what: string) => void;
  readonly slow: Slow;
}

/** What is under way for long meets more of what is written. */
export interface Slow {
  /** Of the reads that can be made slow. */
  readonly share: number;
  /** How slow: 1 is some milliseconds. */
  readonly factor: number;
}

/** Results that are built from two queries. */
export interface Functions {
  readonly accountAndDocument: (
    id: number,
    document: string,
  ) => Promise<{ readonly account: Row; readonly pages: readonly Row[] }>;
  /** Cached under a tag of its own, and read past the cache. */
  readonly label: (id: number) => Promise<readonly Row[]>;
  readonly invalidateLabel: (id: number) => Promise<void>;
}

/** How a caller asks. */
export interface Habits {
  /** Takes a connection of its own now and then: such a read shares no execution, and leaves one less to others. */
  readonly connects: boolean;
}

const waysOfAPool = [
  ...(['promise', 'promise', 'promise', 'promise', 'promise'] as const),
  ...(['callback', 'callback', 'named', 'named', 'simple', 'simple'] as const),
];
const ways = [...waysOfAPool, 'client' as const, 'transaction' as const];

export class Caller {
  constructor(
    readonly world: World,
    readonly random: Random,
    private readonly habits: Habits = { connects: true },
  ) {}

  /** A whole number from 0; small ones are hot. */
  hot(below: number): number {
    return Math.floor(this.random.fraction() ** 2 * below);
  }

  pick<T>(choices: readonly T[]): T {
    return choices[Math.floor(this.random.fraction() * choices.length)] as T; // fraction() < 1
  }

  chance(probability: number): boolean {
    return this.random.fraction() < probability;
  }

  pool(): pg.Pool {
    return this.pick(this.world.pools);
  }

  /** By any of the ways there are. */
  async ask(text: string, values: readonly unknown[] = []): Promise<readonly Row[]> {
    switch (this.pick(this.habits.connects ? ways : waysOfAPool)) {
      case 'promise':
        return rowsOf(await this.pool().query(text, [...values]));
      case 'simple':
        return rowsOf(await this.pool().query(values.length === 0 ? text : { text, values: [...values] }));
      case 'named':
        return rowsOf(await this.pool().query({ name: nameOf(text), text, values: [...values] }));
      case 'callback':
        return new Promise((resolve, reject) => {
          this.pool().query(text, [...values], (error: Error | null, result) =>
            error ? reject(error) : resolve(rowsOf(result)),
          );
        });
      case 'client':
        return this.withClient(async (client) => rowsOf(await client.query(text, [...values])));
      case 'transaction':
        return this.withClient(async (client) => {
          await client.query('begin');
          const rows = rowsOf(await client.query(text, [...values]));
          await client.query('commit');
          return rows;
        });
    }
  }

  async withClient<T>(use: (client: pg.PoolClient) => Promise<T>): Promise<T> {
    const client = await this.pool().connect();
    let broken = true;
    try {
      const result = await use(client);
      broken = false;
      return result;
    } finally {
      client.release(broken);
    }
  }

  /**
   * Tells the history how a write that is not part of a transaction of the caller's own went.
   *
   * @param write what was asked for, before anything was sent
   * @param send sends it and tells its outcome
   */
  async follow(write: WriteWitness, send: () => Promise<() => void>): Promise<void> {
    try {
      (await send())();
    } catch (error) {
      if (saysServer(error)) write.rollBack();
      else write.lose();
      this.noteFailure(error);
    }
  }

  noteFailure(error: unknown): void {
    const { code, message } = error as { readonly code?: string; readonly message?: string };
    this.world.count(`failed with ${code ?? message ?? String(error)}`);
  }
}

const names = new Map<string, string>();

/** One per text. */
function nameOf(text: string): string {
  let name = names.get(text);
  if (name === undefined) names.set(text, (name = `statement ${names.size}`));
  return name;
}

const rowsOf = (result: pg.QueryResult): readonly Row[] => result.rows as readonly Row[];

/** The statement has failed and the connection lives: what it did is undone. */
export const saysServer = (error: unknown): boolean =>
  (error as { readonly severity?: string } | null)?.severity === 'ERROR';
