/** Decides how a process of its own holds many silent connections: told a path and a count, it opens them, and asks when told. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

const [path = '', count = '0'] = process.argv.slice(2);
/** No more than the listener's backlog. */
const AT_ONCE = 250;

const sockets: Socket[] = [];

async function open(): Promise<void> {
  const socket = connect({ path });
  // Connected is who waits to be accepted, too: an answer says that there is room for the next.
  await ask(socket);
  sockets.push(socket);
}

async function ask(socket: Socket): Promise<string> {
  socket.write('PING\r\n');
  return String((await once(socket, 'data'))[0]);
}

async function main(): Promise<void> {
  while (sockets.length < Number(count))
    await Promise.all(Array.from({ length: Math.min(AT_ONCE, Number(count) - sockets.length) }, open));
  process.send?.('connected');
  await once(process, 'message');
  const answers = await Promise.all(sockets.filter((_, index) => index % 100 === 0).map(ask));
  process.send?.(answers);
  await once(process, 'message');
  process.exit();
}

// Whoever started this is gone.
process.on('disconnect', () => process.exit(1));
void main();
