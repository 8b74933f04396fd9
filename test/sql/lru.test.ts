import { expect, test } from 'vitest';
import { LruTexts } from '../../src/sql/lru.js';

test('the text used least recently goes when there are too many', () => {
  const texts = new LruTexts<number>({ entriesMax: 2, charactersMax: 100 });
  texts.set('a', 1);
  texts.set('b', 2);
  expect(texts.get('a')).toBe(1);
  texts.set('c', 3);
  expect(texts.get('b')).toBeUndefined();
  expect([texts.get('a'), texts.get('c'), texts.size]).toEqual([1, 3, 2]);
});

test('long texts make room for themselves, and one that is too long by itself is not kept', () => {
  const texts = new LruTexts<number>({ entriesMax: 100, charactersMax: 10 });
  texts.set('aaaa', 1);
  texts.set('bbbb', 2);
  texts.set('cccc', 3);
  expect(texts.get('aaaa')).toBeUndefined();
  expect(texts.get('cccc')).toBe(3);
  texts.set('d'.repeat(11), 4);
  expect(texts.size).toBe(0);
});

test('a text that is set again counts once', () => {
  const texts = new LruTexts<number>({ entriesMax: 2, charactersMax: 4 });
  for (let turn = 0; turn < 9; turn += 1) texts.set('aa', turn);
  texts.set('bb', 1);
  expect([texts.get('aa'), texts.get('bb')]).toEqual([8, 1]);
});
