/** Decides how one caller of the workload asks: through which pool, with what luck. */
import type { Random } from '../../../src/clock.js';
import type { Answer, Connection, Database, Pool, Row } from './database.js';
import type { Tables } from './tables.js';
import type { Witness, WriteWitness } from './witness.js';

/** What all callers share. */
export interface World {
  readonly history: Witness;
  readonly tables: Tables;
  readonly database: Database;
  /** Of the contender. */
  readonly pools: readonly Pool[];
  /** Not of the contender: what it reads is the truth. */
  readonly plain: Pool;
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

  readonly pick = <T>(choices: readonly T[]): T =>
    choices[Math.floor(this.random.fraction() * choices.length)] as T; // fraction() < 1

  chance(probability: number): boolean {
    return this.random.fraction() < probability;
  }

  pool(): Pool {
    return this.pick(this.world.pools);
  }

  async ask(text: string, values: readonly unknown[] = []): Promise<readonly Row[]> {
    return (await this.send(text, values)).rows;
  }

  /** By any of the ways there are. */
  send(text: string, values: readonly unknown[] = []): Promise<Answer> {
    return this.pool().ask(text, values, { pick: this.pick, connects: this.habits.connects });
  }

  async withConnection<T>(use: (connection: Connection) => Promise<T>): Promise<T> {
    const connection = await this.pool().connect();
    let broken = true;
    try {
      const result = await use(connection);
      broken = false;
      return result;
    } finally {
      connection.release(broken);
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
      if (this.world.database.saysServer(error)) write.rollBack();
      else write.lose();
      this.noteFailure(error);
    }
  }

  readonly noteFailure = (error: unknown): void => {
    const { code, message } = error as { readonly code?: string; readonly message?: string };
    this.world.count(`failed with ${code ?? message ?? String(error)}`);
  };
}
