/** Decides how a sorted set's members and scores are held and weighed. Knows nothing of keys or commands. */
import type { EncodingLimits } from '../encoding-limits.js';
import { Container } from './container.js';
import { NumberedNames, scanNumbers } from './numbered-names.js';
import { RANKED_OVERHEAD_BYTES, RankedMembers, type Row } from './ranked-members.js';

const SORTED_SET_OVERHEAD_BYTES = 620;
const SCORE_BYTES = 8;

/** A score is never NaN. */
export class SortedSetValue extends Container {
  readonly type = 'zset';
  private isPacked = true;
  private readonly names = new NumberedNames();
  /** By the members' numbers. */
  private readonly scores: number[] = [];
  private readonly ranked = new RankedMembers();
  private memberBytes = 0;

  get encoding(): string {
    return this.isPacked ? 'listpack' : 'skiplist';
  }

  get size(): number {
    return this.scores.length;
  }

  scoreOf(member: string): number | undefined {
    return this.scores[this.names.find(member)];
  }

  /** Adds a member or gives it another score; returns the one it had. */
  set(member: string, score: number, limits: EncodingLimits): number | undefined {
    let number = this.names.find(member);
    const old = this.scores[number];
    if (old === score) return old;
    if (old === undefined) {
      number = this.scores.length;
      this.names.add(member);
      this.memberBytes += member.length;
      this.isPacked &&=
        number < limits.zsetListpackEntriesMax && member.length <= limits.zsetListpackValueBytesMax;
    } else this.ranked.remove(old, member);
    // Packed, Redis keeps whole numbers as integers, which have no negative zero.
    const kept = this.isPacked && score === 0 ? 0 : score;
    this.scores[number] = kept;
    this.ranked.add(kept, member);
    this.weigh();
    return old;
  }

  delete(member: string): boolean {
    const number = this.names.find(member);
    const score = this.scores[number];
    if (score === undefined) return false;
    this.ranked.remove(score, member);
    this.forget(number, member);
    this.weigh();
    return true;
  }

  /** How many come before a member, which is there. */
  rankOf(member: string, score: number): number {
    return this.ranked.rankOf(score, member);
  }

  /** How many have a smaller score, or with `orEqual` one no larger. */
  countBelow(score: number, orEqual: boolean): number {
    return this.ranked.countBelow(score, orEqual);
  }

  /** How many members are smaller, or with `orEqual` no larger; makes sense where all scores are equal. */
  countLexicallyBelow(member: string, orEqual: boolean): number {
    return this.ranked.countLexicallyBelow(member, orEqual);
  }

  /** Visits members from a rank on, upwards. */
  visit(first: number, count: number, visitor: (member: string, score: number) => void): void {
    this.ranked.visit(first, count, visitor);
  }

  /** The members from a rank on, upwards. */
  membersByRank(first: number, count: number): string[] {
    return this.ranked.members(first, count);
  }

  /** Takes out the members of a range of ranks. */
  deleteRange(first: number, count: number): void {
    for (const member of this.ranked.members(first, count)) this.forget(this.names.find(member), member);
    this.ranked.removeRange(first, count);
    this.weigh();
  }

  /** A member by a number below the size, in no order: for random choice. */
  memberAt(number: number): { readonly member: string; readonly score: number } {
    return { member: this.names.names[number] ?? '', score: this.scores[number] ?? 0 };
  }

  /** All at once while Redis would pack it; else see `scanNumbers`. */
  scan(cursor: number, count: number, visitor: (member: string, score: number) => void): number {
    if (this.isPacked) {
      this.ranked.visit(0, this.size, visitor);
      return 0;
    }
    return scanNumbers(this.size, cursor, count, (number) =>
      visitor(this.names.names[number] ?? '', this.scores[number] ?? 0),
    );
  }

  /** The same, to be read at once. */
  rows(): readonly Row[] {
    return this.ranked.all;
  }

  /** Members and scores in rows, lowest first, as they are now. To be given back by `RankedMembers.thaw`. */
  freeze(): readonly Row[] {
    return this.ranked.freeze();
  }

  private forget(number: number, member: string): void {
    this.names.removeUnordered(number);
    const last = this.scores.pop() ?? 0;
    if (number < this.scores.length) this.scores[number] = last;
    this.memberBytes -= member.length;
  }

  private weigh(): void {
    this.weightBytes =
      SORTED_SET_OVERHEAD_BYTES +
      this.memberBytes +
      this.names.overheadBytes +
      this.size * (SCORE_BYTES + RANKED_OVERHEAD_BYTES);
  }
}
