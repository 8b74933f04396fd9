/**
 * Decides how contestants are timed against each other: in turns, round after round, so that whatever else the
 * machine does falls on all of them; the median of the rounds counts. Knows nothing of what is timed.
 */
import { median } from './numbers.js';

export interface Contestant {
  readonly name: string;
  /** In one round: enough for a batch of some 100 ms. */
  readonly callsPerRound: number;
  /** At once. */
  readonly callers: number;
  /** One call, its result consumed. `index` never repeats in a measurement. */
  readonly call: (index: number) => Promise<void>;
  /** Before each batch, untimed. */
  readonly before?: () => Promise<void>;
  /** After each batch, untimed: throws if the batch was not what it was meant to be. */
  readonly verify?: (calls: number) => void;
}

export interface Timing {
  readonly name: string;
  /** Time per call, of all callers together: the inverse of the throughput. */
  readonly medianUs: number;
  readonly roundsUs: readonly number[];
}

export interface RoundsOptions {
  readonly rounds: number;
  /** Untimed rounds before: for the compiler, the pools and the caches. */
  readonly warmUpRounds: number;
}

export async function race(
  contestants: readonly Contestant[],
  { rounds, warmUpRounds }: RoundsOptions,
): Promise<readonly Timing[]> {
  const times = contestants.map((): number[] => []);
  const nextIndex = contestants.map(() => 0);
  for (let round = 0; round < warmUpRounds + rounds; round++) {
    for (let turn = 0; turn < contestants.length; turn++) {
      // Another one begins each round: nobody always runs after the same neighbour.
      const which = (turn + round) % contestants.length;
      const contestant = contestants[which];
      if (contestant === undefined) continue;
      const first = nextIndex[which] ?? 0;
      nextIndex[which] = first + contestant.callsPerRound;
      const perCallUs = await batch(contestant, first);
      if (round >= warmUpRounds) times[which]?.push(perCallUs);
    }
  }
  return contestants.map(({ name }, which) => {
    const roundsUs = times[which] ?? [];
    return { name, roundsUs, medianUs: median(roundsUs) };
  });
}

async function batch(contestant: Contestant, first: number): Promise<number> {
  const { callers, callsPerRound, call } = contestant;
  await contestant.before?.();
  globalThis.gc?.(); // the garbage of others is not on this batch's bill
  const beganAtMs = performance.now();
  if (callers === 1) {
    for (let index = first; index < first + callsPerRound; index++) await call(index);
  } else {
    let next = first;
    const caller = async (): Promise<void> => {
      while (next < first + callsPerRound) await call(next++);
    };
    await Promise.all(Array.from({ length: callers }, caller));
  }
  const elapsedMs = performance.now() - beganAtMs;
  contestant.verify?.(callsPerRound);
  return (elapsedMs * 1_000) / callsPerRound;
}
