/** How many sets of columns of a table are told apart in this process: as many as the limit says, none where it is 0. */
import { expect, it } from 'vitest';
import type { Ref } from '../../src/cache/protocol/refs.js';
import { LocalTokens } from '../../src/cache/tokens/local.js';
import { seededRandom } from '../../src/clock.js';

const whole: Ref = { table: 't', pin: null };
const pinned = (shape: string): Ref => ({ table: 't', pin: { shape, columns: [shape], values: ['a'] } });

it.each([0, 1, 2])('with %i of them, a reference of a further one is held as its whole table', (limit) => {
  for (const refs of [
    [pinned('1'), pinned('2'), pinned('3'), whole],
    [whole, pinned('1'), pinned('2'), pinned('3')],
  ]) {
    const held = new LocalTokens(seededRandom(1), limit).hold(refs);
    expect(held.filter(({ ref }) => ref.pin !== null)).toHaveLength(limit);
  }
});
