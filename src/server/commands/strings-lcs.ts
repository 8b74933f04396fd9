/** Decides LCS: what two strings have in common, as text, as a length or as ranges. */
import { type Bytes, bufferOf } from '../byte-string.js';
import { keyAt, NOT_AN_INTEGER, SYNTAX_ERROR, wordAt } from '../call.js';
import type { Call, CommandDeclaration } from '../command.js';
import { argument, optional, token } from '../command-arguments.js';
import { integerOf } from '../integers.js';
import { longestCommonSubsequence, tableBytesOf } from '../longest-common-subsequence.js';
import { ErrorReply, fail, MapReply, type Reply } from '../resp/reply.js';
import { stringOf } from '../string-values.js';

export const lcsCommands: readonly CommandDeclaration[] = [
  {
    name: 'lcs',
    arity: -3,
    flags: ['readonly'],
    categories: ['string'],
    keys: [{ flags: ['RO', 'access'], begin: 1, last: 1, step: 1 }],
    summary: 'Find longest common substring',
    since: '7.0.0',
    group: 'string',
    complexity: 'O(N*M) where N and M are the lengths of s1 and s2, respectively',
    arguments: [
      argument('key1', 'key', { keySpecIndex: 0 }),
      argument('key2', 'key', { keySpecIndex: 0 }),
      token('LEN', optional),
      token('IDX', optional),
      argument('len', 'integer', { token: 'MINMATCHLEN', ...optional }),
      token('WITHMATCHLEN', optional),
    ],
    run: lcs,
  },
];

interface Options {
  form: 'text' | 'length' | 'ranges';
  hasLengths: boolean;
  shortest: number;
}

function lcs({ args, db, server }: Call): Reply {
  const first = stringOf(db.read(keyAt(args, 1)));
  const second = stringOf(db.read(keyAt(args, 2)));
  if (first instanceof ErrorReply || second instanceof ErrorReply)
    return fail('The specified keys must contain string values');
  const options = parseOptions(args);
  if (options instanceof ErrorReply) return options;
  const [a, b] = [bufferOf(first ?? ''), bufferOf(second ?? '')];
  if (tableBytesOf(a.length, b.length) > server.settings.limits.bulkBytesMax)
    return fail('Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len');
  const { length, bytes, ranges } = longestCommonSubsequence(a, b);
  if (options.form === 'text') return bytes;
  if (options.form === 'length') return length;
  const matches = ranges
    .filter((range) => range.length >= options.shortest)
    .map((range) => [range.inFirst, range.inSecond, ...(options.hasLengths ? [range.length] : [])]);
  return new MapReply(['matches', matches, 'len', length]);
}

function parseOptions(args: readonly Bytes[]): Options | ErrorReply {
  const options: Options = { form: 'text', hasLengths: false, shortest: 0 };
  const forms = new Set<Options['form']>();
  for (let index = 3; index < args.length; index++) {
    const word = wordAt(args, index);
    const value = args[index + 1];
    if (word === 'IDX') forms.add('ranges');
    else if (word === 'LEN') forms.add('length');
    else if (word === 'WITHMATCHLEN') options.hasLengths = true;
    else if (word === 'MINMATCHLEN' && value !== undefined) {
      const shortest = integerOf(value);
      if (shortest === null) return NOT_AN_INTEGER;
      options.shortest = Number(shortest);
      index++;
    } else return SYNTAX_ERROR;
  }
  if (forms.size > 1) return fail('If you want both the length and indexes, please just use IDX.');
  for (const form of forms) options.form = form;
  return options;
}
