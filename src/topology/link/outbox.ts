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

/** What is to be written at once. */
export interface Packet {
  readonly slots: readonly Slot[];
  readonly chunks: readonly (string | Buffer)[];
  /** Of the texts: where each character is one byte, writing them costs a fraction. */
  readonly encoding: 'latin1' | 'utf8';
}

export class Outbox {
  private slots: Slot[] = [];
  private text = '';
  private isAscii = true;
  private chunks: (string | Buffer)[] = [];
  /** Reads that have no effect but their reply, by key: one may do for several callers. */
  private readonly shared: Readonly<Record<string, Map<string, Slot>>> = {
    HGETALL: new Map(),
    GET: new Map(),
    PTTL: new Map(),
  };
  private isSharing = false;
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
  take(sentAtMs: number): Packet {
    const { slots, chunks } = this;
    for (const slot of slots) slot.sentAtMs = sentAtMs;
    if (this.text !== '') chunks.push(this.text);
    const encoding = this.isAscii ? 'latin1' : 'utf8';
    this.slots = [];
    this.chunks = [];
    this.text = '';
    this.isAscii = true;
    this.forget();
    return { slots, chunks, encoding };
  }

  private slotFor(command: Command, wantsBytes: boolean): Slot {
    const name = command[0] as string; // names of commands are text
    const shared = this.shared[name];
    if (shared === undefined) {
      if (name !== 'MGET') this.forget(); // what is read from here on is to see what this does
      return this.append(command, wantsBytes);
    }
    const key = command[1] as string; // of these commands, keys are text
    let slot = shared.get(key);
    this.isSharing = true;
    if (slot?.wantsBytes !== wantsBytes) shared.set(key, (slot = this.append(command, wantsBytes)));
    return slot;
  }

  private forget(): void {
    if (!this.isSharing) return;
    this.isSharing = false;
    for (const shared of Object.values(this.shared)) if (shared.size > 0) shared.clear();
  }

  private append(command: Command, wantsBytes: boolean): Slot {
    let text = `${this.text}*${command.length}\r\n`;
    for (const argument of command)
      if (typeof argument === 'string') {
        const bytes = Buffer.byteLength(argument);
        if (bytes !== argument.length) this.isAscii = false;
        text += `$${bytes}\r\n${argument}\r\n`;
      } else {
        this.chunks.push(`${text}$${argument.length}\r\n`, argument);
        text = '\r\n';
      }
    this.text = text;
    const slot = new Slot(wantsBytes, this.sent++);
    this.slots.push(slot);
    return slot;
  }
}
