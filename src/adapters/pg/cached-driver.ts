/**
 * Decides what an ORM is given that builds its own pool: the module `pg` as it is, but that every pool and client made
 * from it is wrapped. Knows no ORM.
 */
import type { CacheCore, HasCore } from '../../cache/core.js';
import { LookasideError } from '../../errors.js';
import { changed, driversOf } from '../cached-driver.js';
import { isMakingOwn } from '../wrapped.js';
import { driverOf } from './driver.js';
import { type PoolLike, withCache } from './with-cache.js';

type DriverClass = new (...given: never[]) => PoolLike;

/** What the module `pg` has, however it was imported: enough to tell it from anything else. */
export interface DriverModule {
  readonly Pool: DriverClass;
  readonly Client: DriverClass;
}

/**
 * The module `pg` for an ORM that builds its own pool: everything that it has, with a `Pool` and a `Client` that are
 * subclasses of its own and whose instances are wrapped as by `withCache`. The module that was given is not changed.
 *
 * @param pg what `import pg from 'pg'`, `import * as pg from 'pg'` or `require('pg')` gave
 * @returns the same module for the same cache; `pg` itself with the mode `off`
 * @throws LookasideError `POOL_UNSUPPORTED`; `CONFIG_CONFLICT` when it is a cached driver of another cache
 */
export function cachedDriver<T extends DriverModule>(pg: T, cache: HasCore): T {
  return drivers(pg, cache);
}

const drivers = driversOf<DriverModule>({
  wanted: 'the module pg',
  isModule,
  check: ({ Client }) => void driverOf(Client), // pg-native is refused here, not at the first connection
  wrap: driverFrom,
});

type Classes = WeakMap<DriverClass, DriverClass>;

/** A class may be in several modules: one with itself as its default, say. */
const classesFor = new WeakMap<CacheCore, Classes>();

function isModule(value: unknown): value is DriverModule {
  const { Pool, Client } = (value ?? {}) as Partial<Record<keyof DriverModule, unknown>>;
  return typeof Pool === 'function' && typeof Client === 'function';
}

function driverFrom(pg: DriverModule, cache: HasCore, core: CacheCore): DriverModule {
  let classes = classesFor.get(core);
  if (classes === undefined) classesFor.set(core, (classes = new WeakMap()));
  const fixed = (value: unknown): PropertyDescriptor => ({
    value,
    enumerable: true,
    writable: true,
    configurable: true,
  });
  const changes: Record<string, PropertyDescriptor> = {
    Pool: fixed(wrappingClass(pg.Pool, cache, classes)),
    Client: fixed(wrappingClass(pg.Client, cache, classes)),
  };
  if (Object.hasOwn(pg, 'native'))
    changes['native'] = {
      get: () => refuseNative((pg as { readonly native?: unknown }).native),
      configurable: true,
    };
  if (Object.hasOwn(pg, 'default'))
    changes['default'] = {
      get: () => driverIn((pg as { readonly default?: unknown }).default, cache),
      enumerable: true,
      configurable: true,
    };
  return changed(pg, changes);
}

/** An import of everything has the module once more as its default. */
const driverIn = (value: unknown, cache: HasCore): unknown =>
  isModule(value) ? cachedDriver(value, cache) : value;

/** Null where the package `pg-native` is not installed. */
function refuseNative(native: unknown): unknown {
  if (native === null || native === undefined) return native;
  throw new LookasideError('POOL_UNSUPPORTED', 'pg-native cannot be wrapped; use pg in plain JavaScript');
}

function wrappingClass(Own: DriverClass, cache: HasCore, classes: Classes): DriverClass {
  const known = classes.get(Own);
  if (known !== undefined) return known;
  const Base = Own as new (...given: unknown[]) => PoolLike;
  class Wrapping extends Base {
    constructor(...given: unknown[]) {
      super(...given);
      if (!isMakingOwn()) withCache(this, cache);
    }
  }
  // Loggers and ORMs look at names of classes.
  Object.defineProperty(Wrapping, 'name', { value: Own.name });
  classes.set(Own, Wrapping);
  return Wrapping;
}
