/** Decides how hits per second grow with the number of worker processes: each number of workers in turns. */
import { Child } from '../../examples/demo/child.js';
import { median, sum } from '../lib/numbers.js';
import type { SharedSetting } from './setting.js';
import type { FromWorker, ToWorker } from './worker-process.js';

export interface WorkersOptions {
  readonly workersMax: number;
  readonly rounds: number;
  readonly durationMs: number;
}

/** What so many workers did together. */
export interface WorkersRate {
  readonly hitsPerSecond: number;
  /** What a hit takes of a processor: as much with more workers, unless something of ours grows with their number. */
  readonly processorUs: number;
  /** How many processors each worker had, of the one that it wanted. */
  readonly processorsEach: number;
}

/** Of one worker, of two, … */
export async function raceWorkers(
  { database, store }: Pick<SharedSetting, 'database' | 'store'>,
  { workersMax, rounds, durationMs }: WorkersOptions,
): Promise<readonly WorkersRate[]> {
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
    const rates = workers.map((): WorkersRate[] => []);
    for (let round = 0; round < rounds; round++)
      for (let count = 1; count <= workersMax; count++)
        rates[count - 1]?.push(await runTogether(workers.slice(0, count), durationMs));
    return rates.map((of) => ({
      hitsPerSecond: median(of.map(({ hitsPerSecond }) => hitsPerSecond)),
      processorUs: median(of.map(({ processorUs }) => processorUs)),
      processorsEach: median(of.map(({ processorsEach }) => processorsEach)),
    }));
  } finally {
    await Promise.all(workers.map((worker) => worker.stop({ kind: 'stop' })));
  }
}

async function runTogether(
  workers: readonly Child<FromWorker, ToWorker>[],
  durationMs: number,
): Promise<WorkersRate> {
  const running = workers.map((worker) => worker.next('ran'));
  for (const worker of workers) worker.tell({ kind: 'run', durationMs });
  const ran = await Promise.all(running);
  const processorMs = sum(ran.map((each) => each.processorMs));
  return {
    hitsPerSecond: sum(ran.map(({ hits, elapsedMs }) => (hits * 1_000) / elapsedMs)),
    processorUs: (processorMs * 1_000) / sum(ran.map(({ hits }) => hits)),
    processorsEach: processorMs / sum(ran.map(({ elapsedMs }) => elapsedMs)),
  };
}
