/** Decides when clients that have been silent for too long are hung up on (`timeout`). Runs only while there is a limit. */
import type { Clock, Timer } from '../clock.js';
import type { Client, ClientRegistry } from './client.js';

const CHECK_MS = 1000;

export class IdleCheck {
  private timer: Timer | null = null;

  constructor(
    private readonly clock: Clock,
    private readonly clients: ClientRegistry,
    /** 0 is no limit. */
    private readonly secondsMax: () => number,
  ) {}

  /** The limit was set anew. */
  limitChanged(): void {
    this.stop();
    if (this.secondsMax() > 0) this.timer = this.clock.after(CHECK_MS, () => this.check());
  }

  stop(): void {
    this.timer?.cancel();
    this.timer = null;
  }

  private check(): void {
    const limitMs = this.secondsMax() * 1000;
    const nowMs = this.clock.monotonicMs();
    for (const client of this.clients)
      if (nowMs - client.lastActiveMs > limitMs && mayBeCut(client)) client.origin.transport.destroy();
    this.limitChanged();
  }
}

/** Who waits or listens is silent for a reason. */
function mayBeCut(client: Client): boolean {
  const { origin, isBlocked, isMonitor, subscriptionCount } = client;
  return !origin.transport.isInProcess && !isBlocked && !isMonitor && subscriptionCount === 0;
}
