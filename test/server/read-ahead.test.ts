/** Pipelines whose requests are read several at once, and whose keys are fetched before they are served. */
import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { seededRandom } from '../../src/clock.js';
import type { EmbeddedServer } from '../../src/server/index.js';
import { RequestParser } from '../../src/server/resp/parser.js';
import { listeningServer } from './support.js';

const LIMITS = { bulkBytesMax: 1_000_000, argumentsMax: 1_000, queryBufferBytesMax: 1_000_000 };
/** Fewer are not fetched ahead. */
const KEYS = 12_000;

let server: EmbeddedServer | undefined;

afterEach(async () => {
  await server?.close();
});

function wire(...args: readonly string[]): string {
  return `*${args.length}\r\n${args.map((arg) => `$${arg.length}\r\n${arg}\r\n`).join('')}`;
}

/** Sends it all at once, in QUIT's company, and returns what was answered. */
function answers(port: number, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let reply = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(text + wire('QUIT')));
    socket.setEncoding('latin1');
    socket.on('data', (chunk: string) => {
      reply += chunk;
    });
    socket.on('end', () => {
      socket.end();
      resolve(reply.replace(/\+OK\r\n$/, ''));
    });
    socket.on('error', reject);
  });
}

describe('a pipeline', () => {
  it('among many keys is answered as if each command had come alone, whatever it changes of what the others find', async () => {
    const listening = await listeningServer();
    ({ server } = listening);
    const stored = new Map<string, number>();
    for (let number = 0; number < KEYS; number++) {
      server.execute('SET', `key:${number}`, number);
      stored.set(`key:${number}`, number);
    }
    const random = seededRandom(11);
    const below = (count: number): number => Math.floor(random.fraction() * count);
    for (let round = 0; round < 20; round++) {
      let sent = '';
      let expected = '';
      const few = Array.from({ length: 5 }, () => `key:${below(KEYS + 500)}`);
      for (let count = 0; count < 200; count++) {
        const key = few[below(few.length)] ?? '';
        const value = stored.get(key);
        const kind = below(5);
        if (kind === 0) {
          sent += wire('GET', key);
          expected += value === undefined ? '$-1\r\n' : `$${String(value).length}\r\n${value}\r\n`;
        } else if (kind === 1) {
          sent += wire('DEL', key);
          expected += `:${stored.delete(key) ? 1 : 0}\r\n`;
        } else if (kind === 2) {
          sent += wire('INCR', key);
          stored.set(key, (value ?? 0) + 1);
          expected += `:${(value ?? 0) + 1}\r\n`;
        } else if (kind === 3) {
          sent += wire('SET', key, String(count));
          stored.set(key, count);
          expected += '+OK\r\n';
        } else {
          sent += `EXISTS ${key}\r\n`;
          expected += `:${value === undefined ? 0 : 1}\r\n`;
        }
      }
      expect(await answers(listening.port, sent)).toBe(expected);
    }
    expect(server.execute('DBSIZE')).toBe(stored.size);
  });

  it('is refused from where its client is logged out, and served again from where it logs in', async () => {
    const listening = await listeningServer({ password: 'secret' });
    ({ server } = listening);
    const sent =
      wire('AUTH', 'secret') +
      wire('SET', 'a', '1').repeat(3) +
      wire('RESET') +
      wire('GET', 'a') +
      wire('AUTH', 'secret') +
      wire('GET', 'a');
    expect(await answers(listening.port, sent)).toBe(
      `${'+OK\r\n'.repeat(4)}+RESET\r\n-NOAUTH Authentication required.\r\n+OK\r\n$1\r\n1\r\n`,
    );
  });

  it('goes to the database that was selected in it', async () => {
    const listening = await listeningServer();
    ({ server } = listening);
    for (let number = 0; number < KEYS; number++) server.execute('SET', `key:${number}`, 'first');
    const sent =
      wire('GET', 'key:1') + wire('SELECT', '1') + wire('SET', 'key:1', 'other') + wire('GET', 'key:1');
    expect(await answers(listening.port, sent + wire('SELECT', '0') + wire('GET', 'key:1'))).toBe(
      '$5\r\nfirst\r\n+OK\r\n+OK\r\n$5\r\nother\r\n+OK\r\n$5\r\nfirst\r\n',
    );
  });
});

describe('a parser', () => {
  it('loses nothing when another one is asked in between', () => {
    const [one, other] = [new RequestParser(LIMITS), new RequestParser(LIMITS)];
    const push = (parser: RequestParser, text: string): void =>
      parser.push(Buffer.from(text), Buffer.byteLength(text));
    const taken = (parser: RequestParser): unknown => {
      const request = parser.next(true);
      return request !== null && 'args' in request ? request.args.join(' ') : request;
    };
    push(one, wire('GET', 'a') + wire('GET', 'b') + wire('GET', 'c'));
    push(other, wire('GET', 'x') + wire('GET', 'y'));
    const asked = [one, other, one, other, one, one, other];
    expect(asked.map(taken)).toEqual(['GET a', 'GET x', 'GET b', 'GET y', 'GET c', null, null]);
  });

  it('reads again by the rules of who is not logged in', () => {
    const parser = new RequestParser(LIMITS);
    const many = wire('MGET', ...Array.from({ length: 20 }, (_, index) => `k${index}`));
    const text = wire('PING') + many;
    parser.push(Buffer.from(text), text.length);
    expect(parser.next(true)).toMatchObject({ count: 1 });
    expect(parser.next(false)).toEqual({ message: 'unauthenticated multibulk length' });
  });
});
