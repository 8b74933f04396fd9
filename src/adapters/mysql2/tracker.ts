/**
 * Decides how a statement is followed on a connection of mysql2, packet by packet, so that its intent ends before its
 * caller is answered. One statement is with the driver at a time, which sends no second one before the first is answered
 * anyway: so each meets the state that the server told last. Knows the protocol, not what texts mean.
 */
import type { PlacedWrite } from '../../cache/writes.js';
import type { Backend } from '../../sql/mysql/database.js';
import type { TransactionSet } from '../../sql/transaction-set.js';
import { Follower, type Outcome, type Verdict } from '../follower.js';
import type { Effect, TransactionWrites } from '../transaction.js';
import {
  type Answer,
  AnswerReader,
  isInsideTransaction,
  isOutsideTransaction,
  type OwnNames,
  tracksSession,
} from './answers.js';
import { type Driver, learnFrom } from './driver.js';
import { accompany, type Companion, type Hearer, hearResult } from './following.js';
import type { Host } from './host.js';
import { Returned } from './returned.js';
import type { Command, MysqlConnection, Packet, ResultCallback, ResultCommand } from './shapes.js';

export interface Surroundings {
  readonly connection: MysqlConnection;
  readonly host: Host;
  readonly driver: Driver;
  readonly writes: TransactionWrites;
  /** Keeps what is called next from the driver until what it returns is called. */
  readonly close: () => () => void;
  /** Gives a command to the driver. */
  readonly add: (command: Command) => void;
  readonly onAnswer: (answer: Answer) => void;
  /** Whether answers tell which transactions the session has made. */
  readonly ownNames: () => OwnNames;
  /** The session has committed these. */
  readonly onMade: (made: TransactionSet) => void;
  /** It may have committed one and was not told its name. */
  readonly onUntold: () => void;
}

/** Does with what is heard of a statement what hangs on it. */
interface Hears {
  isRunning(running: Running): boolean;
  /** Of the first packet. */
  learn(command: Command, packet: Packet): void;
  finish(running: Running, answered: Answer | typeof notSent | typeof refused): void;
}

/** The statement that is with the driver. */
class Running implements Companion, Hearer {
  /** Until then its caller waits for his answer. */
  ending: Promise<void> | null = null;
  private isFirst = true;

  constructor(
    readonly command: ResultCommand,
    readonly outcome: Outcome<Answer> | null,
    readonly release: () => void,
    private readonly reader: AnswerReader,
    private readonly hears: Hears,
  ) {}

  see(packet: Packet): void {
    const { hears, reader } = this;
    if (this.isFirst) hears.learn(this.command, packet);
    this.isFirst = false;
    if (hears.isRunning(this) && reader.read(packet)) hears.finish(this, reader.answer());
  }

  get expectsRows(): boolean {
    return this.reader.isAmongRows && this.hears.isRunning(this);
  }

  ended(packet: Packet | null | undefined): void {
    const { hears } = this;
    if (hears.isRunning(this)) hears.finish(this, packet ? refused : notSent);
    this.release();
  }

  /** Whoever listens to events instead may hear of it while the intent still stands, which keeps everybody from old rows. */
  hear(given: Parameters<ResultCallback>, tell: (given: Parameters<ResultCallback>) => void): void {
    const { ending } = this;
    if (ending === null) tell(given);
    else void ending.then(() => process.nextTick(tell, given));
  }
}

/** It was never sent: it could not be prepared, or its values could not be written. */
const notSent = Symbol('not sent');
/** The server answered with an error, or in a way that the driver could not follow. */
const refused = Symbol('refused');

export class Tracker extends Follower<ResultCommand, Answer, Backend, Returned> {
  private running: Running | null = null;
  /** The one whose error leaves the connection's state as it was. */
  private plain: Command | null = null;
  private inTransaction = false;
  private readonly hears: Hears = {
    isRunning: (running) => this.running === running,
    learn: (command, packet) => learnFrom(this.about.driver, command, packet),
    finish: (running, answered) => this.finish(running, answered),
  };

  constructor(private readonly about: Surroundings) {
    super({ writes: about.writes, host: about.host, rows: null });
  }

  isIdle(): boolean {
    return this.running === null;
  }

  /** One was begun and has not ended: not merely that the next statement would begin one. */
  get hasTransaction(): boolean {
    return this.inTransaction;
  }

  /** Outside of a transaction, an error of it leaves the connection's state as it was. */
  expectPlain(command: Command): void {
    this.plain = command;
  }

  /** Another user's session, or a new one: what was open is not any more, once the server says so. */
  renew(): void {
    this.inTransaction = false;
    this.about.writes.ready(null);
  }

  pass(command: ResultCommand): void {
    this.hand(command, null);
  }

  override lose(): void {
    super.lose();
    const { running } = this;
    this.running = null;
    running?.release();
  }

  protected toldBy({ told }: Effect): Returned {
    return new Returned(told ?? null);
  }

  protected send(command: ResultCommand, told: Returned, outcome: Outcome<Answer>): void {
    told.watch(command);
    this.hand(command, outcome);
  }

  protected sendLater(
    command: ResultCommand,
    placing: Promise<PlacedWrite>,
    send: (placed: PlacedWrite) => unknown,
  ): Promise<unknown> {
    return placing.then(
      (placed) => {
        if (!this.lost) return send(placed);
        void placed.end(); // never sent, of which the driver tells its caller
        return this.about.add(command);
      },
      (error: unknown) => this.refuse(command, error as Error),
    );
  }

  protected refuse(command: ResultCommand, error: Error): void {
    process.nextTick(() => {
      if (command.onResult) command.onResult(error);
      else command.emit('error', error);
      command.emit('end');
    });
  }

  protected verdictOn(error: unknown): Verdict {
    return error === notSent ? 'nothing' : 'maybe';
  }

  protected rowsIn(answer: Answer | undefined): number | null {
    const written = answer?.written ?? null;
    return written === null ? null : Number(written.affectedRows);
  }

  private hand(command: ResultCommand, outcome: Outcome<Answer> | null): void {
    const { connection, add, ownNames } = this.about;
    if (this.lost) {
      void outcome?.(notSent);
      return add(command);
    }
    const reader = new AnswerReader(tracksSession(connection), ownNames());
    const running = new Running(command, outcome, this.about.close(), reader, this.hears);
    this.running = running;
    if (outcome !== null) hearResult(command, running);
    accompany(command, running);
    add(command);
  }

  /** The server is done with it; its caller has not heard of it yet. */
  private finish(running: Running, answered: Answer | typeof notSent | typeof refused): void {
    const { writes, onAnswer } = this.about;
    const { command, outcome } = running;
    const isPlain = this.plain === command;
    this.running = null;
    this.plain = null;
    if (typeof answered !== 'symbol') this.noteMade(answered, outcome !== null);
    let ending: void | Promise<void>;
    if (answered === notSent) ending = outcome?.(notSent);
    else if (answered === refused || answered.status === null) {
      const { status } = writes;
      ending = outcome?.(refused);
      // A deadlock, say, has rolled the transaction back, and a procedure may have begun one.
      writes.ready(isPlain && status === 'I' ? 'I' : null);
    } else {
      writes.ready(isOutsideTransaction(answered.status) ? 'I' : 'T');
      this.inTransaction = isInsideTransaction(answered.status);
      onAnswer(answered);
      ending = outcome?.(null, answered);
    }
    if (ending instanceof Promise)
      running.ending = ending.catch((failure: unknown) => this.about.host.core.failed('end', failure));
  }

  private noteMade({ made, endedWithRows, status }: Answer, mayWrite: boolean): void {
    if (made !== null) this.about.onMade(made);
    if (mayWrite && endedWithRows && status !== null && isOutsideTransaction(status)) this.about.onUntold();
  }
}
