/** Decides BITFIELD and BITFIELD_RO: integers of any width in the bits of a string. */

import { type BitType, bitOffsetOf, bitTypeOf } from '../bit-arguments.js';
import { readBits, writeBits } from '../bits.js';
import { type Bytes, bufferOf } from '../byte-string.js';
import { argumentAt, keyAt, NOT_AN_INTEGER, SYNTAX_ERROR, wordAt } from '../call.js';
import type { Call, CommandDeclaration } from '../command.js';
import { argument, block, keyArgument, multiple, oneOf, optional, token } from '../command-arguments.js';
import { integerOf, narrow } from '../integers.js';
import { type FoundKey, oneKey } from '../key-specs.js';
import { NEVER } from '../keyspace/entry.js';
import { ErrorReply, fail, type Reply } from '../resp/reply.js';
import { editableString, grownCopy, lentStringOf } from '../string-values.js';

export const bitfieldCommands: readonly CommandDeclaration[] = [
  {
    name: 'bitfield',
    arity: -2,
    flags: ['write', 'denyoom'],
    categories: ['bitmap'],
    keys: oneKey(
      ['RW', 'access', 'update', 'variable_flags'],
      'This command allows both access and modification of the key',
    ),
    summary: 'Perform arbitrary bitfield integer operations on strings',
    since: '3.2.0',
    group: 'bitmap',
    complexity: 'O(1) for each subcommand specified',
    arguments: [
      keyArgument(),
      oneOf(
        'operation',
        [
          block('encoding_offset', [argument('encoding', 'string'), argument('offset', 'integer')], {
            token: 'GET',
          }),
          block('write', [
            oneOf('wrap_sat_fail', [token('WRAP'), token('SAT'), token('FAIL')], {
              token: 'OVERFLOW',
              ...optional,
            }),
            oneOf('write_operation', [
              block(
                'encoding_offset_value',
                [argument('encoding', 'string'), argument('offset', 'integer'), argument('value', 'integer')],
                { token: 'SET' },
              ),
              block(
                'encoding_offset_increment',
                [
                  argument('encoding', 'string'),
                  argument('offset', 'integer'),
                  argument('increment', 'integer'),
                ],
                { token: 'INCRBY' },
              ),
            ]),
          ]),
        ],
        { ...optional, ...multiple },
      ),
    ],
    findKeys: findBitfieldKeys,
    run: bitfield,
  },
  {
    name: 'bitfield_ro',
    arity: -2,
    flags: ['readonly', 'fast'],
    categories: ['bitmap'],
    keys: oneKey(['RO', 'access']),
    summary: 'Perform arbitrary bitfield integer operations on strings. Read-only variant of BITFIELD',
    since: '6.0.0',
    group: 'bitmap',
    complexity: 'O(1) for each subcommand specified',
    arguments: [
      keyArgument(),
      block('encoding_offset', [argument('encoding', 'string'), argument('offset', 'integer')], {
        token: 'GET',
        isTokenRepeated: true,
        ...optional,
        ...multiple,
      }),
    ],
    run: bitfieldRo,
  },
];

/** Whether the key is changed hangs on what is asked for. What makes no sense is taken for a change. */
function findBitfieldKeys(args: readonly Bytes[]): FoundKey[] {
  let isRead = true;
  for (let index = 2; isRead && index < args.length; ) {
    const kind = wordAt(args, index);
    const count = operandCounts[kind];
    isRead = (kind === 'GET' || kind === 'OVERFLOW') && count !== undefined && index + count < args.length;
    index += (count ?? 0) + 1;
  }
  return [{ key: argumentAt(args, 1), flags: isRead ? ['RO', 'access'] : ['RW', 'access', 'update'] }];
}

type Overflow = 'WRAP' | 'SAT' | 'FAIL';

interface Operation extends BitType {
  readonly kind: 'GET' | 'SET' | 'INCRBY';
  readonly offset: number;
  readonly operand: bigint;
  readonly overflow: Overflow;
}

const operandCounts: Readonly<Record<string, number>> = { GET: 2, SET: 3, INCRBY: 3, OVERFLOW: 1 };

function bitfield(call: Call): Reply {
  return runOperations(call, parseOperations(call));
}

function bitfieldRo(call: Call): Reply {
  const operations = parseOperations(call);
  if (!(operations instanceof ErrorReply) && operations.some(({ kind }) => kind !== 'GET'))
    return fail('BITFIELD_RO only supports the GET subcommand');
  return runOperations(call, operations);
}

function parseOperations({ args, server }: Call): Operation[] | ErrorReply {
  const operations: Operation[] = [];
  let overflow: Overflow = 'WRAP';
  for (let index = 2; index < args.length; ) {
    const kind = wordAt(args, index);
    const count = operandCounts[kind];
    if (count === undefined || index + count >= args.length) return SYNTAX_ERROR;
    if (kind === 'OVERFLOW') {
      const word = wordAt(args, index + 1);
      if (word !== 'WRAP' && word !== 'SAT' && word !== 'FAIL')
        return fail('Invalid OVERFLOW type specified');
      overflow = word;
    } else if (kind === 'GET' || kind === 'SET' || kind === 'INCRBY') {
      const operation = parseOperation(args, index, kind, overflow, server.settings.limits.bulkBytesMax);
      if (operation instanceof ErrorReply) return operation;
      operations.push(operation);
    }
    index += count + 1;
  }
  return operations;
}

function parseOperation(
  args: readonly Bytes[],
  index: number,
  kind: Operation['kind'],
  overflow: Overflow,
  bulkBytesMax: number,
): Operation | ErrorReply {
  const type = bitTypeOf(argumentAt(args, index + 1));
  if (type instanceof ErrorReply) return type;
  const offset = bitOffsetOf(argumentAt(args, index + 2), bulkBytesMax, type.width);
  if (offset instanceof ErrorReply) return offset;
  const operand = kind === 'GET' ? 0 : integerOf(argumentAt(args, index + 3));
  if (operand === null) return NOT_AN_INTEGER;
  return { kind, ...type, offset, operand: BigInt(operand), overflow };
}

function runOperations(call: Call, operations: readonly Operation[] | ErrorReply): Reply {
  if (operations instanceof ErrorReply) return operations;
  const { args, db } = call;
  const key = keyAt(args, 1);
  const isRead = operations.every(({ kind }) => kind === 'GET');
  const entry = isRead ? db.read(key) : db.write(key);
  const old = lentStringOf(entry);
  if (old instanceof ErrorReply) return old;
  if (isRead) return operations.map((operation) => read(bufferOf(old ?? ''), operation));
  // What is written reaches to the farthest bit from the start, also where an overflow then writes nothing.
  const oldLength = old?.length ?? 0;
  const own = editableString(db, entry, lengthFor(operations));
  const bytes = own ?? grownCopy(old ?? '', lengthFor(operations));
  const hasGrown = bytes.length > oldLength;
  let changes = 0;
  const replies = operations.map((operation) => {
    const before = readBigInt(bytes, operation);
    const reply = run(bytes, operation);
    const isWritten = operation.kind !== 'GET' && reply !== null;
    if (isWritten && (hasGrown || readBigInt(bytes, operation) !== before)) changes++;
    return reply;
  });
  if (changes > 0 || hasGrown) {
    if (entry !== undefined && own !== null) db.changed(entry);
    else db.set(key, bytes, entry?.expireAtMs ?? NEVER);
  }
  if (changes > 0) call.notify('string', 'setbit', key);
  return replies;
}

function lengthFor(operations: readonly Operation[]): number {
  const ends = operations.map(({ kind, offset, width }) => (kind === 'GET' ? 0 : offset + width));
  return Math.ceil(Math.max(...ends) / 8);
}

/** Null when the overflow forbids it. */
function run(bytes: Buffer, operation: Operation): Reply {
  const { kind, offset, width, operand, overflow } = operation;
  const before = readBigInt(bytes, operation);
  if (kind === 'GET') return narrow(before);
  // SET takes the argument as 64 bits without a sign where the type has none.
  const wanted =
    kind === 'INCRBY' ? before + operand : operation.isSigned ? operand : BigInt.asUintN(64, operand);
  const after = fitted(wanted, operation);
  if (after !== wanted && overflow === 'FAIL') return null;
  writeBits(bytes, offset, width, after);
  return narrow(kind === 'SET' ? before : after);
}

/** What becomes of a number that may not fit. */
function fitted(wanted: bigint, operation: Operation): bigint {
  const { isSigned, width, overflow, kind } = operation;
  const max = (1n << BigInt(isSigned ? width - 1 : width)) - 1n;
  const min = isSigned ? -max - 1n : 0n;
  if (wanted >= min && wanted <= max) return wanted;
  if (overflow !== 'SAT') return isSigned ? BigInt.asIntN(width, wanted) : BigInt.asUintN(width, wanted);
  // Redis subtracts within 64 bits to see on which side a narrow type overflows, and so sees a very low one as high.
  const isSeenAsHigh = kind === 'SET' && isSigned && width < 64 && BigInt.asIntN(64, max - wanted) < 0n;
  return wanted > max || isSeenAsHigh ? max : min;
}

function read(bytes: Buffer, operation: Operation): Reply {
  return narrow(readBigInt(bytes, operation));
}

function readBigInt(bytes: Buffer, { offset, width, isSigned }: Operation): bigint {
  const value = readBits(bytes, offset, width);
  return isSigned ? BigInt.asIntN(width, value) : value;
}
