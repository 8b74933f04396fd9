/** The store under the keyspace against plain maps: sizes, moves, expiries, splits and joins of its index, and what it weighs. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { manualClock, seededRandom } from '../../src/clock.js';
import { byteString, Memory } from '../../src/server/byte-string.js';
import { encodingLimitDefaults } from '../../src/server/encoding-limits.js';
import { Container } from '../../src/server/keyspace/container.js';
import type { Database } from '../../src/server/keyspace/database.js';
import { NEVER } from '../../src/server/keyspace/entry.js';
import { HashValue } from '../../src/server/keyspace/hash-value.js';
import { KeyIndex } from '../../src/server/keyspace/key-index.js';
import { Keyspace } from '../../src/server/keyspace/keyspace.js';
import { RecordStore } from '../../src/server/keyspace/records.js';
import { sizeClassOf, slotBytes } from '../../src/server/keyspace/size-classes.js';
import { Slab } from '../../src/server/keyspace/slab.js';

const clock = manualClock();

function emptyKeyspace(): { keyspace: Keyspace; db: Database; other: Database } {
  const keyspace = new Keyspace({
    clock,
    random: seededRandom(3),
    databases: 2,
    memory: { maxBytes: 0, policy: 'noeviction', samples: 5 },
  });
  const [db, other] = keyspace.databases;
  if (db === undefined || other === undefined) throw new Error('two were asked for');
  return { keyspace, db, other };
}

describe('sizes', () => {
  it('are the smallest that hold what is asked for', () => {
    for (let bytes = 1; bytes <= 131_072; bytes += bytes < 5000 ? 1 : 97) {
      const found = sizeClassOf(bytes);
      expect(slotBytes[found]).toBeGreaterThanOrEqual(bytes);
      expect(found === 0 || (slotBytes[found - 1] ?? 0) < bytes).toBe(true);
    }
  });
});

describe('the slab', () => {
  it('never gives out memory that is in use, and uses again what was given back', () => {
    const step = fc.record({
      bytes: fc.integer({ min: 1, max: 300_000 }),
      frees: fc.nat(3),
      which: fc.nat(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const slab = new Slab();
        const held: { place: number; from: number; to: number; page: Buffer }[] = [];
        for (const { bytes, frees, which } of steps) {
          const place = slab.allocate(bytes);
          expect(place).not.toBe(0);
          expect(slab.slotBytesAt(place)).toBeGreaterThanOrEqual(bytes);
          const page = slab.memory[place >>> 17]?.bytes ?? Buffer.alloc(0);
          const from = (place & 0x1ffff) * 8;
          const to = from + bytes;
          expect(to).toBeLessThanOrEqual(page.length);
          for (const other of held)
            expect(other.page !== page || other.to <= from || other.from >= to).toBe(true);
          held.push({ place, from, to, page });
          for (let count = 0; count < frees && held.length > 0; count++) {
            const [gone] = held.splice(which % held.length, 1);
            if (gone !== undefined) slab.free(gone.place);
          }
        }
        for (const { place } of held) slab.free(place);
        // Nothing is in use: the pages that sizes still cut from, and a few spare ones.
        expect(slab.heldBytes).toBeLessThan((slotBytes.length + 16) * 1024 * 1024);
      }),
      { numRuns: 30 },
    );
  });
});

type Step =
  | { kind: 'set'; key: number; length: number; ttl: boolean }
  | { kind: 'number'; key: number; value: bigint }
  | { kind: 'hash'; key: number; ttl: boolean }
  | { kind: 'expire'; key: number; ttl: boolean }
  | { kind: 'delete'; key: number };

const key = fc.nat(400);
const ttl = fc.boolean();
const length = fc.oneof(fc.nat(300), fc.nat(5000), fc.constantFrom(65_536, 65_537, 70_000, 200_000));
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('set' as const), key, length, ttl }) },
  fc.record({
    kind: fc.constant('number' as const),
    key,
    value: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  }),
  fc.record({ kind: fc.constant('hash' as const), key, ttl }),
  fc.record({ kind: fc.constant('expire' as const), key, ttl }),
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('delete' as const), key }) },
);

/** Some keys are short, some longer than a header's field can say. */
const nameOf = (number: number): string =>
  number % 100 === 0 ? `${'long'.repeat(number === 100 ? 40_000 : 20_000)}${number}` : `key:${number}`;
const AT_MS = 9_000_000_000_123n;

function held(db: Database): Map<string, string> {
  const found = new Map<string, string>();
  for (const { key: name, value, expireAtMs } of db.keys()) {
    const text = value instanceof Container ? `hash ${value.size}` : byteString(value);
    found.set(name, `${String(expireAtMs)} ${text}`);
  }
  return found;
}

describe('the index', () => {
  it('finds every one of many records whose hashes are the same or close, and joins again when they go', () => {
    // No key is ever the one that is looked for: each goes in where the search for it ended.
    const records = Object.assign(new RecordStore(), { hasKey: () => false });
    const nothing = new Memory(Buffer.alloc(0));
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 31 - 1 }), fc.nat(3), (base, spread) => {
        const index = new KeyIndex(records);
        const hashOf = (place: number): number => (base + (place % (1 + spread * 1000))) % 2 ** 31;
        const count = 5000;
        for (let place = 1; place <= count; place++) {
          expect(index.find(hashOf(place), nothing, 0, 0)).toBe(0);
          index.insertFound(hashOf(place), place);
        }
        const seen: number[] = [];
        let cursor = 0;
        do cursor = index.scan(cursor, 100, (place) => seen.push(place));
        while (cursor !== 0);
        expect([index.size, seen.length, new Set(seen).size]).toEqual([count, count, count]);
        for (let place = 1; place <= count; place++) {
          expect(index.findPlace(hashOf(place), place)).toBe(true);
          index.removeFound();
        }
        expect([index.size, index.random(seededRandom(1))]).toEqual([0, 0]);
      }),
      { numRuns: 5 },
    );
  });
});

describe('a database', () => {
  it('holds what a map would hold, and weighs nothing once all is gone', () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 300 }), (steps) => {
        const { keyspace, db } = emptyKeyspace();
        const model = new Map<string, { text: string; at: string }>();
        const at = (hasTtl: boolean): bigint | number => (hasTtl ? AT_MS : NEVER);
        for (const each of steps) {
          keyspace.beginCommand();
          const name = nameOf(each.key);
          const old = model.get(name);
          if (each.kind === 'set') {
            const text = 'v'.repeat(each.length);
            db.set(name, text, at(each.ttl));
            model.set(name, { text, at: String(each.ttl ? Number(AT_MS) : NEVER) });
          } else if (each.kind === 'number') {
            db.set(Buffer.from(name), String(each.value), NEVER);
            model.set(name, { text: String(each.value), at: String(NEVER) });
          } else if (each.kind === 'hash') {
            const hash = new HashValue();
            hash.set('field', 'value', encodingLimitDefaults);
            db.set(name, hash, at(each.ttl));
            model.set(name, { text: 'hash 1', at: String(each.ttl ? Number(AT_MS) : NEVER) });
          } else if (each.kind === 'delete') {
            expect(db.delete(name)).toBe(old !== undefined);
            model.delete(name);
          } else {
            const entry = db.write(name);
            expect(entry !== undefined).toBe(old !== undefined);
            if (entry === undefined || old === undefined) continue;
            db.setExpiry(entry, at(each.ttl));
            old.at = String(each.ttl ? Number(AT_MS) : NEVER);
          }
        }
        expect(db.size).toBe(model.size);
        expect(db.volatileSize).toBe([...model.values()].filter((each) => each.at !== String(NEVER)).length);
        expect(held(db)).toEqual(
          new Map([...model].map(([name, value]) => [name, `${value.at} ${value.text}`])),
        );
        for (const name of model.keys()) db.delete(name);
        expect([db.size, db.volatileSize, keyspace.usedBytes]).toEqual([0, 0, 0]);
      }),
      { numRuns: 60 },
    );
  });

  it('finds every one of many keys while it grows and shrinks', () => {
    const { keyspace, db, other } = emptyKeyspace();
    const count = 60_000;
    other.set('elsewhere', 'stays', NEVER);
    for (let number = 0; number < count; number++)
      db.set(`k${number}`, `v${number}`, number % 3 === 0 ? AT_MS : NEVER);
    const missing = (from: number): number => {
      let absent = 0;
      for (let number = from; number < count; number++) {
        keyspace.beginCommand();
        if (db.peek(`k${number}`)?.value !== `v${number}`) absent++;
      }
      return absent;
    };
    expect([db.size, missing(0)]).toEqual([count, 0]);
    for (let number = 0; number < count - 10; number++) expect(db.delete(`k${number}`)).toBe(true);
    expect([db.size, missing(count - 10), db.has('k0')]).toEqual([10, 0, false]);
    db.flush();
    expect([db.size, other.size, other.peek('elsewhere')?.value]).toEqual([0, 1, 'stays']);
  });

  it('picks any of its keys about as often as another', () => {
    const { db } = emptyKeyspace();
    const count = 5000;
    for (let number = 0; number < count; number++) db.set(`k${number}`, 'v', AT_MS);
    const seen = new Map<number, number>();
    for (let turn = 0; turn < count * 20; turn++) {
      const place = db.randomPlace();
      seen.set(place, (seen.get(place) ?? 0) + 1);
    }
    expect(seen.size).toBe(count);
    expect(Math.max(...seen.values())).toBeLessThan(60);
  });

  it('tells what a handle said after its key was replaced or deleted', () => {
    const { db } = emptyKeyspace();
    db.set('key', 'old', 5_000_000_000_000);
    const entry = db.write('key');
    db.set('key', 'new', NEVER);
    expect([entry?.key, entry?.value, entry?.expireAtMs]).toEqual(['key', 'old', 5_000_000_000_000]);
    const second = db.write('key');
    db.delete('key');
    expect([second?.key, second?.value]).toEqual(['key', 'new']);
  });

  it('keeps a handle on a record that moves', () => {
    const { db } = emptyKeyspace();
    db.set('key', 'value', NEVER);
    const entry = db.write('key');
    if (entry === undefined) throw new Error('it was just written');
    db.setExpiry(entry, 5_000_000_000_000);
    db.setExpiry(entry, 6_000_000_000_000);
    expect([entry.value, entry.expireAtMs, db.peek('key')?.expireAtMs]).toEqual(['value', 6e12, 6e12]);
  });
});

it('adds to small integers, and leaves anything else to others', () => {
  const { db } = emptyKeyspace();
  db.set('hash', new HashValue(), NEVER);
  expect(db.addSmall('hash', 1)).toBeNull();
  expect([db.addSmall('n', 2_147_483_647), db.addSmall('n', 1), db.peek('n')?.value]).toEqual([
    2_147_483_647,
    null,
    '2147483647',
  ]);
});

describe('FLUSHALL', () => {
  it('leaves nothing of any database, and handles keep what they said', () => {
    const { keyspace, db, other } = emptyKeyspace();
    for (const each of [db, other])
      for (let number = 0; number < 500; number++) {
        each.set(`key:${number}`, `value:${number}`, number % 2 === 0 ? NEVER : 1e15);
        each.set(`hash:${number}`, new HashValue(), NEVER);
      }
    const entry = other.peek('key:7');
    keyspace.flushAll();
    expect([db.size, other.size, db.volatileSize, other.volatileSize, keyspace.usedBytes]).toEqual([
      0, 0, 0, 0, 0,
    ]);
    expect([entry?.key, entry?.value]).toEqual(['key:7', 'value:7']);
    for (const each of [db, other]) {
      expect(each.peek('key:7')).toBeUndefined();
      each.set('key:7', 'again', NEVER);
      expect(each.peek('key:7')?.value).toBe('again');
    }
    keyspace.flushAll();
    expect(keyspace.usedBytes).toBe(0);
    keyspace.close();
  });
});
