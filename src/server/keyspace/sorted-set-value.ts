/**
 * Decides how a sorted set's members and scores are held and weighed: a few as texts in order, many packed, with their
 * numbers in order. Knows nothing of keys or commands.
 */
import { latin1Text, Memory } from '../byte-string.js';
import type { EncodingLimits } from '../encoding-limits.js';
import { Container } from './container.js';
import { FEW_NAMES_MAX, indexOfPart, scanNumbers } from './few-names.js';
import { FewRanked } from './few-ranked.js';
import type { HeldRanked } from './held-ranked.js';
import { packedLength, packTexts } from './list-chunk.js';
import { ManyRanked } from './many-ranked.js';

const SORTED_SET_OVERHEAD_BYTES = 330;
const PACKING_SLACK_BYTES = 8;
/** The members that were sought last, of a set of few. */
let soughtFew: readonly string[] = [];

/** A score is never NaN. */
export class SortedSetValue extends Container {
  readonly type = 'zset';
  override weightBytes = SORTED_SET_OVERHEAD_BYTES;
  private isPacked = true;
  private few = new FewRanked();
  /** Holds everything once there are many. */
  private many: ManyRanked | null = null;

  /** Made of members all at once, as by ZUNIONSTORE: then all of them decide whether Redis would pack them. */
  static of(pairs: readonly (readonly [string, number])[], limits: EncodingLimits): SortedSetValue {
    const { zsetListpackEntriesMax, zsetListpackValueBytesMax } = limits;
    const set = new SortedSetValue();
    set.isPacked =
      pairs.length <= zsetListpackEntriesMax &&
      pairs.every(([member]) => member.length <= zsetListpackValueBytesMax);
    for (const [member, score] of pairs) set.set(member, score, limits);
    return set;
  }

  get encoding(): string {
    return this.isPacked ? 'listpack' : 'skiplist';
  }

  get size(): number {
    return this.many === null ? this.few.members.length : this.many.size;
  }

  scoreOf(member: string): number | undefined {
    const { many, few } = this;
    return many === null ? few.scores[few.members.indexOf(member)] : many.scoreOf(member);
  }

  /** The same where the member is part of some bytes. */
  scoreOfPart(memory: Memory, start: number, end: number): number | undefined {
    const { many, few } = this;
    if (many !== null) return many.scoreOfPart(memory, start, end);
    return few.scores[indexOfPart(few.members, memory.bytes, start, end)];
  }

  /** Adds a member or gives it another score; returns the one it had. */
  set(member: string, score: number, limits: EncodingLimits): number | undefined {
    const { many } = this;
    if (many === null) return this.setFew(this.few.members.indexOf(member), member, score, limits);
    const old = many.scoreOf(member);
    return this.setMany(many, member.length, old, score, limits);
  }

  /** The same where the member is part of some bytes. */
  setPart(
    memory: Memory,
    start: number,
    end: number,
    score: number,
    limits: EncodingLimits,
  ): number | undefined {
    const { many } = this;
    if (many !== null) {
      const old = many.scoreOfPart(memory, start, end);
      return this.setMany(many, end - start, old, score, limits);
    }
    const index = indexOfPart(this.few.members, memory.bytes, start, end);
    const member = index < 0 ? latin1Text(memory.bytes, start, end) : (this.few.members[index] ?? '');
    return this.setFew(index, member, score, limits);
  }

  delete(member: string): boolean {
    const { many, few } = this;
    if (many !== null) {
      if (!many.delete(member)) return false;
    } else {
      const index = few.members.indexOf(member);
      if (index < 0) return false;
      few.removeRange(index, 1);
    }
    this.weigh();
    return true;
  }

  /** How many come before a member, which is there. */
  rankOf(member: string, score: number): number {
    return this.many === null ? this.few.indexOf(member, score) : this.many.rankOf(member, score);
  }

  /** How many have a smaller score, or with `orEqual` one no larger. */
  countBelow(score: number, orEqual: boolean): number {
    if (this.many !== null) return this.many.ranked.countBelow(score, orEqual);
    return this.few.countWhile((_member, other) => other < score || (orEqual && other === score));
  }

  /** How many members are smaller, or with `orEqual` no larger; makes sense where all scores are equal. */
  countLexicallyBelow(member: string, orEqual: boolean): number {
    if (this.many !== null) return this.many.countLexicallyBelow(member, orEqual);
    return this.few.countWhile((other) => other < member || (orEqual && other === member));
  }

  /** Visits members from a rank on, upwards. */
  visit(first: number, count: number, visitor: (member: string, score: number) => void): void {
    const { many, few } = this;
    if (many !== null) many.visit(first, count, visitor);
    else
      for (let rank = first; rank < first + count; rank++)
        visitor(few.members[rank] ?? '', few.scores[rank] ?? 0);
  }

  /** The members from a rank on, upwards. */
  membersByRank(first: number, count: number): string[] {
    if (this.many === null) return this.few.members.slice(first, first + Math.max(0, count));
    const members: string[] = [];
    this.visit(first, count, (member) => members.push(member));
    return members;
  }

  /** The members of a range of ranks that exist, upwards, packed as bulk strings one after the other. */
  packedRange(first: number, count: number): Buffer {
    const range = new Memory(Buffer.allocUnsafe(this.seekRange(first, count) + PACKING_SLACK_BYTES));
    return range.bytes.subarray(0, this.packSought(range, 0));
  }

  /** Looks for the members of a range of ranks that exist, for `packSought`, and says how many bytes they take packed at most. */
  seekRange(first: number, count: number): number {
    if (this.many !== null) return this.many.seekRange(first, count);
    soughtFew = this.few.members.slice(first, first + count);
    return soughtFew.reduce((sum, member) => sum + packedLength(member.length), 0);
  }

  /** Packs what was sought last, before anything is changed, and returns where that ends. A few bytes behind it may be written. */
  packSought(target: Memory, start: number): number {
    return this.many === null
      ? packTexts(soughtFew, target.bytes, start)
      : this.many.packSought(target, start);
  }

  /** Takes out the members of a range of ranks. */
  deleteRange(first: number, count: number): void {
    if (count === this.size) {
      this.many = null;
      this.few = new FewRanked();
    } else if (this.many === null) this.few.removeRange(first, Math.max(0, count));
    else this.many.deleteRange(first, count);
    this.weigh();
  }

  /** A member by a number below the size, in no order: for random choice. */
  memberAt(number: number): { readonly member: string; readonly score: number } {
    const { many, few } = this;
    if (many !== null) return many.memberAt(number);
    return { member: few.members[number] ?? '', score: few.scores[number] ?? 0 };
  }

  /** All at once while Redis would pack it, or there are few; else see `scanNumbers`. */
  scan(cursor: number, count: number, visitor: (member: string, score: number) => void): number {
    const { many } = this;
    if (this.isPacked || many === null) {
      this.visit(0, this.size, visitor);
      return 0;
    }
    return scanNumbers(many.size, cursor, count, (number) => {
      const { member, score } = many.memberAt(number);
      visitor(member, score);
    });
  }

  /** What is in it now, to be read while others go on. */
  hold(): HeldRanked {
    return this.many?.hold() ?? this.few.hold();
  }

  private setFew(index: number, member: string, score: number, limits: EncodingLimits): number | undefined {
    const { few } = this;
    const old = few.scores[index];
    if (old === score) return old;
    if (old === undefined) this.keepEncoding(few.members.length, member.length, limits);
    else few.removeRange(index, 1);
    few.add(member, this.kept(score));
    if (few.members.length > FEW_NAMES_MAX) {
      this.many = new ManyRanked(few);
      this.few = new FewRanked();
    }
    this.weigh();
    return old;
  }

  /** Where the member was looked for last in `many`. */
  private setMany(
    many: ManyRanked,
    memberBytes: number,
    old: number | undefined,
    score: number,
    limits: EncodingLimits,
  ): number | undefined {
    if (old === score) return old;
    if (old === undefined) {
      this.keepEncoding(many.size, memberBytes, limits);
      many.addSought(this.kept(score));
    } else many.moveSought(old, this.kept(score));
    this.weigh();
    return old;
  }

  private keepEncoding(size: number, memberBytes: number, limits: EncodingLimits): void {
    this.isPacked &&= size < limits.zsetListpackEntriesMax && memberBytes <= limits.zsetListpackValueBytesMax;
  }

  /** Packed, Redis keeps whole numbers as integers, which have no negative zero. */
  private kept(score: number): number {
    return this.isPacked && score === 0 ? 0 : score;
  }

  private weigh(): void {
    this.weightBytes = SORTED_SET_OVERHEAD_BYTES + (this.many ?? this.few).weightBytes;
  }
}
