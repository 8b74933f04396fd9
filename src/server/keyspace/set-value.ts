/** Decides how a set's members are held and weighed: a few integers as numbers in order, else by name. Knows no keys. */
import type { EncodingLimits } from '../encoding-limits.js';
import { type Integer, parseInteger } from '../integers.js';
import { Container } from './container.js';
import { NumberedNames, scanNumbers } from './numbered-names.js';

const SET_OVERHEAD_BYTES = 200;
const INTEGER_BYTES = 9;

export class SetValue extends Container {
  readonly type = 'set';
  override weightBytes = SET_OVERHEAD_BYTES;
  /** In ascending order; null once a member was no integer, or there were too many. */
  private integers: Integer[] | null = [];
  private names = new NumberedNames();
  private nameBytes = 0;

  get encoding(): string {
    return this.integers === null ? 'hashtable' : 'intset';
  }

  get size(): number {
    return this.integers === null ? this.names.size : this.integers.length;
  }

  has(member: string): boolean {
    const { integers } = this;
    if (integers === null) return this.names.find(member) >= 0;
    const integer = parseInteger(member);
    return integer !== null && integers[placeOf(integers, integer)] === integer;
  }

  /** True when the member is new. */
  add(member: string, limits: EncodingLimits): boolean {
    const { integers } = this;
    if (integers !== null) {
      const integer = parseInteger(member);
      if (integer !== null) {
        const place = placeOf(integers, integer);
        if (integers[place] === integer) return false;
        integers.splice(place, 0, integer);
        this.weightBytes += INTEGER_BYTES;
        if (integers.length > limits.setIntsetEntriesMax) this.nameAll(integers);
        return true;
      }
      this.nameAll(integers);
    }
    if (this.names.find(member) >= 0) return false;
    this.names.add(member);
    this.nameBytes += member.length;
    this.weigh();
    return true;
  }

  delete(member: string): boolean {
    const { integers } = this;
    if (integers !== null) {
      const integer = parseInteger(member);
      if (integer === null) return false;
      const place = placeOf(integers, integer);
      if (integers[place] !== integer) return false;
      integers.splice(place, 1);
      this.weightBytes -= INTEGER_BYTES;
      return true;
    }
    const number = this.names.find(member);
    if (number < 0) return false;
    this.names.removeUnordered(number);
    this.nameBytes -= member.length;
    this.weigh();
    return true;
  }

  /** Begins anew with these. */
  replaceAll(members: Iterable<string>, limits: EncodingLimits): void {
    this.integers = [];
    this.names = new NumberedNames();
    this.nameBytes = 0;
    this.weightBytes = SET_OVERHEAD_BYTES;
    for (const member of members) this.add(member, limits);
  }

  /** A member by a number below the size. */
  memberAt(number: number): string {
    const { integers } = this;
    return integers === null ? (this.names.names[number] ?? '') : String(integers[number]);
  }

  /** All of them: integers in order, else in none. Not to be changed, and gone stale once the set changes. */
  members(): readonly string[] {
    return this.integers === null ? this.names.names : this.integers.map(String);
  }

  /** Members as they are now, to be read while others change the set, until `thaw`: by their numbers. */
  freeze(): { readonly memberAt: (number: number) => string; readonly thaw: () => void } {
    const { integers, names } = this;
    if (integers !== null) {
      const own = [...integers];
      return { memberAt: (number) => String(own[number]), thaw: () => undefined };
    }
    const before = (names.before = new Map<number, string>());
    return {
      memberAt: (number) => before.get(number) ?? names.names[number] ?? '',
      // The set may have begun anew meanwhile, with other names.
      thaw: () => {
        names.before = null;
      },
    };
  }

  /** All at once while they are integers; else see `scanNumbers`. */
  scan(cursor: number, count: number, visitor: (member: string) => void): number {
    if (this.integers !== null) {
      for (const integer of this.integers) visitor(String(integer));
      return 0;
    }
    const { names } = this.names;
    return scanNumbers(names.length, cursor, count, (number) => visitor(names[number] ?? ''));
  }

  private nameAll(integers: readonly Integer[]): void {
    this.integers = null;
    for (const integer of integers) {
      const name = String(integer);
      this.names.add(name);
      this.nameBytes += name.length;
    }
    this.weigh();
  }

  private weigh(): void {
    this.weightBytes = SET_OVERHEAD_BYTES + this.nameBytes + this.names.overheadBytes;
  }
}

/** Where an integer is or belongs. */
function placeOf(integers: readonly Integer[], integer: Integer): number {
  let low = 0;
  let high = integers.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((integers[middle] ?? 0) < integer) low = middle + 1;
    else high = middle;
  }
  return low;
}
