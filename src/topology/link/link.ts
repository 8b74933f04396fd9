/**
 * Decides how commands and replies find each other on one socket. What is asked for on a link is answered on it or
 * fails with it: nothing is sent again, nothing is queued for another. Knows neither keys nor who the server is.
 */
import type { Socket } from 'node:net';
import type { Command, Replies, Reply } from '../../cache/executor.js';
import { ReplyError } from '../../cache/executor.js';
import type { Clock, Timer } from '../../clock.js';
import { LookasideError, messageOf } from '../../errors.js';
import { Call, Outbox, type Slot } from './outbox.js';
import { ReplyParser } from './reply-parser.js';

export interface LinkOptions {
  readonly clock: Clock;
  /** How long a reply may take. One that takes longer ends the link: its outcome is unknown from then on. */
  readonly commandTimeoutMs: number;
  /** Commands that wait for their replies at once; further ones fail. */
  readonly pendingMax: number;
  readonly replyBytesMax: number;
  /** Whether the link is of no use after this error reply. */
  readonly isFatal: (error: ReplyError) => boolean;
  /** RESP3: what the server sends unasked. */
  readonly onPush: (values: readonly Reply[]) => void;
  /** Called once, whoever ended it. */
  readonly onEnd: (error: Error) => void;
}

export class Link {
  private readonly outbox = new Outbox();
  private readonly parser: ReplyParser;
  /** Sent and not answered yet, oldest first, from `answered` on. */
  private waiting: Slot[] = [];
  private answered = 0;
  private flushing = false;
  private watch: Timer | null = null;
  private ended: Error | null = null;
  private toldAtMs = Number.NEGATIVE_INFINITY;
  private readonly flush = (): void => this.send();

  constructor(
    private readonly socket: Socket,
    private readonly options: LinkOptions,
  ) {
    this.parser = new ReplyParser(
      {
        wantsBytes: () => this.waiting[this.answered]?.wantsBytes === true,
        reply: (value) => this.answer(value),
        push: options.onPush,
      },
      options.replyBytesMax,
    );
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => this.receive(chunk));
    socket.on('error', (error) => this.end(lost(error.message, error)));
    socket.on('close', () => this.end(lost('the server closed the connection')));
    socket.unref(); // a connection with nothing to wait for keeps no process alive
  }

  /** Why it ended, or null. */
  get error(): Error | null {
    return this.ended;
  }

  /** When the last command that was answered was sent: all that the server had said by then has arrived. */
  get answeredAtMs(): number {
    return this.toldAtMs;
  }

  /** Runs the commands in order. Bulk strings come as text, or as the bytes they are. */
  request(commands: readonly Command[], wantsBytes: boolean): Promise<Replies> {
    return new Promise((resolve, reject) => {
      if (this.ended !== null) return reject(this.ended);
      if (this.waiting.length - this.answered + commands.length > this.options.pendingMax)
        return reject(lost(`more than ${this.options.pendingMax} commands wait for their replies`));
      const slots = this.outbox.add(commands, wantsBytes);
      const call = new Call(slots, resolve, reject);
      const last = lastOf(slots);
      if (last === undefined) return resolve([]);
      last.completes.push(call);
      if (this.flushing) return;
      this.flushing = true;
      setImmediate(this.flush);
    });
  }

  end(error: Error): void {
    if (this.ended !== null) return;
    this.ended = error;
    this.watch?.cancel();
    this.socket.destroy();
    const { slots } = this.outbox.take(0);
    const failed = [...this.waiting.slice(this.answered), ...slots];
    this.waiting = [];
    this.answered = 0;
    for (const slot of failed) for (const call of slot.completes) call.reject(error);
    this.options.onEnd(error);
  }

  private send(): void {
    this.flushing = false;
    if (this.ended !== null || this.outbox.isEmpty) return;
    const { slots, chunks, encoding } = this.outbox.take(this.options.clock.monotonicMs());
    const wasIdle = this.waiting.length === 0;
    for (const slot of slots) this.waiting.push(slot);
    if (wasIdle) {
      this.socket.ref();
      this.watch ??= this.watchFor(this.options.commandTimeoutMs);
    }
    if (chunks.length > 1) this.socket.cork();
    for (const chunk of chunks) this.socket.write(chunk, encoding); // of which bytes take no notice
    if (chunks.length > 1) this.socket.uncork();
  }

  private receive(chunk: Buffer): void {
    if (this.ended !== null) return;
    try {
      this.parser.push(chunk);
    } catch (error) {
      this.end(lost(messageOf(error), error));
    }
  }

  private answer(value: Reply): void {
    const slot = this.waiting[this.answered];
    if (this.ended !== null) return;
    if (slot === undefined) return this.end(lost('the server answered what it was not asked'));
    if (value instanceof ReplyError && this.options.isFatal(value))
      return this.end(lost(value.message, value));
    this.answered++;
    slot.reply = value;
    this.toldAtMs = slot.sentAtMs;
    for (const { slots, resolve } of slot.completes) resolve(slots.map(({ reply }) => reply));
    if (this.answered < this.waiting.length) return;
    this.waiting = [];
    this.answered = 0;
    this.socket.unref();
  }

  /** One timer for all commands: it looks after the oldest. */
  private watchFor(delayMs: number): Timer {
    return this.options.clock.after(delayMs, () => {
      this.watch = null;
      const oldest = this.waiting[this.answered];
      if (oldest === undefined || this.ended !== null) return;
      const leftMs = oldest.sentAtMs + this.options.commandTimeoutMs - this.options.clock.monotonicMs();
      if (leftMs > 0) this.watch = this.watchFor(leftMs);
      else setImmediate(() => this.giveUpOn(oldest));
    });
  }

  /** A process that was busy finds its timers first and the replies that arrived meanwhile after them. */
  private giveUpOn(slot: Slot): void {
    if (this.waiting[this.answered] === slot)
      this.end(lost(`no reply within ${this.options.commandTimeoutMs} ms`));
    else if (this.answered < this.waiting.length) this.watch ??= this.watchFor(this.options.commandTimeoutMs);
  }
}

function lastOf(slots: readonly Slot[]): Slot | undefined {
  let last = slots[0];
  for (const slot of slots) if (last !== undefined && slot.order > last.order) last = slot;
  return last;
}

const lost = (detail: string, cause?: unknown): LookasideError =>
  new LookasideError('STORE_AWAY', detail, cause === undefined ? {} : { cause });
