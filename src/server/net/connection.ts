/**
 * Decides how one socket is served: bytes to requests, replies in one write per readable event, and when to hang
 * up. Knows nothing of what requests mean.
 */

import type { Socket } from 'node:net';
import { byteString } from '../byte-string.js';
import type { Client, ClientOrigin, Transport } from '../client.js';
import { type ParserLimits, ProtocolError, RequestParser } from '../resp/parser.js';
import { fail, type Reply } from '../resp/reply.js';
import type { ReplyWriter } from '../resp/writer.js';
import type { Statistics } from '../statistics.js';

/** What a connection needs of the server. */
export interface ConnectionHost {
  readonly statistics: Statistics;
  /** One for all connections: each turn of a connection empties it. */
  readonly writer: ReplyWriter;
  readonly limits: ParserLimits & { readonly outputBufferBytesMax: number };
  monotonicMs(): number;
  dispatch(client: Client, args: readonly Buffer[]): Reply;
  /** A command threw: a bug of ours, which costs one client its connection and not the process its life. */
  failed(error: unknown): void;
  connected(origin: ClientOrigin): Client;
  disconnected(client: Client): void;
}

/** A browser that was tricked into talking to us sends these lines first (Redis: securityWarningCommand). */
const HTTP_WORDS = ['post', 'host:'];

export class Connection implements Transport {
  readonly client: Client;
  private readonly parser: RequestParser;
  private isClosed = false;

  constructor(
    private readonly socket: Socket,
    private readonly host: ConnectionHost,
    origin: Omit<ClientOrigin, 'transport'>,
  ) {
    this.parser = new RequestParser(host.limits);
    this.client = host.connected({ ...origin, transport: this });
    socket.on('close', () => this.ended());
    // An error is always followed by 'close'; who left and how concerns nobody.
    socket.on('error', () => this.ended());
  }

  get outputBytes(): number {
    return this.socket.writableLength;
  }

  get inputBytes(): number {
    return this.parser.heldBytes;
  }

  destroy(): void {
    this.ended();
    this.socket.destroy();
  }

  /** The socket has been read into `chunk`, which is somebody else's again afterwards. */
  readable(chunk: Buffer, length: number): void {
    const { host, client, parser } = this;
    if (this.isClosed || client.closesAfterReply) return;
    host.statistics.inputBytes += length;
    client.lastActiveMs = host.monotonicMs();
    parser.push(chunk, length);
    while (!this.isClosed && !client.closesAfterReply) {
      const request = parser.next(client.isAuthenticated);
      if (request === null) break;
      if (request instanceof ProtocolError) this.refuse(request);
      else this.serve(request);
    }
    if (!this.isClosed && !client.closesAfterReply) parser.keep();
    this.flush();
  }

  private serve(request: Buffer[]): void {
    const { host } = this;
    const name = request[0];
    if (name !== undefined && name.length <= 5 && HTTP_WORDS.includes(byteString(name).toLowerCase()))
      return this.destroy();
    this.answer(this.run(request));
    const limit = host.limits.outputBufferBytesMax;
    if (limit > 0 && host.writer.pendingBytes + this.socket.writableLength > limit) {
      host.statistics.outputLimitDisconnections++;
      this.destroy();
    }
  }

  private answer(reply: Reply): void {
    const { client } = this;
    if (client.replyMode === 'on') this.host.writer.write(reply, client.respVersion);
    else if (client.replyMode === 'skip-next') client.replyMode = 'skip';
    else if (client.replyMode === 'skip') client.replyMode = 'on';
  }

  private run(request: Buffer[]): Reply {
    try {
      return this.host.dispatch(this.client, request);
    } catch (error) {
      this.host.failed(error);
      this.client.closesAfterReply = true;
      return fail('internal error, the connection is closed');
    }
  }

  private refuse({ message }: ProtocolError): void {
    this.host.statistics.protocolErrors++;
    if (message === '') return this.destroy();
    this.answer(fail(`Protocol error: ${message}`));
    this.client.closesAfterReply = true;
  }

  private flush(): void {
    const { socket, host } = this;
    const { writer } = host;
    const bytes = writer.pendingBytes;
    const chunks = writer.take();
    if (this.isClosed || chunks.length === 0) writer.settled(true);
    else {
      host.statistics.outputBytes += bytes;
      if (chunks.length > 1) socket.cork();
      for (const chunk of chunks) socket.write(chunk);
      if (chunks.length > 1) socket.uncork();
      writer.settled(socket.writableLength === 0);
    }
    if (!this.isClosed && this.client.closesAfterReply) socket.end(() => this.destroy());
  }

  private ended(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.host.disconnected(this.client);
  }
}
