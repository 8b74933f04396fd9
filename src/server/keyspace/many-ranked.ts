/**
 * Decides how many members of a sorted set are held: packed by number, with a score for each number, and the numbers in
 * the order of the scores. Knows nothing of keys.
 */
import type { Memory } from '../byte-string.js';
import type { FewRanked } from './few-ranked.js';
import type { HeldRanked } from './held-ranked.js';
import { PackedNames } from './packed-names.js';
import { RankedNumbers, type Row } from './ranked-numbers.js';

const SCORE_BYTES = 8;
const SCORES_MIN = 64;
const NO_NUMBERS = new Int32Array(0);

export class ManyRanked {
  private readonly names = new PackedNames(false);
  readonly ranked = new RankedNumbers(this.names);
  /** By the members' numbers. */
  private scores: Float64Array;
  private sought: Int32Array = NO_NUMBERS;
  /** Where the member that was looked for last is, 0 if it is not there. */
  private place = 0;

  constructor({ members, scores }: FewRanked) {
    this.scores = new Float64Array(Math.max(SCORES_MIN, members.length));
    for (const [index, member] of members.entries()) {
      this.place = this.names.find(member);
      this.addSought(scores[index] ?? 0);
    }
  }

  get size(): number {
    return this.names.size;
  }

  get weightBytes(): number {
    return this.names.weightBytes + this.ranked.weightBytes + this.scores.length * SCORE_BYTES;
  }

  scoreOf(member: string): number | undefined {
    this.place = this.names.find(member);
    return this.soughtScore();
  }

  scoreOfPart(memory: Memory, start: number, end: number): number | undefined {
    this.place = this.names.findPart(memory, start, end);
    return this.soughtScore();
  }

  /** Adds the member that was looked for last and is not there. */
  addSought(score: number): void {
    const { names } = this;
    const number = names.numberAt(names.addSought());
    if (number === this.scores.length) {
      const larger = new Float64Array(number * 2);
      larger.set(this.scores);
      this.scores = larger;
    }
    this.scores[number] = score;
    this.ranked.add(score, number);
  }

  /** Gives the member that was looked for last another score. */
  moveSought(old: number, score: number): void {
    const number = this.names.numberAt(this.place);
    this.ranked.remove(old);
    this.scores[number] = score;
    this.ranked.add(score, number);
  }

  delete(member: string): boolean {
    const place = this.names.find(member);
    if (place === 0) return false;
    this.remove(this.names.numberAt(place));
    return true;
  }

  deleteRange(first: number, count: number): void {
    for (let rank = first + count - 1; rank >= first; rank--) {
      const number = this.ranked.numberAt(rank);
      this.names.seek(number);
      this.remove(number);
    }
  }

  rankOf(member: string, score: number): number {
    this.names.find(member);
    return this.ranked.rankOf(score);
  }

  countLexicallyBelow(member: string, orEqual: boolean): number {
    this.names.find(member);
    return this.ranked.countLexicallyBelow(orEqual);
  }

  visit(first: number, count: number, visitor: (member: string, score: number) => void): void {
    const { names } = this;
    this.ranked.visit(first, count, (number, score) => visitor(names.nameAt(names.placeOf(number)), score));
  }

  /** Looks for the members of a range of ranks that exist, for `packSought`, and says how many bytes they take packed at most. */
  seekRange(first: number, count: number): number {
    this.sought = this.ranked.numbersFrom(first, count);
    return this.names.packedBytesMax(this.sought);
  }

  /** Packs what was sought last. */
  packSought(target: Memory, start: number): number {
    const end = this.names.pack(this.sought, target, start);
    this.sought = NO_NUMBERS;
    return end;
  }

  memberAt(number: number): { readonly member: string; readonly score: number } {
    const { names } = this;
    return { member: names.nameAt(names.placeOf(number)), score: this.scores[number] as number };
  }

  /** What is in it now, to be read while others go on. */
  hold(): HeldRanked {
    const { ranked, names } = this;
    const held = names.hold();
    let rows = ranked.rowsNow;
    let frozen: readonly Row[] = [];
    return {
      size: held.size,
      *descending() {
        for (let at = rows.length - 1; at >= 0; at--)
          for (let index = (rows[at] as Row).size - 1; index >= 0; index--) {
            const { numbers, scores } = rows[at] as Row;
            yield { member: held.nameAt(numbers[index] as number), score: scores[index] as number };
          }
      },
      detach: () => {
        held.detach();
        rows = frozen = ranked.freeze();
      },
      release: () => {
        held.release();
        RankedNumbers.thaw(frozen);
      },
    };
  }

  private soughtScore(): number | undefined {
    return this.place === 0 ? undefined : this.scores[this.names.numberAt(this.place)];
  }

  /** Removes the member that was looked for last and has this number, which the last one gets. */
  private remove(number: number): void {
    const { names, ranked, scores } = this;
    ranked.remove(scores[number] as number);
    const last = names.size - 1;
    if (last !== number) {
      const score = scores[last] as number;
      names.seek(last);
      ranked.renumber(score, number);
      scores[number] = score;
      names.seek(number);
    }
    names.removeUnordered(names.placeOf(number));
    if (scores.length > SCORES_MIN && names.size * 4 < scores.length)
      this.scores = scores.slice(0, Math.max(SCORES_MIN, names.size * 2));
  }
}
