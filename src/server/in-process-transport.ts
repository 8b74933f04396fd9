/**
 * Decides how a client of this process is sent what answers no call at hand: pushes go to its listener, the late
 * reply of a command that waited to the call that waits. Knows no command.
 */
import { LookasideError } from '../errors.js';
import type { Client, Transport } from './client.js';
import { type Value, valueOf } from './in-process.js';
import type { Reply } from './resp/reply.js';

export class InProcessTransport implements Transport {
  readonly isInProcess = true;
  readonly outputBytes = 0;
  readonly inputBytes = 0;
  client: Client | null = null;
  private waiting: { resolve: (reply: Reply) => void; reject: (error: Error) => void } | null = null;
  private settled: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly disconnect: (client: Client) => void,
    private readonly listener?: (push: Value[]) => void,
  ) {}

  get takesPushes(): boolean {
    return this.listener !== undefined;
  }

  send(reply: Reply): void {
    const value = valueOf(reply, this.client?.respVersion ?? 2, 'buffer');
    if (this.listener !== undefined && Array.isArray(value)) this.listener(value);
  }

  unblocked(reply: Reply): void {
    this.waiting?.resolve(reply);
    this.waiting = null;
  }

  destroy(): void {
    if (this.client !== null) this.disconnect(this.client);
    this.waiting?.reject(new LookasideError('SERVER_CLOSED', 'this client was closed while it waited'));
    this.waiting = null;
  }

  /** Resolves when the command that waits now no longer does. */
  async idle(): Promise<void> {
    await this.settled;
  }

  /** The reply of the command that has just begun to wait. */
  lateReply(): Promise<Reply> {
    const reply = new Promise<Reply>((resolve, reject) => {
      this.waiting = { resolve, reject };
    });
    this.settled = reply.catch(() => undefined); // whoever made the call is told
    return reply;
  }
}
