/**
 * Decides when two lists of parameters are the same to the server, and that what is keyed is what is sent. Knows no
 * statement. Unlike for Postgres, a number and a text of it are two things: the one is compared as a number.
 */
import { createHash } from 'node:crypto';
import type { Protocol } from './payload.js';

/** Longer keys are named by their digest. */
const KEY_LENGTH_MAX = 512;
const SEPARATOR = '\0';

/** Stands before keys of parameters: the same text with the same parameters is another result in the other protocol. */
export const protocolPrefix = (protocol: Protocol): string => (protocol === 'text' ? '' : `${SEPARATOR}p`);

/**
 * The key of parameters that are plain values: a few nanoseconds for one number or text. Null: ask `keyed`.
 * Several are length-prefixed behind a NUL; what follows it is never what follows it in a prefix.
 */
export function plainKey(values: unknown): string | null {
  if (values === undefined || values === null) return '';
  if (!Array.isArray(values)) return null;
  const list = values as readonly unknown[];
  if (list.length === 0) return '';
  if (list.length === 1) return singleKey(list[0]);
  let key = SEPARATOR;
  for (let index = 0; index < list.length; index++) {
    const part = plainPart(list[index]);
    if (part === null) return null;
    key += part;
  }
  return key.length <= KEY_LENGTH_MAX ? key : null;
}

function singleKey(value: unknown): string | null {
  if (typeof value === 'number') return `=${numeral(value)}`;
  if (typeof value !== 'string') return null;
  return value.length < KEY_LENGTH_MAX ? `'${value}` : null;
}

/** Zero has a sign in the binary protocol. */
const numeral = (value: number): string => (Object.is(value, -0) ? '-0' : `${value}`);

function plainPart(value: unknown): string | null {
  switch (typeof value) {
    case 'string':
      return `'${value.length}:${value}`;
    case 'number': {
      const text = numeral(value);
      return `=${text.length}:${text}`;
    }
    case 'bigint': {
      const text = String(value);
      return `i${text.length}:${text}`;
    }
    case 'boolean':
      return value ? 'y' : 'f';
    case 'undefined':
      return 'n';
    default:
      return value === null ? 'n' : null;
  }
}

export interface Keyed {
  readonly key: string;
  /** To be sent: whatever the caller does to his meanwhile, it is what was keyed. */
  readonly values: unknown[] | undefined;
}

/**
 * Null where only the driver can say what is sent: objects, lists, values that are no list, invalid dates.
 *
 * @param escape the connection's or the pool's own: it knows the time zone in which dates are written
 */
export function keyed(values: unknown, protocol: Protocol, escape: (value: unknown) => string): Keyed | null {
  if (values === undefined || values === null) return { key: '', values: undefined };
  if (!Array.isArray(values)) return null;
  const own: unknown[] = [];
  let parts = '';
  for (const value of values as readonly unknown[]) {
    // The driver throws at the caller.
    if (value === undefined && protocol === 'binary') return null;
    const part =
      plainPart(value) ?? (protocol === 'binary' ? typedPart(value) : null) ?? objectPart(value, escape);
    if (part === null) return null;
    parts += part;
    own.push(ownValue(value));
  }
  if (own.length === 0) return { key: '', values: own };
  const single = own.length === 1 ? singleKey(own[0]) : null;
  const key = single ?? SEPARATOR + parts;
  if (key.length <= KEY_LENGTH_MAX) return { key, values: own };
  return { key: `${SEPARATOR}#${createHash('sha256').update(key).digest('base64url')}`, values: own };
}

function objectPart(value: unknown, escape: (value: unknown) => string): string | null {
  if (isPlainDate(value)) {
    if (Number.isNaN(value.getTime())) return null;
    const text = escape(value);
    return `t${text.length}:${text}`;
  }
  if (!isPlainBuffer(value)) return null;
  const text = value.toString('hex');
  return `x${text.length}:${text}`;
}

/** Symbols and functions are not parameters; `toSqlString` and the like are the driver's to ask. */
const isPlainDate = (value: unknown): value is Date =>
  value instanceof Date &&
  Object.getPrototypeOf(value) === Date.prototype &&
  Reflect.ownKeys(value).length === 0;

const isPlainBuffer = (value: unknown): value is Buffer =>
  Buffer.isBuffer(value) && Object.getPrototypeOf(value) === Buffer.prototype;

function ownValue(value: unknown): unknown {
  if (value instanceof Date) return new Date(value);
  if (isTyped(value)) return Object.assign(Object.create(Object.getPrototypeOf(value) as object), value);
  return Buffer.isBuffer(value) ? Buffer.from(value) : value;
}

/** A value with the type that it is sent as, made by the driver's `TypedParameter` (mysql2 3.24). */
interface Typed {
  readonly type: number;
  readonly value: unknown;
  readonly unsigned: unknown;
}

const INSPECT = Symbol.for('nodejs.util.inspect.custom');

/** The driver does not give its class away: this is all that there is to it. */
function isTyped(value: unknown): value is Typed {
  // A binary value has a key for each of its bytes.
  if (typeof value !== 'object' || value === null || !('unsigned' in value)) return false;
  if (Object.keys(value).join() !== 'type,value,unsigned') return false;
  const methods = Reflect.ownKeys(Object.getPrototypeOf(value) as object);
  return methods.length === 2 && methods.includes('constructor') && methods.includes(INSPECT);
}

function typedPart(value: unknown): string | null {
  const part = isTyped(value) ? plainPart(value.value) : null;
  if (part === null) return null;
  const { type, unsigned } = value as Typed;
  return `T${type}${unsigned === true ? 'u' : 's'}${part}`;
}

/** mysql2's numbers for TINY, SHORT, LONG, LONGLONG, and VAR_STRING, as which it sends texts that have no type. */
const MEANT_AS_GIVEN: ReadonlySet<number> = new Set([1, 2, 3, 8, 253]);

/** What the server compares: of a value with a type, the value, where that says it all. */
export function meantBy(values: readonly unknown[]): readonly unknown[] {
  if (!values.some((value) => typeof value === 'object' && isTyped(value))) return values;
  return values.map((value) => (isTyped(value) && isMeantAsGiven(value) ? value.value : value));
}

/** Where a text is wanted, the driver writes `true` in letters, which is 0 to a column of numbers. */
const isMeantAsGiven = ({ type, value }: Typed): boolean =>
  MEANT_AS_GIVEN.has(type) && typeof value !== 'boolean';
