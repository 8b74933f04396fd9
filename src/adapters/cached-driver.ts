/** Decides which driver an ORM that builds its own pool is given: one for each module and cache. Knows no driver. */
import type { CacheCore, HasCore } from '../cache/core.js';
import { LookasideError } from '../errors.js';
import { seemingly } from './seeming.js';
import { coreOf } from './wrapped.js';

export interface DriverKind<M extends object> {
  /** For people: what is to be given. */
  readonly wanted: string;
  readonly isModule: (value: unknown) => value is M;
  /** Throws for a module whose connections can never be wrapped. */
  readonly check?: (module: M) => void;
  /** Makes the module anew, with what it makes wrapped. */
  readonly wrap: (module: M, cache: HasCore, core: CacheCore) => M;
}

/**
 * @returns what gives the same driver for the same module and cache, the module itself with the mode `off`, and throws
 * LookasideError `POOL_UNSUPPORTED`; `CONFIG_CONFLICT` for a cached driver of another cache
 */
export function driversOf<M extends object>({
  wanted,
  isModule,
  check,
  wrap,
}: DriverKind<M>): <T extends M>(module: T, cache: HasCore) => T {
  const madeFor = new WeakMap<CacheCore, WeakMap<M, M>>();
  const cores = new WeakMap<object, CacheCore>();
  return <T extends M>(module: T, cache: HasCore): T => {
    const core = coreOf(cache, 'cachedDriver');
    const known = cores.get(module);
    if (known === core) return module;
    if (known !== undefined)
      throw new LookasideError('CONFIG_CONFLICT', 'this driver has another cache already');
    if (!isModule(module))
      throw new LookasideError('POOL_UNSUPPORTED', `give cachedDriver ${wanted}${seemingly(module)}`);
    check?.(module);
    if (core.mode === 'off') return module;
    let made = madeFor.get(core);
    if (made === undefined) madeFor.set(core, (made = new WeakMap()));
    let driver = made.get(module);
    if (driver === undefined) {
      driver = wrap(module, cache, core);
      made.set(module, driver);
      cores.set(driver, core);
    }
    return driver as T;
  };
}

/** A module with some of its properties changed. The others are copied as they are described: getters stay getters. */
export function changed<M extends object>(
  module: M,
  changes: Readonly<Record<string, PropertyDescriptor>>,
): M {
  const own = Object.getOwnPropertyDescriptors(module);
  return Object.create(Object.getPrototypeOf(module) as object | null, { ...own, ...changes }) as M;
}
