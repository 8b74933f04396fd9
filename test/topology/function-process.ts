/** Decides what an application process does in the tests of functions across processes: it loads one value, when told. */
import { Redis } from 'ioredis';
import { createCache } from '../../src/index.js';

export type FunctionOrder = { readonly id: number; readonly do: 'get' | 'invalidate' | 'stats' };
export interface FunctionAnswer {
  readonly id: number;
  readonly result: unknown;
}

const { url, namespace, lease } = JSON.parse(process.env['FUNCTION_SETTINGS'] ?? '{}') as {
  url: string;
  namespace: string;
  lease: number;
};
const cache = createCache({ namespace, topology: { kind: 'single', url }, changes: { kind: 'none' } });
const gate = new Redis(url);

/** Counted, and held up until somebody opens the gate. */
async function load(): Promise<string> {
  const count = await gate.incr('loads');
  await gate.blpop('gate', 0);
  return `value ${count}`;
}

const tasks = {
  get: () => cache.getOrSet({ key: 'k', tags: ['t'], lease, load }),
  invalidate: () => cache.invalidate({ tags: ['t'] }),
  stats: async () => cache.stats(),
};

process.on('message', (order: FunctionOrder) => {
  void (async () => {
    await cache.ready();
    const result = (await tasks[order.do]()) ?? null;
    process.send?.({ id: order.id, result } satisfies FunctionAnswer);
  })();
});
process.on('disconnect', () => process.exit());
