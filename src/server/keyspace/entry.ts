/** Decides how a command sees one key: a handle on its record. Knows nothing of other keys. */
import { type Bytes, bufferOf, byteString, latin1Text, Memory } from '../byte-string.js';
import { Container, type TypeName } from './container.js';
import type { ExpireAtMs } from './expire-at.js';
import { BYTES, INT32, INT64, KIND_MASK, OBJECT, RAW, type RecordStore } from './records.js';
import type { StringView } from './string-view.js';

export { type ExpireAtMs, NEVER } from './expire-at.js';

/** Longest value given out as a string. A Buffer that is no longer was changed in place. */
export const SHORT_STRING_BYTES_MAX = 2048;

const BUFFER_OVERHEAD_BYTES = 200;

/**
 * Copies bytes that belong to somebody else into a form that can be kept: short ones as byte strings, which the
 * collector can move and which pin nothing; long ones in memory of their own. Neither is ever changed in place.
 */
export function keepBytes(bytes: Bytes): Bytes {
  if (bytes.length <= SHORT_STRING_BYTES_MAX) return byteString(bytes);
  const from = bufferOf(bytes);
  const own = Buffer.allocUnsafeSlow(from.length);
  from.copy(own);
  return own;
}

export function weightOf(bytes: Bytes): number {
  return typeof bytes === 'string' ? bytes.length : bytes.length + BUFFER_OVERHEAD_BYTES;
}

/** What a string weighs that is an object beside the records, with the room it has to grow. */
export function longStringBytes(bytes: Buffer): number {
  return bytes.buffer.byteLength + BUFFER_OVERHEAD_BYTES;
}

/** What a key can hold: a string's bytes, or a container. */
export type Value = Bytes | Container;

/**
 * A key as a command found it. Its fields are read from the record when they are asked for; once the record is
 * replaced or removed they stay what they were.
 */
export class Entry {
  private last: { key: string; value: Value; expireAtMs: ExpireAtMs } | null = null;

  constructor(
    private readonly records: RecordStore,
    /** Where the record is now; 0 once it is gone. */
    public place: number,
  ) {}

  get key(): string {
    return this.last === null ? this.records.key(this.place) : this.last.key;
  }

  /** A short string that was changed in place, and any long one, is a Buffer of its own. */
  get value(): Value {
    return this.last === null ? valueAt(this.records, this.place) : this.last.value;
  }

  /** The same to be looked at while the command runs, and neither kept nor answered: then it may be changed in place later. */
  get lentValue(): Value {
    const { last, records, place } = this;
    const isObject = last === null && (records.flags(place) & KIND_MASK) === OBJECT;
    return isObject ? records.objects.peek(records.detail(place)) : this.value;
  }

  /** Told without looking at a string's bytes. */
  get type(): TypeName {
    const isObject = this.last !== null || (this.records.flags(this.place) & KIND_MASK) === OBJECT;
    const value = isObject ? this.lentValue : null;
    return value instanceof Container ? value.type : 'string';
  }

  get expireAtMs(): ExpireAtMs {
    return this.last === null ? this.records.expireAtMs(this.place) : this.last.expireAtMs;
  }

  /** The record is about to go: keeps what it said. */
  detach(): void {
    const { key, value, expireAtMs } = this;
    this.last = { key, value, expireAtMs };
    this.place = 0;
  }
}

export function typeNameOf(entry: Entry): TypeName {
  return entry.type;
}

/** The value of a record, copied if it lies in a slot. */
export function valueAt(records: RecordStore, place: number): Value {
  const flags = records.flags(place);
  switch (flags & KIND_MASK) {
    case INT32:
      return String(records.detail(place));
    case INT64:
      return String(records.int64(place));
    case OBJECT:
      return records.objects.at(records.detail(place));
    default: {
      const bytes = records.bytesAt(place);
      const start = records.valueStart(place);
      const end = start + records.detail(place);
      if (end - start <= SHORT_STRING_BYTES_MAX && (flags & RAW) === 0) return latin1Text(bytes, start, end);
      return Buffer.from(bytes.subarray(start, end));
    }
  }
}

/** Shows a string's bytes where they lie. False for a container. */
export function showString(records: RecordStore, place: number, view: StringView): boolean {
  switch (records.flags(place) & KIND_MASK) {
    case BYTES:
      view.start = records.valueStart(place);
      view.end = view.start + records.detail(place);
      view.memory = records.memoryAt(place);
      view.isLasting = false;
      return true;
    case OBJECT: {
      const object = records.objects.at(records.detail(place));
      if (object instanceof Container) return false;
      view.memory = new Memory(object);
      view.start = 0;
      view.end = object.length;
      view.isLasting = true;
      return true;
    }
    default:
      view.number =
        (records.flags(place) & KIND_MASK) === INT32 ? records.detail(place) : records.int64(place);
      view.memory = null;
      return true;
  }
}
