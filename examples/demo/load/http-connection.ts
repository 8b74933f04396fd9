/**
 * Decides how one keep-alive HTTP/1.1 connection sends a request and reads its reply, at the least cost that a
 * load generator in Node can have. Speaks only what Fastify answers (a status, a content-length, a body): any
 * other reply is an error.
 */
import { connect, type Socket } from 'node:net';

export interface HttpRequest {
  readonly method: 'GET' | 'PATCH';
  readonly path: string;
  /** JSON text. */
  readonly body?: string;
}

export interface HttpReply {
  readonly status: number;
  readonly body: string;
}

interface Waiting {
  readonly resolve: (reply: HttpReply) => void;
  readonly reject: (error: Error) => void;
}

const endOfHead = Buffer.from('\r\n\r\n');
const contentLength = /\r\ncontent-length: (\d+)/i;

/** One request at a time. */
export class HttpConnection {
  private waiting: Waiting | null = null;
  private received: Buffer = Buffer.alloc(0);
  private failure: Error | null = null;

  private constructor(
    private readonly socket: Socket,
    private readonly host: string,
  ) {
    socket.setNoDelay(true);
    socket.on('data', (chunk) => this.take(chunk));
    socket.on('error', (error) => this.fail(error));
    socket.on('close', () => this.fail(new Error(`The API closed a connection to ${host}`)));
  }

  static open(port: number): Promise<HttpConnection> {
    return new Promise((resolve, reject) => {
      const socket = connect({ port, host: '127.0.0.1' });
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.off('error', reject);
        resolve(new HttpConnection(socket, `127.0.0.1:${port}`));
      });
    });
  }

  request({ method, path, body }: HttpRequest): Promise<HttpReply> {
    return new Promise((resolve, reject) => {
      if (this.failure !== null || this.waiting !== null) {
        reject(this.failure ?? new Error('A connection carries one request at a time'));
        return;
      }
      this.waiting = { resolve, reject };
      const head = `${method} ${path} HTTP/1.1\r\nHost: ${this.host}\r\n`;
      if (body === undefined) this.socket.write(`${head}\r\n`);
      else
        this.socket.write(
          `${head}Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
        );
    });
  }

  close(): void {
    this.failure ??= new Error('The connection was closed by its owner');
    this.socket.destroy();
  }

  private take(chunk: Buffer): void {
    this.received = this.received.length === 0 ? chunk : Buffer.concat([this.received, chunk]);
    const headEnd = this.received.indexOf(endOfHead);
    if (headEnd < 0) return;
    const head = this.received.toString('latin1', 0, headEnd);
    const length = contentLength.exec(head)?.[1];
    if (length === undefined || !head.startsWith('HTTP/1.1 ')) {
      this.fail(new Error(`Not a reply this client can read: ${head.slice(0, 200)}`));
      return;
    }
    const bodyStart = headEnd + endOfHead.length;
    const bodyEnd = bodyStart + Number(length);
    if (this.received.length < bodyEnd) return;
    const { waiting } = this;
    if (waiting === null || this.received.length > bodyEnd) {
      this.fail(new Error('The API sent more than was asked for'));
      return;
    }
    const body = this.received.toString('utf8', bodyStart, bodyEnd);
    this.received = Buffer.alloc(0);
    this.waiting = null;
    waiting.resolve({ status: Number(head.slice(9, 12)), body });
  }

  private fail(error: Error): void {
    this.failure ??= error;
    this.socket.destroy();
    const { waiting } = this;
    this.waiting = null;
    waiting?.reject(this.failure);
  }
}
