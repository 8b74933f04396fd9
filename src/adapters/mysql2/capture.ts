/** Decides how a command is watched while the driver runs it: the bytes that came are kept beside what its caller gets. */
import type { Captured } from '../reads.js';
import { type Driver, isExecute, learnFrom } from './driver.js';
import { type Watcher, watchPackets } from './following.js';
import { HEADER_BYTES } from './layout.js';
import { type Payload, payloadOf } from './payload.js';
import type { Packet, ResultCommand } from './shapes.js';

export interface Capture {
  /** From now on nothing is kept: the connection that runs it must not fill. */
  refuse(reason: string): void;
  /** What was seen, or why nothing may be kept. To be asked once the command has succeeded. */
  outcome(): Captured<Payload>;
}

export interface Capturing {
  readonly driver: Driver;
  /** Results longer than this are not kept while they arrive. */
  readonly bytesMax: number;
}

/** To be called before the command gets its turn. */
export function captureResult(command: ResultCommand, capturing: Capturing): Capture {
  const seen = new SeenPackets(command, capturing);
  // Before the driver decodes it: a typeCast may change the bytes that it is handed.
  watchPackets(command, seen);
  return seen;
}

/** A part of the response that came in one piece. */
interface Piece {
  readonly from: Buffer;
  readonly copy: Buffer;
  /** Of the first packet in `from`, and of the last one in `copy`. */
  readonly start: number;
  end: number;
}

class SeenPackets implements Watcher, Capture {
  private pieces: Piece[] = [];
  private bytes = 0;
  private refusal: string | null = null;

  constructor(
    private readonly command: ResultCommand,
    private readonly capturing: Capturing,
  ) {}

  refuse(reason: string): void {
    this.refusal ??= reason;
    this.pieces = [];
  }

  see(packet: Packet): void {
    const { driver, bytesMax } = this.capturing;
    if (driver.Packet === null || driver.Execute === null) learnFrom(driver, this.command, packet);
    if (this.refusal !== null) return;
    this.bytes += packet.end - packet.start;
    if (this.bytes > bytesMax || packet.numPackets > 1) return this.refuse('too-large');
    const { copy, start } = this.extend(packet);
    // The driver leaves the length out of packets that it put together itself.
    copy.writeUIntLE(packet.end - packet.start - HEADER_BYTES, packet.start - start, 3);
  }

  /** What arrived at once is copied at once; memory of its own, so that a small result holds no large one. */
  private extend({ buffer, start, end }: Packet): Piece {
    const last = this.pieces.at(-1);
    if (last?.from === buffer && last.start + last.end === start) {
      last.end = end - last.start;
      return last;
    }
    const copy = Buffer.allocUnsafeSlow(buffer.length - start);
    buffer.copy(copy, 0, start);
    const piece = { from: buffer, copy, start, end: end - start };
    this.pieces.push(piece);
    return piece;
  }

  outcome(): Captured<Payload> {
    const bytes = this.take();
    if (typeof bytes === 'string') return { payload: null, reason: bytes };
    const payload = payloadOf(isExecute(this.command) ? 'binary' : 'text', bytes);
    return typeof payload === 'string' ? { payload: null, reason: payload } : { payload };
  }

  private take(): Buffer | string {
    const { pieces, refusal } = this;
    const [first] = pieces;
    if (refusal !== null || first === undefined) return refusal ?? 'incomplete';
    this.refuse('taken');
    const { copy, end } = first;
    if (pieces.length === 1 && end === copy.length) return copy;
    const whole = Buffer.allocUnsafeSlow(pieces.reduce((sum, piece) => sum + piece.end, 0));
    let at = 0;
    for (const piece of pieces) at += piece.copy.copy(whole, at, 0, piece.end);
    return whole;
  }
}
