/** Decides what one worker of `shared` does: a loop of hits over its own cache on the shared store. Ends with its parent. */
import { createCache } from 'lookaside';
import { withCache } from 'lookaside/pg';
import { Pool } from 'pg';
import { argumentsFromParent, endWithParent, failed, tellParent } from '../../examples/demo/parent.js';
import { plainTable } from '../hits/tables.js';

/** What a worker is told at its start. */
export interface WorkerArguments {
  readonly database: string;
  readonly store: string;
}

/** Sent by the parent: run for so long, or end. */
export type ToWorker = { readonly kind: 'run'; readonly durationMs: number } | { readonly kind: 'stop' };

/** `ran`: calls answered from the decoded results of this process, and the processor time that all of it took. */
export type FromWorker =
  | { readonly kind: 'ready' }
  | { readonly kind: 'ran'; readonly hits: number; readonly elapsedMs: number; readonly processorMs: number };

const hotGroups = 100;
const callers = 50;

async function main(): Promise<void> {
  endWithParent();
  const { database, store } = argumentsFromParent() as WorkerArguments;
  const cache = createCache({
    namespace: 'bench-workers',
    ttl: '1h',
    changes: { kind: 'none' },
    consistency: 'bounded',
    topology: { kind: 'single', url: store },
  });
  const pool = withCache(new Pool({ connectionString: database, max: 2 }), cache);
  pool.on('error', () => undefined);
  await cache.ready();
  const read = (group: number): Promise<unknown> => pool.query(plainTable.select, [group]);
  const warm = async (): Promise<void> => {
    for (let group = 0; group < hotGroups; group++) await read(group);
  };
  await warm();
  await warm();
  process.on('message', (message: ToWorker) => {
    if (message.kind === 'stop') process.exit();
    run(message.durationMs).then(tellParent, failed);
  });
  tellParent({ kind: 'ready' } satisfies FromWorker);

  async function run(durationMs: number): Promise<FromWorker> {
    const before = cache.stats().nearHits;
    const beganAtMs = performance.now();
    const usedBefore = process.cpuUsage();
    const until = beganAtMs + durationMs;
    await Promise.all(
      Array.from({ length: callers }, async (_, caller) => {
        for (let index = caller; performance.now() < until; index++) await read(index % hotGroups);
      }),
    );
    const elapsedMs = performance.now() - beganAtMs;
    const { user, system } = process.cpuUsage(usedBefore);
    const hits = cache.stats().nearHits - before;
    return { kind: 'ran', hits, elapsedMs, processorMs: (user + system) / 1_000 };
  }
}

main().catch(failed);
