/**
 * Decides how a node or a witness is kept in view: a kept connection, with a question at every heartbeat. Knows
 * neither what is asked nor what the answer means.
 */
import type { Clock, Random, Timer } from '../clock.js';
import type { Connection, ConnectionEvents } from './connection.js';
import { Keeper } from './keeper.js';
import { HEARTBEAT_MS } from './lease.js';
import type { Finding, ServerFacts } from './server-facts.js';

export interface WatchOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly reconnectMsMax: number;
  /** Default: as often as a lease asks for. */
  readonly heartbeatMs?: number;
  readonly open: (events: ConnectionEvents) => Promise<Connection>;
  readonly judge?: (facts: ServerFacts) => readonly Finding[];
  /** Asked as soon as there is a connection, and at every heartbeat. What it throws ends the connection. */
  readonly ask: (connection: Connection, askedAtMs: number) => Promise<void>;
  /** Somebody answered, or is gone. */
  readonly onChange: () => void;
  readonly onOpen?: () => void;
  readonly onTrouble?: (error: Error) => void;
}

export class Watch {
  private readonly keeper: Keeper;
  private timer: Timer | null = null;
  private asking: Promise<void> | null = null;
  private again = false;
  private closed = false;
  private confirmed: { readonly connection: Connection; readonly askedAtMs: number } | null = null;

  constructor(private readonly options: WatchOptions) {
    const { clock, random, reconnectMsMax, open, judge, onChange } = options;
    this.keeper = new Keeper({
      clock,
      random,
      reconnectMsMax,
      open,
      ...(judge === undefined ? {} : { judge }),
      onOpen: () => {
        options.onOpen?.();
        this.hurry();
      },
      onTrouble: (error) => {
        options.onTrouble?.(error);
        onChange();
      },
    });
  }

  private get heartbeatMs(): number {
    return Math.min(HEARTBEAT_MS, this.options.heartbeatMs ?? HEARTBEAT_MS);
  }

  get connection(): Connection | null {
    const { current } = this.keeper;
    return current?.error === null ? current : null;
  }

  /** Why there is none, or null. */
  get trouble(): Error | null {
    return this.keeper.current?.error ?? this.keeper.trouble;
  }

  /** When the question was asked that this connection answered last. */
  confirmedAtMs(connection: Connection): number {
    return this.confirmed?.connection === connection ? this.confirmed.askedAtMs : Number.NEGATIVE_INFINITY;
  }

  /** Asks now, or as soon as what was asked already is answered. Without a connection, once there is one. */
  hurry(): void {
    this.timer?.cancel();
    this.timer = null;
    const { connection } = this;
    if (this.closed || connection === null) return;
    if (this.asking === null) this.asking = this.ask(connection);
    else this.again = true;
  }

  async close(): Promise<void> {
    this.closed = true;
    this.timer?.cancel();
    await this.keeper.close();
    await this.asking;
  }

  /** Never rejects. */
  private async ask(connection: Connection): Promise<void> {
    this.again = false;
    const askedAtMs = this.options.clock.monotonicMs();
    let failure: Error | null = null;
    try {
      await this.options.ask(connection, askedAtMs);
      this.confirmed = { connection, askedAtMs };
    } catch (error) {
      failure = error instanceof Error ? error : new Error(String(error));
    }
    this.asking = null;
    if (failure !== null && this.keeper.current === connection) this.keeper.drop(failure);
    else this.options.onChange();
    if (this.closed) return;
    if (this.again) this.hurry();
    else if (this.asking === null)
      this.timer ??= this.options.clock.after(this.heartbeatMs, () => this.hurry());
  }
}
