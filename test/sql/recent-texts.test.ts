/** Decides what is remembered when there is more than the limits allow. */
import { expect, test } from 'vitest';
import { RecentTexts } from '../../src/sql/recent-texts.js';

test('what is used stays, what is not goes when there are too many', () => {
  const texts = new RecentTexts<number>({ entriesMax: 8, charactersMax: 1_000 });
  texts.set('used', 1);
  texts.set('unused', 2);
  for (let turn = 0; turn < 100; turn += 1) {
    texts.set(`passing ${turn}`, turn);
    expect(texts.get('used')).toBe(1);
    expect(texts.size).toBeLessThanOrEqual(8);
  }
  expect(texts.get('unused')).toBeUndefined();
});

test('all texts together stay within their length', () => {
  const texts = new RecentTexts<number>({ entriesMax: 100, charactersMax: 100 });
  for (let turn = 0; turn < 100; turn += 1) texts.set(String(turn).padStart(20, '-'), turn);
  expect(texts.size).toBeLessThanOrEqual(5);
  expect(texts.get('99'.padStart(20, '-'))).toBe(99);
});

test('a text that is too long by itself is not kept, and makes nobody go', () => {
  const texts = new RecentTexts<number>({ entriesMax: 100, charactersMax: 100 });
  texts.set('a', 1);
  texts.set('b'.repeat(51), 2);
  expect(texts.get('b'.repeat(51))).toBeUndefined();
  expect(texts.get('a')).toBe(1);
});

test('a text that is set again counts once', () => {
  const texts = new RecentTexts<number>({ entriesMax: 4, charactersMax: 100 });
  for (let turn = 0; turn < 9; turn += 1) texts.set('a', turn);
  texts.set('b', 1);
  expect([texts.get('a'), texts.get('b'), texts.size]).toEqual([8, 1, 2]);
});
