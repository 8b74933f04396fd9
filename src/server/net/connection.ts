/**
 * Decides how one socket is served: bytes to requests, replies in one write per readable event, and when to hang
 * up. Knows nothing of what requests mean.
 */

import type { Socket } from 'node:net';
import { byteString } from '../byte-string.js';
import type { Client, ClientOrigin, Transport } from '../client.js';
import type { CommitGate } from '../commit-gate.js';
import { type ParserLimits, ProtocolError, RequestParser } from '../resp/parser.js';
import { fail, type Reply, replyBytes, SeveralReplies } from '../resp/reply.js';
import type { Request, RequestSlices } from '../resp/request.js';
import type { ReplyWriter } from '../resp/writer.js';
import type { OutputLimit } from '../settings.js';
import type { Statistics } from '../statistics.js';
import { DirectOutput } from './direct-output.js';
import { HeldOutput } from './held-output.js';
import type { Outbox, Sender } from './outbox.js';

/** What a connection needs of the server. */
export interface ConnectionHost {
  readonly statistics: Statistics;
  /** One for all connections: what one turn has written is taken out before the next begins. */
  readonly writer: ReplyWriter;
  readonly outbox: Outbox;
  readonly limits: ParserLimits;
  /** Null while no reply has to wait for the disk. */
  readonly commitGate: CommitGate | null;
  /** What this client may leave unread now. */
  outputLimitOf(client: Client): OutputLimit;
  /** Its buffers are what they were not. */
  buffersChanged(client: Client): void;
  /** A connection has its turn; returns the monotonic time. */
  beginTurn(): number;
  monotonicMs(): number;
  dispatch(client: Client, request: Request): Reply;
  /** These requests are about to be served. */
  readAhead(client: Client, requests: RequestParser): void;
  /** Good until a command is dispatched. */
  mayTakeShortcuts(client: Client): boolean;
  takeShortcut(client: Client, request: RequestSlices): boolean;
  /** All that was read has been served. */
  turnEnded(): void;
  /** A command threw: a bug of ours, which costs one client its connection and not the process its life. */
  failed(error: unknown): void;
  /** Something was sent outside of the connection's own turn: `flushSent` is called when the turn of all ends. */
  wantsToFlush(connection: Connection): void;
  connected(origin: ClientOrigin): Client;
  disconnected(client: Client): void;
}

/** A browser that was tricked into talking to us sends these lines first (Redis: securityWarningCommand). */
const HTTP_WORDS = ['post', 'host:'];

/** What a client may send ahead while a command of it waits; its leaving is noticed only below this. */
const HELD_WHILE_BLOCKED_BYTES_MAX = 1024 * 1024;
const EMPTY = Buffer.alloc(0);
/** Once a turn has answered this much, the limit on output is looked at after each reply, and not only at its end. */
const CHECKED_OUTPUT_BYTES = 32 * 1024;

export class Connection implements Transport, Sender {
  readonly takesPushes = true;
  readonly isInProcess = false;
  readonly client: Client;
  private readonly parser: RequestParser;
  private readonly output: DirectOutput;
  /** Replies that wait until what they tell of is safe. */
  private held: HeldOutput | null = null;
  private isClosed = false;
  private isInTurn = false;
  /** No longer read, because the client waits and has sent much meanwhile. */
  private isPaused = false;
  /** The client no longer waits and what it sent meanwhile is still to be served. */
  private isResuming = false;
  /** Sent while another connection had its turn. */
  private sent: Reply[] = [];
  private sentBytes = 0;
  /** Taken from the writer and not yet sent off. */
  private leaving: readonly Buffer[] = [];
  private leavingBytes = 0;
  /** Since when more than the soft limit is left unread. */
  private softLimitSinceMs: number | null = null;

  constructor(
    private readonly socket: Socket,
    private readonly host: ConnectionHost,
    origin: Omit<ClientOrigin, 'transport'>,
  ) {
    this.parser = new RequestParser(host.limits);
    this.output = new DirectOutput(socket, () => this.destroy());
    this.client = host.connected({ ...origin, transport: this });
    socket.on('close', () => this.ended());
    // An error is always followed by 'close'; who left and how concerns nobody.
    socket.on('error', () => this.ended());
    // The peer says no more: the socket ends by itself, and what was answered has to leave before.
    socket.on('end', () => host.outbox.flush());
  }

  get outputBytes(): number {
    return this.output.queuedBytes + this.sentBytes + this.leavingBytes + (this.held?.bytes ?? 0);
  }

  get inputBytes(): number {
    return this.parser.heldBytes;
  }

  destroy(): void {
    this.ended();
    this.socket.destroy();
  }

  /** In the connection's own turn it goes where its replies go; else it waits for the end of somebody else's. */
  send(reply: Reply): void {
    if (this.isClosed) return;
    if (this.client.execReplies !== null) this.client.execReplies.push(reply);
    else if (this.isInTurn) this.host.writer.write(reply, this.client.respVersion);
    else {
      if (this.sent.length === 0) this.host.wantsToFlush(this);
      this.sent.push(reply);
      this.sentBytes += replyBytes(reply);
    }
    this.checkOutput();
    if (!this.isClosed) this.host.buffersChanged(this.client);
  }

  unblocked(reply: Reply): void {
    const { client } = this;
    if (this.isClosed) return;
    // Also when the reply is a silent one, so that what was read meanwhile is served.
    if (this.sent.length === 0) this.host.wantsToFlush(this);
    if (client.replyMode === 'on') this.send(reply);
    else if (client.replyMode === 'skip') client.replyMode = 'on';
    if (this.isPaused) this.socket.resume();
    this.isPaused = false;
    this.isResuming = true;
  }

  /** Called when nobody has a turn. */
  flushSent(): void {
    if (this.isClosed) return;
    if (this.isResuming) this.turn(EMPTY, 0);
    else if (this.sent.length > 0) {
      this.writeSent();
      this.flush();
    }
  }

  /** The socket has been read into `chunk`, which is somebody else's again afterwards. */
  readable(chunk: Buffer, length: number): void {
    const { host, client, parser } = this;
    if (this.isClosed || client.closesAfterReply) return;
    host.statistics.inputBytes += length;
    client.lastActiveMs = host.beginTurn();
    this.turn(chunk, length);
    if (client.isBlocked && parser.heldBytes > HELD_WHILE_BLOCKED_BYTES_MAX) {
      this.isPaused = true;
      this.socket.pause();
    }
  }

  private turn(chunk: Buffer, length: number): void {
    const { client, parser } = this;
    const { writer } = this.host;
    this.isInTurn = true;
    this.isResuming = false;
    this.writeSent();
    parser.push(chunk, length);
    let mayTakeShortcuts = this.host.mayTakeShortcuts(client);
    while (!this.isClosed && !client.closesAfterReply && !client.isBlocked) {
      const request = parser.next(client.isAuthenticated);
      if (request === null) break;
      if (request === parser.slices && parser.ahead.isAtFirst) this.host.readAhead(client, parser);
      if (!mayTakeShortcuts || request !== parser.slices || !this.takeShortcut(parser.slices)) {
        if (request instanceof ProtocolError) this.refuse(request);
        else this.serve(request);
        mayTakeShortcuts = this.host.mayTakeShortcuts(client);
      }
      if (writer.pendingBytes > CHECKED_OUTPUT_BYTES) this.checkOutput();
    }
    this.host.turnEnded();
    this.checkOutput();
    if (!this.isClosed && !client.closesAfterReply) parser.keep();
    this.isInTurn = false;
    this.flush();
  }

  private serve(request: Request): void {
    if (mayBeHttp(request) && HTTP_WORDS.includes(byteString(request.args[0] ?? '').toLowerCase()))
      return this.destroy();
    this.answer(this.run(request));
  }

  private checkOutput(): void {
    const { host } = this;
    if (this.isClosed) return;
    const { hardBytes, softBytes, softSeconds } = host.outputLimitOf(this.client);
    const bytes = (this.isInTurn ? host.writer.pendingBytes : 0) + this.outputBytes;
    const isSoft = softBytes > 0 && bytes > softBytes;
    if (!isSoft) this.softLimitSinceMs = null;
    else this.softLimitSinceMs ??= host.monotonicMs();
    const isLong =
      this.softLimitSinceMs !== null && host.monotonicMs() - this.softLimitSinceMs > softSeconds * 1000;
    if (isLong || (hardBytes > 0 && bytes > hardBytes)) {
      host.statistics.outputLimitDisconnections++;
      this.destroy();
    }
  }

  private writeSent(): void {
    const { sent } = this;
    if (sent.length === 0) return;
    this.sent = [];
    this.sentBytes = 0;
    for (const reply of sent) this.host.writer.write(reply, this.client.respVersion);
  }

  private answer(reply: Reply): void {
    const { client } = this;
    if (client.isBlocked) return;
    const isPush = typeof reply === 'object' && reply instanceof SeveralReplies;
    if (isPush || client.replyMode === 'on') this.host.writer.write(reply, client.respVersion);
    if (client.replyMode === 'skip-next') client.replyMode = 'skip';
    else if (client.replyMode === 'skip') client.replyMode = 'on';
    client.replied();
  }

  private run(request: Request): Reply {
    try {
      return this.host.dispatch(this.client, request);
    } catch (error) {
      return this.commandFailed(error);
    }
  }

  private takeShortcut(request: RequestSlices): boolean {
    try {
      return this.host.takeShortcut(this.client, request);
    } catch (error) {
      this.answer(this.commandFailed(error));
      return true;
    }
  }

  private commandFailed(error: unknown): Reply {
    this.host.failed(error);
    this.client.closesAfterReply = true;
    return fail('internal error, the connection is closed');
  }

  private refuse({ message }: ProtocolError): void {
    this.host.statistics.protocolErrors++;
    if (message === '') return this.destroy();
    this.answer(fail(`Protocol error: ${message}`));
    this.client.closesAfterReply = true;
  }

  sendOff(): boolean {
    const { leaving, client } = this;
    this.leaving = [];
    this.leavingBytes = 0;
    if (this.isClosed) return true;
    const haveLeft = leaving.length === 0 || this.write(leaving);
    if (!this.isClosed) this.host.buffersChanged(client);
    if (!this.isClosed && client.closesAfterReply && this.held?.isEmpty !== false)
      this.socket.end(() => this.destroy());
    return haveLeft;
  }

  private flush(): void {
    const { host, client } = this;
    const { writer, outbox } = host;
    const bytes = writer.pendingBytes;
    if (this.isClosed) return outbox.drop();
    if (bytes === 0 && !client.closesAfterReply) return host.buffersChanged(client);
    host.statistics.outputBytes += bytes;
    const chunks = writer.take();
    if (this.hold(chunks)) {
      outbox.drop();
      return host.buffersChanged(client);
    }
    this.letLeave(chunks, bytes);
  }

  private letLeave(chunks: readonly Buffer[], bytes: number): void {
    this.leaving = this.leaving.length > 0 ? [...this.leaving, ...chunks] : chunks;
    this.leavingBytes += bytes;
    this.host.outbox.add(this, bytes);
  }

  /** False where nothing has to wait. */
  private hold(chunks: readonly Buffer[]): boolean {
    const { commitGate: gate, writer } = this.host;
    const position = gate === null ? null : gate.position;
    if (position === null && this.held?.isEmpty !== false) return false;
    this.held ??= new HeldOutput(this.socket, {
      leave: (freed) => {
        if (this.isClosed) return;
        this.letLeave(
          freed,
          freed.reduce((sum, chunk) => sum + chunk.length, 0),
        );
        this.host.buffersChanged(this.client);
      },
      lost: () => this.destroy(),
    });
    // The writer's buffer is for others by the time they leave.
    const own = chunks.map((chunk) => (writer.owns(chunk) ? Buffer.from(chunk) : chunk));
    this.held.add(gate, position, own);
    return true;
  }

  /** Whether the bytes are on their way, so that their memory can be used again. */
  private write(chunks: readonly Buffer[]): boolean {
    const { socket, output, host } = this;
    const only = chunks.length === 1 ? chunks[0] : undefined;
    if (only !== undefined) {
      const outcome = output.write(only);
      if (outcome === 'failed') this.destroy();
      if (outcome !== 'stream') return outcome === 'written';
    }
    if (chunks.length > 1) socket.cork();
    // The stream may keep them for long, and a few bytes would keep the writer's whole buffer alive.
    for (const chunk of chunks) socket.write(host.writer.owns(chunk) ? Buffer.from(chunk) : chunk);
    if (chunks.length > 1) socket.uncork();
    return true;
  }

  private ended(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.sent = [];
    this.host.disconnected(this.client);
  }
}

/** Cheap to ask of every request: both words have an o in the second place. */
function mayBeHttp(request: Request): boolean {
  const { slices } = request;
  if (slices === null) return (request.args[0] ?? '').length <= 5;
  const start = slices.start(0);
  return slices.end(0) - start <= 5 && ((slices.bytes[start + 1] ?? 0) | 0x20) === 0x6f;
}
