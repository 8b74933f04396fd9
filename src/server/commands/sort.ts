/** Decides SORT and SORT_RO: the elements of a list, set or sorted set in order of themselves or of what belongs to them. */
import { type Bytes, byteString } from '../byte-string.js';
import { argumentAt, keyAt, NOT_AN_INTEGER, SYNTAX_ERROR, WRONG_TYPE, wordAt } from '../call.js';
import type { Call, CommandDeclaration } from '../command.js';
import { argument, block, keyArgument, multiple, oneOf, optional, token } from '../command-arguments.js';
import { scanDouble } from '../double-text.js';
import { integerOf, parseInteger } from '../integers.js';
import type { FoundKey } from '../key-specs.js';
import { keyAtIndex, unknownKeys } from '../key-specs.js';
import type { Value } from '../keyspace/entry.js';
import { NEVER } from '../keyspace/entry.js';
import { ListValue } from '../keyspace/list-value.js';
import { SetValue } from '../keyspace/set-value.js';
import { SortedSetValue } from '../keyspace/sorted-set-value.js';
import { sortPart } from '../partial-sort.js';
import { ErrorReply, fail, type Reply } from '../resp/reply.js';
import { lookUpPattern, type SortPattern, sortPatternOf } from '../sort-patterns.js';

export const sortCommands: readonly CommandDeclaration[] = [
  {
    name: 'sort',
    arity: -2,
    flags: ['write', 'denyoom'],
    categories: ['set', 'sortedset', 'list', 'dangerous'],
    keys: [
      keyAtIndex(1, ['RO', 'access']),
      unknownKeys(
        ['RO', 'access'],
        "For the optional BY/GET keyword. It is marked 'unknown' because the key names derive from the content of the key we sort",
      ),
      unknownKeys(
        ['OW', 'update'],
        "For the optional STORE keyword. It is marked 'unknown' because the keyword can appear anywhere in the argument array",
      ),
    ],
    summary: 'Sort the elements in a list, set or sorted set',
    since: '1.0.0',
    group: 'generic',
    complexity:
      'O(N+M*log(M)) where N is the number of elements in the list or set to sort, and M the number of returned elements. When the elements are not sorted, complexity is O(N).',
    arguments: [
      keyArgument(),
      argument('pattern', 'pattern', { keySpecIndex: 1, token: 'BY', ...optional }),
      block('offset_count', [argument('offset', 'integer'), argument('count', 'integer')], {
        token: 'LIMIT',
        ...optional,
      }),
      argument('pattern', 'pattern', {
        keySpecIndex: 1,
        token: 'GET',
        isTokenRepeated: true,
        ...optional,
        ...multiple,
      }),
      oneOf('order', [token('ASC'), token('DESC')], optional),
      argument('sorting', 'pure-token', { token: 'ALPHA', ...optional }),
      argument('destination', 'key', { token: 'STORE', keySpecIndex: 2, ...optional }),
    ],
    findKeys: findSortKeys,
    run: (call) => sort(call, true),
  },
  {
    name: 'sort_ro',
    arity: -2,
    flags: ['readonly'],
    categories: ['set', 'sortedset', 'list', 'dangerous'],
    keys: [
      keyAtIndex(1, ['RO', 'access']),
      unknownKeys(
        ['RO', 'access'],
        "For the optional BY/GET keyword. It is marked 'unknown' because the key names derive from the content of the key we sort",
      ),
    ],
    summary: 'Sort the elements in a list, set or sorted set. Read-only variant of SORT.',
    since: '7.0.0',
    group: 'generic',
    complexity:
      'O(N+M*log(M)) where N is the number of elements in the list or set to sort, and M the number of returned elements. When the elements are not sorted, complexity is O(N).',
    arguments: [
      keyArgument(),
      argument('pattern', 'pattern', { keySpecIndex: 1, token: 'BY', ...optional }),
      block('offset_count', [argument('offset', 'integer'), argument('count', 'integer')], {
        token: 'LIMIT',
        ...optional,
      }),
      argument('pattern', 'pattern', {
        keySpecIndex: 1,
        token: 'GET',
        isTokenRepeated: true,
        ...optional,
        ...multiple,
      }),
      oneOf('order', [token('ASC'), token('DESC')], optional),
      argument('sorting', 'pure-token', { token: 'ALPHA', ...optional }),
    ],
    findKeys: findReadOnlyKeys,
    run: (call) => sort(call, false),
  },
];

/** Words that take so many arguments, which are no words then. */
const skipped: Readonly<Record<string, number>> = { LIMIT: 2, GET: 1, BY: 1 };

/** The sorted key, and what the last STORE says. */
function findSortKeys(args: readonly Bytes[]): FoundKey[] {
  const found: FoundKey[] = [{ key: argumentAt(args, 1), flags: ['RO', 'access'] }];
  for (let index = 2; index < args.length; index++) {
    const word = wordAt(args, index);
    if (word === 'STORE' && index + 1 < args.length)
      found[1] = { key: argumentAt(args, index + 1), flags: ['OW', 'update'] };
    else index += skipped[word] ?? 0;
  }
  return found;
}

function findReadOnlyKeys(args: readonly Bytes[]): FoundKey[] {
  return [{ key: argumentAt(args, 1), flags: ['RO', 'access'] }];
}

interface Options {
  isDescending: boolean;
  isAlphabetic: boolean;
  /** First element and how many; a negative count is all. */
  first: number;
  count: number;
  by: SortPattern | null;
  /** BY names nothing that depends on the element. */
  isUnsorted: boolean;
  get: SortPattern[];
  storeKey: string | null;
}

/** An element and what it is sorted by. */
interface Item {
  readonly element: Bytes;
  score: number;
  /** Undefined: there is none. */
  weight: string | undefined;
}

type Source = ListValue | SetValue | SortedSetValue;

function sort(call: Call, mayStore: boolean): Reply {
  const { args, db } = call;
  const options = parseOptions(call, mayStore);
  if (options instanceof ErrorReply) return options;
  const value = db.read(keyAt(args, 1))?.value;
  if (value !== undefined && !isSortable(value)) return WRONG_TYPE;
  // What is stored of a set must not depend on the order in which a hash table has it.
  if (options.isUnsorted && value instanceof SetValue && options.storeKey !== null) {
    options.isUnsorted = false;
    options.isAlphabetic = true;
    options.by = null;
  }
  const elements = value === undefined ? [] : elementsOf(value, options);
  const range = rangeOf(elements.length, options);
  const sorted = options.isUnsorted ? elements : sortedElements(call, elements, options, range);
  if (sorted instanceof ErrorReply) return sorted;
  const results = sorted
    .slice(range.first, range.end)
    .flatMap((element) => resultsFor(call, element, options));
  return options.storeKey === null
    ? results.map((result) => result ?? null)
    : store(call, options.storeKey, results);
}

function isSortable(value: Value): value is Source {
  return value instanceof ListValue || value instanceof SetValue || value instanceof SortedSetValue;
}

function parseOptions(call: Call, mayStore: boolean): Options | ErrorReply {
  const { args } = call;
  const options: Options = {
    isDescending: false,
    isAlphabetic: false,
    first: 0,
    count: -1,
    by: null,
    isUnsorted: false,
    get: [],
    storeKey: null,
  };
  for (let index = 2; index < args.length; index++) {
    const word = wordAt(args, index);
    const more = args.length - index - 1;
    if (word === 'ASC') options.isDescending = false;
    else if (word === 'DESC') options.isDescending = true;
    else if (word === 'ALPHA') options.isAlphabetic = true;
    else if (word === 'LIMIT' && more >= 2) {
      const first = integerOf(argumentAt(args, index + 1));
      const count = integerOf(argumentAt(args, index + 2));
      if (first === null || count === null) return NOT_AN_INTEGER;
      options.first = Number(first);
      options.count = Number(count);
      index += 2;
    } else if (mayStore && word === 'STORE' && more >= 1) options.storeKey = keyAt(args, ++index);
    else if ((word === 'BY' || word === 'GET') && more >= 1) {
      const error = addPattern(call, options, word, argumentAt(args, ++index));
      if (error !== null) return error;
    } else return SYNTAX_ERROR;
  }
  return options;
}

function addPattern(call: Call, options: Options, word: 'BY' | 'GET', bytes: Bytes): ErrorReply | null {
  const pattern = sortPatternOf(bytes);
  const isConstant = word === 'BY' && !(byteString(bytes).split('\0', 1)[0] ?? '').includes('*');
  if (!isConstant && !mayReadEverything(call))
    return fail(`${word} option of SORT denied due to insufficient ACL permissions`);
  if (word === 'GET') options.get.push(pattern);
  else {
    options.by = pattern;
    if (isConstant) options.isUnsorted = true;
  }
  return null;
}

/** Which keys a pattern leads to is not known beforehand. */
function mayReadEverything({ args, client, server }: Call): boolean {
  const { user } = client;
  const command = server.commands.find(byteString(argumentAt(args, 0)));
  if (user === null || user.mayDoEverything || command === undefined) return true;
  return user.selectors.some((selector) => {
    const readsAll =
      selector.allowsAllKeys || selector.keys.some(({ canRead, pattern }) => canRead && pattern === '*');
    return readsAll && selector.denial(command, args) === null;
  });
}

/** In the order of the value itself, or backwards where nothing is sorted and that is asked for. */
function elementsOf(value: Source, { isUnsorted, isDescending }: Options): Bytes[] {
  const isReversed = isUnsorted && isDescending && !(value instanceof SetValue);
  const elements: Bytes[] =
    value instanceof ListValue
      ? [...value.elements()]
      : value instanceof SetValue
        ? [...value.members()]
        : value.membersByRank(0, value.size);
  return isReversed ? elements.reverse() : elements;
}

interface ElementRange {
  readonly first: number;
  /** Behind the last. */
  readonly end: number;
}

function rangeOf(length: number, { first, count }: Options): ElementRange {
  const start = Math.min(Math.max(first, 0), length);
  const taken = Math.min(count, length);
  return { first: start, end: taken < 0 ? length : Math.min(length, start + taken) };
}

function sortedElements(
  call: Call,
  elements: readonly Bytes[],
  options: Options,
  range: ElementRange,
): Bytes[] | ErrorReply {
  const items: Item[] = elements.map((element) => ({ element, score: 0, weight: undefined }));
  let isNumeric = true;
  for (const item of items) {
    const weight = options.by === null ? item.element : lookUpPattern(call.db, options.by, item.element);
    if (weight === undefined) continue;
    item.weight = byteString(weight);
    if (options.isAlphabetic) continue;
    const integer = parseInteger(item.weight);
    item.score = integer === null ? scanDouble(item.weight) : Number(integer);
    if (integer === null && (Number.isNaN(item.score) || isOutOfRange(item.weight, item.score)))
      isNumeric = false;
  }
  const compare = comparator(options);
  const isPart = range.first > 0 || range.end < items.length;
  if (options.by !== null && isPart) sortPart(items, compare, range.first, range.end - 1);
  else items.sort(compare);
  return isNumeric
    ? items.map(({ element }) => element)
    : fail("One or more scores can't be converted into double");
}

/** Too large or too small for a double, though not written as infinity or zero. */
function isOutOfRange(text: string, score: number): boolean {
  if (!Number.isFinite(score)) return !/inf/i.test(text);
  return score === 0 && /[1-9]/.test(text.split(/[ep]/i, 1)[0] ?? '');
}

function comparator({
  isAlphabetic,
  isDescending,
  by,
  storeKey,
}: Options): (left: Item, right: Item) => number {
  const sign = isDescending ? -1 : 1;
  // Without STORE, C's comparison of texts is used, which a zero byte ends.
  const compareTexts = storeKey === null ? compareCStrings : compareBytes;
  if (!isAlphabetic)
    return (left, right) =>
      sign *
      (left.score === right.score
        ? compareBytes(byteString(left.element), byteString(right.element))
        : left.score > right.score
          ? 1
          : -1);
  if (by === null)
    return (left, right) => sign * compareTexts(byteString(left.element), byteString(right.element));
  return (left, right) => {
    if (left.weight !== undefined && right.weight !== undefined)
      return sign * compareTexts(left.weight, right.weight);
    return sign * (Number(left.weight !== undefined) - Number(right.weight !== undefined));
  };
}

function compareBytes(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

function compareCStrings(left: string, right: string): number {
  return compareBytes(left.split('\0', 1)[0] ?? '', right.split('\0', 1)[0] ?? '');
}

function resultsFor({ db }: Call, element: Bytes, { get }: Options): (Bytes | undefined)[] {
  return get.length === 0 ? [element] : get.map((pattern) => lookUpPattern(db, pattern, element));
}

function store(call: Call, key: string, results: readonly (Bytes | undefined)[]): Reply {
  const { db } = call;
  if (results.length === 0) {
    if (db.delete(key)) call.notify('generic', 'del', key);
    return 0;
  }
  const list = new ListValue();
  for (const result of results) list.push('back', result ?? '');
  db.set(key, list, NEVER);
  call.notify('list', 'sortstore', key);
  return results.length;
}
