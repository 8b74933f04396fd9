/** Decides which of a limited number of texts are remembered: those used lately. Knows nothing of what they stand for. */

export interface RecentLimits {
  readonly entriesMax: number;
  /** The length of all keys together, in UTF-16 code units. */
  readonly charactersMax: number;
}

/**
 * Two generations: when the young one has filled its half of the limits it becomes the old one, and what is still
 * used moves back. A hit on the young one is one look-up; keeping a Map in order of use would cost microseconds.
 */
export class RecentTexts<Value> {
  readonly #limits: RecentLimits;
  #young = new Map<string, Value>();
  #old = new Map<string, Value>();
  #youngCharacters = 0;

  constructor(limits: RecentLimits) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#young.size + this.#old.size;
  }

  get(text: string): Value | undefined {
    const value = this.#young.get(text);
    if (value !== undefined) return value;
    const older = this.#old.get(text);
    if (older !== undefined) this.set(text, older);
    return older;
  }

  /** A text that takes more than half of the room by itself is not kept. */
  set(text: string, value: Value): void {
    const { entriesMax, charactersMax } = this.#limits;
    if (text.length * 2 > charactersMax) return;
    this.#old.delete(text);
    if (!this.#young.has(text)) {
      if (
        (this.#young.size + 1) * 2 > entriesMax ||
        (this.#youngCharacters + text.length) * 2 > charactersMax
      ) {
        this.#old = this.#young;
        this.#young = new Map();
        this.#youngCharacters = 0;
      }
      this.#youngCharacters += text.length;
    }
    this.#young.set(text, value);
  }
}
