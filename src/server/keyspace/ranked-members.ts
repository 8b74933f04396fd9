/**
 * Decides how members are held in the order of their scores, so that rank, range and neighbour are found in
 * logarithmic time: short sorted rows, and a tree of sums over how many are in each. Knows nothing of keys.
 */

/** A row that grows beyond this is divided. */
const ROW_SIZE_MAX = 256;
/** Two neighbours with no more than this together become one. */
const JOINED_SIZE_MAX = ROW_SIZE_MAX / 2;
/** What a member costs in here beside its bytes. */
export const RANKED_OVERHEAD_BYTES = 28;

export interface Row {
  readonly scores: number[];
  readonly members: string[];
  /** A snapshot still reads it: a change is made to a copy. */
  isShared: boolean;
}

/** Members in the order of their scores, and of their bytes where scores are equal. */
export class RankedMembers {
  private rows: Row[] = [newRow()];
  /** Sums of row sizes in the manner of Fenwick; null after rows came or went. */
  private sums: number[] | null = null;
  size = 0;

  add(score: number, member: string): void {
    let at = this.rowOf(score, member);
    let row = this.row(at);
    if (row.members.length >= ROW_SIZE_MAX) {
      this.divide(at, score, member);
      at = this.rowOf(score, member);
    }
    row = this.own(at);
    const index = indexIn(row, score, member);
    row.scores.splice(index, 0, score);
    row.members.splice(index, 0, member);
    this.size++;
    this.count(at, 1);
  }

  /** Takes a member out that is there. */
  remove(score: number, member: string): void {
    const at = this.rowOf(score, member);
    const row = this.own(at);
    const index = indexIn(row, score, member);
    row.scores.splice(index, 1);
    row.members.splice(index, 1);
    this.size--;
    this.count(at, -1);
    this.tidy(at);
  }

  /** Takes out the members of a range of ranks. */
  removeRange(first: number, count: number): void {
    let left = count;
    while (left > 0) {
      const [at, index] = this.locate(first);
      const row = this.own(at);
      const taken = Math.min(left, row.members.length - index);
      row.scores.splice(index, taken);
      row.members.splice(index, taken);
      this.size -= taken;
      left -= taken;
      this.count(at, -taken);
      this.tidy(at);
    }
  }

  /** How many come before this one. */
  rankOf(score: number, member: string): number {
    const at = this.rowOf(score, member);
    return this.before(at) + indexIn(this.row(at), score, member);
  }

  /** How many have a smaller score, or with `orEqual` one no larger. */
  countBelow(score: number, orEqual: boolean): number {
    const isBelow = (other: number): boolean => other < score || (orEqual && other === score);
    return this.countWhile((row, index) => isBelow(row.scores[index] ?? 0));
  }

  /** How many members are smaller, or with `orEqual` no larger; makes sense where all scores are equal. */
  countLexicallyBelow(member: string, orEqual: boolean): number {
    return this.countWhile((row, index) => {
      const other = row.members[index] ?? '';
      return other < member || (orEqual && other === member);
    });
  }

  /** Visits members from a rank on, upwards. */
  visit(first: number, count: number, visitor: (member: string, score: number) => void): void {
    if (count <= 0) return;
    let [at, index] = this.locate(first);
    for (let left = count; left > 0; at++, index = 0) {
      const { members, scores } = this.row(at);
      const end = Math.min(members.length, index + left);
      left -= end - index;
      for (; index < end; index++) visitor(members[index] ?? '', scores[index] ?? 0);
    }
  }

  /** The members from a rank on, upwards. */
  members(first: number, count: number): string[] {
    if (count <= 0) return [];
    const [at, index] = this.locate(first);
    const row = this.row(at);
    if (index + count <= row.members.length) return row.members.slice(index, index + count);
    const members: string[] = [];
    this.visit(first, count, (member) => members.push(member));
    return members;
  }

  /** All of them, lowest first. */
  get all(): readonly Row[] {
    return this.rows;
  }

  /** All of them as they are now, to be read while others change this: until `thaw`, changes are made to copies. */
  freeze(): readonly Row[] {
    for (const row of this.rows) row.isShared = true;
    return [...this.rows];
  }

  /** What was frozen is not read any more. */
  static thaw(rows: readonly Row[]): void {
    for (const row of rows) row.isShared = false;
  }

  private row(at: number): Row {
    return this.rows[at] ?? newRow();
  }

  /** A row that is about to be changed. */
  private own(at: number): Row {
    const row = this.row(at);
    if (!row.isShared) return row;
    const copy = { scores: [...row.scores], members: [...row.members], isShared: false };
    this.rows[at] = copy;
    return copy;
  }

  /** The row where it is or belongs: the first one that does not end before it, or the last. */
  private rowOf(score: number, member: string): number {
    let low = 0;
    let high = this.rows.length - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const { scores, members } = this.row(middle);
      const last = members.length - 1;
      const lastScore = scores[last] ?? 0;
      if (lastScore < score || (lastScore === score && (members[last] ?? '') < member)) low = middle + 1;
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
      if (isBelow(row, row.members.length - 1)) low = middle + 1;
      else high = middle;
    }
    const row = this.row(low);
    let from = 0;
    let to = row.members.length;
    while (from < to) {
      const middle = (from + to) >>> 1;
      if (isBelow(row, middle)) from = middle + 1;
      else to = middle;
    }
    return this.before(low) + from;
  }

  /** A full row becomes two; at the very end a new one is begun, so that rows filled in order stay full. */
  private divide(at: number, score: number, member: string): void {
    const row = this.row(at);
    const size = row.members.length;
    const isBehindAll = at === this.rows.length - 1 && indexIn(row, score, member) === size;
    if (isBehindAll) this.rows.push(newRow());
    else {
      const half = size >>> 1;
      const { scores, members } = this.own(at);
      const rest = { scores: scores.splice(half), members: members.splice(half), isShared: false };
      this.rows.splice(at + 1, 0, rest);
    }
    this.sums = null;
  }

  private tidy(at: number): void {
    const { rows } = this;
    if (rows.length === 1) return;
    const size = this.row(at).members.length;
    if (size > JOINED_SIZE_MAX / 2) return;
    if (size === 0) rows.splice(at, 1);
    else {
      const left = Math.max(0, at - 1);
      const second = this.row(left + 1);
      if (this.row(left).members.length + second.members.length > JOINED_SIZE_MAX) return;
      const first = this.own(left);
      first.scores.push(...second.scores);
      first.members.push(...second.members);
      rows.splice(left + 1, 1);
    }
    this.sums = null;
  }

  private count(at: number, change: number): void {
    const { sums } = this;
    if (sums === null || this.rows.length === 1) return;
    for (let node = at + 1; node < sums.length; node += node & -node) sums[node] = (sums[node] ?? 0) + change;
  }

  private currentSums(): number[] {
    if (this.sums !== null) return this.sums;
    const sums = [0, ...this.rows.map(({ members }) => members.length)];
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
    if (this.rows.length === 1) return [0, rank];
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

function newRow(): Row {
  return { scores: [], members: [], isShared: false };
}

/** Where it is in a row, or belongs. */
function indexIn({ scores, members }: Row, score: number, member: string): number {
  let low = 0;
  let high = members.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const other = scores[middle] ?? 0;
    if (other < score || (other === score && (members[middle] ?? '') < member)) low = middle + 1;
    else high = middle;
  }
  return low;
}
