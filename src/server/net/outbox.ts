/**
 * Decides when replies leave: at the end of a round of the event loop, for all connections that had a turn in it, as
 * Redis does. Whoever waits is woken once by the first write, and is awake for those that follow, which makes each of
 * them cheaper. Knows nothing of sockets.
 */
import type { ReplyWriter } from '../resp/writer.js';

/** From here on it is not put off: what is written would not stay in the processor's cache. */
const BYTES_MAX = 48 * 1024;

export interface Sender {
  /** Sends what it holds. Whether the bytes are on their way, so that their memory can be used again. */
  sendOff(): boolean;
}

export class Outbox {
  private senders: Sender[] = [];
  private bytes = 0;
  private isScheduled = false;
  private readonly roundEnded = (): void => {
    this.isScheduled = false;
    this.flush();
  };

  constructor(private readonly writer: ReplyWriter) {}

  /** So many bytes of the writer are held by somebody who is asked to send them off later, and maybe at once. */
  add(sender: Sender, bytes: number): void {
    this.senders.push(sender);
    this.bytes += bytes;
    if (this.bytes >= BYTES_MAX) this.flush();
    else if (!this.isScheduled) {
      this.isScheduled = true;
      setImmediate(this.roundEnded);
    }
  }

  /** What was written is for nobody, or kept elsewhere. */
  drop(): void {
    this.writer.take();
    if (this.senders.length === 0) this.writer.settled(true);
  }

  flush(): void {
    const { senders } = this;
    if (senders.length === 0) return;
    this.senders = [];
    this.bytes = 0;
    let haveAllLeft = true;
    for (const sender of senders) if (!sender.sendOff()) haveAllLeft = false;
    // Sending may hang up on somebody, and that may have others write again.
    if (this.senders.length === 0) this.writer.settled(haveAllLeft);
  }
}
