/** Decides what an ORM under test offers to the suite, and what a database does. Runs nothing. */
import type { Cache } from '../../src/index.js';

/** What a wrapped or plain ORM is opened with. */
export interface Place {
  readonly config: {
    readonly host: string;
    readonly port: number;
    readonly user: string;
    readonly database: string;
    readonly password?: string;
  };
  /** Null: without a cache. */
  readonly cache: Cache | null;
}

/** A library of authors and books, kept by an ORM by its own usual means. */
export interface Library extends Shelf {
  /**
   * At least: an author by key, a book with a value of every type by key, a filtered and ordered list, authors with their
   * books, a page with its count, totals by author, SQL of the ORM's own; as plain data.
   */
  readonly reads: Readonly<Record<string, () => Promise<unknown>>>;
  addBook(authorId: number, title: string): Promise<unknown>;
  removeBook(id: number): Promise<unknown>;
  removeAuthor(id: number): Promise<unknown>;
  /** Inserts or updates. */
  putAuthor(id: number, name: string): Promise<unknown>;
  raisePrices(): Promise<unknown>;
  rawRename(id: number, name: string): Promise<unknown>;
  transaction(work: (inside: Shelf & Nesting) => Promise<void>): Promise<unknown>;
  /** The row as the database has it, with columns that the ORM does not know. */
  everythingOfAuthor(id: number): Promise<unknown>;
  /** Adds the column `motto` to authors, by the ORM's own migrations. */
  migrate(): Promise<unknown>;
  /** All authors' names in order, where the ORM has streams. */
  readonly stream?: () => Promise<unknown>;
  close(): Promise<unknown>;
}

/** What is the same inside of a transaction. */
export interface Shelf {
  nameOf(id: number): Promise<string | undefined>;
  rename(id: number, name: string): Promise<unknown>;
}

interface Nesting {
  /** A savepoint around the work. */
  nested(work: (within: Shelf) => Promise<void>): Promise<unknown>;
}

export type OpenLibrary = (place: Place) => Promise<Library>;

/** A kind of database. */
export interface Ground {
  /** Of its transactions, where nobody says otherwise. */
  readonly isolation: 'read committed' | 'repeatable read';
  describe(name: string, suite: () => void): void;
  /** A new database with the tables. */
  found(): Promise<Town>;
}

/** One database with the library's tables. */
export interface Town {
  readonly config: Place['config'];
  /** Puts the same rows back, past every cache. */
  furnish(): Promise<void>;
  /** How many there are to this database now, but for its own. */
  connections(): Promise<number>;
  end(): Promise<void>;
}
