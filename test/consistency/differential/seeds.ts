/** Decides how seeds are tried, several at once, and how what came of them is added up and told. Knows no database. */
import { type Going, inLanes } from './lanes.js';
import { type Counts, noCounts } from './player.js';

/** An answer that was not the database's. */
export interface Wrong extends Error {
  readonly kind: 'stale' | 'different';
}

export interface Outcome<M extends Wrong> {
  readonly counts: Counts;
  readonly mismatch: M | null;
}

/** How a case is made of a seed, and played. */
export interface Game<Trial, Case, M extends Wrong> {
  readonly caseOf: (seed: number, steps: number, scene: string | undefined) => Case;
  readonly play: (trial: Trial, played: Case, isOver: () => boolean) => Promise<Outcome<M>>;
}

interface Seeds {
  readonly seeds: Iterator<number>;
  readonly steps: number;
}

export interface Tries<Trial, M extends Wrong> {
  /** Plays seed after seed until there are no more or `onOutcome` says that it is enough. */
  readonly trySeeds: (
    trialOf: (seed: number) => Trial,
    options: Seeds & {
      readonly onOutcome: (outcome: Outcome<M>, seed: number) => Going | Promise<Going>;
    },
  ) => Promise<void>;
  /** The first answer that was wrong, of all these seeds. */
  readonly reported: (
    trialOf: (seed: number) => Trial,
    options: Seeds & { readonly onTried?: (isWrong: boolean) => void },
  ) => Promise<M | null>;
}

export function triesOf<Trial extends { readonly scene?: string }, Case, M extends Wrong>({
  caseOf,
  play,
}: Game<Trial, Case, M>): Tries<Trial, M> {
  const trySeeds: Tries<Trial, M>['trySeeds'] = (trialOf, { seeds, steps, onOutcome }) =>
    inLanes(seeds, async (seed, isEnough) => {
      const trial = trialOf(seed);
      return onOutcome(await play(trial, caseOf(seed, steps, trial.scene), isEnough), seed);
    });
  return {
    trySeeds,
    reported: async (trialOf, { seeds, steps, onTried }) => {
      let found: M | null = null;
      await trySeeds(trialOf, {
        seeds,
        steps,
        onOutcome: ({ mismatch }) => {
          onTried?.(mismatch !== null);
          found ??= mismatch;
          return found === null ? 'go on' : 'enough';
        },
      });
      return found;
    },
  };
}

export function added(sum: Counts, counts: Counts): Counts {
  const total = noCounts();
  for (const name of Object.keys(total) as (keyof Counts)[]) total[name] = sum[name] + counts[name];
  return total;
}

export function lineOfCounts(counts: Counts): string {
  const { steps, writes, effective, refused, compared, hits, met, killed, needless } = counts;
  const said = (count: number): string => count.toLocaleString('en');
  return [
    `${said(steps)} steps, ${said(writes)} writes (${said(effective)} that changed something)`,
    `${said(compared)} answers compared, ${said(hits)} of them hits, ${said(refused)} refused by the database`,
    `of ${said(met)} kept results met after a write ${said(killed)} had changed and were not served, ${said(needless)} were not served though they had not changed`,
  ].join('; ');
}
