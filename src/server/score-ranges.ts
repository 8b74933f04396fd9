/** Decides what ranges of scores and of members are in the sorted set commands, and which ranks they are. Knows no command. */
import { type Bytes, byteString } from './byte-string.js';
import { scanDouble } from './double-text.js';
import type { SortedSetValue } from './keyspace/sorted-set-value.js';
import type { IndexRange } from './ranges.js';
import { type ErrorReply, fail } from './resp/reply.js';

export interface ScoreRange {
  readonly min: ScoreBound;
  readonly max: ScoreBound;
}

interface ScoreBound {
  readonly score: number;
  readonly isExclusive: boolean;
}

export interface LexRange {
  readonly min: LexBound;
  readonly max: LexBound;
}

/** `first` and `last` are before and behind everything. */
type LexBound = 'first' | 'last' | { readonly member: string; readonly isExclusive: boolean };

const SCORE_ERROR = fail('min or max is not a float');
const LEX_ERROR = fail('min or max not valid string range item');

export function parseScoreRange(min: Bytes, max: Bytes): ScoreRange | ErrorReply {
  const [low, high] = [scoreBound(min), scoreBound(max)];
  return low === null || high === null ? SCORE_ERROR : { min: low, max: high };
}

export function parseLexRange(min: Bytes, max: Bytes): LexRange | ErrorReply {
  const [low, high] = [lexBound(min), lexBound(max)];
  return low === null || high === null ? LEX_ERROR : { min: low, max: high };
}

/** The ranks of the members with such a score. */
export function ranksOfScores(set: SortedSetValue, { min, max }: ScoreRange): IndexRange {
  const first = set.countBelow(min.score, min.isExclusive);
  const end = set.countBelow(max.score, !max.isExclusive);
  return { first, count: Math.max(0, end - first) };
}

/** The ranks of such members, all having one score. */
export function ranksOfMembers(set: SortedSetValue, { min, max }: LexRange): IndexRange {
  const first = countBelow(set, min, 'min');
  const end = countBelow(set, max, 'max');
  return { first, count: Math.max(0, end - first) };
}

function countBelow(set: SortedSetValue, bound: LexBound, side: 'min' | 'max'): number {
  if (bound === 'first') return 0;
  if (bound === 'last') return set.size;
  return set.countLexicallyBelow(bound.member, bound.isExclusive === (side === 'min'));
}

function scoreBound(bytes: Bytes): ScoreBound | null {
  const text = byteString(bytes);
  const isExclusive = text.startsWith('(');
  const score = scanDouble(isExclusive ? text.slice(1) : text);
  return Number.isNaN(score) ? null : { score, isExclusive };
}

function lexBound(bytes: Bytes): LexBound | null {
  const text = byteString(bytes);
  switch (text.charAt(0)) {
    case '-':
      return text.length === 1 ? 'first' : null;
    case '+':
      return text.length === 1 ? 'last' : null;
    case '(':
      return { member: text.slice(1), isExclusive: true };
    case '[':
      return { member: text.slice(1), isExclusive: false };
    default:
      return null;
  }
}
