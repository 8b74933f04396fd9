/** Every type of reply has its bytes in RESP3 and its stand-in in RESP2. */
import { describe, expect, it } from 'vitest';
import {
  BigNumberReply,
  BooleanReply,
  DoubleReply,
  ErrorReply,
  MapReply,
  NULL_ARRAY,
  PushReply,
  type Reply,
  SetReply,
  Status,
  VerbatimReply,
} from '../../src/server/resp/reply.js';
import { ReplyWriter } from '../../src/server/resp/writer.js';

function bytesOf(reply: Reply, version: 2 | 3): string {
  const writer = new ReplyWriter();
  writer.write(reply, version);
  return Buffer.concat(writer.take()).toString('latin1');
}

describe('the writer', () => {
  it.each<[Reply, string, string]>([
    ['text', '$4\r\ntext\r\n', '$4\r\ntext\r\n'],
    [Buffer.from([0, 255]), '$2\r\n\0\xff\r\n', '$2\r\n\0\xff\r\n'],
    [7, ':7\r\n', ':7\r\n'],
    [-12, ':-12\r\n', ':-12\r\n'],
    [9_223_372_036_854_775_807n, ':9223372036854775807\r\n', ':9223372036854775807\r\n'],
    [null, '$-1\r\n', '_\r\n'],
    [NULL_ARRAY, '*-1\r\n', '_\r\n'],
    [[1, ['a']], '*2\r\n:1\r\n*1\r\n$1\r\na\r\n', '*2\r\n:1\r\n*1\r\n$1\r\na\r\n'],
    [new Status('OK'), '+OK\r\n', '+OK\r\n'],
    [new MapReply(['k', 1]), '*2\r\n$1\r\nk\r\n:1\r\n', '%1\r\n$1\r\nk\r\n:1\r\n'],
    [new SetReply(['k']), '*1\r\n$1\r\nk\r\n', '~1\r\n$1\r\nk\r\n'],
    [new PushReply(['k']), '*1\r\n$1\r\nk\r\n', '>1\r\n$1\r\nk\r\n'],
    [new DoubleReply(1.5), '$3\r\n1.5\r\n', ',1.5\r\n'],
    [new DoubleReply(-Infinity), '$4\r\n-inf\r\n', ',-inf\r\n'],
    [new BooleanReply(true), ':1\r\n', '#t\r\n'],
    [new BooleanReply(false), ':0\r\n', '#f\r\n'],
    [new VerbatimReply('some text'), '$9\r\nsome text\r\n', '=13\r\ntxt:some text\r\n'],
    [new BigNumberReply(10n ** 30n), `$31\r\n1${'0'.repeat(30)}\r\n`, `(1${'0'.repeat(30)}\r\n`],
  ])('writes %o', (reply, resp2, resp3) => {
    expect([bytesOf(reply, 2), bytesOf(reply, 3)]).toEqual([resp2, resp3]);
  });

  it('lets no line break into an error, which could forge a reply', () => {
    expect(bytesOf(new ErrorReply('ERR a\r\n+OK'), 2)).toBe('-ERR a  +OK\r\n');
  });

  it('keeps the order of short and long values', () => {
    const long = Buffer.alloc(100_000, 'x');
    const reply = ['a', long, 'b'.repeat(70_000), 'c', long];
    const expected = reply.map((item) => `$${item.length}\r\n${item.toString()}\r\n`).join('');
    expect(bytesOf(reply, 2)).toBe(`*5\r\n${expected}`);
  });
});
