/** Decides how hits per second grow with the number of worker processes: each number of workers in turns. */
import { Child } from '../../examples/demo/child.js';
import { median } from '../lib/numbers.js';
import type { SharedSetting } from './setting.js';
import type { FromWorker, ToWorker } from './worker-process.js';

export interface WorkersOptions {
  readonly workersMax: number;
  readonly rounds: number;
  readonly durationMs: number;
}

/** Hits per second of one worker, of two, … */
export async function raceWorkers(
  { database, store }: Pick<SharedSetting, 'database' | 'store'>,
  { workersMax, rounds, durationMs }: WorkersOptions,
): Promise<readonly number[]> {
  const workers = Array.from(
    { length: workersMax },
    (_, index) =>
      new Child<FromWorker, ToWorker>({
        program: new URL('./worker-process.ts', import.meta.url),
        name: `worker ${index + 1}`,
        args: { database, store },
      }),
  );
  try {
    await Promise.all(workers.map((worker) => worker.next('ready')));
    const rates = workers.map((): number[] => []);
    for (let round = 0; round < rounds; round++)
      for (let count = 1; count <= workersMax; count++)
        rates[count - 1]?.push(await runTogether(workers.slice(0, count), durationMs));
    return rates.map(median);
  } finally {
    await Promise.all(workers.map((worker) => worker.stop({ kind: 'stop' })));
  }
}

async function runTogether(
  workers: readonly Child<FromWorker, ToWorker>[],
  durationMs: number,
): Promise<number> {
  const running = workers.map((worker) => worker.next('ran'));
  for (const worker of workers) worker.tell({ kind: 'run', durationMs });
  let perSecond = 0;
  for (const { hits, elapsedMs } of await Promise.all(running)) perSecond += (hits * 1_000) / elapsedMs;
  return perSecond;
}
