/** Strings too long for a slot, changed where they lie: what was given out stays what it was, and nothing costs their length. */
import { afterEach, describe, expect, it } from 'vitest';
import { seededRandom } from '../../src/clock.js';
import { type CommandArguments, createServer, type EmbeddedServer } from '../../src/server/index.js';

/** Longer than what is held in a slot. */
const LONG = 100_000;

let server: EmbeddedServer;

afterEach(() => server.close());

function bufferAt(key: string): Buffer {
  const value = server.execute('GET', key);
  if (!Buffer.isBuffer(value)) throw new Error(`${key} is not there`);
  return value;
}

describe('a long string', () => {
  it.each([1, 2, 3])('is what a row of bytes is, whatever changes it (%i)', (seed) => {
    server = createServer();
    const random = seededRandom(seed);
    const below = (count: number): number => Math.floor(random.fraction() * count);
    const models = new Map(['a', 'b'].map((key) => [key, Buffer.alloc(LONG, key)]));
    for (const [key, bytes] of models) server.execute('SET', key, bytes);
    /** What was given out, and what it was then. */
    const given: { readonly value: Buffer; readonly was: Buffer }[] = [];
    for (let step = 0; step < 600; step++) {
      const key = below(2) === 0 ? 'a' : 'b';
      const model = models.get(key) ?? Buffer.alloc(0);
      const reach = model.length + 200;
      const kind = below(8);
      if (kind === 0) {
        const added = Buffer.alloc(below(300), step);
        models.set(key, Buffer.concat([model, added]));
        expect(server.execute('APPEND', key, added)).toBe(model.length + added.length);
      } else if (kind === 1) {
        const offset = below(reach);
        const part = Buffer.alloc(1 + below(50), step);
        const next = Buffer.alloc(Math.max(model.length, offset + part.length));
        model.copy(next);
        part.copy(next, offset);
        models.set(key, next);
        expect(server.execute('SETRANGE', key, offset, part)).toBe(next.length);
      } else if (kind === 2) {
        const offset = below(reach * 8);
        const next = Buffer.alloc(Math.max(model.length, (offset >> 3) + 1));
        model.copy(next);
        next.writeUInt8(next.readUInt8(offset >> 3) | (128 >> (offset & 7)), offset >> 3);
        models.set(key, next);
        server.execute('SETBIT', key, offset, 1);
        expect(server.execute('GETBIT', key, offset)).toBe(1);
      } else if (kind === 3) {
        const at = below(model.length);
        const next = Buffer.from(model);
        next.writeUInt8((next.readUInt8(at) + 7) & 255, at);
        models.set(key, next);
        expect(server.execute('BITFIELD', key, 'INCRBY', 'u8', `#${at}`, 7)).toEqual([next.readUInt8(at)]);
      } else if (kind === 4) {
        const value = bufferAt(key);
        expect(value.equals(model)).toBe(true);
        given.push({ value, was: Buffer.from(value) });
      } else if (kind === 5) {
        const [start, end] = [below(model.length), below(model.length)];
        const value = server.execute('GETRANGE', key, start, end);
        const part = start > end ? Buffer.alloc(0) : model.subarray(start, end + 1);
        expect(Buffer.isBuffer(value) && value.equals(part)).toBe(true);
        if (Buffer.isBuffer(value)) given.push({ value, was: Buffer.from(value) });
      } else if (kind === 6) {
        const to = key === 'a' ? 'b' : 'a';
        models.set(to, Buffer.from(model));
        expect(server.execute('COPY', key, to, 'REPLACE')).toBe(1);
      } else expect(server.execute('STRLEN', key)).toBe(model.length);
    }
    for (const [key, model] of models) expect(bufferAt(key).equals(model)).toBe(true);
    for (const { value, was } of given) expect(value.equals(was)).toBe(true);
    server.execute('DEL', 'a', 'b');
    expect(server.stats().usedBytes).toBe(0);
  });

  it('is answered in a transaction as it was when it was asked for', async () => {
    server = createServer();
    server.execute('SET', 'key', Buffer.alloc(LONG, 'x'));
    server.execute('APPEND', 'key', 'y');
    const client = server.connect();
    const commands: readonly CommandArguments[] = [
      ['MULTI'],
      ['GET', 'key'],
      ['SETRANGE', 'key', 0, 'z'],
      ['GETRANGE', 'key', 0, LONG],
      ['APPEND', 'key', 'end'],
      ['SETBIT', 'key', 0, 1],
    ];
    for (const command of commands) await client.execute(...command);
    const [first, , second] = (await client.execute('EXEC')) as Buffer[];
    expect(first?.toString()).toBe(`${'x'.repeat(LONG)}y`);
    expect(second?.toString()).toBe(`z${'x'.repeat(LONG - 1)}y`);
  });

  it('that is built by many small pieces is not copied for each', () => {
    server = createServer();
    const piece = 'x'.repeat(100);
    server.execute('SET', 'key', piece.repeat(1000));
    const rooms = new Set<number>();
    for (let count = 0; count < 20_000; count++) {
      server.execute('APPEND', 'key', piece);
      rooms.add(server.stats().usedBytes);
    }
    // A new room is made only when the last is full: it doubles, and from a megabyte on grows by one.
    expect(rooms.size).toBeLessThan(10);
    expect(server.execute('STRLEN', 'key')).toBe(2_100_000);
    expect(bufferAt('key').every((byte) => byte === 120)).toBe(true);
  });
});
