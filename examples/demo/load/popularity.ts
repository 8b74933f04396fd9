/** Decides how often each of many things is asked for: Zipf's law, by which few are asked for most. */

export class Zipf {
  private readonly cumulative: Float64Array;

  /**
   * @param count of things; 0 is the most popular
   * @param exponent 0.99 is what YCSB calls "zipfian"
   */
  constructor(count: number, exponent = 0.99) {
    this.cumulative = new Float64Array(count);
    let sum = 0;
    for (let rank = 0; rank < count; rank++) {
      sum += 1 / (rank + 1) ** exponent;
      this.cumulative[rank] = sum;
    }
  }

  /** @param fraction uniform in [0, 1) */
  rankOf(fraction: number): number {
    const { cumulative } = this;
    let low = 0;
    let high = cumulative.length - 1;
    const wanted = fraction * (cumulative[high] ?? 0);
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((cumulative[middle] ?? 0) > wanted) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
