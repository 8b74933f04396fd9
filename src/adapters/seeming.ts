/**
 * Decides what is said of something that is no pool, connection or module to be wrapped: what it seems to be, told by its
 * shape, and what to do instead. Knows nothing of what wrapping takes.
 */
import { coreSymbol } from '../cache/core.js';

type Shape = Readonly<Record<PropertyKey, unknown>>;

interface Seeming {
  readonly is: (given: Shape) => boolean;
  readonly say: string;
}

const has = (given: Shape, ...methods: readonly string[]): boolean =>
  methods.every((name) => typeof given[name] === 'function');

const isPlain = (given: Shape): boolean => {
  const prototype: unknown = Object.getPrototypeOf(given);
  return prototype === Object.prototype || prototype === null;
};

/** What is behind an object of mysql2's promise API has nothing else that calls itself so. */
const isOfMysql2 = (given: Shape): boolean =>
  (has(given, 'query', 'execute') && ('_allConnections' in given || '_commands' in given)) ||
  [given['pool'], given['connection'], given['poolCluster']].some(
    (inner) => typeof inner === 'object' && inner !== null && isOfMysql2(inner as Shape),
  );

/** The first that fits. */
const seemings: readonly Seeming[] = [
  { is: (given) => coreSymbol in given, say: 'this is a cache, which comes second' },
  { is: (given) => has(given, 'then', 'catch'), say: 'this is a promise; await it first' },
  {
    is: (given) => has(given, 'batch', 'importFile') || has(given, 'importFile', 'createPool'),
    say: 'this is of the driver mariadb, which cannot be wrapped; mysql2 speaks to MariaDB, too',
  },
  {
    is: (given) =>
      (has(given, 'createPool', 'raw') && !has(given, 'clearParserCache')) ||
      (!has(given, 'execute') && ('_allConnections' in given || '_protocol' in given)),
    say: 'this is of the driver mysql, which cannot be wrapped; mysql2 has the same methods',
  },
  {
    is: (given) => has(given, 'createPool', 'clearParserCache'),
    say: 'this is the module mysql2, which cachedDriver of lookaside/mysql2 takes; withCache takes a pool that it made',
  },
  {
    is: (given) => has(given, 'Pool', 'Client'),
    say: 'this is the module pg, which cachedDriver of lookaside/pg takes; withCache takes a pool that it made',
  },
  {
    is: isOfMysql2,
    say: 'this is of mysql2; a pool or connection of it is wrapped by withCache of lookaside/mysql2',
  },
  {
    is: (given) =>
      has(given, 'query', 'connect', 'end') && ('Client' in given || 'connectionParameters' in given),
    say: 'this is of pg; a pool or client of it is wrapped by withCache of lookaside/pg',
  },
  {
    is: isPlain,
    say: 'this is a plain object; options become a pool by createPool of mysql2 or new Pool of pg',
  },
];

/** The end of a sentence about what should have been given. Empty: it is like nothing that is known. */
export function seemingly(given: unknown): string {
  if (given === null || given === undefined) return `; this is ${String(given)}`;
  if (typeof given !== 'object' && typeof given !== 'function') return `; this is a ${typeof given}`;
  const found = seemings.find(({ is }) => is(given as Shape));
  return found === undefined ? '' : `; ${found.say}`;
}
