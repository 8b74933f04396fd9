/**
 * Decides the order of items of which only some are asked for: the quicksort of Bentley and McIlroy that leaves out
 * what nobody sees, step by step as Redis' pqsort, because among equal items its order is an answer, too.
 */

export type Compare<Item> = (left: Item, right: Item) => number;

/** Sorts in place so far that the items from `first` to `last` are where they belong. */
export function sortPart<Item>(items: Item[], compare: Compare<Item>, first: number, last: number): void {
  new PartialSort(items, compare, first, last).sort(0, items.length);
}

class PartialSort<Item> {
  constructor(
    private readonly items: Item[],
    private readonly compare: Compare<Item>,
    private readonly first: number,
    private readonly last: number,
  ) {}

  sort(begin: number, length: number): void {
    let [start, count] = [begin, length];
    for (;;) {
      if (count < 7) {
        this.insertionSort(start, count);
        return;
      }
      this.swap(start, this.pivotOf(start, count));
      const { smaller, larger } = this.divide(start, count);
      if (smaller > 1 && this.isSeen(start, smaller)) this.sort(start, smaller);
      start += count - larger;
      count = larger;
      if (larger <= 1 || !this.isSeen(start, larger)) return;
    }
  }

  private isSeen(start: number, count: number): boolean {
    return this.first < start + count && this.last >= start;
  }

  private insertionSort(start: number, count: number): void {
    for (let at = start + 1; at < start + count; at++)
      for (let to = at; to > start && this.order(to - 1, to) > 0; to--) this.swap(to, to - 1);
  }

  private pivotOf(start: number, count: number): number {
    let middle = start + (count >> 1);
    if (count === 7) return middle;
    let [low, high] = [start, start + count - 1];
    if (count > 40) {
      const step = count >> 3;
      low = this.median(low, low + step, low + 2 * step);
      middle = this.median(middle - step, middle, middle + step);
      high = this.median(high - 2 * step, high - step, high);
    }
    return this.median(low, middle, high);
  }

  /** Smaller items in front of the pivot's equals, larger ones behind; says how many of each. */
  private divide(start: number, count: number): { smaller: number; larger: number } {
    const end = start + count;
    let [equalLow, low] = [start + 1, start + 1];
    let [high, equalHigh] = [end - 1, end - 1];
    for (;;) {
      for (let order = 0; low <= high && (order = this.order(low, start)) <= 0; low++)
        if (order === 0) this.swap(equalLow++, low);
      for (let order = 0; low <= high && (order = this.order(high, start)) >= 0; high--)
        if (order === 0) this.swap(high, equalHigh--);
      if (low > high) break;
      this.swap(low++, high--);
    }
    this.swapRows(start, low, Math.min(equalLow - start, low - equalLow));
    this.swapRows(low, end, Math.min(equalHigh - high, end - equalHigh - 1));
    return { smaller: low - equalLow, larger: equalHigh - high };
  }

  /** Changes the first items from `from` with the last ones before `end`. */
  private swapRows(from: number, end: number, count: number): void {
    for (let index = 0; index < count; index++) this.swap(from + index, end - count + index);
  }

  private median(a: number, b: number, c: number): number {
    if (this.order(a, b) < 0) return this.order(b, c) < 0 ? b : this.order(a, c) < 0 ? c : a;
    return this.order(b, c) > 0 ? b : this.order(a, c) < 0 ? a : c;
  }

  private order(left: number, right: number): number {
    const [one, other] = [this.items[left], this.items[right]];
    return one === undefined || other === undefined ? 0 : this.compare(one, other);
  }

  private swap(left: number, right: number): void {
    const [one, other] = [this.items[left], this.items[right]];
    if (one === undefined || other === undefined) return;
    this.items[left] = other;
    this.items[right] = one;
  }
}
