/** Decides that one look at a catalog is under way at a time, in the background. Knows no connection. */
import type { CacheCore } from '../cache/core.js';
import type { Database } from './database.js';

/** @param look over whatever connection there is; that it rejects is counted, and the next statement asks again */
export function refreshOnce<D extends Pick<Database, 'mayLook'>>(
  core: CacheCore,
  look: (database: D) => Promise<void>,
): (database: D) => void {
  let isLooking = false;
  return (database) => {
    if (isLooking || !database.mayLook) return;
    isLooking = true;
    look(database)
      .catch((error: unknown) => core.failed('catalog', error))
      .finally(() => {
        isLooking = false;
      });
  };
}
