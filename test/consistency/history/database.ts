/**
 * Decides what the workload needs of a database and its driver, in words that are nobody's own: parameters are `$1`,
 * `$2` in every text. What is Postgres' or MariaDB's is behind it; knows neither.
 */
import type { withCache as withMysqlCache } from '../../../src/adapters/mysql2/index.js';
import type { withCache } from '../../../src/adapters/pg/index.js';
import type { createCache } from '../../../src/index.js';
import type { Outcome } from './witness.js';

export const databaseNames = ['postgres', 'mariadb'] as const;
export type DatabaseName = (typeof databaseNames)[number];

/** An empty database. */
export interface DatabasePlace {
  /** Default: postgres. */
  readonly kind?: DatabaseName;
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly database: string;
  readonly password?: string;
}

/** For a driver. */
export const addressOf = ({
  host,
  port,
  user,
  database,
  password,
}: DatabasePlace): Omit<DatabasePlace, 'kind'> => ({
  host,
  port,
  user,
  database,
  ...(password === undefined ? {} : { password }),
});

/** By which connections of what is put to the test are told from others. */
export const APPLICATION = 'history';

export type Row = Readonly<Record<string, unknown>>;
export type TextQuery = (sql: string) => Promise<readonly Row[]>;

export interface Answer {
  readonly rows: readonly Row[];
  /** Rows that were changed, where the database counts them. */
  readonly changed: number;
  /** What the answer calls the last key: of MariaDB. */
  readonly key?: number;
  /** What was done, where the answer says so: of Postgres. */
  readonly command?: string;
}

export interface Asks {
  query(text: string, values?: readonly unknown[]): Promise<Answer>;
}

export type Pick = <T>(choices: readonly T[]) => T;

/** How somebody asks. */
export interface Luck {
  readonly pick: Pick;
  /** Takes a connection of its own now and then. */
  readonly connects: boolean;
}

export interface Pool extends Asks {
  /** By any of the ways there are. */
  ask(text: string, values: readonly unknown[], luck: Luck): Promise<Answer>;
  /** Several statements in one text. */
  script(text: string): Promise<readonly Answer[]>;
  connect(): Promise<Connection>;
  end(): Promise<void>;
}

export interface Connection extends Asks {
  /** One that begins and ends in any of the ways there are. */
  transaction(about: TransactionChoices): Transaction;
  release(broken: boolean): void;
}

export interface TransactionChoices {
  readonly pick: Pick;
  readonly note: (error: unknown) => void;
  /** Where what is prepared and left by a killed connection can be ended by somebody else; null: prepare nothing. */
  readonly other: Asks | null;
}

export interface Transaction {
  begin(): Promise<void>;
  /** True: committed. */
  end(): Promise<boolean>;
  /** After an error of the server: nothing of it is left, and the connection is as it was. */
  giveUp(): Promise<void>;
  /** Whether it may have been committed, though it failed with this. */
  isUnknown(error: unknown): boolean;
}

/** A version one higher. */
export interface Raise {
  readonly table: string;
  /** What is set besides. */
  readonly also?: string;
  readonly where: string;
  /** What is to be told of the row, its version first. */
  readonly tells: string;
  /** The version has to be told: where a row is that moved is known of its version alone. */
  readonly isMove?: boolean;
}

/** The two functions of the package that the workload needs; a mutant brings its own. */
export interface Package {
  readonly createCache: typeof createCache;
  readonly withCache: typeof withCache;
  readonly withMysqlCache: typeof withMysqlCache;
}

export interface PoolChoices {
  readonly max: number;
  /** Puts a cache in front. */
  readonly cache?: { readonly source: Package; readonly cache: ReturnType<typeof createCache> };
}

export interface Counts {
  readonly accounts: number;
  readonly documents: number;
  readonly crates: number;
  readonly labels: number;
  readonly owners: number;
  readonly balance: number;
}

export interface Database {
  open(place: DatabasePlace, choices: PoolChoices): Pool;
  /** The tables and what is in them at first, as one text. */
  schema(counts: Counts): string;
  /** Conditions for two accounts by their keys, one of them spelt as few would. */
  twoAccounts(
    id: number,
    other: number,
  ): readonly (readonly [condition: string, values: readonly unknown[]])[];
  /** SQL for the numbers of a document's pages: they change only together with its version. */
  pagesOf(document: string): string;
  /** SQL for the name and the slot of a counter, as one text. */
  readonly counterKey: string;
  /** Outside of a transaction, in any of these texts; what is told of it is told by `raised`. */
  raise(what: Raise): readonly [string, ...string[]];
  /** As one of several statements in a text. */
  raiseInScript(what: Raise): string;
  raised(answer: Answer | undefined): Outcome;
  raiseInside(connection: Asks, what: Raise, values: readonly unknown[]): Promise<Outcome>;
  readonly upsertCounter: string;
  readonly upsertNote: readonly string[];
  /** A statement that fails, and whether it was this one that did. */
  readonly failing: { readonly text: string; readonly isMeantBy: (error: unknown) => boolean };
  /** Conditions that make an UPDATE fail while it runs. */
  readonly failingCondition: string;
  /** Whoever waits for each other is told so at once: rows may be written in any order. */
  readonly toldOfDeadlocks: boolean;
  /** Several statements in one text commit one by one. */
  readonly commitsEach: boolean;
  /** The statement has failed and the connection lives: what it did is undone. */
  saysServer(error: unknown): boolean;
  /** Of the database. A cache whose store is away fails no read. */
  isOutage(error: unknown): boolean;
  /** Whichever connection of the application's it hits, in the middle of whatever it does. Tells what was done. */
  disturb(plain: Asks, luck: string, pick: Pick): Promise<string>;
  /** Whether nothing runs any more of what applications asked for. */
  isAtRest(query: TextQuery): Promise<boolean>;
}
