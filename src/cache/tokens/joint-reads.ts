/**
 * Decides how readers of one moment ask for tokens together: each table and each value once for all of them, in one
 * pipeline. Whoever comes after it was made up waits for the next, so every read is sent after whoever relies on it
 * began. Knows no results.
 */
import {
  type Command,
  expectNoError,
  openSession,
  type Replies,
  type Session,
  type Store,
  textOf,
} from '../executor.js';
import type { CompleteVector, TokenReads } from '../protocol/lookup.js';
import type { Ref } from '../protocol/refs.js';
import { isVectorOf, parseTable, readTable, type TableState } from '../protocol/table.js';

/** More readers than this are asked for in pipelines of their own. */
const READERS_MAX = 1_000;

interface Reader {
  readonly reads: TokenReads;
  readonly vector: CompleteVector;
  readonly resolve: (isVouchedFor: boolean) => void;
  readonly reject: (error: unknown) => void;
}

/** A table of a node that is known to be primary. */
interface Seen {
  readonly state: TableState;
  readonly voucher: string;
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

  /** Whether a look-up shows exactly these tokens. */
  showVector(reads: TokenReads, vector: CompleteVector): Promise<boolean> {
    return new Promise((resolve, reject) => {
      let round = this.rounds.get(reads.name);
      if (round === undefined || round.isFull) {
        round?.send(this.store);
        if (this.rounds.size === 0) process.nextTick(this.send); // behind all who are called back in this moment
        this.rounds.set(reads.name, (round = new Round(reads.tables)));
      }
      round.join({ reads, vector, resolve, reject });
    });
  }
}

class Round {
  private readonly readers: Reader[] = [];
  /** Keys of values, in the order in which they are asked for. */
  private readonly places = new Map<string, number>();

  constructor(private readonly tables: readonly string[]) {}

  get isFull(): boolean {
    return this.readers.length >= READERS_MAX;
  }

  join(reader: Reader): void {
    const { places } = this;
    for (const { valueKey } of reader.reads.places)
      if (valueKey !== null && !places.has(valueKey)) places.set(valueKey, this.tables.length + places.size);
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

  /** In the order that LOOKUP demands: tables first, then values. */
  private commands(): readonly Command[] {
    const commands: Command[] = this.tables.map(readTable);
    for (const key of this.places.keys()) commands.push(['GET', key]);
    return commands;
  }

  /** The node that answered has to be primary still, now that it has. */
  private answer(replies: Replies, session: Session): void {
    expectNoError(replies);
    const seen = this.tables.map((table, index) =>
      session.isTrusted(table)
        ? { state: parseTable(replies[index]), voucher: session.voucher(table) }
        : null,
    );
    for (const { reads, vector, resolve } of this.readers) resolve(this.shows(reads, vector, seen, replies));
  }

  private shows(
    { refs, places }: TokenReads,
    vector: CompleteVector,
    seen: readonly (Seen | null)[],
    replies: Replies,
  ): boolean {
    for (let index = 0; index < refs.length; index++) {
      const { table, valueKey } = places[index] as (typeof places)[number]; // one per reference
      const vouched = seen[table] ?? null;
      if (vouched === null) return false;
      const token = valueKey === null ? null : textOf(replies[this.places.get(valueKey) as number]); // joined
      const ref = refs[index] as Ref; // index < length
      const text = vector[index] as string; // one per reference
      if (!isVectorOf(text, vouched.state, ref, token, vouched.voucher)) return false;
    }
    return true;
  }

  private fail(error: unknown): void {
    for (const { reject } of this.readers) reject(error);
  }
}
