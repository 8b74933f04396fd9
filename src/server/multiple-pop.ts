/** Decides the arguments of LMPOP, ZMPOP and the like: a number, so many keys, which end, how many. Knows no type. */
import type { Bytes } from './byte-string.js';
import { argumentAt, keyAt, SYNTAX_ERROR, wordAt } from './call.js';
import { integerFrom } from './ranged-integers.js';
import { ErrorReply } from './resp/reply.js';

export interface MultiplePop<Where> {
  readonly keys: readonly string[];
  readonly where: Where;
  readonly count: number;
}

/** `numberIndex` is where the number of keys stands. */
export function parseMultiplePop<Where>(
  args: readonly Bytes[],
  numberIndex: number,
  whereAt: (args: readonly Bytes[], index: number) => Where | ErrorReply,
): MultiplePop<Where> | ErrorReply {
  const keyCount = integerFrom(1, argumentAt(args, numberIndex), 'numkeys should be greater than 0');
  if (keyCount instanceof ErrorReply) return keyCount;
  const whereIndex = numberIndex + keyCount + 1;
  if (whereIndex >= args.length) return SYNTAX_ERROR;
  const where = whereAt(args, whereIndex);
  if (where instanceof ErrorReply) return where;
  const count = countBehind(args, whereIndex);
  if (count instanceof ErrorReply) return count;
  const keys = Array.from({ length: keyCount }, (_, index) => keyAt(args, numberIndex + 1 + index));
  return { keys, where, count };
}

function countBehind(args: readonly Bytes[], whereIndex: number): number | ErrorReply {
  if (args.length === whereIndex + 1) return 1;
  const value = args[whereIndex + 2];
  if (value === undefined || wordAt(args, whereIndex + 1) !== 'COUNT') return SYNTAX_ERROR;
  const count = integerFrom(1, value, 'count should be greater than 0');
  if (count instanceof ErrorReply) return count;
  return args.length === whereIndex + 3 ? count : SYNTAX_ERROR;
}
