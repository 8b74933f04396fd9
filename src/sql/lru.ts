/** Decides which of a limited number of texts are remembered: those used last. Knows nothing of what they stand for. */

export interface LruLimits {
  readonly entriesMax: number;
  /** The length of all keys together, in UTF-16 code units. */
  readonly charactersMax: number;
}

export class LruTexts<Value> {
  readonly #entries = new Map<string, Value>();
  readonly #limits: LruLimits;
  #characters = 0;

  constructor(limits: LruLimits) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(text: string): Value | undefined {
    const value = this.#entries.get(text);
    // Re-inserting keeps the order of use, which only matters once something will have to go.
    if (value !== undefined && this.#isHalfFull()) {
      this.#entries.delete(text);
      this.#entries.set(text, value);
    }
    return value;
  }

  set(text: string, value: Value): void {
    if (!this.#entries.delete(text)) this.#characters += text.length;
    this.#entries.set(text, value);
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= this.#limits.entriesMax && this.#characters <= this.#limits.charactersMax)
        return;
      this.#entries.delete(oldest);
      this.#characters -= oldest.length;
    }
  }

  #isHalfFull(): boolean {
    const { entriesMax, charactersMax } = this.#limits;
    return this.#entries.size * 2 > entriesMax || this.#characters * 2 > charactersMax;
  }
}
