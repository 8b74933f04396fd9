/** Decides which of a limited number of things are remembered: those used last. Knows nothing of what they are. */

export class LruMap<Key, Value> {
  readonly #entries = new Map<Key, Value>();
  readonly #countMax: number;

  constructor(countMax: number) {
    this.#countMax = countMax;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(key: Key): Value | undefined {
    const value = this.#entries.get(key);
    // Re-inserting keeps the order of use; while there is room for half as many again, order does not matter.
    if (value !== undefined && this.#entries.size * 2 > this.#countMax) {
      this.#entries.delete(key);
      this.#entries.set(key, value);
    }
    return value;
  }

  set(key: Key, value: Value): void {
    this.#entries.delete(key);
    this.#entries.set(key, value);
    if (this.#entries.size <= this.#countMax) return;
    for (const oldest of this.#entries.keys()) {
      this.#entries.delete(oldest);
      return;
    }
  }
}
