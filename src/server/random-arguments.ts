/** Decides the arguments of HRANDFIELD and ZRANDMEMBER: how many, and whether with what belongs to each. */
import type { Bytes } from './byte-string.js';
import { argumentAt, SYNTAX_ERROR, wordAt } from './call.js';
import { CHOSEN_MAX } from './random-choice.js';
import { halfSignedCountOf, signedCountOf } from './ranged-integers.js';
import { ErrorReply, fail } from './resp/reply.js';

export interface RandomQuery {
  /** Negative: parts may come more than once. Null: one part, not in an array. */
  readonly count: number | null;
  readonly isPaired: boolean;
}

/** `word` asks for what belongs to each part. */
export function parseRandomQuery(args: readonly Bytes[], word: string): RandomQuery | ErrorReply {
  if (args.length === 2) return { count: null, isPaired: false };
  const count = signedCountOf(argumentAt(args, 2));
  if (count instanceof ErrorReply) return count;
  const isPaired = args.length === 4 && wordAt(args, 3) === word;
  if (args.length > 4 || (args.length === 4 && !isPaired)) return SYNTAX_ERROR;
  const isTooMany = isPaired && halfSignedCountOf(argumentAt(args, 2)) instanceof ErrorReply;
  return isTooMany || count < -CHOSEN_MAX ? fail('value is out of range') : { count, isPaired };
}
