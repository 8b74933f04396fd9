/** Dumps of older servers, with ziplists, zipmaps and plain forms, are restored as a real redis-server restores them. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { crc64 } from '../../src/server/persistence/rdb/crc64.js';
import { describeWithRedis } from '../support/servers.js';
import { bytes, counted, string, ziplist, zipmap } from './old-encodings.js';
import { serverPair, withDebug } from './pair.js';
import { converseInCommands } from './wire.js';

const RUNS = Number(process.env['LOOKASIDE_COMPAT_RUNS'] ?? 0);

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
