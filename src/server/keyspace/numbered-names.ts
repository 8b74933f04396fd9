/**
 * Decides how the names in a set, hash or sorted set are found, numbered without gaps so that one can be picked at
 * random and a scan can stop anywhere. Knows nothing of what belongs to a name.
 */

/** Fewer names than this are looked for one by one. */
const INDEXED_MIN = 20;
/** A Map of V8 holds 2^24 entries at most: beyond this many a further one is begun. */
const MAP_SIZE_MAX = 2 ** 23;
/** What a name costs beside its bytes: its string, its place in the row, its entry in the index. */
export const NAME_OVERHEAD_BYTES = 24;
export const INDEXED_NAME_OVERHEAD_BYTES = 72;

export class NumberedNames {
  readonly names: string[] = [];
  /** While a snapshot reads the names: what was at the numbers that have changed since. */
  before: Map<number, string> | null = null;
  /** Null while there are few. */
  private maps: Map<string, number>[] | null = null;

  get size(): number {
    return this.names.length;
  }

  /** What names cost, their bytes not counted. */
  get overheadBytes(): number {
    return this.names.length * (this.maps === null ? NAME_OVERHEAD_BYTES : INDEXED_NAME_OVERHEAD_BYTES);
  }

  /** The name's number, or -1. */
  find(name: string): number {
    const { maps } = this;
    if (maps === null) return this.names.indexOf(name);
    for (const map of maps) {
      const number = map.get(name);
      if (number !== undefined) return number;
    }
    return -1;
  }

  /** Adds a name that is not there yet, behind the others. */
  add(name: string): void {
    const { names } = this;
    names.push(name);
    if (this.maps !== null) this.index(name, names.length - 1);
    else if (names.length >= INDEXED_MIN) {
      this.maps = [];
      names.forEach((other, number) => this.index(other, number));
    }
  }

  /** Takes a name out; the last one takes its place and number. */
  removeUnordered(number: number): void {
    const { names } = this;
    if (this.before !== null) this.keep(this.before, number, names.length - 1);
    this.forget(names[number] ?? '');
    const last = names.pop() ?? '';
    if (number === names.length) return;
    names[number] = last;
    this.renumber(last, number);
  }

  /** Takes a name out; those behind it close the gap. For few names. */
  removeOrdered(number: number): void {
    const { names } = this;
    if (this.before !== null)
      for (let behind = number; behind < names.length; behind++) this.keep(this.before, behind);
    this.forget(names[number] ?? '');
    names.splice(number, 1);
    if (this.maps !== null)
      for (let behind = number; behind < names.length; behind++) this.renumber(names[behind] ?? '', behind);
  }

  private keep(before: Map<number, string>, ...numbers: number[]): void {
    for (const number of numbers) if (!before.has(number)) before.set(number, this.names[number] ?? '');
  }

  private forget(name: string): void {
    for (const map of this.maps ?? []) if (map.delete(name)) return;
  }

  private renumber(name: string, number: number): void {
    for (const map of this.maps ?? [])
      if (map.has(name)) {
        map.set(name, number);
        return;
      }
  }

  private index(name: string, number: number): void {
    const maps = (this.maps ??= []);
    let map = maps[maps.length - 1];
    if (map === undefined || map.size >= MAP_SIZE_MAX) {
      map = new Map();
      maps.push(map);
    }
    map.set(name, number);
  }
}

/**
 * Visits about `count` numbers of a row of `size` and returns the cursor to go on with, 0 at the end.
 *
 * The cursor is how many are still to be seen, walked from the back. A new name goes to the back and a removed one is
 * replaced by the last, so a name not yet seen only ever moves forward, to where the walk still has to come: whatever
 * is there from start to end is visited, some perhaps twice.
 */
export function scanNumbers(
  size: number,
  cursor: number,
  count: number,
  visit: (number: number) => void,
): number {
  let position = cursor === 0 ? size : Math.min(cursor, size);
  const stop = Math.max(0, position - count);
  while (position > stop) visit(--position);
  return stop;
}
