/** Two clients in each other's way get the same replies as from a real redis-server: WATCH, MULTI and EXEC. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { describeWithRedis } from '../support/servers.js';
import type { CommandArgs } from './commands.js';
import { serverPair } from './pair.js';
import { type Endpoint, encode, readReplies, type Tree } from './wire.js';

const RUNS = Number(process.env['LOOKASIDE_COMPAT_RUNS'] ?? 400);
const CLIENTS = 2;

const key = fc.constantFrom('a', 'b');
const command: fc.Arbitrary<CommandArgs> = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(fc.constant('WATCH'), key) },
  { weight: 3, arbitrary: fc.constantFrom(['MULTI'], ['EXEC'], ['EXEC']) },
  { weight: 3, arbitrary: fc.tuple(fc.constantFrom('GET', 'INCR', 'DEL', 'PERSIST'), key) },
  {
    weight: 2,
    arbitrary: key.chain((name) =>
      fc.constantFrom(
        ['SET', name, '1'],
        ['EXPIRE', name, '-1'],
        ['EXPIRE', name, '1000'],
        ['HSET', name, 'f', 'v'],
        ['SET', name, '1', 'PXAT', '1'],
      ),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      ['DISCARD'],
      ['UNWATCH'],
      ['FLUSHDB'],
      ['FLUSHALL'],
      ['SELECT', '1'],
      ['SELECT', '0'],
      ['RESET'],
      ['nope'],
    ),
  },
);
const steps = fc.array(fc.record({ client: fc.nat(CLIENTS - 1), command }), { minLength: 3, maxLength: 25 });

describeWithRedis('WATCH', () => {
  const { endpoint, real } = serverPair();

  it('gives several clients the same replies, whoever changes what', { timeout: 600_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (list) => {
        const [ours, theirs] = await Promise.all([replies(endpoint, list), replies(real, list)]);
        expect(ours).toEqual(theirs);
      }),
      { numRuns: RUNS },
    );
  });
});

type Steps = readonly { readonly client: number; readonly command: CommandArgs }[];

async function replies(endpoint: Endpoint, list: Steps): Promise<unknown[]> {
  const sockets = await Promise.all(Array.from({ length: CLIENTS }, () => opened(endpoint)));
  try {
    const answers: unknown[] = [];
    for (const socket of sockets) await ask(socket, ['FLUSHALL']);
    for (const { client, command } of list) {
      const socket = sockets[client];
      if (socket !== undefined) answers.push([client, command, await ask(socket, command)]);
    }
    return answers;
  } finally {
    for (const socket of sockets) socket.destroy();
  }
}

async function opened(endpoint: Endpoint): Promise<Socket> {
  const socket = connect({ ...endpoint, noDelay: true });
  await once(socket, 'connect');
  return socket;
}

/** These answers are short: each comes in one piece. */
async function ask(socket: Socket, args: CommandArgs): Promise<Tree | undefined> {
  socket.write(encode(args));
  const [chunk] = (await once(socket, 'data')) as [Buffer];
  return readReplies(chunk)[0];
}
