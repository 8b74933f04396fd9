/** Decides how many keys get into a server: keys of 16 bytes as redis-benchmark names them, in pipelines that wait. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

export interface Filling {
  readonly port: number;
  readonly from: number;
  /** Not included. */
  readonly to: number;
  readonly valueBytes: number;
}

/** Short, so that a GET of somebody else never waits behind many of them. */
const PIPELINE = 64;
const REPLY = '+OK\r\n';

export async function fill({ port, from, to, valueBytes }: Filling): Promise<void> {
  const socket = await open(port);
  const tail = `$${valueBytes}\r\n${'x'.repeat(valueBytes)}\r\n`;
  for (let next = from; next < to; ) {
    const end = Math.min(to, next + PIPELINE);
    let text = '';
    for (let number = next; number < end; number++)
      text += `*3\r\n$3\r\nSET\r\n$16\r\nkey:${String(number).padStart(12, '0')}\r\n${tail}`;
    await exchange(socket, text, (end - next) * REPLY.length);
    next = end;
  }
  socket.destroy();
}

/** One command; an error is thrown. */
export async function request(port: number, args: readonly string[]): Promise<void> {
  const socket = await open(port);
  socket.write(`*${args.length}\r\n${args.map((arg) => `$${arg.length}\r\n${arg}\r\n`).join('')}`);
  const [reply] = (await once(socket, 'data')) as [Buffer];
  socket.destroy();
  if (reply[0] === 0x2d) throw new Error(`${args[0] ?? ''}: ${reply.toString().trim()}`);
}

export async function open(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  socket.setNoDelay(true);
  return socket;
}

/** Writes and waits for a reply of so many bytes. */
export function exchange(socket: Socket, text: string, replyBytes: number): Promise<void> {
  return new Promise((resolve, reject) => {
    let missing = replyBytes;
    const take = (chunk: Buffer): void => {
      missing -= chunk.length;
      const isError = chunk[0] === 0x2d;
      if (!isError && missing > 0) return;
      socket.off('data', take);
      if (isError) reject(new Error(chunk.toString().trim()));
      else resolve();
    };
    socket.on('data', take);
    socket.write(text);
  });
}
