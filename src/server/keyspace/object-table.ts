/** Decides which number a JavaScript object goes by where only numbers can be kept. Knows nothing of the objects. */
import { invariant } from '../../errors.js';

export class ObjectTable<T> {
  private slots: (T | undefined)[] = [];
  /** What each object was counted to weigh. */
  private weights: number[] = [];
  private free: number[] = [];

  add(object: T): number {
    const number = this.free.pop() ?? this.slots.length;
    this.slots[number] = object;
    this.weights[number] = 0;
    return number;
  }

  at(number: number): T {
    const object = this.slots[number];
    invariant(object !== undefined, 'a number is given back only once');
    return object;
  }

  /** Another object goes by the number. */
  protected replace(number: number, object: T): void {
    this.slots[number] = object;
  }

  /** Returns by how much the weight differs from what was counted before. */
  reweigh(number: number, weightBytes: number): number {
    const difference = weightBytes - (this.weights[number] ?? 0);
    this.weights[number] = weightBytes;
    return difference;
  }

  /** The same objects by the same numbers, whatever becomes of this one. */
  copy(): ObjectTable<T> {
    const copy = new ObjectTable<T>();
    copy.slots = [...this.slots];
    copy.weights = [...this.weights];
    copy.free = [...this.free];
    return copy;
  }

  remove(number: number): void {
    this.slots[number] = undefined;
    this.free.push(number);
  }

  reset(): void {
    this.slots = [];
    this.weights = [];
    this.free = [];
  }
}
