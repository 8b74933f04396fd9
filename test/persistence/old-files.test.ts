/** Files as servers of any version before wrote them, each encoding under each version's head, are loaded as redis-server loads them. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createServer } from '../../src/server/index.js';
import { crc64 } from '../../src/server/persistence/rdb/crc64.js';
import { bytes, counted, string, ziplist, zipmap } from '../compat/old-encodings.js';
import { describeWithRedis } from '../support/servers.js';
import { isDamaged } from './approved.js';
import { digestOf, folder, infoOf, redisIn, serverIn, textOf } from './support.js';

/** Opcodes, and the version that brought them. */
const opcodes = { functions: 245, moduleAux: 247, idle: 248, frequency: 249, aux: 250, resize: 251 };
const [EXPIRY_MS, EXPIRY_SECONDS, SELECT, END] = [252, 253, 254, 255];
const LATER_SECONDS = 2_000_000_000;

function seconds(at: number): Buffer {
  const all = bytes(EXPIRY_SECONDS, 0, 0, 0, 0);
  all.writeInt32LE(at, 1);
  return all;
}

function milliseconds(at: bigint): Buffer {
  const all = Buffer.alloc(9, EXPIRY_MS);
  all.writeBigInt64LE(at, 1);
  return all;
}

function fileOf(version: number, ...parts: Buffer[]): Buffer {
  const head = Buffer.from(`REDIS${String(version).padStart(4, '0')}`);
  const content = Buffer.concat([head, ...parts, bytes(END)]);
  return version < 5 ? content : Buffer.concat([content, crc64(content)]);
}

const pair = (key: string, body: Buffer): Buffer =>
  Buffer.concat([body.subarray(0, 1), string(key), body.subarray(1)]);

function intset(width: 2 | 4 | 8, numbers: readonly number[]): Buffer {
  const body = Buffer.alloc(8 + width * numbers.length);
  body.writeUInt32LE(width, 0);
  body.writeUInt32LE(numbers.length, 4);
  for (const [index, number] of numbers.entries())
    if (width === 8) body.writeBigInt64LE(BigInt(number), 8 + index * width);
    else body.writeIntLE(number, 8 + index * width, width);
  return Buffer.concat([bytes(11), string(body)]);
}

/** A packed string: 32 times the same letter. */
const packed = Buffer.concat([bytes(0xc3, 5, 32), bytes(0, 0x61, 0xe0, 22, 0)]);

/** What Redis 1 to 6 wrote, by name. */
const values: Readonly<Record<string, Buffer>> = {
  string: Buffer.concat([bytes(0), string('text')]),
  packed: Buffer.concat([bytes(0), packed]),
  int8: bytes(0, 0xc0, 0x85),
  int16: bytes(0, 0xc1, 0x39, 0x30),
  int32: bytes(0, 0xc2, 0x15, 0xcd, 0x5b, 0x07),
  list: counted(1, 3, ['a', 'b', '-3'].map(string)),
  set: counted(2, 2, ['a', '17'].map(string)),
  zset: counted(3, 2, [string('low'), bytes(255), string('one'), bytes(1), Buffer.from('1')]),
  hash: counted(4, 1, [string('field'), string('value')]),
  zsetBinary: counted(5, 1, [string('member'), Buffer.from(new Float64Array([1.5]).buffer)]),
  zipmap: Buffer.concat([
    bytes(9),
    string(
      zipmap([
        ['f', 'v'],
        ['g', 'w'],
      ]),
    ),
  ]),
  ziplist: Buffer.concat([bytes(10), string(ziplist(['a', 1, -200, 70_000, 'x'.repeat(300), 'b']))]),
  intset16: intset(2, [-5, 0, 32_767]),
  intset32: intset(4, [-70_000, 1, 70_000]),
  intset64: intset(8, [-5_000_000_000, 3, 5_000_000_000]),
  zsetZiplist: Buffer.concat([bytes(12), string(ziplist(['m', 1, 'n', '2.5']))]),
  hashZiplist: Buffer.concat([bytes(13), string(ziplist(['f', 'v', 'g', 7]))]),
  quicklist: counted(14, 2, [string(ziplist(['a', 5])), string(ziplist(['c'.repeat(100)]))]),
};

/** The same stream in the form of Redis 5 and 6 (15) and of 7.0 (19), with a group, a reader and what waits for him. */
function streams(): Readonly<Record<string, Buffer>> {
  const server = createServer();
  server.execute('XADD', 's', '1-1', 'f', 'v');
  server.execute('XADD', 's', '2-0', 'f', 'w');
  const dump = server.execute('DUMP', 's') as Buffer;
  void server.close();
  // Behind the nodes: two entries, last ID 2-0, first ID 1-1, nothing deleted, two added, no groups; version and sum.
  const tail = bytes(2, 2, 0, 1, 1, 0, 0, 2, 0);
  const nodes = dump.subarray(1, dump.length - 10 - tail.length);
  expect(dump.subarray(1 + nodes.length, -10)).toEqual(tail);
  const id = bytes(0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1);
  const time = Buffer.alloc(8);
  time.writeBigInt64LE(1_500_000_000_000n);
  const pending = Buffer.concat([bytes(1), id, time, bytes(3)]);
  const readers = Buffer.concat([bytes(1), string('ann'), time, bytes(1), id]);
  const group = (entriesRead: Buffer): Buffer =>
    Buffer.concat([bytes(1), string('g'), bytes(1, 1), entriesRead, pending, readers]);
  return {
    streamOf5: Buffer.concat([bytes(15), nodes, tail.subarray(0, 3), group(Buffer.alloc(0))]),
    streamOf7: Buffer.concat([bytes(19), nodes, tail.subarray(0, 8), group(bytes(1))]),
  };
}

const all = (): Buffer[] =>
  Object.entries({ ...values, ...streams() }).map(([name, body]) => pair(name, body));

describeWithRedis('a file', () => {
  it.each([1, 2, 4, 5, 6, 7, 8, 9, 10])(
    'of version %i is loaded with every encoding, as by redis-server',
    { timeout: 60_000 },
    async (version) => {
      // redis-check-rdb knows no file without a sum.
      const dir = version < 5 ? isDamaged(folder()) : folder();
      const parts = [
        ...(version < 7
          ? []
          : [
              Buffer.concat([bytes(opcodes.aux), string('redis-ver'), string('3.2.1')]),
              Buffer.concat([bytes(opcodes.aux), string('something-new'), string('5')]),
            ]),
        bytes(SELECT, 0),
        ...(version < 7 ? [] : [bytes(opcodes.resize, 20, 3)]),
        ...all(),
        seconds(LATER_SECONDS),
        pair('untilSecond', values['string'] ?? bytes()),
        seconds(1_000_000),
        pair('overSince1970', values['string'] ?? bytes()),
        ...(version < 3
          ? []
          : [milliseconds(BigInt(LATER_SECONDS) * 1000n + 7n), pair('untilMs', values['int8'] ?? bytes())]),
        ...(version < 9
          ? []
          : [
              bytes(opcodes.idle, 60),
              pair('idle', values['string'] ?? bytes()),
              bytes(opcodes.frequency, 77),
              pair('frequent', values['list'] ?? bytes()),
            ]),
        bytes(SELECT, 3),
        ...all(),
      ];
      writeFileSync(join(dir, 'dump.rdb'), fileOf(version, ...parts));
      const server = await serverIn(dir);
      if (version >= 9)
        expect(Number(server.execute('OBJECT', 'IDLETIME', 'idle'))).toBeGreaterThanOrEqual(60);
      const digest = digestOf(server);
      expect(infoOf(server, 'rdb_last_load_keys_expired')).toBe('1');
      expect(textOf(server.execute('GET', 'packed'))).toBe('a'.repeat(32));
      expect(textOf(server.execute('GET', 'int32'))).toBe('123456789');
      expect(server.execute('EXPIRETIME', 'untilSecond')).toBe(LATER_SECONDS);
      expect(server.execute('EXISTS', 'overSince1970')).toBe(0);
      for (const stream of ['streamOf5', 'streamOf7'])
        expect(textOf((server.execute('XPENDING', stream, 'g') as Buffer[])[1])).toBe('1-1');
      await server.close();
      const redis = await redisIn(dir);
      expect(await redis.client.call('DEBUG', ['DIGEST'])).toBe(digest);
      await redis.stop();
    },
  );
});

describe('sanitize-dump-payload', () => {
  it.each(['no', 'yes', 'clients'])(
    '%s: what lies about itself is refused, in RESTORE and in a file',
    async (word) => {
      const dir = folder();
      const parameters = [['sanitize-dump-payload', word]] as const;
      const server = await serverIn(dir, { parameters });
      expect(server.parameter('sanitize-dump-payload')).toBe(word);
      const lying = ziplist(['a', 'b']);
      lying.writeUInt16LE(7, 8);
      const body = Buffer.concat([bytes(10), string(lying)]);
      const versioned = Buffer.concat([body, bytes(9, 0)]);
      const payload = Buffer.concat([versioned, crc64(versioned)]);
      expect(textOf(server.execute('RESTORE', 'k', '0', payload))).toBe('-ERR Bad data format');
      await server.close();
      const other = isDamaged(folder());
      writeFileSync(join(other, 'dump.rdb'), fileOf(9, pair('k', body)));
      await expect(serverIn(other, { parameters })).rejects.toThrow(/dump\.rdb, at byte \d+: a ziplist/);
    },
  );
});
