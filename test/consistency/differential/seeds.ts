/** Decides how seeds are tried, several at once, and what is made of a case that fails. Knows no database. */
import { added, type Counts, Mismatch, noCounts } from './counts.js';
import { type Going, inLanes } from './lanes.js';
import { shrunk } from './shrink.js';
import type { AnyCase } from './steps.js';

export interface Outcome {
  readonly counts: Counts;
  readonly mismatch: Mismatch | null;
}

/** How a case is made of a seed, and played. */
export interface Game<Trial, Case> {
  readonly caseOf: (seed: number, steps: number, scene: string | undefined) => Case;
  readonly play: (trial: Trial, played: Case, isOver?: () => boolean) => Promise<Outcome>;
  /** On what the case's set-up has made, again and again; without it the set-up is made each time. */
  readonly onCopies?: <T>(
    trial: Trial,
    failed: Case,
    use: (play: (played: Case) => Promise<Outcome>) => Promise<T>,
  ) => Promise<T>;
  readonly printed: (played: Case) => string;
}

interface Seeds {
  readonly seeds: Iterator<number>;
  readonly steps: number;
}

export interface Tries<Trial> {
  /** Plays seed after seed until there are no more or `onOutcome` says that it is enough. */
  readonly trySeeds: (
    trialOf: (seed: number) => Trial,
    options: Seeds & {
      readonly onOutcome: (outcome: Outcome, seed: number) => Going | Promise<Going>;
    },
  ) => Promise<void>;
  /** The first answer that was wrong, of all these seeds. */
  readonly reported: (
    trialOf: (seed: number) => Trial,
    options: Seeds & { readonly onTried?: (isWrong: boolean) => void },
  ) => Promise<Mismatch | null>;
  /** What was counted; of the first seed that fails the shortest case found, for people. */
  readonly held: (
    trialOf: (seed: number) => Trial,
    options: Seeds,
  ) => Promise<{ readonly counts: Counts; readonly failures: readonly string[] }>;
  /** The shortest case found that fails, for people. */
  readonly explained: (
    trial: Trial,
    failed: { readonly seed: number; readonly steps: number; readonly outcome: Outcome },
  ) => Promise<string>;
}

export function triesOf<Trial extends { readonly scene?: string }, Step, Case extends AnyCase<Step>>(
  game: Game<Trial, Case>,
): Tries<Trial> {
  const { caseOf, play } = game;
  const trySeeds: Tries<Trial>['trySeeds'] = (trialOf, { seeds, steps, onOutcome }) =>
    inLanes(seeds, async (seed, isEnough) => {
      const trial = trialOf(seed);
      return onOutcome(await play(trial, caseOf(seed, steps, trial.scene), isEnough), seed);
    });
  const explained: Tries<Trial>['explained'] = (trial, { seed, steps, outcome }) =>
    shortened<Trial, Step, Case>(game, trial, { failed: caseOf(seed, steps, trial.scene), outcome });
  return {
    trySeeds,
    explained,
    reported: async (trialOf, { seeds, steps, onTried }) => {
      let found: Mismatch | null = null;
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
    held: async (trialOf, { seeds, steps }) => {
      let counts = noCounts();
      const failures: string[] = [];
      await trySeeds(trialOf, {
        seeds,
        steps,
        onOutcome: async (outcome, seed) => {
          counts = added(counts, outcome.counts);
          if (outcome.mismatch === null) return 'go on';
          failures.push(await explained(trialOf(seed), { seed, steps, outcome }));
          return 'enough';
        },
      });
      return { counts, failures };
    },
  };
}

async function shortened<Trial, Step, Case extends AnyCase<Step>>(
  { play, onCopies = (trial, _, use) => use((played) => play(trial, played)), printed }: Game<Trial, Case>,
  trial: Trial,
  { failed, outcome }: { readonly failed: Case; readonly outcome: Outcome },
): Promise<string> {
  const steps = await onCopies(trial, failed, (playCopy) =>
    shrunk(
      failed.steps.slice(0, outcome.counts.steps),
      async (left) => (await playCopy({ ...failed, steps: left })).mismatch !== null,
    ),
  );
  const setup = await shrunk(
    failed.setup,
    async (left) => (await play(trial, { ...failed, setup: left, steps })).mismatch !== null,
  );
  const short = { ...failed, setup, steps };
  const { mismatch } = await play(trial, short);
  return `${printed(short)}\n${mismatch?.message ?? 'and now it does not fail'}`;
}

/** One step after another, until it is over or an answer is wrong. Closes the player. */
export async function outcomeOf<Step>(
  player: { readonly counts: Counts; play(step: Step): Promise<void>; close(): Promise<void> },
  steps: readonly Step[],
  isOver: () => boolean = () => false,
): Promise<Outcome> {
  try {
    for (const step of steps) if (!isOver()) await player.play(step);
    return { counts: player.counts, mismatch: null };
  } catch (error) {
    if (!(error instanceof Mismatch)) throw error;
    return { counts: player.counts, mismatch: error };
  } finally {
    await player.close();
  }
}
