/**
 * Decides what an ORM is given that builds its own pool or connections: the module `mysql2` as it is, but that what it
 * makes is wrapped. Knows no ORM.
 */
import type { HasCore } from '../../cache/core.js';
import { changed, driversOf } from '../cached-driver.js';
import { type PoolLike, withCache } from './with-cache.js';

type Make = (...given: never[]) => unknown;

/** What `mysql2` and `mysql2/promise` have, however they were imported: enough to tell them from anything else. */
export interface DriverModule {
  readonly createPool: Make;
  readonly createConnection: Make;
  /** The driver `mariadb`, which makes pools too, has none. */
  readonly format: Make;
}

/** What makes something that runs statements. */
const makers = [
  'createPool',
  'createConnection',
  'connect',
  'createPoolCluster',
  'createPoolPromise',
  'createConnectionPromise',
  'createPoolClusterPromise',
];

/**
 * The module `mysql2` (or `mysql2/promise`) for an ORM that builds its own pool or connections: everything that it has,
 * with functions that give what its own give, wrapped as by `withCache`. The module that was given is not changed.
 *
 * @param mysql what `import mysql from 'mysql2'`, `import * as mysql from 'mysql2'` or `require('mysql2')` gave
 * @returns the same module for the same cache; `mysql` itself with the mode `off`
 * @throws LookasideError `POOL_UNSUPPORTED`; `CONFIG_CONFLICT` when it is a cached driver of another cache
 */
export function cachedDriver<T extends DriverModule>(mysql: T, cache: HasCore): T {
  return drivers(mysql, cache);
}

const drivers = driversOf<DriverModule>({
  wanted: 'the module mysql2 or mysql2/promise',
  isModule,
  wrap: driverFrom,
});

function isModule(value: unknown): value is DriverModule {
  // The driver `mysql` has the same names but the last, which no types tell of.
  const { createPool, createConnection, format, clearParserCache } = (value ?? {}) as Partial<
    Record<keyof DriverModule | 'clearParserCache', unknown>
  >;
  return [createPool, createConnection, format, clearParserCache].every((one) => typeof one === 'function');
}

function driverFrom(mysql: DriverModule, cache: HasCore): DriverModule {
  const changes: Record<string, PropertyDescriptor> = {};
  const change = (name: string, ofValue: (value: unknown) => unknown): void => {
    const own = Object.getOwnPropertyDescriptor(mysql, name);
    if (own === undefined) return;
    changes[name] = {
      get: () => ofValue((mysql as unknown as Readonly<Record<string, unknown>>)[name]),
      enumerable: own.enumerable ?? true,
      configurable: true,
    };
  };
  const wrapping = new Map<unknown, unknown>();
  for (const name of makers)
    change(name, (make) => {
      if (typeof make !== 'function') return make;
      const known = wrapping.get(make) ?? wrapped(make as Make, cache);
      wrapping.set(make, known);
      return known;
    });
  // An import of everything has the module once more as its default.
  change('default', (value) => (isModule(value) ? cachedDriver(value, cache) : value));
  return changed(mysql, changes);
}

function wrapped(make: Make, cache: HasCore): Make {
  const wrap = (made: unknown): unknown => withCache(made as PoolLike, cache);
  const making = (...given: never[]): unknown => {
    const made = make(...given);
    return isPromise(made) ? made.then(wrap) : wrap(made);
  };
  return Object.defineProperty(making, 'name', { value: make.name });
}

/** Queries have a `then`, too, which only says that they are none. */
const isPromise = (value: unknown): value is Promise<unknown> =>
  typeof value === 'object' && value !== null && 'then' in value && 'finally' in value;
