/** Decides how raw bytes are exchanged with a Redis server and how replies are read. Knows no particular command. */
import { connect, type Socket } from 'node:net';

export type Endpoint = { readonly host: string; readonly port: number } | { readonly path: string };

/** A reply with its type's mark, so that equal trees are equal bytes: `['$', 'text']`, `['*', [...]]`, `['$', null]`. */
export type Tree = readonly [mark: string, content: string | null | readonly Tree[]];

/** Byte strings (one character per byte) as one request. */
export function encode(args: readonly string[]): Buffer {
  const parts = args.map((arg) => `$${arg.length}\r\n${arg}\r\n`);
  return Buffer.from(`*${args.length}\r\n${parts.join('')}`, 'latin1');
}

/**
 * Writes everything, says that nothing more will come, and returns all that was answered until the end.
 * For short answers: a Redis that sees the end drops what it could not write at once.
 */
export function converse(endpoint: Endpoint, bytes: Buffer): Promise<Buffer> {
  return talk(
    endpoint,
    (socket) => socket.end(bytes),
    () => false,
  );
}

const END = Buffer.from('$7\r\nthe-end\r\n');

/** Runs commands that are answered each with one reply. */
export async function converseInCommands(
  endpoint: Endpoint,
  commands: readonly (readonly string[])[],
): Promise<Tree[]> {
  const bytes = Buffer.concat([...commands, ['ECHO', 'the-end']].map(encode));
  const answer = await talk(
    endpoint,
    (socket) => socket.write(bytes),
    (last) => last.subarray(-END.length).equals(END),
  );
  return readReplies(answer).slice(0, -1);
}

function talk(
  endpoint: Endpoint,
  send: (socket: Socket) => void,
  isEnd: (lastChunks: Buffer) => boolean,
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const socket = connect({ ...endpoint, allowHalfOpen: true });
    const done = (): void => {
      socket.destroy();
      resolve(Buffer.concat(chunks));
    };
    socket.on('connect', () => send(socket));
    socket.on('data', (chunk) => {
      chunks.push(chunk);
      if (isEnd(Buffer.concat(chunks.slice(-2)))) done();
    });
    socket.on('end', done);
    // A server that hangs up on garbage it has not read resets the connection: what came before still counts.
    socket.on('error', (error: NodeJS.ErrnoException) =>
      error.code === 'ECONNRESET' || error.code === 'EPIPE' ? done() : reject(error),
    );
  });
}

export function readReplies(bytes: Buffer): Tree[] {
  const reader = new Reader(bytes.toString('latin1'));
  const replies: Tree[] = [];
  while (!reader.isAtEnd) replies.push(reader.read());
  return replies;
}

/** The same of bytes that may end in the middle of a reply. */
export function readCompleteReplies(bytes: Buffer): Tree[] {
  const reader = new Reader(bytes.toString('latin1'));
  const replies: Tree[] = [];
  try {
    while (!reader.isAtEnd) replies.push(reader.read());
  } catch (error) {
    if (!(error instanceof Error && error.message.startsWith('A reply ends early'))) throw error;
  }
  return replies;
}

class Reader {
  private position = 0;
  constructor(private readonly text: string) {}

  get isAtEnd(): boolean {
    return this.position >= this.text.length;
  }

  read(): Tree {
    const mark = this.text.charAt(this.position++);
    const line = this.line();
    switch (mark) {
      case '+':
      case '-':
      case ':':
      case '_':
      case ',':
      case '#':
      case '(':
        return [mark, line];
      case '$':
      case '=':
        return [mark, line === '-1' ? null : this.body(Number(line))];
      case '*':
      case '~':
      case '>':
        return [mark, line === '-1' ? null : this.items(Number(line))];
      case '%':
        return [mark, this.items(Number(line) * 2)];
      default:
        throw new Error(`No reply starts with ${JSON.stringify(mark + line)}`);
    }
  }

  private items(count: number): Tree[] {
    return Array.from({ length: count }, () => this.read());
  }

  private line(): string {
    const end = this.text.indexOf('\r\n', this.position);
    if (end < 0) throw new Error(`A reply ends early: ${JSON.stringify(this.text.slice(this.position))}`);
    const line = this.text.slice(this.position, end);
    this.position = end + 2;
    return line;
  }

  private body(length: number): string {
    const body = this.text.slice(this.position, this.position + length);
    this.position += length + 2;
    if (this.position > this.text.length) throw new Error('A reply ends early');
    return body;
  }
}
