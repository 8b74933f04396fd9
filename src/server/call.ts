/** Decides how a command reads its arguments and which errors all commands share. Knows no particular command. */

import { invariant } from '../errors.js';
import { type Bytes, byteString } from './byte-string.js';
import { integerOf } from './integers.js';
import { ErrorReply, fail } from './resp/reply.js';

export const WRONG_TYPE = new ErrorReply('WRONGTYPE Operation against a key holding the wrong kind of value');
export const SYNTAX_ERROR = fail('syntax error');
export const NOT_AN_INTEGER = fail('value is not an integer or out of range');
export const NAME_INVALID = fail('Client names cannot contain spaces, newlines or special characters.');

/** An argument that the arity promises. */
export function argumentAt(args: readonly Bytes[], index: number): Bytes {
  const argument = args[index];
  invariant(argument !== undefined, `argument ${index} is promised by the arity`);
  return argument;
}

/** An argument as the byte string that keys and fields are. */
export function keyAt(args: readonly Bytes[], index: number): string {
  return byteString(argumentAt(args, index));
}

/** An argument as an option's word, in upper case. */
export function wordAt(args: readonly Bytes[], index: number): string {
  return byteString(argumentAt(args, index)).toUpperCase();
}

/** Bytes as C prints them in an error: up to the first zero byte. */
export function cString(bytes: Bytes): string {
  return byteString(bytes).split('\0', 1)[0] ?? '';
}

/** Neither a space nor anything a terminal would act on: what a client's name may consist of. */
export function isPrintable(bytes: Bytes): boolean {
  return /^[!-~]*$/.test(byteString(bytes));
}

/** An integer of 32 bits, or the error that says why it is none. */
export function int32Of(bytes: Bytes): number | ErrorReply {
  const value = integerOf(bytes);
  if (value === null) return NOT_AN_INTEGER;
  if (typeof value === 'number' && value >= -2_147_483_648 && value <= 2_147_483_647) return value;
  return fail('value is out of range, value must between -2147483648 and 2147483647');
}
