/** What groups of a stream have pending is saved as it was, whatever is done to it meanwhile, and what is done copies little. */
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../src/clock.js';
import type { EmbeddedServer } from '../../src/server/index.js';
import { StreamGroup } from '../../src/server/keyspace/stream-group.js';
import type { PendingChunks } from '../../src/server/keyspace/stream-pending.js';
import { folder, isSaving, serverIn, stateOf } from './support.js';

const ENTRIES = 20_000;
const READERS = 5;

/** A stream whose groups have all of it pending. */
function makeStream(server: EmbeddedServer): void {
  for (let entry = 1; entry <= ENTRIES; entry++) server.execute('XADD', 's', `${entry}-0`, 'f', `v${entry}`);
  for (const group of ['one', 'two']) {
    server.execute('XGROUP', 'CREATE', 's', group, '0');
    for (let reader = 0; reader < READERS; reader++)
      server.execute('XREADGROUP', 'GROUP', group, `r${reader}`, 'COUNT', '4000', 'STREAMS', 's', '>');
  }
}

/** One of everything that changes what is pending. */
function changesOf(random: { fraction(): number }): string[][] {
  const below = (limit: number): number => Math.floor(random.fraction() * limit);
  const id = (): string => `${1 + below(ENTRIES)}-0`;
  const group = ['one', 'two'][below(2)] ?? '';
  const reader = `r${below(READERS + 2)}`;
  return [
    ['XACK', 's', group, id(), id(), id()],
    ['XCLAIM', 's', group, reader, '0', id(), id(), 'RETRYCOUNT', '7'],
    ['XCLAIM', 's', group, reader, '0', id(), 'JUSTID', 'FORCE'],
    ['XAUTOCLAIM', 's', group, reader, '0', id(), 'COUNT', '20'],
    ['XREADGROUP', 'GROUP', group, reader, 'COUNT', '30', 'STREAMS', 's', id()],
    ['XREADGROUP', 'GROUP', group, reader, 'COUNT', '30', 'STREAMS', 's', '>'],
    ['XADD', 's', '*', 'f', 'new'],
    ['XDEL', 's', id(), id()],
    ['XGROUP', 'SETID', 's', group, id()],
    ['XGROUP', 'CREATECONSUMER', 's', group, `c${below(50)}`],
    ...(below(40) === 0 ? [['XGROUP', 'DELCONSUMER', 's', group, reader]] : []),
    ...(below(200) === 0 ? [['XGROUP', 'DESTROY', 's', 'two']] : []),
    ...(below(100) === 0 ? [['XGROUP', 'CREATE', 's', `g${below(9)}`, '0']] : []),
  ];
}

describe('what a stream has pending', () => {
  it('is in the file as it was when that was begun', { timeout: 120_000 }, async () => {
    const dir = folder();
    const server = await serverIn(dir);
    const random = seededRandom(5);
    makeStream(server);
    // A second one begins where the first has let go of everything.
    for (let round = 0; round < 2; round++) {
      const before = stateOf(server);
      server.execute('BGSAVE');
      let changes = 0;
      while (isSaving(server)) {
        for (const command of changesOf(random)) {
          server.execute(...(command as [string, ...string[]]));
          changes++;
        }
        await new Promise((resolve) => setImmediate(resolve));
      }
      expect(changes).toBeGreaterThan(50);
      expect(stateOf(server)).not.toEqual(before);
      const other = folder();
      copyFileSync(join(dir, 'dump.rdb'), join(other, 'dump.rdb'));
      const again = await serverIn(other);
      expect(stateOf(again)).toEqual(before);
      await again.close();
    }
    await server.close();
  });

  it('is copied a chunk at a time, of the group and of the reader, and not at all once it was let go', () => {
    const group = new StreamGroup('g', { ms: 0, sequence: 0 }, null);
    const readers = [group.addConsumer('a', 0), group.addConsumer('b', 0)] as const;
    for (let ms = 1; ms <= 100_000; ms++)
      group.deliver({ ms, sequence: 0 }, readers[ms % 2 === 0 ? 0 : 1], 1);
    const lists = [group.pending, readers[0].pending, readers[1].pending];
    const release = group.freeze();
    const before = lists.map((list) => list.parts());
    const text = (parts: PendingChunks): string =>
      parts
        .flatMap((chunk) =>
          chunk.map(({ id, deliveredAtMs, deliveryCount }) => `${id.ms}/${deliveredAtMs}/${deliveryCount}`),
        )
        .join();
    const texts = before.map(text);
    const copied = (): number[] =>
      lists.map(
        (list, index) => list.parts().filter((chunk) => before[index]?.includes(chunk) !== true).length,
      );
    group.deliver({ ms: 50_000, sequence: 0 }, readers[0], 2);
    expect(copied()).toEqual([1, 1, 0]);
    group.deliver({ ms: 50_002, sequence: 0 }, readers[1], 2);
    // A full chunk that gets another entry becomes two.
    expect(copied()).toEqual([1, 1, 2]);
    expect(group.acknowledge({ ms: 1, sequence: 0 })).toBe(true);
    expect(copied()).toEqual([2, 1, 3]);
    expect(before.map(text)).toEqual(texts);
    expect(group.pending.find({ ms: 50_002, sequence: 0 })).toMatchObject({
      consumer: readers[1],
      deliveredAtMs: 2,
    });
    expect(readers[1].pending.find({ ms: 50_002, sequence: 0 })).toBe(
      group.pending.find({ ms: 50_002, sequence: 0 }),
    );
    expect(readers[0].pending.find({ ms: 50_002, sequence: 0 })).toBe(undefined);
    release();
    const chunks = group.pending.parts();
    group.deliver({ ms: 70_000, sequence: 0 }, readers[0], 3);
    expect(group.pending.parts().every((chunk, index) => chunk === chunks[index])).toBe(true);
  });
});
