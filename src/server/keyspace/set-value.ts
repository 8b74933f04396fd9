/**
 * Decides how a set's members are held and weighed: integers as numbers in order, a few others as texts in a row, many
 * packed. Knows no keys.
 */
import { latin1Text, type Memory } from '../byte-string.js';
import type { EncodingLimits } from '../encoding-limits.js';
import { type Integer, parseInteger } from '../integers.js';
import { Container } from './container.js';
import { FEW_NAMES_MAX, indexOfPart, NAME_OVERHEAD_BYTES, scanNumbers } from './few-names.js';
import { type HeldNames, heldRows } from './held-names.js';
import { PackedNames } from './packed-names.js';

const SET_OVERHEAD_BYTES = 200;
const INTEGER_BYTES = 9;

export class SetValue extends Container {
  readonly type = 'set';
  override weightBytes = SET_OVERHEAD_BYTES;
  /** In ascending order; null once a member was no integer, or there were too many. */
  private integers: Integer[] | null = [];
  private names: string[] = [];
  private nameBytes = 0;
  /** Holds everything once there are many names. */
  private many: PackedNames | null = null;

  get encoding(): string {
    return this.integers === null ? 'hashtable' : 'intset';
  }

  get size(): number {
    if (this.many !== null) return this.many.size;
    return this.integers === null ? this.names.length : this.integers.length;
  }

  has(member: string): boolean {
    const { integers, many } = this;
    if (many !== null) return many.find(member) !== 0;
    if (integers === null) return this.names.includes(member);
    const integer = parseInteger(member);
    return integer !== null && integers[placeOf(integers, integer)] === integer;
  }

  /** The same where the member is part of some bytes. */
  hasPart(memory: Memory, start: number, end: number): boolean {
    const { many } = this;
    if (many !== null) return many.findPart(memory, start, end) !== 0;
    if (this.integers === null) return indexOfPart(this.names, memory.bytes, start, end) >= 0;
    return this.has(latin1Text(memory.bytes, start, end));
  }

  /** True when the member is new. */
  add(member: string, limits: EncodingLimits): boolean {
    const { many } = this;
    if (many !== null) return this.addTo(many, many.find(member));
    if (this.integers !== null) {
      const integer = parseInteger(member);
      if (integer !== null) return this.addInteger(this.integers, integer, limits);
      this.nameAll(this.integers);
      return this.add(member, limits);
    }
    return !this.names.includes(member) && this.addName(member);
  }

  /** The same where the member is part of some bytes. */
  addPart(memory: Memory, start: number, end: number, limits: EncodingLimits): boolean {
    const { many } = this;
    if (many !== null) return this.addTo(many, many.findPart(memory, start, end));
    const { bytes } = memory;
    if (this.integers === null && indexOfPart(this.names, bytes, start, end) >= 0) return false;
    return this.add(latin1Text(bytes, start, end), limits);
  }

  delete(member: string): boolean {
    const { integers, many } = this;
    if (many !== null) {
      const place = many.find(member);
      return place !== 0 && this.removeFrom(many, place);
    }
    if (integers !== null) {
      const integer = parseInteger(member);
      if (integer === null) return false;
      const place = placeOf(integers, integer);
      if (integers[place] !== integer) return false;
      integers.splice(place, 1);
      this.weightBytes -= INTEGER_BYTES;
      return true;
    }
    const number = this.names.indexOf(member);
    if (number < 0) return false;
    const last = this.names.pop() ?? '';
    if (number < this.names.length) this.names[number] = last;
    this.nameBytes -= member.length;
    this.weighFew();
    return true;
  }

  /** Begins anew with these. */
  replaceAll(members: Iterable<string>, limits: EncodingLimits): void {
    this.integers = [];
    this.names = [];
    this.many = null;
    this.nameBytes = 0;
    this.weightBytes = SET_OVERHEAD_BYTES;
    for (const member of members) this.add(member, limits);
  }

  /** A member by a number below the size. */
  memberAt(number: number): string {
    const { integers, many } = this;
    if (many !== null) return many.nameAt(many.placeOf(number));
    return integers === null ? (this.names[number] ?? '') : String(integers[number]);
  }

  /** All of them: integers in order, else in none. Not to be changed, and gone stale once the set changes. */
  members(): readonly string[] {
    const { many } = this;
    if (many !== null) return Array.from({ length: many.size }, (_, at) => many.nameAt(many.placeOf(at)));
    return this.integers === null ? this.names : this.integers.map(String);
  }

  /** What is in it now, to be read while others go on. */
  hold(): HeldNames {
    return this.many?.hold() ?? heldRows(this.integers?.map(String) ?? this.names, []);
  }

  /** All at once while they are integers; else see `scanNumbers`. */
  scan(cursor: number, count: number, visitor: (member: string) => void): number {
    if (this.integers !== null) {
      for (const integer of this.integers) visitor(String(integer));
      return 0;
    }
    return scanNumbers(this.size, cursor, count, (number) => visitor(this.memberAt(number)));
  }

  private addInteger(integers: Integer[], integer: Integer, limits: EncodingLimits): boolean {
    const place = placeOf(integers, integer);
    if (integers[place] === integer) return false;
    integers.splice(place, 0, integer);
    this.weightBytes += INTEGER_BYTES;
    if (integers.length > limits.setIntsetEntriesMax) this.nameAll(integers);
    return true;
  }

  private nameAll(integers: readonly Integer[]): void {
    this.integers = null;
    if (integers.length > FEW_NAMES_MAX) this.pack(integers.map(String));
    else for (const integer of integers) this.addName(String(integer));
  }

  private addName(member: string): true {
    this.names.push(member);
    this.nameBytes += member.length;
    if (this.names.length > FEW_NAMES_MAX) this.pack(this.names);
    else this.weighFew();
    return true;
  }

  private addTo(many: PackedNames, place: number): boolean {
    if (place !== 0) return false;
    many.addSought();
    this.weightBytes = SET_OVERHEAD_BYTES + many.weightBytes;
    return true;
  }

  private removeFrom(many: PackedNames, place: number): true {
    many.removeUnordered(place);
    this.weightBytes = SET_OVERHEAD_BYTES + many.weightBytes;
    return true;
  }

  private pack(names: readonly string[]): void {
    const many = new PackedNames(false);
    for (const name of names) if (many.find(name) === 0) many.addSought();
    this.many = many;
    this.names = [];
    this.weightBytes = SET_OVERHEAD_BYTES + many.weightBytes;
  }

  private weighFew(): void {
    this.weightBytes = SET_OVERHEAD_BYTES + this.nameBytes + this.names.length * NAME_OVERHEAD_BYTES;
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
