/**
 * What the data is counted to weigh, against what the process grows by: the heap and the memory outside it, with the garbage
 * gone. (Its resident size also has what the collector keeps for garbage, whatever is stored.)
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { type CommandArguments, createServer, type EmbeddedServer } from '../../src/server/index.js';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

type Fill = (server: EmbeddedServer) => void;

function rows(count: number, of: (row: number) => CommandArguments): Fill {
  return (server) => {
    for (let row = 0; row < count; row++) server.execute(...of(row));
  };
}

function parts(count: number, of: (part: number) => readonly string[]): string[] {
  return Array.from({ length: count }, (_, part) => of(part)).flat();
}

const kinds: readonly (readonly [name: string, fill: Fill])[] = [
  ['strings of 100 bytes', rows(200_000, (row) => ['SET', `key:${row}`, 'x'.repeat(100)])],
  [
    'hashes of 5 fields',
    rows(40_000, (row) => ['HSET', `h:${row}`, ...parts(5, (part) => [`${part}`, `value${row}`])]),
  ],
  [
    'hashes of 50 fields',
    rows(5_000, (row) => [
      'HSET',
      `h:${row}`,
      ...parts(50, (part) => [`field${part}`, `value${row * part}`]),
    ]),
  ],
  ['a hash of many fields', rows(200_000, (row) => ['HSET', 'h', `field${row}`, `value${row}`])],
  [
    'sets of 50 members',
    rows(5_000, (row) => ['SADD', `s:${row}`, ...parts(50, (part) => [`member${row * part}:${part}`])]),
  ],
  ['a set of many members', rows(200_000, (row) => ['SADD', 's', `member${row}`])],
  [
    'sorted sets of 50 members',
    rows(5_000, (row) => ['ZADD', `z:${row}`, ...parts(50, (part) => [`${part * row}`, `member${part}`])]),
  ],
  [
    'a sorted set of many members',
    rows(200_000, (row) => ['ZADD', 'z', (row * 7919) % 1_000_003, `member${row}`]),
  ],
  [
    'lists of 100 elements',
    rows(5_000, (row) => ['RPUSH', `l:${row}`, ...parts(100, (part) => [`element${part * row}`])]),
  ],
];

function heldBytes(): number {
  collectGarbage();
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

it.each(kinds)('counts %s within 15 % of what the process grows by', async (_name, fill) => {
  const server = createServer();
  server.execute('SET', 'first', '1');
  const before = { heldBytes: heldBytes(), usedBytes: server.stats().usedBytes };
  fill(server);
  const counted = server.stats().usedBytes - before.usedBytes;
  const grown = heldBytes() - before.heldBytes;
  await server.close();
  expect(counted / grown).toBeGreaterThan(0.85);
  expect(counted / grown).toBeLessThan(1.15);
});
