/** Decides how a hash's fields are held and weighed: a few as texts in a row, many packed. Knows nothing of keys or commands. */
import { type Bytes, latin1Text, type Memory } from '../byte-string.js';
import type { EncodingLimits } from '../encoding-limits.js';
import { Container } from './container.js';
import { keepBytes, SHORT_STRING_BYTES_MAX, weightOf } from './entry.js';
import { FEW_NAMES_MAX, indexOfPart, NAME_OVERHEAD_BYTES, scanNumbers } from './few-names.js';
import { type HeldNames, heldRows } from './held-names.js';
import { PackedNames } from './packed-names.js';
import type { StringView } from './string-view.js';

const HASH_OVERHEAD_BYTES = 250;
/** A value's string and its place in a row that has some to spare. */
const VALUE_OVERHEAD_BYTES = 32;

export class HashValue extends Container {
  readonly type = 'hash';
  override weightBytes = HASH_OVERHEAD_BYTES;
  private isPacked = true;
  private fields: string[] = [];
  /** By the fields' numbers. */
  private values: Bytes[] = [];
  private contentBytes = 0;
  /** Holds everything once there are many. */
  private many: PackedNames | null = null;

  get encoding(): string {
    return this.isPacked ? 'listpack' : 'hashtable';
  }

  get size(): number {
    return this.many === null ? this.fields.length : this.many.size;
  }

  has(field: string): boolean {
    return this.many === null ? this.fields.includes(field) : this.many.find(field) !== 0;
  }

  get(field: string): Bytes | undefined {
    const { many } = this;
    if (many === null) return this.values[this.fields.indexOf(field)];
    const place = many.find(field);
    return place === 0 ? undefined : many.valueAt(place);
  }

  /** Where the field is part of some bytes: shows its value in the view that it returns, or returns it as it is. */
  getPart(memory: Memory, start: number, end: number, view: StringView): Bytes | StringView | undefined {
    const { many } = this;
    if (many === null) return this.values[indexOfPart(this.fields, memory.bytes, start, end)];
    const place = many.findPart(memory, start, end);
    if (place === 0) return undefined;
    many.showValue(place, view);
    return view;
  }

  /** True when the field is new. The value is kept as it is, or copied. */
  set(field: string, value: Bytes, limits: EncodingLimits): boolean {
    const { many } = this;
    this.keepEncoding(field.length, value.length, limits);
    if (many === null) return this.setFew(this.fields.indexOf(field), field, value, limits);
    const place = many.find(field);
    many.setValue(place, value);
    return this.setMany(many, place === 0, limits);
  }

  /** The same where both are parts of some bytes. */
  setPart(
    memory: Memory,
    fieldStart: number,
    fieldEnd: number,
    start: number,
    end: number,
    limits: EncodingLimits,
  ): boolean {
    const { many } = this;
    this.keepEncoding(fieldEnd - fieldStart, end - start, limits);
    if (many !== null) {
      const place = many.findPart(memory, fieldStart, fieldEnd);
      many.setValuePart(place, memory, start, end);
      return this.setMany(many, place === 0, limits);
    }
    const { bytes } = memory;
    const number = indexOfPart(this.fields, bytes, fieldStart, fieldEnd);
    const field = number < 0 ? latin1Text(bytes, fieldStart, fieldEnd) : (this.fields[number] ?? '');
    const isShort = end - start <= SHORT_STRING_BYTES_MAX;
    const value = isShort ? latin1Text(bytes, start, end) : keepBytes(bytes.subarray(start, end));
    return this.setFew(number, field, value, limits);
  }

  delete(field: string): boolean {
    const { many } = this;
    if (many !== null) {
      const place = many.find(field);
      if (place === 0) return false;
      if (this.isPacked) many.removeOrdered(place);
      else many.removeUnordered(place);
      this.weightBytes = HASH_OVERHEAD_BYTES + many.weightBytes;
      return true;
    }
    const number = this.fields.indexOf(field);
    if (number < 0) return false;
    this.contentBytes -= field.length + weightOf(this.values[number] ?? '');
    if (this.isPacked) {
      this.fields.splice(number, 1);
      this.values.splice(number, 1);
    } else {
      const [lastField, lastValue] = [this.fields.pop() ?? '', this.values.pop() ?? ''];
      if (number < this.fields.length) {
        this.fields[number] = lastField;
        this.values[number] = lastValue;
      }
    }
    this.weighFew();
    return true;
  }

  /** A field by a number below the size. */
  fieldAt(number: number): { readonly field: string; readonly value: Bytes } {
    const { many } = this;
    if (many === null) return { field: this.fields[number] ?? '', value: this.values[number] ?? '' };
    const place = many.placeOf(number);
    return { field: many.nameAt(place), value: many.valueAt(place) };
  }

  /** In the order in which they came while Redis would pack it, else in none. */
  visit(visitor: (field: string, value: Bytes) => void): void {
    for (let number = 0; number < this.size; number++) {
      const { field, value } = this.fieldAt(number);
      visitor(field, value);
    }
  }

  /** What is in it now, to be read while others go on. */
  hold(): HeldNames {
    return this.many?.hold() ?? heldRows(this.fields, this.values);
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

  private setFew(number: number, field: string, value: Bytes, limits: EncodingLimits): boolean {
    const isNew = number < 0;
    if (isNew) {
      this.fields.push(field);
      this.values.push(value);
      this.contentBytes += field.length + weightOf(value);
    } else {
      this.contentBytes += weightOf(value) - weightOf(this.values[number] ?? '');
      this.values[number] = value;
    }
    this.isPacked &&= this.fields.length <= limits.hashListpackEntriesMax;
    if (this.fields.length > FEW_NAMES_MAX) this.pack();
    else this.weighFew();
    return isNew;
  }

  private setMany(many: PackedNames, isNew: boolean, limits: EncodingLimits): boolean {
    this.isPacked &&= many.size <= limits.hashListpackEntriesMax;
    this.weightBytes = HASH_OVERHEAD_BYTES + many.weightBytes;
    return isNew;
  }

  private keepEncoding(fieldBytes: number, valueBytes: number, limits: EncodingLimits): void {
    const { hashListpackValueBytesMax } = limits;
    if (fieldBytes > hashListpackValueBytesMax || valueBytes > hashListpackValueBytesMax)
      this.isPacked = false;
  }

  private pack(): void {
    const many = new PackedNames(true);
    for (const [number, field] of this.fields.entries())
      many.setValue(many.find(field), this.values[number] ?? '');
    this.many = many;
    this.fields = [];
    this.values = [];
    this.weightBytes = HASH_OVERHEAD_BYTES + many.weightBytes;
  }

  private weighFew(): void {
    this.weightBytes =
      HASH_OVERHEAD_BYTES +
      this.contentBytes +
      this.fields.length * (NAME_OVERHEAD_BYTES + VALUE_OVERHEAD_BYTES);
  }
}
