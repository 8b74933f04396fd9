/** Decides how a connection without a pool is wrapped: as the one connection of its own. Knows no driver. */
import type { CacheCore } from '../cache/core.js';
import type { Database } from './database.js';
import { refreshOnce } from './refresh.js';
import type { KnownDatabase, Wrapper } from './wrapped.js';

/** Whom a connection without a pool belongs to. */
interface Owner<D> {
  readonly adopt: (database: D) => void;
  /** Behind what was called so far and before what is called next. */
  readonly refresh: (database: D) => void;
}

interface Watched<D> {
  prepare(): Promise<void>;
  lookInUse(database: D): Promise<void>;
}

export function wrapDirectly<D extends KnownDatabase & Pick<Database, 'mayLook'>>(
  core: CacheCore,
  watch: (owner: Owner<D>) => Watched<D>,
): Wrapper {
  let baseline: D | null = null;
  const watched = watch({
    adopt: (database) => {
      baseline = database;
    },
    refresh: refreshOnce(core, (database) => watched.lookInUse(database)),
  });
  return {
    get database() {
      return baseline;
    },
    prepare: () => watched.prepare(),
  };
}
