/** A damaged or forged RDB file is refused with its name and the place, whatever is wrong with it, and nothing of it is served. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { seededRandom } from '../../src/clock.js';
import { createServer } from '../../src/server/index.js';
import { crc64 } from '../../src/server/persistence/rdb/crc64.js';
import { approvedNow } from './approved.js';
import { fill, lockIn, runOn, serverIn, sharedFolder, textOf } from './support.js';

const CHECKSUM_BYTES = 8;
let good: Buffer;

beforeAll(async () => {
  const dir = sharedFolder();
  const server = await serverIn(dir);
  await fill(runOn(server), 1);
  server.execute('SAVE');
  await server.close();
  await approvedNow(dir);
  good = readFileSync(join(dir, 'dump.rdb'));
});

/** The message of the refusal; null when it was loaded. */
async function load(bytes: Buffer): Promise<string | null> {
  const dir = sharedFolder();
  writeFileSync(join(dir, 'dump.rdb'), bytes);
  const server = createServer({ persistence: { dir } });
  try {
    await server.ready();
    // Whatever came in can be read.
    for (const key of server.execute('KEYS', '*') as Buffer[]) server.execute('DUMP', key);
    await server.close();
    return null;
  } catch (error) {
    await server.closed;
    expect(lockIn(dir)).toBe(false);
    const message = error instanceof Error ? error.message : '';
    expect(message).toMatch(/^A file of the embedded server cannot be read: .*dump\.rdb, at byte \d+: /);
    return message;
  }
}

/** With a checksum that is right. */
function summed(bytes: Buffer): Buffer {
  const content = bytes.subarray(0, bytes.length - CHECKSUM_BYTES);
  return Buffer.concat([content, crc64(content)]);
}

/** A file of these parts. */
function made(...parts: (Buffer | string | number[])[]): Buffer {
  const bytes = parts.map((part) =>
    typeof part === 'string' ? Buffer.from(part, 'latin1') : Buffer.from(part),
  );
  return summed(
    Buffer.concat([Buffer.from('REDIS0010'), ...bytes, Buffer.of(0xff), Buffer.alloc(CHECKSUM_BYTES)]),
  );
}

describe('a file', () => {
  it('in which any byte was changed is refused', { timeout: 120_000 }, async () => {
    const random = seededRandom(7);
    for (let round = 0; round < 60; round++) {
      const bytes = Buffer.from(good);
      const at = Math.floor(random.fraction() * (bytes.length - CHECKSUM_BYTES));
      bytes[at] = (bytes[at] ?? 0) ^ (1 << Math.floor(random.fraction() * 8));
      expect(await load(bytes), `byte ${at}`).not.toBe(null);
    }
  });

  it('that ends early is refused wherever that is', { timeout: 120_000 }, async () => {
    const random = seededRandom(8);
    const places = [0, 1, 8, 9, 10, 30, good.length - 1, good.length - 8, good.length - 9];
    for (let round = 0; round < 40; round++) places.push(Math.floor(random.fraction() * good.length));
    for (const place of places) expect(await load(good.subarray(0, place)), `${place} bytes`).not.toBe(null);
  });

  it('that was forged, checksum and all, is refused or read: nothing else', {
    timeout: 300_000,
  }, async () => {
    const random = seededRandom(9);
    let refused = 0;
    for (let round = 0; round < 150; round++) {
      const bytes = Buffer.from(good);
      for (let count = 0; count <= round % 3; count++) {
        const at = 9 + Math.floor(random.fraction() * (bytes.length - 20));
        bytes[at] = [0, 0xff, 0x80, 0x81, 0xc3, 0xfc, 0x7f][Math.floor(random.fraction() * 7)] ?? 0;
      }
      if ((await load(summed(bytes))) !== null) refused++;
    }
    expect(refused).toBeGreaterThan(20);
  });

  it.each<[string, Buffer, RegExp]>([
    ['that is no RDB file', Buffer.from('hello, this is a text'), /it does not begin as an RDB file does/],
    [
      'of a later version',
      summed(Buffer.concat([Buffer.from('REDIS0011'), Buffer.of(0xff), Buffer.alloc(CHECKSUM_BYTES)])),
      /version 11; this server reads 1 to 10/,
    ],
    [
      'with a string that claims 2^62 bytes',
      made([0, 1], 'k', [0x81, 0x40, 0, 0, 0, 0, 0, 0, 0], 'v'),
      /the bytes end early/,
    ],
    [
      'with a set that claims 2^32 members',
      made([2, 1], 'k', [0x80, 0xff, 0xff, 0xff, 0xff], [1], 'a'),
      /more elements than bytes/,
    ],
    [
      'with a compressed string that claims 1 GB',
      made([0, 1], 'k', [0xc3, 4, 0x80, 0x40, 0, 0, 0], [0, 1, 2, 3]),
      /does not unpack/,
    ],
    ['with a key twice', made([0, 1], 'k', [1], 'a', [0, 1], 'k', [1], 'b'), /the key 'k' occurs twice/],
    [
      'with a container twice',
      made([1, 1], 'k', [1, 1], 'a', [1, 1], 'k', [1, 1], 'b'),
      /the key 'k' occurs twice/,
    ],
    ['with a member twice', made([2, 1], 'k', [2, 1], 'a', [1], 'a'), /a member occurs twice/],
    [
      'with a database that is not there',
      made([0xfe, 0x40, 77], [0, 1], 'k', [1], 'a'),
      /it has a database 77, and this server has 16/,
    ],
    ['with a value of a module', made([7, 1], 'k', [1], 'a'), /unknown type 7/],
    ['with data of a module', made([0xf7, 1], 'k', [1], 'a'), /this server has no modules/],
    ['with functions of a preview', made([0xf6, 1], 'k'), /in the form of a preview/],
    [
      'with a listpack inside a listpack that is none',
      made([16, 1], 'k', [7, 7, 0, 0, 0, 1, 0, 0x40]),
      /a listpack is broken|a field without a value/,
    ],
    [
      'with an intset that is out of order',
      made([11, 1], 'k', [12, 2, 0, 0, 0, 2, 0, 0, 0, 5, 0, 4, 0]),
      /an intset out of order/,
    ],
  ])('%s is refused', async (_name, bytes, message) => {
    expect(await load(bytes)).toMatch(message);
  });

  it('with an empty container is read without it, as by redis-server', async () => {
    expect(await load(made([2, 1], 'k', [0], [0, 1], 'a', [1], 'b'))).toBe(null);
  });

  it('of nothing but its head and its end is read', async () => {
    expect(await load(made())).toBe(null);
  });

  it('whose checksum is switched off is read, and one whose checksum is wrong where nobody compares', async () => {
    const zero = Buffer.from(made([0, 1], 'k', [1], 'a'));
    zero.fill(0, zero.length - CHECKSUM_BYTES);
    expect(await load(zero)).toBe(null);
    const wrong = Buffer.from(good);
    wrong[wrong.length - 1] = (wrong.at(-1) ?? 0) ^ 1;
    expect(await load(wrong)).toMatch(/the checksum at its end/);
    const dir = sharedFolder();
    writeFileSync(join(dir, 'dump.rdb'), wrong);
    const server = await serverIn(dir, { parameters: [['rdbchecksum', 'no']] });
    expect(textOf(server.execute('GET', 'last'))).toBe('null');
    await server.close();
  });
});
