/**
 * Decides what others are told of a change, so that they can repeat it: in which order, in which database, and what
 * belongs together. Knows neither who they are nor any particular command. (Redis: `server.c`, alsoPropagate and
 * propagatePendingCommands.)
 */
import type { Bytes } from './byte-string.js';
import type { CommandBuffer } from './command-buffer.js';
import type { Database } from './keyspace/database.js';
import type { KeyspaceStatistics } from './keyspace/keyspace-core.js';
import type { Reply } from './resp/reply.js';
import type { RequestSlices } from './resp/request.js';

/** A command that does to the same data, at any later time, what was done now. */
export type Effect = readonly Bytes[];

/** A command that has run and has changed something. */
export interface Done {
  /** With its name. They live as long as the call. */
  readonly args: readonly Bytes[];
  readonly reply: Reply;
  readonly db: Database;
}

/** Says what a command has done; null: repeating it does the same. */
export type Effects = (done: Done) => readonly Effect[] | null;

/** Who is told. */
export interface PropagationSink {
  readonly buffer: CommandBuffer;
  /** Something that belongs together is about to be written. */
  begins(): void;
  /** It has been written. */
  ended(): void;
}

const MULTI = '*1\r\n$5\r\nMULTI\r\n';
const EXEC = '*1\r\n$4\r\nEXEC\r\n';
const NO_DATABASE = -1;

export class Propagation {
  /** Commands since the last end: more than one of them are held together by MULTI and EXEC. */
  private count = 0;
  private start = 0;
  private selected = NO_DATABASE;
  private changesSeen: number;

  constructor(
    private readonly statistics: KeyspaceStatistics,
    private readonly sink: PropagationSink,
  ) {
    this.changesSeen = statistics.changes;
  }

  /** What comes next is told to somebody who does not know which database was meant last. */
  forgetSelected(): void {
    this.selected = NO_DATABASE;
  }

  /** A command has run. Inside of EXEC it is part of something larger. */
  ran(
    effects: Effects | undefined,
    args: readonly Bytes[],
    db: Database,
    reply: Reply,
    isPart: boolean,
  ): void {
    if (this.statistics.changes !== this.changesSeen) {
      this.changesSeen = this.statistics.changes;
      const done = effects === undefined ? null : effects({ args, reply, db });
      if (done === null) this.also(db.index, args);
      else for (const effect of done) this.also(db.index, effect);
    }
    if (!isPart && this.count > 0) this.end();
  }

  /** The same where its arguments are still where they were read. Shortcuts do nothing that could not be repeated. */
  ranShortcut(name: string, request: RequestSlices, db: Database): void {
    if (this.statistics.changes === this.changesSeen) return;
    this.changesSeen = this.statistics.changes;
    this.begin(db.index);
    const { buffer } = this.sink;
    const { count, memory } = request;
    buffer.begin(count);
    buffer.argument(name);
    for (let index = 1; index < count; index++)
      buffer.argumentPart(memory, request.start(index), request.end(index));
    this.end();
  }

  /** A client that waited has got something. */
  served(database: number, effects: readonly Effect[]): void {
    this.changesSeen = this.statistics.changes;
    for (const effect of effects) this.also(database, effect);
    if (this.count > 0) this.end();
  }

  /** A key is gone that no command removed. While a command is at work it is told before, as it happened before. */
  vanished(database: number, key: string): void {
    const isOwn = this.count === 0;
    this.also(database, ['DEL', key]);
    if (isOwn) this.end();
  }

  /** A part of what the command at work does. */
  also(database: number, effect: Effect): void {
    this.begin(database);
    this.sink.buffer.command(effect);
  }

  /** The command at work is through, however it went. */
  end(): void {
    const { buffer } = this.sink;
    if (this.count > 1) {
      buffer.insert(this.start, MULTI);
      buffer.text(EXEC);
    }
    this.count = 0;
    this.sink.ended();
  }

  private begin(database: number): void {
    const { buffer } = this.sink;
    const isFirst = this.count++ === 0;
    if (isFirst) this.sink.begins();
    if (database !== this.selected) {
      this.selected = database;
      buffer.command(['SELECT', String(database)]);
    }
    if (isFirst) this.start = buffer.length;
  }
}
