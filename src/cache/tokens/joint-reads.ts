/**
 * Decides how readers of one moment ask for tokens together: each table and each value once for all of them, in one
 * pipeline. Whoever comes after it was made up waits for the next, so every read is sent after whoever relies on it
 * began. Knows no results.
 */
import {
  arrayOf,
  type Command,
  expectNoError,
  openSession,
  type Replies,
  type Reply,
  type Session,
  type Store,
  textOf,
} from '../executor.js';
import type { CompleteVector, Looked, Observation, Place, TokenReads } from '../protocol/lookup.js';
import type { Ref } from '../protocol/refs.js';
import { isVectorOf, parseTable, readTable, type TableState, vectorOf } from '../protocol/table.js';

/** More readers than this are asked for in pipelines of their own. */
const READERS_MAX = 1_000;

/** Whoever asks. Told once, of the one or the other. */
export interface Reader {
  readonly reads: TokenReads;
  answered(shown: Shown): void;
  failed(error: unknown): void;
}

/** What a look-up showed, for all who asked together. Good for one moment. */
export interface Shown {
  /** Whether it shows exactly these tokens. */
  shows(reads: TokenReads, vector: CompleteVector): boolean;
  looked(reads: TokenReads): Looked;
}

interface Seen {
  readonly state: TableState;
  /** Null: the node is not known to be primary. */
  readonly voucher: string | null;
}

export class JointReads {
  /** By the tables that are read: a failure of one table's node is nobody else's. */
  private readonly rounds = new Map<string, Round>();
  private readonly send = (): void => {
    const rounds = [...this.rounds.values()];
    this.rounds.clear();
    for (const round of rounds) round.send(this.store);
  };

  constructor(private readonly store: Store) {}

  ask(reader: Reader): void {
    const { reads } = reader;
    let round = this.rounds.get(reads.name);
    if (round === undefined || round.isFull) {
      round?.send(this.store);
      if (this.rounds.size === 0) process.nextTick(this.send); // behind all who are called back in this moment
      this.rounds.set(reads.name, (round = new Round(reads.tables)));
    }
    round.join(reader);
  }
}

/** The values of one table that are asked for, in one command: their keys share a slot. */
class Values {
  readonly command: string[] = ['MGET'];
  private readonly places = new Map<string, number>();
  private tokens: readonly Reply[] = [];

  add(key: string): void {
    if (this.places.has(key)) return;
    this.places.set(key, this.places.size);
    this.command.push(key);
  }

  answer(reply: Reply | undefined): void {
    this.tokens = arrayOf(reply);
  }

  tokenOf(key: string): string | null {
    return textOf(this.tokens[this.places.get(key) as number]); // it was added
  }
}

class Round implements Shown {
  private readonly readers: Reader[] = [];
  /** By table. */
  private readonly values: (Values | null)[];
  private seen: readonly Seen[] = [];
  private answered = 0;

  constructor(private readonly tables: readonly string[]) {
    this.values = tables.map(() => null);
  }

  get isFull(): boolean {
    return this.readers.length >= READERS_MAX;
  }

  join(reader: Reader): void {
    for (const { table, valueKey } of reader.reads.places)
      if (valueKey !== null) (this.values[table] ??= new Values()).add(valueKey);
    this.readers.push(reader);
  }

  send(store: Store): void {
    try {
      const session = openSession(store);
      const answered = (replies: Replies): void => this.answer(replies, session);
      const replies = session.run(this.commands());
      if (replies instanceof Promise) replies.then(answered).catch((error: unknown) => this.fail(error));
      else answered(replies);
    } catch (error) {
      this.fail(error);
    }
  }

  shows({ refs, places }: TokenReads, vector: CompleteVector): boolean {
    for (let index = 0; index < refs.length; index++) {
      const place = places[index] as Place; // one per reference
      const { state, voucher } = this.seen[place.table] as Seen; // one per table
      if (voucher === null) return false;
      const ref = refs[index] as Ref; // index < length
      const text = vector[index] as string; // one per reference
      if (!isVectorOf(text, state, ref, this.tokenOf(place), voucher)) return false;
    }
    return true;
  }

  looked({ refs, places, tables }: TokenReads): Looked {
    const vector = refs.map((ref, index) => {
      const place = places[index] as Place; // one per reference
      const { state, voucher } = this.seen[place.table] as Seen; // one per table
      return voucher === null ? null : vectorOf(state, ref, this.tokenOf(place), voucher);
    });
    const observation = (): Observation => ({
      tables: new Map(tables.map((table, index) => [table, (this.seen[index] as Seen).state])), // one per table
      valueTokens: places.map((place) => this.tokenOf(place)),
    });
    return { refs, vector, observation };
  }

  /** In the order that LOOKUP demands: tables first, then values. */
  private commands(): readonly Command[] {
    const commands: Command[] = this.tables.map(readTable);
    for (const values of this.values) if (values !== null) commands.push(values.command);
    return commands;
  }

  /** The node that answered has to be primary still, now that it has. */
  private answer(replies: Replies, session: Session): void {
    expectNoError(replies);
    this.seen = this.tables.map((table, index) => ({
      state: parseTable(replies[index]),
      voucher: session.isTrusted(table) ? session.voucher(table) : null,
    }));
    let place = this.tables.length;
    for (const values of this.values) values?.answer(replies[place++]);
    for (; this.answered < this.readers.length; this.answered++) {
      const reader = this.readers[this.answered] as Reader; // below the length
      try {
        reader.answered(this);
      } catch (error) {
        reader.failed(error);
      }
    }
  }

  private tokenOf({ table, valueKey }: Place): string | null {
    return valueKey === null ? null : (this.values[table]?.tokenOf(valueKey) ?? null);
  }

  private fail(error: unknown): void {
    for (const reader of this.readers.slice(this.answered)) reader.failed(error);
  }
}
