/**
 * Decides what an ORM is given that builds its own pool or connections: the module `mysql2` as it is, but that what it
 * makes is wrapped. Knows no ORM.
 */
import type { CacheCore, HasCore } from '../../cache/core.js';
import { LookasideError } from '../../errors.js';
import { coreOf } from '../wrapped.js';
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

/** What was made for one cache: the same module gives the same again. */
const madeFor = new WeakMap<CacheCore, WeakMap<object, DriverModule>>();
const cores = new WeakMap<object, CacheCore>();

/**
 * The module `mysql2` (or `mysql2/promise`) for an ORM that builds its own pool or connections: everything that it has,
 * with functions that give what its own give, wrapped as by `withCache`. The module that was given is not changed.
 *
 * @param mysql what `import mysql from 'mysql2'`, `import * as mysql from 'mysql2'` or `require('mysql2')` gave
 * @returns the same module for the same cache; `mysql` itself with the mode `off`
 * @throws LookasideError `POOL_UNSUPPORTED`; `CONFIG_CONFLICT` when it is a cached driver of another cache
 */
export function cachedDriver<T extends DriverModule>(mysql: T, cache: HasCore): T {
  const core = coreOf(cache, 'cachedDriver');
  const known = cores.get(mysql);
  if (known === core) return mysql;
  if (known !== undefined)
    throw new LookasideError('CONFIG_CONFLICT', 'this driver has another cache already');
  if (!isModule(mysql))
    throw new LookasideError('POOL_UNSUPPORTED', 'give cachedDriver the module mysql2 or mysql2/promise');
  if (core.mode === 'off') return mysql;
  let made = madeFor.get(core);
  if (made === undefined) madeFor.set(core, (made = new WeakMap()));
  let driver = made.get(mysql);
  if (driver === undefined) {
    driver = driverFrom(mysql, cache);
    made.set(mysql, driver);
    cores.set(driver, core);
  }
  return driver as T;
}

function isModule(value: unknown): value is DriverModule {
  const { createPool, createConnection, format } = (value ?? {}) as Partial<
    Record<keyof DriverModule, unknown>
  >;
  return [createPool, createConnection, format].every((one) => typeof one === 'function');
}

/** Properties are copied as they are described: some are getters that would load another part of the driver. */
function driverFrom(mysql: DriverModule, cache: HasCore): DriverModule {
  const own = Object.getOwnPropertyDescriptors(mysql) as Record<string, PropertyDescriptor>;
  const changed: Record<string, PropertyDescriptor> = {};
  const change = (name: string, ofValue: (value: unknown) => unknown): void => {
    if (own[name] === undefined) return;
    changed[name] = {
      get: () => ofValue((mysql as unknown as Readonly<Record<string, unknown>>)[name]),
      enumerable: own[name].enumerable ?? true,
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
  return Object.create(Object.getPrototypeOf(mysql) as object | null, { ...own, ...changed }) as DriverModule;
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
