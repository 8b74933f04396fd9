/** Which tables reads leave alone since writes end their results too soon, and when they are tried again. */
import { expect, it } from 'vitest';
import type { Ref } from '../../src/cache/protocol/refs.js';
import { WriteHeat } from '../../src/cache/write-heat.js';
import { manualClock } from '../../src/clock.js';

const whole: Ref = { table: 't', pin: null };
const pinned: Ref = { table: 't', pin: { shape: '1', columns: ['1'], values: ['7'] } };

function lose(heat: WriteHeat, ref: Ref, hits: number, times = 64): void {
  for (let index = 0; index < times; index++) heat.noteReread(ref, hits);
}

it('a table is hot once its results served less than one read in four, and only reads of all its rows are', () => {
  const heat = new WriteHeat(manualClock());
  lose(heat, whole, 0, 63);
  expect(heat.isHot([whole])).toBe(false);
  lose(heat, whole, 0, 1);
  expect(heat.isHot([whole])).toBe(true);
  expect(heat.isHot([pinned])).toBe(false);
  expect(heat.isHot([{ table: 'other', pin: null }])).toBe(false);
});

it('a table whose results are used is not, however often it is written', () => {
  const heat = new WriteHeat(manualClock());
  lose(heat, whole, 1, 640);
  expect(heat.isHot([whole])).toBe(false);
});

it('what is lost of single rows is no matter of the table', () => {
  const heat = new WriteHeat(manualClock());
  lose(heat, pinned, 0, 640);
  expect(heat.isHot([whole])).toBe(false);
});

it('it is tried again after a pause, longer each time, and at once when it is worth it again', () => {
  const clock = manualClock();
  const heat = new WriteHeat(clock);
  for (const pauseMs of [2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]) {
    lose(heat, whole, 0);
    clock.advance(pauseMs - 1);
    expect(heat.isTableHot('t')).toBe(true);
    clock.advance(1);
    expect(heat.isTableHot('t')).toBe(false);
    expect(heat.isHot([whole])).toBe(false);
  }
  lose(heat, whole, 3);
  expect(heat.isHot([whole])).toBe(false);
  lose(heat, whole, 0);
  clock.advance(2_000);
  expect(heat.isHot([whole])).toBe(false);
});
