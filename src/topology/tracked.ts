/**
 * Decides how reads of one server are tracked: on a connection of their own, which is asked for signs of life. Knows no
 * tokens.
 */
import type { Session, Tracking } from '../cache/executor.js';
import type { Clock, Random, Timer } from '../clock.js';
import type { Connection, ConnectionEvents } from './connection.js';
import { Keeper } from './keeper.js';
import { type OnTouch, openTracked } from './tracked-connection.js';

export interface TrackedReadsOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly reconnectMsMax: number;
  /** How often the connection is asked for a sign of life. */
  readonly heartbeatMs: number;
  /** Opens a connection with protocol 3. */
  readonly open: (events: ConnectionEvents) => Promise<Connection>;
  readonly sessionOn: (connection: Connection) => Session;
  readonly onTrouble: (error: Error) => void;
}

export class TrackedReads implements Tracking {
  private readonly keeper: Keeper;
  private current: Session | null = null;
  private onTouch: OnTouch = () => undefined;
  private heartbeat: Timer | null = null;
  private closed = false;

  constructor(private readonly options: TrackedReadsOptions) {
    const { clock, random, reconnectMsMax, sessionOn, onTrouble } = options;
    this.keeper = new Keeper({
      clock,
      random,
      reconnectMsMax,
      open: (events) => openTracked(options.open, events, (key) => this.onTouch(key)),
      onOpen: (connection) => {
        this.onTouch(null); // what an earlier connection was told of is void
        this.current = sessionOn(connection);
        this.beat();
      },
      onTrouble: (error) => {
        this.current = null;
        this.onTouch(null);
        onTrouble(error);
      },
    });
  }

  session(): Session | null {
    return this.keeper.current === null ? null : this.current;
  }

  /** What is read before a sign of life was asked for has been told of once that has come. */
  toldAllAtMs(): number {
    return this.keeper.current?.answeredAtMs ?? Number.NEGATIVE_INFINITY;
  }

  watch(onTouch: OnTouch): void {
    this.onTouch = onTouch;
  }

  /** @throws LookasideError why reads are not tracked */
  ready(): Promise<void> {
    return this.keeper.ready();
  }

  async close(): Promise<void> {
    this.closed = true;
    this.heartbeat?.cancel();
    await this.keeper.close();
  }

  private beat(): void {
    this.heartbeat?.cancel();
    if (this.closed) return;
    this.heartbeat = this.options.clock.after(this.options.heartbeatMs, () => this.beat());
    this.keeper.current?.run([['PING']]).catch(() => undefined); // the end of the connection is told by the keeper
  }
}
