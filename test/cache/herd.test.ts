/** Holds that callers of one moment share one execution, also where a result is known that a write has voided. */
import { expect, it } from 'vitest';
import { ownCache } from './support.js';

const CALLERS = 20;

it('many callers after each invalidation share one load, in a shared store', async () => {
  const { cache } = ownCache();
  let loads = 0;
  const get = () => cache.getOrSet({ key: 'k', tags: ['t'], load: async () => ++loads });
  const all = () => Promise.all(Array.from({ length: CALLERS }, get));
  try {
    for (let turn = 1; turn <= 4; turn++) {
      expect(new Set(await all())).toEqual(new Set([turn]));
      expect(loads).toBe(turn);
      await cache.invalidate({ tags: ['t'] });
    }
  } finally {
    await cache.close();
  }
});
