/** Decides whether sets of transactions are read as the servers write them, and compared as sets. */
import { describe, expect, it } from 'vitest';
import { TransactionSet } from '../../src/sql/transaction-set.js';

const of = (text: string): TransactionSet => TransactionSet.of(text);
const text = (set: TransactionSet): string => String(set);

describe('a set of transactions', () => {
  it('is read as MySQL writes it, tags included, and joined where runs touch', () => {
    expect(text(of('a-1:1-5:7,\nb-2:3'))).toBe('a-1:1-5:7,b-2:3');
    expect(text(of('a-1:6-7:1-5:9'))).toBe('a-1:1-7:9');
    expect(text(of('a-1:1-5:tag:2:4-6'))).toBe('a-1:1-5,a-1:tag:2:4-6');
    expect(of('').isEmpty).toBe(true);
  });

  it('is read as MariaDB writes a position, and names of single ones', () => {
    expect(text(TransactionSet.until('0-1-57,2-1-3'))).toBe('0-1:1-57,2-1:1-3');
    expect(text(TransactionSet.single('0-1-57'))).toBe('0-1:57');
    expect(TransactionSet.until('').isEmpty).toBe(true);
  });

  it('is a union and a difference of runs', () => {
    expect(text(TransactionSet.union([of('a:1-3'), of('b:1'), of('a:5'), of('a:4')]))).toBe('a:1-5,b:1');
    expect(text(of('a:1-10,b:1').without(of('a:2-3:7,b:1-5')))).toBe('a:1:4-6:8-10');
    expect(text(of('a:1-4:6-9').without(of('a:3-7')))).toBe('a:1-2:8-9');
    expect(of('a:1-4').without(of('a:1-9')).isEmpty).toBe(true);
    expect(text(of('a:1-4').without(of('b:1-9')))).toBe('a:1-4');
  });

  it('is the same as one that is counted by hand', () => {
    const all = Array.from({ length: 12 }, (_, index) => index + 1);
    for (let seed = 0; seed < 400; seed++) {
      const has = (salt: number) => (number: number) =>
        ((number * 2_654_435_761 + seed * 40_503 * salt) >>> 7) % 3 > 0;
      const [one, other] = [all.filter(has(1)), all.filter(has(7))];
      const set = (numbers: readonly number[]): TransactionSet => of(['s', ...numbers].join(':'));
      const left = one.filter((number) => !other.includes(number));
      expect(text(set(one).without(set(other)))).toBe(text(set(left)));
      const both = all.filter((number) => one.includes(number) || other.includes(number));
      expect(text(TransactionSet.union([set(one), set(other)]))).toBe(text(set(both)));
    }
  });

  it('is beyond another when it has a later one of each source', () => {
    expect(of('a:9').isBeyond(of('a:1-8'))).toBe(true);
    expect(of('a:8').isBeyond(of('a:1-8'))).toBe(false);
    expect(of('a:9').isBeyond(of('a:1-8,b:1'))).toBe(false);
    expect(of('a:9').isBeyond(TransactionSet.none)).toBe(true);
    expect(text(of('a:1-3:7,b:2').latest)).toBe('a:7,b:2');
  });
});
