/** Decides how the CPU time of planning a new text and a known one is measured. Knows no dialect. */
import { median } from '../lib/numbers.js';

export interface Planned {
  readonly medianUs: number;
  readonly p95Us: number;
  /** Of a new text, what its parser takes. */
  readonly parserUs: number;
  readonly knownUs: number;
}

export interface Understanding {
  readonly corpus: readonly string[];
  readonly plan: (text: string) => unknown;
  readonly parse: (text: string) => unknown;
}

/** CPU time of this process, which a busy machine does not stretch, in µs per call. */
export function cpuOf(calls: number, run: () => void): number {
  const before = process.cpuUsage();
  run();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / calls;
}

/** Each text with a comment of its own is a new one. */
export function measurePlanning({ corpus, plan, parse }: Understanding, rounds: number): Planned {
  const planned: number[] = [];
  const parsed: number[] = [];
  for (let round = 0; round < rounds; round++)
    for (const [index, text] of corpus.entries()) {
      const fresh = `${text} /* ${round}.${index} */`;
      const planUs = cpuOf(1, () => plan(fresh));
      const parseUs = cpuOf(1, () => parse(fresh));
      // The first round warms up.
      if (round > 0) {
        planned.push(planUs);
        parsed.push(parseUs);
      }
    }
  for (const text of corpus) plan(text);
  const calls = 20_000 * corpus.length;
  const knownUs = cpuOf(calls, () => {
    for (let call = 0; call < 20_000; call++) for (const text of corpus) plan(text);
  });
  planned.sort((one, other) => one - other);
  return {
    medianUs: median(planned),
    p95Us: planned[Math.floor(planned.length * 0.95)] ?? Number.NaN,
    parserUs: median(parsed),
    knownUs,
  };
}
