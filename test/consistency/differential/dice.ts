/** Decides how a generator draws: every choice from one seed, so that a case can be made again. */
import { type Random, seededRandom } from '../../../src/clock.js';

export class Dice {
  private readonly random: Random;

  constructor(seed: number) {
    this.random = seededRandom(seed);
  }

  /** From 0 to below `end`. */
  below(end: number): number {
    return Math.floor(this.random.fraction() * end);
  }

  between(first: number, last: number): number {
    return first + this.below(last - first + 1);
  }

  chance(share: number): boolean {
    return this.random.fraction() < share;
  }

  /** @throws if there is nothing to choose from. */
  pick<T>(items: readonly T[]): T {
    const item = items[this.below(items.length)];
    if (items.length === 0) throw new RangeError('there is nothing to choose from');
    return item as T; // the index is below the length
  }

  pickOr<T>(items: readonly T[], otherwise: T): T {
    return items.length === 0 ? otherwise : this.pick(items);
  }

  /** At most `count` different ones, in their order. */
  some<T>(items: readonly T[], count: number): readonly T[] {
    const left = items.map((_, index) => index);
    const chosen = new Set<number>();
    while (chosen.size < count && left.length > 0)
      for (const index of left.splice(this.below(left.length), 1)) chosen.add(index);
    return items.filter((_, index) => chosen.has(index));
  }

  /** One of the makers, by weight, made. */
  draw<T>(weighted: readonly (readonly [weight: number, make: () => T])[]): T {
    let left = this.random.fraction() * weighted.reduce((sum, [weight]) => sum + weight, 0);
    for (const [weight, make] of weighted) {
      left -= weight;
      if (left < 0) return make();
    }
    const [last] = weighted.slice(-1);
    if (last === undefined) throw new RangeError('there is nothing to choose from');
    return last[1]();
  }
}
