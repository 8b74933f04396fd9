/** Lists, sets, hashes and sorted sets of any size: scans under change, random choice, encodings, weight, many parts. */
import { afterEach, expect, test } from 'vitest';
import { seededRandom } from '../../src/clock.js';
import { createServer, type EmbeddedServer, type Value } from '../../src/server/index.js';
import { plain } from './support.js';

let server: EmbeddedServer | undefined;

afterEach(async () => {
  await server?.close();
  server = undefined;
});

function opened(): EmbeddedServer {
  server = createServer({ random: seededRandom(7) });
  return server;
}

const texts = (value: Value): string[] => plain(value) as string[];
const numbers = (count: number): number[] => Array.from({ length: count }, (_, at) => at);

interface Scanned {
  readonly scan: string;
  readonly add: (open: EmbeddedServer, name: string) => void;
  readonly remove: (open: EmbeddedServer, name: string) => void;
  readonly step: number;
}

const scanned: readonly Scanned[] = [
  {
    scan: 'sscan',
    add: (open, name) => open.execute('sadd', 'k', name),
    remove: (open, name) => open.execute('srem', 'k', name),
    step: 1,
  },
  {
    scan: 'hscan',
    add: (open, name) => open.execute('hset', 'k', name, 'v'),
    remove: (open, name) => open.execute('hdel', 'k', name),
    step: 2,
  },
  {
    scan: 'zscan',
    add: (open, name) => open.execute('zadd', 'k', name.length, name),
    remove: (open, name) => open.execute('zrem', 'k', name),
    step: 2,
  },
];

test.each(scanned)('$scan returns whatever is there from start to end, whatever comes and goes', (kind) => {
  const open = opened();
  const random = seededRandom(3);
  for (const at of numbers(2000)) kind.add(open, `stays:${at}`);
  for (const at of numbers(2000)) kind.add(open, `goes:${at}`);
  const seen = new Set<string>();
  let cursor = '0';
  let calls = 0;
  do {
    const [next, parts] = plain(open.execute(kind.scan, 'k', cursor, 'count', '50')) as [string, string[]];
    for (let at = 0; at < parts.length; at += kind.step) seen.add(parts[at] ?? '');
    cursor = next;
    calls++;
    for (const _ of numbers(40)) kind.remove(open, `goes:${Math.floor(random.fraction() * 2000)}`);
    for (const at of numbers(10)) kind.add(open, `comes:${calls}:${at}`);
  } while (cursor !== '0');
  for (const at of numbers(2000)) expect(seen.has(`stays:${at}`)).toBe(true);
  expect(calls).toBeGreaterThan(10);
});

test('a member that only changes its score is not missed by ZSCAN', () => {
  const open = opened();
  for (const at of numbers(1000)) open.execute('zadd', 'k', at, `m${at}`);
  const seen = new Set<string>();
  let cursor = '0';
  do {
    const [next, parts] = plain(open.execute('zscan', 'k', cursor)) as [string, string[]];
    for (let at = 0; at < parts.length; at += 2) seen.add(parts[at] ?? '');
    cursor = next;
    for (const at of numbers(200)) open.execute('zadd', 'k', -at, `m${at * 5}`);
  } while (cursor !== '0');
  expect(seen.size).toBe(1000);
});

test.each([
  ['srandmember', 'spop', (open: EmbeddedServer, name: string) => open.execute('sadd', 'k', name)],
  ['hrandfield', null, (open: EmbeddedServer, name: string) => open.execute('hset', 'k', name, 'v')],
  ['zrandmember', null, (open: EmbeddedServer, name: string) => open.execute('zadd', 'k', '1', name)],
] as const)(
  '%s chooses each about as often as another, and different ones when asked to',
  (command, pop, add) => {
    const open = opened();
    for (const at of numbers(200)) add(open, `m${at}`);
    const counts = new Map<string, number>();
    for (const name of texts(open.execute(command, 'k', '-40000')))
      counts.set(name, (counts.get(name) ?? 0) + 1);
    expect(counts.size).toBe(200);
    for (const count of counts.values()) {
      expect(count).toBeGreaterThan(100);
      expect(count).toBeLessThan(300);
    }
    for (const count of [1, 5, 60, 150, 199, 200, 500])
      expect(new Set(texts(open.execute(command, 'k', String(count)))).size).toBe(Math.min(count, 200));
    if (pop === null) return;
    const popped = [...texts(open.execute(pop, 'k', '30')), ...texts(open.execute(pop, 'k', '165'))];
    expect(new Set(popped).size).toBe(195);
    expect(open.execute('scard', 'k')).toBe(5);
  },
);

test('more than memory could hold is refused rather than chosen', () => {
  const open = opened();
  open.execute('sadd', 'k', 'a');
  expect(plain(open.execute('srandmember', 'k', '-1000000000000'))).toBe('-ERR value is out of range');
});

test('a sorted set of many members knows ranks, counts and ranges as a sorted row does', () => {
  const open = opened();
  const random = seededRandom(11);
  const scores = new Map<string, number>();
  for (const at of numbers(6000)) {
    const member = `m${Math.floor(random.fraction() * 3000)}`;
    if (at % 5 === 4) {
      open.execute('zrem', 'z', member);
      scores.delete(member);
    } else {
      const score = Math.floor(random.fraction() * 500);
      open.execute('zadd', 'z', score, member);
      scores.set(member, score);
    }
  }
  const row = [...scores].sort(([a, x], [b, y]) => x - y || (a < b ? -1 : 1)).map(([member]) => member);
  expect(texts(open.execute('zrange', 'z', '0', '-1'))).toEqual(row);
  for (const at of numbers(60)) {
    const index = (at * 97) % row.length;
    expect(open.execute('zrank', 'z', row[index] ?? '')).toBe(index);
    expect(texts(open.execute('zrange', 'z', index, index + 300))).toEqual(row.slice(index, index + 301));
    const below = row.filter((member) => (scores.get(member) ?? 0) < at * 8);
    expect(open.execute('zcount', 'z', '-inf', `(${at * 8}`)).toBe(below.length);
  }
  expect(open.execute('zremrangebyrank', 'z', '100', '-101')).toBe(row.length - 200);
  expect(texts(open.execute('zrange', 'z', '0', '-1'))).toEqual([...row.slice(0, 100), ...row.slice(-100)]);
});

test('a list of many chunks is changed in the middle as a row is', () => {
  const open = opened();
  const random = seededRandom(5);
  const row: string[] = [];
  const element = (): string =>
    'x'.repeat(Math.floor(random.fraction() ** 6 * 9000)) + Math.floor(random.fraction() * 50);
  for (const at of numbers(3000)) {
    const one = element();
    const index = Math.floor(random.fraction() * row.length);
    if (at < 1000 || at % 4 === 0) {
      open.execute(at % 2 === 0 ? 'rpush' : 'lpush', 'l', one);
      if (at % 2 === 0) row.push(one);
      else row.unshift(one);
    } else if (at % 4 === 1) {
      open.execute('lset', 'l', index, one);
      row[index] = one;
    } else if (at % 4 === 2) {
      const pivot = row[index] ?? '';
      open.execute('linsert', 'l', 'before', pivot, one);
      row.splice(row.indexOf(pivot), 0, one);
    } else {
      const gone = row[index] ?? '';
      open.execute('lrem', 'l', '1', gone);
      row.splice(row.indexOf(gone), 1);
    }
  }
  expect(texts(open.execute('lrange', 'l', '0', '-1'))).toEqual(row);
  for (const at of numbers(50)) {
    const index = (at * 37) % row.length;
    expect(plain(open.execute('lindex', 'l', index))).toBe(row[index]);
    expect(texts(open.execute('lrange', 'l', index, index + 20))).toEqual(row.slice(index, index + 21));
  }
  for (const _ of numbers(row.length)) expect(plain(open.execute('rpop', 'l'))).toBe(row.pop());
  expect(open.execute('exists', 'l')).toBe(0);
});

test('what is taken away is no longer counted', () => {
  const open = opened();
  const empty = open.stats().usedBytes;
  for (const at of numbers(3000)) {
    open.execute('rpush', 'l', `element ${at}`);
    open.execute('sadd', 's', `member ${at}`);
    open.execute('sadd', 'i', at);
    open.execute('hset', 'h', `field ${at}`, 'v'.repeat(at % 100));
    open.execute('zadd', 'z', at, `member ${at}`);
  }
  const full = open.stats().usedBytes;
  expect(full - empty).toBeGreaterThan(3000 * 150);
  for (const at of numbers(3000)) {
    open.execute('lpop', 'l');
    open.execute('srem', 's', `member ${at}`);
    open.execute('srem', 'i', at);
    open.execute('hdel', 'h', `field ${at}`);
    open.execute('zrem', 'z', `member ${at}`);
  }
  expect(open.stats()).toMatchObject({ keys: 0 });
  expect(open.stats().usedBytes - empty).toBeLessThan((full - empty) / 100);
});
