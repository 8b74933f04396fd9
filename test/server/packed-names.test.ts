/** Hashes and sets of many parts against plain maps: names and values of any length, replaced, removed, packed anew. */
import { expect, test } from 'vitest';
import { type Random, seededRandom } from '../../src/clock.js';
import { byteString, Memory } from '../../src/server/byte-string.js';
import { encodingLimitDefaults as limits } from '../../src/server/encoding-limits.js';
import { HashValue } from '../../src/server/keyspace/hash-value.js';
import { SetValue } from '../../src/server/keyspace/set-value.js';
import { SortedSetValue } from '../../src/server/keyspace/sorted-set-value.js';
import { StringView } from '../../src/server/keyspace/string-view.js';

const below = (random: Random, count: number): number => Math.floor(random.fraction() * count);

/** Mostly short, at times far too long for a shared page; any byte occurs. */
function textOf(random: Random, tag: number): string {
  const length =
    random.fraction() < 0.01 ? below(random, 70_000) : below(random, random.fraction() < 0.1 ? 900 : 40);
  return `${tag}${String.fromCharCode(below(random, 256)).repeat(length)}`;
}

/** Another text of the same length. */
const turned = (text: string): string => text.slice(1) + text.slice(0, 1);

function parts(...texts: readonly string[]): { memory: Memory; ends: number[] } {
  const ends: number[] = [];
  for (const text of texts) ends.push((ends.at(-1) ?? 0) + text.length);
  return { memory: new Memory(Buffer.from(texts.join(''), 'latin1')), ends };
}

function shownIn(hash: HashValue, field: string): string | undefined {
  const view = new StringView();
  const { memory, ends } = parts(field);
  const value = hash.getPart(memory, 0, ends[0] ?? 0, view);
  if (!(value instanceof StringView)) return value === undefined ? undefined : byteString(value);
  return view.memory?.bytes.toString('latin1', view.start, view.end);
}

test.each([1, 2, 3, 4])('a hash holds what a map does, whatever comes and goes (%i)', (seed) => {
  const random = seededRandom(seed);
  const hash = new HashValue();
  const map = new Map<string, string>();
  const names = Array.from({ length: 400 }, (_, at) => textOf(random, at));
  for (let step = 0; step < 12_000; step++) {
    const name = names[below(random, names.length)] ?? '';
    const isShrinking = step % 4000 > 2500;
    if (random.fraction() < (isShrinking ? 0.7 : 0.2)) expect(hash.delete(name)).toBe(map.delete(name));
    else {
      const value = textOf(random, step);
      const { memory, ends } = parts(name, value);
      const [nameEnd = 0, valueEnd = 0] = ends;
      const isNew =
        step % 2 === 0
          ? hash.set(name, step % 4 === 0 ? value : Buffer.from(value, 'latin1'), limits)
          : hash.setPart(memory, 0, nameEnd, nameEnd, valueEnd, limits);
      expect(isNew).toBe(!map.has(name));
      map.set(name, value);
    }
    const other = names[below(random, names.length)] ?? '';
    expect(hash.has(other)).toBe(map.has(other));
    expect(shownIn(hash, other)).toBe(map.get(other));
    expect(hash.size).toBe(map.size);
  }
  const found = new Map<string, string>();
  hash.visit((field, value) => found.set(field, byteString(value)));
  expect(found).toEqual(map);
  for (const name of names) hash.delete(name);
  expect(hash.size).toBe(0);
  expect(hash.weightBytes).toBeLessThan(40_000);
});

test.each([1, 2, 3])('a set holds what a set does, whatever comes and goes (%i)', (seed) => {
  const random = seededRandom(seed);
  const set = new SetValue();
  const model = new Set<string>();
  const names = Array.from({ length: 3000 }, (_, at) => textOf(random, at));
  for (let step = 0; step < 30_000; step++) {
    const name = names[below(random, names.length)] ?? '';
    const { memory, ends } = parts(name);
    if (random.fraction() < (step % 10_000 > 6000 ? 0.8 : 0.2))
      expect(set.delete(name)).toBe(model.delete(name));
    else {
      const isNew = step % 2 === 0 ? set.add(name, limits) : set.addPart(memory, 0, ends[0] ?? 0, limits);
      expect(isNew).toBe(!model.has(name));
      model.add(name);
    }
    expect(set.hasPart(memory, 0, ends[0] ?? 0)).toBe(model.has(name));
    expect(set.size).toBe(model.size);
  }
  expect(new Set(set.members())).toEqual(model);
});

test('fields of a hash that Redis would pack keep their order, also when one is taken out', () => {
  const hash = new HashValue();
  const names = Array.from({ length: 200 }, (_, at) => `field:${at}`);
  for (const name of names) hash.set(name, 'v', limits);
  for (const name of names.splice(50, 20)) hash.delete(name);
  hash.set('field:0', 'a longer value', limits);
  const found: string[] = [];
  hash.visit((field) => found.push(field));
  expect(hash.encoding).toBe('listpack');
  expect(found).toEqual(names);
});

test.each([1, 2, 3, 4, 5, 6])('what is held stays what it was while the rest goes on (%i)', (seed) => {
  const random = seededRandom(seed);
  const names = Array.from({ length: 900 }, (_, at) => textOf(random, at));
  const [hash, set, ranked] = [new HashValue(), new SetValue(), new SortedSetValue()];
  const [map, members, scores] = [new Map<string, string>(), new Set<string>(), new Map<string, number>()];
  const change = (step: number): void => {
    const name = names[below(random, names.length)] ?? '';
    if (random.fraction() < (step % 3000 > 2000 ? 0.7 : 0.2)) {
      expect(hash.delete(name)).toBe(map.delete(name));
      expect(set.delete(name)).toBe(members.delete(name));
      expect(ranked.delete(name)).toBe(scores.delete(name));
    } else {
      const value = random.fraction() < 0.5 ? turned(map.get(name) ?? '') : textOf(random, step);
      const score = below(random, 50);
      hash.set(name, value, limits);
      set.add(name, limits);
      ranked.set(name, score, limits);
      map.set(name, value);
      members.add(name);
      scores.set(name, score);
    }
  };
  for (let round = 0; round < 4; round++) {
    for (let step = 0; step < 1500; step++) change(round * 1500 + step);
    const [heldHash, heldSet, heldRanked] = [hash.hold(), set.hold(), ranked.hold()];
    const [mapThen, membersThen, scoresThen] = [new Map(map), new Set(members), new Map(scores)];
    const highestFirst = heldRanked.descending();
    for (const held of [heldHash, heldSet, heldRanked]) held.detach();
    for (let step = 0; step < 4000; step++) change(step);
    const numbers = Array.from({ length: mapThen.size }, (_, number) => number);
    expect(
      new Map(numbers.map((number) => [heldHash.nameAt(number), byteString(heldHash.valueAt(number))])),
    ).toEqual(mapThen);
    expect(new Set(numbers.map((number) => heldSet.nameAt(number)))).toEqual(membersThen);
    const pairs: { member: string; score: number }[] = [];
    for (let next = highestFirst.next(); next.done !== true; next = highestFirst.next())
      pairs.push(next.value);
    expect(new Map(pairs.map(({ member, score }) => [member, score]))).toEqual(scoresThen);
    expect(pairs.map(({ score }) => score)).toEqual(pairs.map(({ score }) => score).sort((a, b) => b - a));
    for (const held of [heldHash, heldSet, heldRanked]) held.release();
  }
  const found = new Map<string, string>();
  hash.visit((field, value) => found.set(field, byteString(value)));
  expect(found).toEqual(map);
  expect(new Set(set.members())).toEqual(members);
  for (const [member, score] of scores) expect(ranked.scoreOf(member)).toBe(score);
});
