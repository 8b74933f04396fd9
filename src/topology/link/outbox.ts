/**
 * Decides what goes out together: all that is asked for in one turn of the event loop is one packet, and a read that
 * is asked for several times in it is sent once. What was sent before is never shared: whoever asks later may have
 * to see more. Knows no socket.
 */
import type { Command, Replies, Reply } from '../../cache/executor.js';

/** A command on its way, and all who wait for its reply. */
export class Slot {
  reply: Reply = null;
  sentAtMs = 0;
  /** Whose last reply this is. */
  readonly completes: Call[] = [];

  constructor(
    readonly wantsBytes: boolean,
    /** Replies come in this order. */
    readonly order: number,
  ) {}
}

export class Call {
  constructor(
    readonly slots: readonly Slot[],
    readonly resolve: (replies: Replies) => void,
    readonly reject: (error: Error) => void,
  ) {}
}

/** Reads that have no effect but their reply, so that one may do for several callers. */
const SHARED: ReadonlySet<unknown> = new Set(['HGETALL', 'GET', 'PTTL']);

export class Outbox {
  private slots: Slot[] = [];
  private text = '';
  private chunks: (string | Buffer)[] = [];
  private readonly shared = new Map<string, Slot>();
  private sent = 0;

  get isEmpty(): boolean {
    return this.slots.length === 0;
  }

  /** Adds the commands, in order, and gives what their replies will be put in. */
  add(commands: readonly Command[], wantsBytes: boolean): Slot[] {
    const slots: Slot[] = [];
    for (const command of commands) slots.push(this.slotFor(command, wantsBytes));
    return slots;
  }

  /** Everything since the last time: to be written at once. */
  take(sentAtMs: number): { readonly slots: readonly Slot[]; readonly chunks: readonly (string | Buffer)[] } {
    const { slots, chunks } = this;
    for (const slot of slots) slot.sentAtMs = sentAtMs;
    if (this.text !== '') chunks.push(this.text);
    this.slots = [];
    this.chunks = [];
    this.text = '';
    this.shared.clear();
    return { slots, chunks };
  }

  private slotFor(command: Command, wantsBytes: boolean): Slot {
    if (!SHARED.has(command[0])) {
      this.shared.clear(); // what is read from here on is to see what this does
      return this.append(command, wantsBytes);
    }
    const name = `${wantsBytes ? '#' : ''}${command[0] as string} ${command[1] as string}`; // names and keys are text
    let slot = this.shared.get(name);
    if (slot === undefined) this.shared.set(name, (slot = this.append(command, wantsBytes)));
    return slot;
  }

  private append(command: Command, wantsBytes: boolean): Slot {
    let text = `${this.text}*${command.length}\r\n`;
    for (const argument of command)
      if (typeof argument === 'string') text += `$${Buffer.byteLength(argument)}\r\n${argument}\r\n`;
      else {
        this.chunks.push(`${text}$${argument.length}\r\n`, argument);
        text = '\r\n';
      }
    this.text = text;
    const slot = new Slot(wantsBytes, this.sent++);
    this.slots.push(slot);
    return slot;
  }
}
