/** Dumps of older servers, with ziplists, zipmaps and plain forms, are restored as a real redis-server restores them. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { crc64 } from '../../src/server/persistence/rdb/crc64.js';
import { describeWithRedis } from '../support/servers.js';
import { serverPair, withDebug } from './pair.js';
import { converseInCommands } from './wire.js';

const RUNS = Number(process.env['LOOKASIDE_COMPAT_RUNS'] ?? 0);

const bytes = (...values: number[]): Buffer => Buffer.from(values);

function length(value: number): Buffer {
  if (value < 64) return bytes(value);
  if (value < 16_384) return bytes(0x40 | (value >> 8), value & 0xff);
  const long = Buffer.alloc(5);
  long[0] = 0x80;
  long.writeUInt32BE(value, 1);
  return long;
}

const string = (value: Buffer | string): Buffer => {
  const body = Buffer.isBuffer(value) ? value : Buffer.from(value, 'latin1');
  return Buffer.concat([length(body.length), body]);
};

function ziplistBody(element: string | number): Buffer {
  if (typeof element === 'string') {
    const body = Buffer.from(element, 'latin1');
    if (body.length < 64) return Buffer.concat([bytes(body.length), body]);
    if (body.length < 16_384)
      return Buffer.concat([bytes(0x40 | (body.length >> 8), body.length & 0xff), body]);
    const head = Buffer.alloc(5);
    head[0] = 0x80;
    head.writeUInt32BE(body.length, 1);
    return Buffer.concat([head, body]);
  }
  if (element >= 0 && element <= 12) return bytes(0xf1 + element);
  const [mark = 0, width = 4] =
    element >= -128 && element <= 127
      ? [0xfe, 1]
      : element >= -32_768 && element <= 32_767
        ? [0xc0, 2]
        : element >= -8_388_608 && element <= 8_388_607
          ? [0xf0, 3]
          : [0xd0, 4];
  const body = Buffer.alloc(1 + width);
  body[0] = mark;
  body.writeIntLE(element, 1, width);
  return body;
}

function ziplist(elements: readonly (string | number)[]): Buffer {
  const parts: Buffer[] = [];
  let previous = 0;
  let lastAt = 10;
  let at = 10;
  for (const element of elements) {
    const prefix = previous < 254 ? bytes(previous) : Buffer.concat([bytes(254), Buffer.alloc(4)]);
    if (previous >= 254) prefix.writeUInt32LE(previous, 1);
    const entry = Buffer.concat([prefix, ziplistBody(element)]);
    lastAt = at;
    at += entry.length;
    previous = entry.length;
    parts.push(entry);
  }
  const head = Buffer.alloc(10);
  head.writeUInt32LE(at + 1, 0);
  head.writeUInt32LE(lastAt, 4);
  head.writeUInt16LE(elements.length, 8);
  return Buffer.concat([head, ...parts, bytes(0xff)]);
}

function zipmap(pairs: readonly (readonly [string, string])[]): Buffer {
  const size = (text: string): Buffer => {
    if (text.length < 254) return bytes(text.length);
    const long = Buffer.alloc(5);
    long[0] = 254;
    long.writeUInt32LE(text.length, 1);
    return long;
  };
  const parts = pairs.flatMap(([field, value], index) => {
    const free = index % 3;
    return [
      size(field),
      Buffer.from(field, 'latin1'),
      size(value),
      bytes(free),
      Buffer.from(value, 'latin1'),
      Buffer.alloc(free),
    ];
  });
  return Buffer.concat([bytes(pairs.length), ...parts, bytes(0xff)]);
}

const text = fc.constantFrom(
  'a',
  '',
  'b c',
  '\0\xff',
  'x'.repeat(63),
  'y'.repeat(64),
  'z'.repeat(300),
  'w'.repeat(17_000),
);
const number = fc.oneof(
  fc.constantFrom(0, 12, 13, -1, 127, -128, 128, 32_767, -32_769, 8_388_607, 8_388_608, -8_388_609),
  fc.integer(),
);
const elements = fc.array(fc.oneof(text, number), { minLength: 1, maxLength: 12 });
const unique = fc.uniqueArray(fc.oneof(text, number.map(String)), { minLength: 1, maxLength: 10 });
const score = fc.constantFrom('1', '-2.5', '1e20', '0.1', 'inf', '-inf', '17');

const counted = (type: number, count: number, parts: readonly Buffer[]): Buffer =>
  Buffer.concat([bytes(type), length(count), ...parts]);

/** Types 0 to 14 in the words of `rdb.h`. */
const bodies = fc.oneof(
  elements.map((all) =>
    counted(
      1,
      all.length,
      all.map((one) => string(String(one))),
    ),
  ),
  unique.map((all) => counted(2, all.length, all.map(string))),
  fc.tuple(unique, score).map(([all, text]) =>
    counted(
      3,
      all.length,
      all.flatMap((member) => [
        string(member),
        text === 'inf'
          ? bytes(254)
          : text === '-inf'
            ? bytes(255)
            : Buffer.concat([bytes(text.length), Buffer.from(text)]),
      ]),
    ),
  ),
  unique.map((all) =>
    counted(
      4,
      all.length,
      all.flatMap((field) => [string(field), string('v')]),
    ),
  ),
  unique.map((all) => Buffer.concat([bytes(9), string(zipmap(all.map((field) => [field, 'value'])))])),
  elements.map((all) => Buffer.concat([bytes(10), string(ziplist(all))])),
  fc
    .tuple(unique, score)
    .map(([all, text]) =>
      Buffer.concat([bytes(12), string(ziplist(all.flatMap((member) => [member, text === '1' ? 1 : text])))]),
    ),
  unique.map((all) => Buffer.concat([bytes(13), string(ziplist(all.flatMap((field) => [field, 5])))])),
  fc.array(elements, { minLength: 1, maxLength: 3 }).map((nodes) =>
    counted(
      14,
      nodes.length,
      nodes.map((node) => string(ziplist(node))),
    ),
  ),
);

describeWithRedis('dumps of older servers', () => {
  const { endpoint, real } = serverPair(withDebug);

  it.each([1, 6, 9, 10, 11])('of version %i', { timeout: 600_000 }, async (version) => {
    await fc.assert(
      fc.asyncProperty(bodies, async (body) => {
        const versioned = Buffer.concat([body, bytes(version, 0)]);
        const dump = Buffer.concat([versioned, crc64(versioned)]).toString('latin1');
        const commands = [
          ['FLUSHALL'],
          ['RESTORE', 'k', '0', dump],
          ['TYPE', 'k'],
          ['OBJECT', 'ENCODING', 'k'],
          ['DEBUG', 'DIGEST-VALUE', 'k'],
        ];
        const [ours, theirs] = await Promise.all([
          converseInCommands(endpoint, commands),
          converseInCommands(real, commands),
        ]);
        expect(ours).toEqual(theirs);
        expect(ours[1]).toEqual(
          version > 10 ? ['-', 'ERR DUMP payload version or checksum are wrong'] : ['+', 'OK'],
        );
      }),
      { numRuns: RUNS > 0 ? RUNS : 60 },
    );
  });
});
