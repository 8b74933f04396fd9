/** Decides whose commands wait while clients are paused (CLIENT PAUSE), and serves them afterwards. Knows no command. */
import type { Clock, Timer } from '../clock.js';
import { type Bytes, copyOf } from './byte-string.js';
import type { Client } from './client.js';
import { NO_REPLY, type Reply } from './resp/reply.js';

export type PauseKind = 'writes' | 'all';

/** Timers of the system hold no longer delays. */
const TIMER_MS_MAX = 2 ** 30;

export class ClientPause {
  private kind: PauseKind | null = null;
  private endMs = 0;
  private timer: Timer | null = null;
  private postponed = new Map<Client, Bytes[]>();

  constructor(
    private readonly clock: Clock,
    private readonly run: (client: Client, args: readonly Bytes[]) => Reply,
  ) {}

  get isActive(): boolean {
    return this.kind !== null;
  }

  /** A longer and stricter pause replaces a shorter and milder one, not the other way round. */
  start(kind: PauseKind, durationMs: number): void {
    const endMs = this.clock.monotonicMs() + durationMs;
    if (this.kind !== 'all') this.kind = kind;
    this.endMs = Math.max(this.endMs, endMs);
    this.wait();
  }

  /** Whoever had to wait is served, in the order in which they came. */
  stop(): void {
    this.kind = null;
    this.endMs = 0;
    this.timer?.cancel();
    this.timer = null;
    const { postponed } = this;
    this.postponed = new Map();
    for (const [client, args] of postponed) {
      client.isBlocked = false;
      const reply = this.run(client, args);
      // The command may itself begin to wait for a key.
      if (client.isBlocked) continue;
      client.origin.transport.unblocked(reply);
      client.replied();
    }
  }

  /** Whether the command has to wait. A caller that cannot wait does not. */
  holds(client: Client, mayWrite: boolean): boolean {
    return this.kind !== null && (this.kind === 'all' || mayWrite) && !client.deniesBlocking;
  }

  postpone(client: Client, args: readonly Bytes[]): Reply {
    client.isBlocked = true;
    this.postponed.set(client, args.map(copyOf));
    return NO_REPLY;
  }

  /** Nobody is served any more. */
  close(): void {
    this.timer?.cancel();
    this.postponed.clear();
  }

  forget(client: Client): void {
    this.postponed.delete(client);
  }

  get postponedCount(): number {
    return this.postponed.size;
  }

  private wait(): void {
    this.timer?.cancel();
    const leftMs = this.endMs - this.clock.monotonicMs();
    this.timer = this.clock.after(Math.min(Math.max(leftMs, 0), TIMER_MS_MAX), () => {
      if (leftMs > TIMER_MS_MAX) this.wait();
      else this.stop();
    });
  }
}
