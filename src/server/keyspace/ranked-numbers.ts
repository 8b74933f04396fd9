/**
 * Decides how the numbers of many names are held in the order of their scores, so that rank, range and neighbour are
 * found in logarithmic time: short sorted rows, and a tree of sums over how many are in each. Knows nothing of keys.
 */
import type { PackedNames } from './packed-names.js';

/** A row that is as long is divided. */
const ROW_SIZE_MAX = 256;
/** Two neighbours with no more than this together become one. */
const JOINED_SIZE_MAX = ROW_SIZE_MAX / 2;
/** A row begins with so much room, and doubles it. */
const ROW_CAPACITY_MIN = 64;
const SCORE_BYTES = 8;
const NUMBER_BYTES = 4;
/** The objects of a row and its place among the others. */
const ROW_OVERHEAD_BYTES = 450;
const FULL_ROW_BYTES = ROW_SIZE_MAX * (SCORE_BYTES + NUMBER_BYTES) + ROW_OVERHEAD_BYTES;

export class Row {
  scores: Float64Array;
  numbers: Int32Array;
  size = 0;
  /** Somebody still reads it: a change is made to a copy. */
  isShared = false;

  constructor(capacity = ROW_CAPACITY_MIN) {
    const bytes = new ArrayBuffer(capacity * (SCORE_BYTES + NUMBER_BYTES));
    this.scores = new Float64Array(bytes, 0, capacity);
    this.numbers = new Int32Array(bytes, capacity * SCORE_BYTES, capacity);
  }

  get weightBytes(): number {
    return this.scores.length * (SCORE_BYTES + NUMBER_BYTES) + ROW_OVERHEAD_BYTES;
  }

  copy(): Row {
    const copy = new Row(this.scores.length);
    copy.append(this, 0);
    return copy;
  }

  insert(index: number, score: number, number: number): void {
    const { size } = this;
    if (size === this.scores.length) this.grow(size * 2);
    const { scores, numbers } = this;
    if (index < size) {
      scores.copyWithin(index + 1, index, size);
      numbers.copyWithin(index + 1, index, size);
    }
    scores[index] = score;
    numbers[index] = number;
    this.size++;
  }

  remove(index: number): void {
    this.scores.copyWithin(index, index + 1, this.size);
    this.numbers.copyWithin(index, index + 1, this.size);
    this.size--;
  }

  /** Appends what another row has from an index on. */
  append(other: Row, from: number): void {
    const size = this.size + other.size - from;
    if (size > this.scores.length) this.grow(ROW_SIZE_MAX);
    this.scores.set(other.scores.subarray(from, other.size), this.size);
    this.numbers.set(other.numbers.subarray(from, other.size), this.size);
    this.size = size;
  }

  private grow(capacity: number): void {
    const larger = new Row(capacity);
    larger.scores.set(this.scores);
    larger.numbers.set(this.numbers);
    this.scores = larger.scores;
    this.numbers = larger.numbers;
  }
}

/**
 * Numbers in the order of their scores, and of their names' bytes where scores are equal. Methods that take a score are
 * about the name that was looked for last in the names, together with that score.
 */
export class RankedNumbers {
  private readonly rows: Row[] = [new Row()];
  /** The last score of each row. */
  private readonly lastScores: number[] = [0];
  /** Sums of row sizes in the manner of Fenwick; null after rows came or went. */
  private sums: number[] | null = null;

  constructor(private readonly names: PackedNames) {}

  /** All rows but the first have their full room, as good as. */
  get weightBytes(): number {
    const { rows } = this;
    return this.row(0).weightBytes + (rows.length - 1) * FULL_ROW_BYTES;
  }

  add(score: number, number: number): void {
    let at = this.rowOf(score);
    if (this.row(at).size === ROW_SIZE_MAX) {
      this.divide(at, score);
      at = this.rowOf(score);
    }
    const row = this.own(at);
    row.insert(this.indexIn(row, score), score, number);
    this.lastScores[at] = row.scores[row.size - 1] as number;
    this.count(at, 1);
  }

  /** It is there. */
  remove(score: number): void {
    const at = this.rowOf(score);
    const row = this.own(at);
    row.remove(this.indexIn(row, score));
    this.lastScores[at] = row.size === 0 ? 0 : (row.scores[row.size - 1] as number);
    this.count(at, -1);
    this.tidy(at);
  }

  /** It is there, and is to have another number. */
  renumber(score: number, number: number): void {
    const row = this.own(this.rowOf(score));
    row.numbers[this.indexIn(row, score)] = number;
  }

  /** How many come before this one. */
  rankOf(score: number): number {
    const at = this.rowOf(score);
    return this.before(at) + this.indexIn(this.row(at), score);
  }

  /** How many have a smaller score, or with `orEqual` one no larger. */
  countBelow(score: number, orEqual: boolean): number {
    return this.countWhile((row, index) => {
      const other = row.scores[index] as number;
      return other < score || (orEqual && other === score);
    });
  }

  /** How many names are smaller than the one that was looked for last, or with `orEqual` no larger. */
  countLexicallyBelow(orEqual: boolean): number {
    return this.countWhile((row, index) => {
      const order = this.names.compareWithSought(row.numbers[index] as number);
      return order < 0 || (orEqual && order === 0);
    });
  }

  /** Visits numbers from a rank on, upwards. */
  visit(first: number, count: number, visitor: (number: number, score: number) => void): void {
    if (count <= 0) return;
    let [at, index] = this.locate(first);
    for (let left = count; left > 0; at++, index = 0) {
      const { numbers, scores, size } = this.row(at);
      const end = Math.min(size, index + left);
      left -= end - index;
      for (; index < end; index++) visitor(numbers[index] as number, scores[index] as number);
    }
  }

  /** The numbers from a rank on, upwards; good until something changes. */
  numbersFrom(first: number, count: number): Int32Array {
    const [at, index] = this.locate(first);
    const { numbers, size } = this.row(at);
    if (index + count <= size) return numbers.subarray(index, index + count);
    const all = new Int32Array(count);
    let next = 0;
    this.visit(first, count, (number) => {
      all[next++] = number;
    });
    return all;
  }

  /** The number of a rank that exists. */
  numberAt(rank: number): number {
    const [at, index] = this.locate(rank);
    return this.row(at).numbers[index] as number;
  }

  /** The rows where they are: not to be changed, and gone stale once something changes. */
  get rowsNow(): readonly Row[] {
    return this.rows;
  }

  /** The rows as they are now, to be read while others change this: until `thaw`, changes are made to copies. */
  freeze(): readonly Row[] {
    for (const row of this.rows) row.isShared = true;
    return [...this.rows];
  }

  /** What was frozen is not read any more. */
  static thaw(rows: readonly Row[]): void {
    for (const row of rows) row.isShared = false;
  }

  /** A row that is about to be changed. */
  private own(at: number): Row {
    const row = this.row(at);
    if (!row.isShared) return row;
    const copy = row.copy();
    this.rows[at] = copy;
    return copy;
  }

  private row(at: number): Row {
    return this.rows[at] as Row;
  }

  private isBefore(row: Row, index: number, score: number): boolean {
    const other = row.scores[index] as number;
    if (other !== score) return other < score;
    return this.names.compareWithSought(row.numbers[index] as number) < 0;
  }

  /** The row where it is or belongs: the first one that does not end before it, or the last. */
  private rowOf(score: number): number {
    const { lastScores } = this;
    let low = 0;
    let high = lastScores.length - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const last = lastScores[middle] as number;
      const isBefore = last === score ? this.endsBefore(middle) : last < score;
      if (isBefore) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  private endsBefore(at: number): boolean {
    const { numbers, size } = this.row(at);
    return this.names.compareWithSought(numbers[size - 1] as number) < 0;
  }

  /** Where it is in a row, or belongs. */
  private indexIn(row: Row, score: number): number {
    let low = 0;
    let high = row.size;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.isBefore(row, middle, score)) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** How many there are of which `isBelow` is true, which is so from the first to some last one. */
  private countWhile(isBelow: (row: Row, index: number) => boolean): number {
    let low = 0;
    let high = this.rows.length - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const row = this.row(middle);
      if (isBelow(row, row.size - 1)) low = middle + 1;
      else high = middle;
    }
    const row = this.row(low);
    let from = 0;
    let to = row.size;
    while (from < to) {
      const middle = (from + to) >>> 1;
      if (isBelow(row, middle)) from = middle + 1;
      else to = middle;
    }
    return this.before(low) + from;
  }

  /** A full row becomes two; at the very end a new one is begun, so that rows filled in order stay full. */
  private divide(at: number, score: number): void {
    const row = this.row(at);
    const rest = new Row(ROW_SIZE_MAX);
    const isBehindAll = at === this.rows.length - 1 && this.indexIn(row, score) === row.size;
    const left = isBehindAll ? row : this.own(at);
    if (!isBehindAll) {
      const half = left.size >>> 1;
      rest.append(left, half);
      left.size = half;
    }
    this.rows.splice(at + 1, 0, rest);
    this.lastScores[at] = left.scores[left.size - 1] as number;
    this.lastScores.splice(at + 1, 0, rest.size === 0 ? score : (rest.scores[rest.size - 1] as number));
    this.sums = null;
  }

  private tidy(at: number): void {
    const { rows, lastScores } = this;
    if (rows.length === 1) return;
    const { size } = this.row(at);
    if (size > JOINED_SIZE_MAX / 2) return;
    if (size === 0) {
      rows.splice(at, 1);
      lastScores.splice(at, 1);
    } else {
      const left = Math.max(0, at - 1);
      const second = this.row(left + 1);
      if (this.row(left).size + second.size > JOINED_SIZE_MAX) return;
      this.own(left).append(second, 0);
      rows.splice(left + 1, 1);
      lastScores.splice(left, 1);
    }
    this.sums = null;
  }

  private count(at: number, change: number): void {
    const { sums } = this;
    if (sums === null) return;
    for (let node = at + 1; node < sums.length; node += node & -node) sums[node] = (sums[node] ?? 0) + change;
  }

  private currentSums(): number[] {
    if (this.sums !== null) return this.sums;
    const sums = [0, ...this.rows.map(({ size }) => size)];
    for (let node = 1; node < sums.length; node++) {
      const parent = node + (node & -node);
      if (parent < sums.length) sums[parent] = (sums[parent] ?? 0) + (sums[node] ?? 0);
    }
    this.sums = sums;
    return sums;
  }

  /** How many are in the rows before this one. */
  private before(at: number): number {
    if (at === 0) return 0;
    const sums = this.currentSums();
    let total = 0;
    for (let node = at; node > 0; node -= node & -node) total += sums[node] ?? 0;
    return total;
  }

  /** The row of a rank that exists, and where in there. */
  private locate(rank: number): [at: number, index: number] {
    if (rank < this.row(0).size) return [0, rank];
    const sums = this.currentSums();
    let node = 0;
    let left = rank;
    for (let step = 1 << (31 - Math.clz32(sums.length - 1)); step > 0; step >>>= 1) {
      const next = node + step;
      const sum = sums[next];
      if (sum === undefined || sum > left) continue;
      node = next;
      left -= sum;
    }
    return [node, left];
  }
}
