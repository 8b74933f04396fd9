/** Decides how a few members of a sorted set are held: in two rows, in the order of their scores. Knows nothing of keys. */
import { NAME_OVERHEAD_BYTES } from './few-names.js';
import type { HeldRanked } from './held-ranked.js';

/** A score, and the member's place in the row. */
const RANKED_BYTES = 11;

export class FewRanked {
  readonly members: string[] = [];
  readonly scores: number[] = [];
  private memberBytes = 0;

  get weightBytes(): number {
    return this.memberBytes + this.members.length * (NAME_OVERHEAD_BYTES + RANKED_BYTES);
  }

  /** Adds a member that is not there. */
  add(member: string, score: number): void {
    const index = this.indexOf(member, score);
    this.members.splice(index, 0, member);
    this.scores.splice(index, 0, score);
    this.memberBytes += member.length;
  }

  removeRange(first: number, count: number): void {
    for (const member of this.members.splice(first, count)) this.memberBytes -= member.length;
    this.scores.splice(first, count);
  }

  /** What is in it now: few enough to be copied at once. */
  hold(): HeldRanked {
    const [members, scores] = [[...this.members], [...this.scores]];
    return {
      size: members.length,
      *descending() {
        for (let index = members.length - 1; index >= 0; index--)
          yield { member: members[index] ?? '', score: scores[index] ?? 0 };
      },
      detach: () => undefined,
      release: () => undefined,
    };
  }

  /** Where it is or belongs. */
  indexOf(member: string, score: number): number {
    return this.countWhile(
      (other, otherScore) => otherScore < score || (otherScore === score && other < member),
    );
  }

  /** How many there are of which `isBelow` is true, which is so from the first to some last one. */
  countWhile(isBelow: (member: string, score: number) => boolean): number {
    let count = 0;
    while (
      count < this.members.length &&
      isBelow(this.members[count] as string, this.scores[count] as number)
    )
      count++;
    return count;
  }
}
