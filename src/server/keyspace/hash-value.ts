/** Decides how a hash's fields are held and weighed. Knows nothing of keys or commands. */
import type { Bytes } from '../byte-string.js';
import type { EncodingLimits } from '../encoding-limits.js';
import { Container } from './container.js';
import { weightOf } from './entry.js';
import { NumberedNames, scanNumbers } from './numbered-names.js';

const HASH_OVERHEAD_BYTES = 320;
/** A value's string and its place in the row. */
const VALUE_OVERHEAD_BYTES = 24;

export class HashValue extends Container {
  readonly type = 'hash';
  override weightBytes = HASH_OVERHEAD_BYTES;
  private isPacked = true;
  private readonly names = new NumberedNames();
  /** By the fields' numbers. */
  private readonly values: Bytes[] = [];
  private contentBytes = 0;
  /** While a snapshot reads the values: what was at the numbers that have changed since. */
  private valuesBefore: Map<number, Bytes> | null = null;

  get encoding(): string {
    return this.isPacked ? 'listpack' : 'hashtable';
  }

  get size(): number {
    return this.values.length;
  }

  has(field: string): boolean {
    return this.names.find(field) >= 0;
  }

  get(field: string): Bytes | undefined {
    return this.values[this.names.find(field)];
  }

  /** True when the field is new. The value is kept as it is. */
  set(field: string, value: Bytes, limits: EncodingLimits): boolean {
    const number = this.names.find(field);
    const isNew = number < 0;
    if (isNew) {
      this.names.add(field);
      this.values.push(value);
      this.contentBytes += field.length + weightOf(value);
    } else {
      this.contentBytes += weightOf(value) - weightOf(this.values[number] ?? '');
      if (this.valuesBefore !== null) this.keep(this.valuesBefore, number);
      this.values[number] = value;
    }
    this.isPacked &&=
      this.values.length <= limits.hashListpackEntriesMax &&
      field.length <= limits.hashListpackValueBytesMax &&
      value.length <= limits.hashListpackValueBytesMax;
    this.weigh();
    return isNew;
  }

  delete(field: string): boolean {
    const number = this.names.find(field);
    if (number < 0) return false;
    this.contentBytes -= field.length + weightOf(this.values[number] ?? '');
    if (this.valuesBefore !== null) {
      const last = this.values.length - 1;
      for (let behind = this.isPacked ? number : last; behind <= last; behind++)
        this.keep(this.valuesBefore, behind);
      this.keep(this.valuesBefore, number);
    }
    if (this.isPacked) {
      this.names.removeOrdered(number);
      this.values.splice(number, 1);
    } else {
      this.names.removeUnordered(number);
      const last = this.values.pop() ?? '';
      if (number < this.values.length) this.values[number] = last;
    }
    this.weigh();
    return true;
  }

  /** A field by a number below the size. */
  fieldAt(number: number): { readonly field: string; readonly value: Bytes } {
    return { field: this.names.names[number] ?? '', value: this.values[number] ?? '' };
  }

  /** In the order in which they came while Redis would pack it, else in none. */
  visit(visitor: (field: string, value: Bytes) => void): void {
    const { names } = this.names;
    for (let number = 0; number < names.length; number++)
      visitor(names[number] ?? '', this.values[number] ?? '');
  }

  /** Fields and values as they are now, to be read while others change the hash, until `thaw`: by their numbers. */
  freeze(): { fieldAt(number: number): string; valueAt(number: number): Bytes } {
    const { names, values } = this;
    const fields = (names.before = new Map<number, string>());
    const before = (this.valuesBefore = new Map<number, Bytes>());
    return {
      fieldAt: (number) => fields.get(number) ?? names.names[number] ?? '',
      valueAt: (number) => before.get(number) ?? values[number] ?? '',
    };
  }

  /** What was frozen is not read any more. */
  thaw(): void {
    this.names.before = this.valuesBefore = null;
  }

  private keep(before: Map<number, Bytes>, number: number): void {
    if (!before.has(number)) before.set(number, this.values[number] ?? '');
  }

  /** All at once while Redis would pack it; else see `scanNumbers`. */
  scan(cursor: number, count: number, visitor: (field: string, value: Bytes) => void): number {
    if (this.isPacked) {
      this.visit(visitor);
      return 0;
    }
    return scanNumbers(this.size, cursor, count, (number) => {
      const { field, value } = this.fieldAt(number);
      visitor(field, value);
    });
  }

  private weigh(): void {
    this.weightBytes =
      HASH_OVERHEAD_BYTES +
      this.contentBytes +
      this.names.overheadBytes +
      this.values.length * VALUE_OVERHEAD_BYTES;
  }
}
