/** Streams and their groups answer as on a real redis-server, down to the nodes that trimming leaves. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { expect, it } from 'vitest';
import { describeWithRedis } from '../support/servers.js';
import { describeGenerated } from './generated.js';
import { serverPair } from './pair.js';
import { streamGroup } from './streams.js';
import { type Endpoint, encode } from './wire.js';

describeGenerated(streamGroup);

/** A client that writes commands and is told what comes back, as text. */
class Client {
  private told = '';

  private constructor(private readonly socket: Socket) {
    socket.on('data', (chunk) => {
      this.told += chunk.toString('latin1');
    });
  }

  static async open(endpoint: Endpoint): Promise<Client> {
    const socket = connect({ ...endpoint, noDelay: true });
    await once(socket, 'connect');
    return new Client(socket);
  }

  /** All that is answered up to an ECHO of `until`, which is sent behind the commands unless it is awaited from others. */
  async ask(...commands: string[]): Promise<string> {
    this.send(...commands, 'ECHO the-end');
    return this.until('the-end\r\n');
  }

  /** Begins to wait: once the PING in front is answered, so is nothing behind it. */
  async block(command: string): Promise<void> {
    this.send('PING', command);
    await this.until('+PONG\r\n');
  }

  /** What ends the waiting, and what comes behind it. */
  async released(): Promise<string> {
    return this.ask();
  }

  close(): void {
    this.socket.destroy();
  }

  private send(...commands: string[]): void {
    this.socket.write(Buffer.concat(commands.map((command) => encode(command.split(' ')))));
  }

  private async until(end: string): Promise<string> {
    while (!this.told.endsWith(end)) await once(this.socket, 'data');
    const { told } = this;
    this.told = '';
    return told;
  }
}

/** Each line: who says what. `<` begins to wait, `>` is released. */
const stories: Record<string, string[]> = {
  'XSETID below what was deleted': [
    'a: XADD s 10-1 f v',
    'a: XADD s 30-0 f v',
    'a: XDEL s 30-0',
    'a: XSETID s 9-0',
    'a: XSETID s 29-0',
    'a: XSETID s 29-0 ENTRIESADDED 5 MAXDELETEDID 40-0',
    'a: XSETID s 29-0 ENTRIESADDED 5 MAXDELETEDID 20-0',
    'a: XDEL s 10-1',
    'a: XSETID s 0-0',
    'a: XINFO STREAM s',
    'a: XADD s 1-1 f v',
  ],
  'XREAD waits for entries behind the last': [
    'a: XADD s 1-1 f v',
    'b< XREAD BLOCK 0 STREAMS s none $ $',
    'a: XADD s 2-1 f w',
    'b>',
    'b< XREAD COUNT 1 BLOCK 0 STREAMS s 5-0',
    'a: XADD s 3-1 f w',
    'a: XADD s 5-1 f w',
    'b>',
  ],
  'XREADGROUP waits for what nobody of the group has seen': [
    'a: XGROUP CREATE s g $ MKSTREAM',
    'b< XREADGROUP GROUP g one BLOCK 0 STREAMS s >',
    'c< XREADGROUP GROUP g two BLOCK 0 STREAMS s >',
    'a: XADD s 1-1 f v',
    'b>',
    'a: XADD s 2-1 f v',
    'c>',
    'a: XPENDING s g',
    'a: XINFO GROUPS s',
  ],
  'a group that is destroyed releases who waits for it': [
    'a: XGROUP CREATE s g $ MKSTREAM',
    'b< XREADGROUP GROUP g one BLOCK 0 STREAMS s >',
    'a: XGROUP DESTROY s g',
    'b>',
  ],
  'a stream that is deleted, replaced or flushed releases who waits for its group': [
    'a: XGROUP CREATE s g $ MKSTREAM',
    'b< XREADGROUP GROUP g one BLOCK 0 STREAMS s >',
    'a: DEL s',
    'b>',
    'a: XGROUP CREATE s g $ MKSTREAM',
    'b< XREADGROUP GROUP g one BLOCK 0 STREAMS s >',
    'a: SET s v',
    'b>',
    'a: DEL s',
    'a: XGROUP CREATE s g $ MKSTREAM',
    'b< XREADGROUP GROUP g one BLOCK 0 STREAMS s >',
    'a: FLUSHALL',
    'b>',
  ],
  'XREAD goes on waiting when its key is deleted': [
    'a: XADD s 1-1 f v',
    'b< XREAD BLOCK 0 STREAMS s $',
    'a: DEL s',
    'a: XADD s 1-1 f v',
    'a: XADD s 2-1 f v',
    'b>',
  ],
  'nobody waits in a transaction, and what EXEC adds is served once': [
    'a: MULTI ; XREAD BLOCK 0 STREAMS s $ ; EXEC',
    'b< XREAD BLOCK 0 STREAMS s $',
    'a: MULTI ; XADD s 1-1 f v ; XADD s 2-1 f v ; EXEC',
    'b>',
  ],
  'a timeout answers nothing': [
    'a: XREAD BLOCK 1 STREAMS s $',
    'a: XREAD BLOCK x STREAMS s $',
    'a: XREAD BLOCK -1 STREAMS s $',
  ],
};

describeWithRedis('clients that wait for streams', () => {
  const { endpoint, real } = serverPair();

  async function tell(server: Endpoint, story: readonly string[], version: string): Promise<string[]> {
    const clients = new Map<string, Client>();
    for (const name of ['a', 'b', 'c']) clients.set(name, await Client.open(server));
    for (const client of clients.values()) await client.ask(`HELLO ${version}`);
    const told: string[] = [];
    await clients.get('a')?.ask('FLUSHALL');
    for (const line of story) {
      const client = clients.get(line.charAt(0));
      if (client === undefined) throw new Error(`Nobody says ${line}`);
      if (line.charAt(1) === '<') await client.block(line.slice(3));
      else
        told.push(
          `${line} ${line.charAt(1) === '>' ? await client.released() : await client.ask(...line.slice(3).split(' ; '))}`,
        );
    }
    for (const client of clients.values()) client.close();
    return told;
  }

  it.each(Object.entries(stories))('%s', async (_name, story) => {
    for (const version of ['2', '3'])
      expect(await tell(endpoint, story, version)).toEqual(await tell(real, story, version));
  });

  it('gives IDs by the clock that only rise', async () => {
    const client = await Client.open(endpoint);
    const first = await client.ask('DEL s', 'XADD s * f v', 'XADD s * f v', 'XLEN s');
    const ids = [...first.matchAll(/(\d{13,})-(\d+)/g)].map(([, ms, sequence]) => [
      Number(ms),
      Number(sequence),
    ]);
    client.close();
    expect(ids).toHaveLength(2);
    const [[ms = 0, sequence = 0] = [], [nextMs = 0, nextSequence = 0] = []] = ids;
    expect(nextMs > ms || (nextMs === ms && nextSequence === sequence + 1)).toBe(true);
  });
});
