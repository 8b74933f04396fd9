/** Decides the commands that see a string as bits: one bit, counts, positions, combinations. */

import { bitOffsetOf } from '../bit-arguments.js';
import { type BitOperation, combineBits, countBits, findBit, writeBit } from '../bits.js';
import { type Bytes, bufferOf } from '../byte-string.js';
import { argumentAt, keyAt, NOT_AN_INTEGER, SYNTAX_ERROR, wordAt } from '../call.js';
import type { Call, CommandDeclaration } from '../command.js';
import { argument, block, keyArgument, multiple, oneOf, optional, token } from '../command-arguments.js';
import { integerOf } from '../integers.js';
import { keyAtIndex, oneKey } from '../key-specs.js';
import { NEVER } from '../keyspace/entry.js';
import { ErrorReply, fail, type Reply } from '../resp/reply.js';
import { editableString, grownCopy, isReversed, lentStringOf, sliceOf } from '../string-values.js';

export const bitmapCommands: readonly CommandDeclaration[] = [
  {
    name: 'setbit',
    arity: 4,
    flags: ['write', 'denyoom'],
    categories: ['bitmap'],
    keys: oneKey(['RW', 'access', 'update']),
    summary: 'Sets or clears the bit at offset in the string value stored at key',
    since: '2.2.0',
    group: 'bitmap',
    complexity: 'O(1)',
    arguments: [keyArgument(), argument('offset', 'integer'), argument('value', 'integer')],
    run: setbit,
  },
  {
    name: 'getbit',
    arity: 3,
    flags: ['readonly', 'fast'],
    categories: ['bitmap'],
    keys: oneKey(['RO', 'access']),
    summary: 'Returns the bit value at offset in the string value stored at key',
    since: '2.2.0',
    group: 'bitmap',
    complexity: 'O(1)',
    arguments: [keyArgument(), argument('offset', 'integer')],
    run: getbit,
  },
  {
    name: 'bitcount',
    arity: -2,
    flags: ['readonly'],
    categories: ['bitmap'],
    keys: oneKey(['RO', 'access']),
    summary: 'Count set bits in a string',
    since: '2.6.0',
    group: 'bitmap',
    complexity: 'O(N)',
    arguments: [
      keyArgument(),
      block(
        'index',
        [
          argument('start', 'integer'),
          argument('end', 'integer'),
          oneOf('index_unit', [token('BYTE'), token('BIT')], { since: '7.0.0', ...optional }),
        ],
        optional,
      ),
    ],
    run: bitcount,
  },
  {
    name: 'bitpos',
    arity: -3,
    flags: ['readonly'],
    categories: ['bitmap'],
    keys: oneKey(['RO', 'access']),
    summary: 'Find first bit set or clear in a string',
    since: '2.8.7',
    group: 'bitmap',
    complexity: 'O(N)',
    arguments: [
      keyArgument(),
      argument('bit', 'integer'),
      block(
        'index',
        [
          argument('start', 'integer'),
          block(
            'end_index',
            [
              argument('end', 'integer'),
              oneOf('index_unit', [token('BYTE'), token('BIT')], { since: '7.0.0', ...optional }),
            ],
            optional,
          ),
        ],
        optional,
      ),
    ],
    run: bitpos,
  },
  {
    name: 'bitop',
    arity: -4,
    flags: ['write', 'denyoom'],
    categories: ['bitmap'],
    keys: [keyAtIndex(2, ['OW', 'update']), { flags: ['RO', 'access'], begin: 3, last: -1, step: 1 }],
    summary: 'Perform bitwise operations between strings',
    since: '2.6.0',
    group: 'bitmap',
    complexity: 'O(N)',
    arguments: [
      argument('operation', 'string'),
      argument('destkey', 'key', { keySpecIndex: 0 }),
      keyArgument({ keySpecIndex: 1, ...multiple }),
    ],
    run: bitop,
  },
];

function setbit(call: Call): Reply {
  const { args, db } = call;
  const key = keyAt(args, 1);
  const offset = bitOffsetOf(argumentAt(args, 2), call.server.settings.limits.bulkBytesMax);
  if (offset instanceof ErrorReply) return offset;
  const bit = integerOf(argumentAt(args, 3));
  if (bit !== 0 && bit !== 1) return fail('bit is not an integer or out of range');
  const entry = db.write(key);
  const old = lentStringOf(entry);
  if (old instanceof ErrorReply) return old;
  const before = old === undefined ? 0 : bitAt(old, offset);
  if (old !== undefined && old.length > offset / 8 && before === bit) return before;
  const lengthMin = Math.floor(offset / 8) + 1;
  const own = editableString(db, entry, lengthMin);
  const bytes = own ?? grownCopy(old ?? '', lengthMin);
  writeBit(bytes, offset, bit);
  if (entry !== undefined && own !== null) db.changed(entry);
  else db.set(key, bytes, entry?.expireAtMs ?? NEVER);
  call.notify('string', 'setbit', key);
  return before;
}

function bitAt(value: Bytes, offset: number): number {
  const index = Math.floor(offset / 8);
  const byte = typeof value === 'string' ? value.charCodeAt(index) || 0 : (value[index] ?? 0);
  return (byte >> (7 - (offset % 8))) & 1;
}

function getbit({ args, db, server }: Call): Reply {
  const offset = bitOffsetOf(argumentAt(args, 2), server.settings.limits.bulkBytesMax);
  if (offset instanceof ErrorReply) return offset;
  const value = lentStringOf(db.read(keyAt(args, 1)));
  if (value === undefined) return 0;
  return value instanceof ErrorReply ? value : bitAt(value, offset);
}

/** The bits between two arguments, by the unit that may follow them; null when there are none. */
function bitsOf(
  args: readonly Bytes[],
  at: number,
  length: number,
): { readonly first: number; readonly last: number } | null | ErrorReply {
  const start = integerOf(argumentAt(args, at));
  if (start === null) return NOT_AN_INTEGER;
  const unit = args.length > at + 2 ? wordAt(args, at + 2) : 'BYTE';
  // BITPOS alone may come without an end.
  const end = args.length > at + 1 ? integerOf(argumentAt(args, at + 1)) : -1;
  if (end === null) return NOT_AN_INTEGER;
  if (!isUnit(unit)) return SYNTAX_ERROR;
  if (unit === 'BIT') return sliceOf(Number(start), Number(end), length * 8);
  const slice = sliceOf(Number(start), Number(end), length);
  return slice && { first: slice.first * 8, last: slice.last * 8 + 7 };
}

function isUnit(word: string): boolean {
  return word === 'BYTE' || word === 'BIT';
}

function bitcount({ args, db }: Call): Reply {
  const value = lentStringOf(db.read(keyAt(args, 1)));
  if (value === undefined) return 0;
  if (value instanceof ErrorReply) return value;
  if (args.length === 2) return value.length === 0 ? 0 : countBits(bufferOf(value), 0, value.length * 8 - 1);
  if (args.length !== 4 && args.length !== 5) return SYNTAX_ERROR;
  const [start, end] = [integerOf(argumentAt(args, 2)), integerOf(argumentAt(args, 3))];
  // Here the unit is looked at after the two.
  if (start !== null && end !== null && isReversed(Number(start), Number(end))) return 0;
  const bits = bitsOf(args, 2, value.length);
  if (bits instanceof ErrorReply) return bits;
  return bits === null ? 0 : countBits(bufferOf(value), bits.first, bits.last);
}

function bitpos({ args, db }: Call): Reply {
  const bit = integerOf(argumentAt(args, 2));
  if (bit === null) return NOT_AN_INTEGER;
  if (bit !== 0 && bit !== 1) return fail('The bit argument must be 1 or 0.');
  const value = lentStringOf(db.read(keyAt(args, 1)));
  if (value === undefined) return bit === 1 ? -1 : 0;
  if (value instanceof ErrorReply) return value;
  if (args.length > 6) return SYNTAX_ERROR;
  // Here the unit is looked at before the end.
  if (args.length === 6 && integerOf(argumentAt(args, 3)) !== null && !isUnit(wordAt(args, 5)))
    return SYNTAX_ERROR;
  const all = value.length === 0 ? null : { first: 0, last: value.length * 8 - 1 };
  const bits = args.length === 3 ? all : bitsOf(args, 3, value.length);
  if (bits instanceof ErrorReply) return bits;
  if (bits === null) return -1;
  const found = findBit(bufferOf(value), bit, bits.first, bits.last);
  // Without an end, zeros go on behind the string.
  return found < 0 && bit === 0 && args.length < 5 ? value.length * 8 : found;
}

const operations: readonly string[] = ['AND', 'OR', 'XOR', 'NOT'];

function isOperation(word: string): word is BitOperation {
  return operations.includes(word);
}

function bitop(call: Call): Reply {
  const { args, db } = call;
  const operation = wordAt(args, 1);
  const destination = keyAt(args, 2);
  if (!isOperation(operation)) return SYNTAX_ERROR;
  if (operation === 'NOT' && args.length !== 4)
    return fail('BITOP NOT must be called with a single source key.');
  const sources: Buffer[] = [];
  for (let index = 3; index < args.length; index++) {
    const value = lentStringOf(db.read(keyAt(args, index)));
    if (value instanceof ErrorReply) return value;
    sources.push(bufferOf(value ?? ''));
  }
  const result = combineBits(operation, sources);
  if (result.length > 0) {
    db.set(destination, result, NEVER);
    call.notify('string', 'set', destination);
  } else if (db.delete(destination)) call.notify('generic', 'del', destination);
  return result.length;
}
