/** What we dump, a real redis-server restores to the same data, and the other way round; what is forged is refused. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createServer } from '../../src/server/index.js';
import { crc64 } from '../../src/server/persistence/rdb/crc64.js';
import { compress, decompress } from '../../src/server/persistence/rdb/lzf.js';
import { ErrorReply } from '../../src/server/resp/reply.js';
import { describeWithRedis } from '../support/servers.js';
import type { CommandArgs } from './commands.js';
import { values } from './dump.js';
import { debugArgs, serverPair, withDebug } from './pair.js';
import { withoutTimes } from './streams.js';
import { converseInCommands, type Tree } from './wire.js';

const RUNS = Number(process.env['LOOKASIDE_COMPAT_RUNS'] ?? 0);

describeWithRedis('DUMP and RESTORE', () => {
  const { endpoint, real } = serverPair({
    ...withDebug,
    args: [...debugArgs, '--sanitize-dump-payload', 'yes'],
  });

  async function both(commands: readonly CommandArgs[]): Promise<[Tree[], Tree[]]> {
    return Promise.all([converseInCommands(endpoint, commands), converseInCommands(real, commands)]);
  }

  const textOf = (tree: Tree | undefined): string => (typeof tree?.[1] === 'string' ? tree[1] : '');

  it('carry every value from either server to the other', { timeout: 600_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(values, async (commands) => {
        const made = [['FLUSHALL'], ...commands, ['DUMP', 'k'], ['DEBUG', 'DIGEST-VALUE', 'k']];
        const [ours, theirs] = await both(made);
        const [ourDump, theirDump] = [textOf(ours.at(-2)), textOf(theirs.at(-2))];
        expect(ours.at(-1)).toEqual(theirs.at(-1));
        fc.pre(ourDump !== '' && theirDump !== '');
        const restored = (...dumps: string[]): CommandArgs[] => [
          ...dumps.map((dump, index) => ['RESTORE', `k${index}`, '0', dump]),
          ...dumps.flatMap((_, index) => [
            ['DEBUG', 'DIGEST-VALUE', `k${index}`],
            ['OBJECT', 'ENCODING', `k${index}`],
            ['XINFO', 'STREAM', `k${index}`, 'FULL'],
          ]),
        ];
        const [here, there] = await both(restored(ourDump, theirDump));
        expect(here.slice(0, 2)).toEqual([
          ['+', 'OK'],
          ['+', 'OK'],
        ]);
        expect(here.map(withoutTimes)).toEqual(there.map(withoutTimes));
        expect(here[2]).toEqual([theirs.at(-1)?.[0], theirs.at(-1)?.[1] as unknown as Tree[]]);
      }),
      { numRuns: RUNS > 0 ? RUNS : 150 },
    );
  });

  it('COPY makes a value of its own of every type', { timeout: 600_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(values, async (commands) => {
        const [ours, theirs] = await both([
          ['FLUSHALL'],
          ...commands,
          ['COPY', 'k', 'other'],
          ['DEL', 'k'],
          ['DEBUG', 'DIGEST-VALUE', 'other'],
          ['XINFO', 'STREAM', 'other', 'FULL'],
        ]);
        expect(ours.slice(-4).map(withoutTimes)).toEqual(theirs.slice(-4).map(withoutTimes));
      }),
      { numRuns: RUNS > 0 ? RUNS : 80 },
    );
  });

  it('answer the options and their errors', async () => {
    const [[dumped]] = await both(
      [
        ['SET', 'k', 'v'],
        ['DUMP', 'k'],
      ].slice(0, 1),
    );
    expect(textOf(dumped)).toBe('OK');
    const [, theirs] = await both([
      ['SET', 'k', 'v'],
      ['DUMP', 'k'],
    ]);
    const dump = textOf(theirs[1]);
    const lines: CommandArgs[] = [
      ['RESTORE', 'k', '0', dump],
      ['RESTORE', 'k', '0', dump, 'REPLACE'],
      ['RESTORE', 'n', '-1', dump],
      ['RESTORE', 'n', 'x', dump],
      ['RESTORE', 'n', '0', 'garbage'],
      ['RESTORE', 'n', '0', ''],
      ['RESTORE', 'n', '0', dump.slice(1)],
      ['RESTORE', 'n', '5', dump, 'ABSTTL'],
      ['EXISTS', 'n'],
      ['RESTORE', 'n', '33177117420000', dump, 'ABSTTL'],
      ['PEXPIRETIME', 'n'],
      ['RESTORE', 'n', '5', dump, 'ABSTTL', 'REPLACE'],
      ['EXISTS', 'n'],
      ['RESTORE', 'n', '0', dump, 'IDLETIME', '1000'],
      ['OBJECT', 'IDLETIME', 'n'],
      ['RESTORE', 'n', '0', dump, 'REPLACE', 'IDLETIME', '-1'],
      ['RESTORE', 'n', '0', dump, 'REPLACE', 'IDLETIME', 'x'],
      ['RESTORE', 'n', '0', dump, 'REPLACE', 'FREQ', '5'],
      ['RESTORE', 'n', '0', dump, 'REPLACE', 'FREQ', '256'],
      ['RESTORE', 'n', '0', dump, 'REPLACE', 'FREQ', '5', 'IDLETIME', '5'],
      ['RESTORE', 'n', '0', dump, 'foo'],
      ['DUMP', 'none'],
    ];
    const [ours, real] = await both(lines);
    expect(ours).toEqual(real);
  });
});

describe('RESTORE of what somebody forged', () => {
  const server = createServer();
  const sealed = (body: Buffer): Buffer => {
    const versioned = Buffer.concat([body, Buffer.of(10, 0)]);
    return Buffer.concat([versioned, crc64(versioned)]);
  };

  it('is refused or taken, and what is taken can be read', { timeout: 600_000 }, () => {
    const changes = fc.array(fc.tuple(fc.nat(), fc.nat(255), fc.constantFrom('set', 'cut', 'add')), {
      minLength: 1,
      maxLength: 4,
    });
    fc.assert(
      fc.property(values, changes, (commands, edits) => {
        server.execute('FLUSHALL');
        for (const args of commands) {
          const [name = '', ...rest] = args;
          server.execute(name, ...rest.map((arg) => Buffer.from(arg, 'latin1')));
        }
        const dump = server.execute('DUMP', 'k');
        if (!Buffer.isBuffer(dump)) return;
        let body = dump.subarray(0, -10);
        for (const [seed, byte, kind] of edits) {
          const at = seed % Math.max(1, body.length);
          const head = body.subarray(0, at);
          if (kind === 'set') body = Buffer.concat([head, Buffer.of(byte), body.subarray(at + 1)]);
          else if (kind === 'cut') body = Buffer.concat([head, body.subarray(at + 1 + (byte % 8))]);
          else body = Buffer.concat([head, Buffer.of(byte), body.subarray(at)]);
        }
        const reply = server.execute('RESTORE', 'forged', '0', sealed(body), 'REPLACE');
        if (reply instanceof ErrorReply) {
          expect(reply.message).toBe('ERR Bad data format');
          return;
        }
        for (const read of [
          'DUMP',
          'XINFO STREAM',
          'LRANGE 0 -1',
          'SMEMBERS',
          'ZRANGE 0 -1',
          'HGETALL',
          'XRANGE - +',
        ]) {
          const [name = '', ...words] = read.split(' ');
          const args = name === 'XINFO' ? ['STREAM', 'forged', 'FULL', 'COUNT', '0'] : ['forged', ...words];
          const answer = server.execute(name, ...args);
          if (answer instanceof ErrorReply) expect(answer.message).toMatch(/^WRONGTYPE/);
        }
        expect(server.execute('DEL', 'forged')).toBe(1);
      }),
      { numRuns: RUNS > 0 ? RUNS * 10 : 1500 },
    );
  });

  it('reserves nothing for lengths that only claim to be long', () => {
    const huge = Buffer.from('81ffffffffffffff00', 'hex');
    for (const type of [0, 1, 2, 3, 4, 5, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19])
      for (const rest of [huge, Buffer.concat([Buffer.of(0xc3, 5), huge, Buffer.alloc(5, 0xff)])]) {
        const reply = server.execute(
          'RESTORE',
          'k',
          '0',
          sealed(Buffer.concat([Buffer.of(type), rest])),
          'REPLACE',
        );
        expect(reply).toBeInstanceOf(ErrorReply);
      }
  });
});

describe('LZF', () => {
  it('unpacks what it packed, and refuses the rest', () => {
    const text = fc.array(fc.constantFrom('a', 'bb', 'abc', 'x'.repeat(300), '\xff'), { maxLength: 60 });
    fc.assert(
      fc.property(text, (parts) => {
        const bytes = Buffer.from(parts.join(''), 'latin1');
        const packed = compress(bytes);
        if (packed === null) return;
        expect(packed.length).toBeLessThanOrEqual(bytes.length - 4);
        expect(decompress(packed, bytes.length)).toEqual(bytes);
        expect(decompress(packed, bytes.length + 1)).toBeNull();
      }),
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), fc.nat(5000), (garbage, length) => {
        const unpacked = decompress(Buffer.from(garbage), length);
        expect(unpacked === null || unpacked.length === length).toBe(true);
      }),
    );
  });
});
