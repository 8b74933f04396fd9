/** Decides how the members of a sorted set are read while others change it. Knows nothing of how they are held. */

/** What the members and their scores were at one moment. */
export interface HeldRanked {
  readonly size: number;
  /** Highest first. */
  descending(): Iterator<{ readonly member: string; readonly score: number }>;
  /** What it was read from is about to change. */
  detach(): void;
  /** It is not read any more. */
  release(): void;
}
