/** Decides how a hash's fields are held and weighed. Knows nothing of keys or commands. */
import type { Bytes } from '../byte-string.js';
import { Container } from './container.js';
import { FIELD_OVERHEAD_BYTES, weightOf } from './entry.js';

export class HashValue extends Container {
  readonly type = 'hash';
  readonly encoding = 'hashtable';
  readonly fields = new Map<string, Bytes>();

  get size(): number {
    return this.fields.size;
  }

  /** True when the field is new. */
  set(field: string, value: Bytes): boolean {
    const old = this.fields.get(field);
    this.fields.set(field, value);
    this.weightBytes += weightOf(value);
    if (old !== undefined) {
      this.weightBytes -= weightOf(old);
      return false;
    }
    this.weightBytes += field.length + FIELD_OVERHEAD_BYTES;
    return true;
  }

  delete(field: string): boolean {
    const old = this.fields.get(field);
    if (old === undefined) return false;
    this.fields.delete(field);
    this.weightBytes -= weightOf(old) + field.length + FIELD_OVERHEAD_BYTES;
    return true;
  }
}
