/**
 * Decides how a connection is kept: made in the background, judged, and made again when it ends. Nobody waits for it:
 * while there is none, there is a reason. Knows no topology but the one server it is given.
 */
import type { Clock, Random } from '../clock.js';
import { LookasideError } from '../errors.js';
import { Breaker } from './breaker.js';
import type { Connection, ConnectionEvents } from './connection.js';
import { type Finding, judgeServer, type ServerFacts } from './server-facts.js';

export interface KeeperOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly reconnectMsMax: number;
  /** Opens and greets one connection. */
  readonly open: (events: ConnectionEvents) => Promise<Connection>;
  /** What is wrong with the server for the use that is to be made of it. */
  readonly judge?: (facts: ServerFacts) => readonly Finding[];
  readonly onOpen?: (connection: Connection) => void;
  /** A connection ended or could not be made. */
  readonly onTrouble?: (error: Error) => void;
}

export class Keeper {
  private connection: Connection | null = null;
  private reason: Error = new LookasideError('STORE_AWAY', 'the first connection is being made');
  private attempt: Promise<void> | null = null;
  private closed = false;
  private readonly breaker: Breaker;

  constructor(private readonly options: KeeperOptions) {
    const { clock, random, reconnectMsMax } = options;
    this.breaker = new Breaker({
      clock,
      random,
      delayMsMax: reconnectMsMax,
      attempt: () => this.connect(),
    });
    this.connect();
  }

  /** The connection, if there is one that can be used. */
  get current(): Connection | null {
    return this.connection;
  }

  /** Why there is none, or null. */
  get trouble(): Error | null {
    return this.connection === null ? this.reason : null;
  }

  /**
   * Settles with the outcome of the attempt under way, if there is one.
   *
   * @throws LookasideError why there is no connection
   */
  async ready(): Promise<void> {
    await this.attempt;
    if (this.connection === null) throw this.reason;
  }

  /** Ends the connection; another is made. */
  drop(error: Error): void {
    this.connection?.close();
    this.lost(error);
  }

  async close(): Promise<void> {
    this.closed = true;
    this.breaker.stop();
    this.connection?.close();
    this.connection = null;
    this.reason = new LookasideError('STORE_AWAY', 'the cache was closed');
    await this.attempt;
  }

  private connect(): void {
    this.attempt = this.tryToConnect().finally(() => (this.attempt = null));
  }

  /** Never rejects. */
  private async tryToConnect(): Promise<void> {
    let made: Connection | null = null;
    try {
      made = await this.options.open({
        onEnd: (error) => {
          if (made !== null && made === this.connection) this.lost(error);
        },
      });
      const wrong = (this.options.judge ?? judgeServer)(made.facts).filter(
        ({ severity }) => severity === 'error',
      );
      if (wrong.length > 0) throw new LookasideError('STORE_UNFIT', wrong.map(({ text }) => text).join('; '));
      if (made.error !== null) throw made.error;
      if (this.closed) return made.close();
      this.connection = made;
      this.breaker.succeeded();
      this.options.onOpen?.(made);
    } catch (error) {
      made?.close();
      this.lost(error instanceof Error ? error : new Error(String(error)));
    }
  }

  private lost(error: Error): void {
    this.connection = null;
    if (this.closed) return;
    this.reason = error;
    this.options.onTrouble?.(error);
    this.breaker.failed();
  }
}
