/**
 * Decides which of the steps that are ready runs next, from a seed. Knows nothing of what the steps do.
 *
 * Two strategies: any of them, or the actor of highest priority until a few random points at which the running
 * actor falls behind all others. The latter finds races that need one actor to be overtaken by a long stretch of
 * another, which uniform choice almost never gives (Burckhardt et al., "A Randomized Scheduler with Probabilistic
 * Guarantees of Finding Bugs", ASPLOS 2010).
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { type Random, seededRandom } from '../../../src/clock.js';

export interface Interleaving {
  readonly seed: number;
  readonly strategy: 'any' | 'priorities';
}

interface Step {
  readonly label: string;
  readonly actor: number;
  readonly run: () => void;
}

/** How many steps into a run the last change of priorities may come, and how many changes there are. */
const CHANGE_WITHIN_STEPS = 60;
const CHANGES = 3;

/** A run is a few hundred steps; more means that something goes round in circles. */
const STEPS_MAX = 20_000;

/** One for all runs: a storage costs every promise of the process something for as long as it is in use. */
const actors = new AsyncLocalStorage<number>();

export class Scheduler {
  /** What ran, in order: to be shown when a run fails. */
  readonly trace: string[] = [];
  private readonly ready: Step[] = [];
  private readonly priorities = new Map<number, number>();
  private readonly random: Random;
  private readonly changePoints: ReadonlySet<number>;
  private actorsSeen = 0;
  private lowest = 0;

  constructor(private readonly interleaving: Interleaving) {
    this.random = seededRandom(interleaving.seed);
    this.changePoints = new Set(
      Array.from({ length: CHANGES }, () => Math.floor(this.random.fraction() * CHANGE_WITHIN_STEPS)),
    );
  }

  /** Everything that `body` waits for counts as steps of one actor. */
  act<T>(body: () => Promise<T>): Promise<T> {
    const actor = ++this.actorsSeen;
    this.priorities.set(actor, 1 + this.random.fraction());
    return actors.run(actor, body);
  }

  /** Settles when it is this step's turn. */
  step(label: string): Promise<void> {
    return new Promise((resolve) => {
      this.ready.push({ label, actor: actors.getStore() ?? 0, run: resolve });
    });
  }

  /** Runs steps until nothing waits for one. */
  async drain(): Promise<void> {
    for (;;) {
      await quiescence();
      const step = this.take();
      if (step === undefined) return;
      if (this.trace.length >= STEPS_MAX)
        throw new Error(`no end after ${STEPS_MAX} steps: ${this.trace.slice(-8).join('; ')}`);
      this.trace.push(`${step.actor}: ${step.label}`);
      step.run();
    }
  }

  private take(): Step | undefined {
    if (this.ready.length === 0) return undefined;
    const index =
      this.interleaving.strategy === 'any'
        ? Math.floor(this.random.fraction() * this.ready.length)
        : this.indexOfHighest();
    const [step] = this.ready.splice(index, 1);
    if (step !== undefined && this.changePoints.has(this.trace.length))
      this.priorities.set(step.actor, --this.lowest);
    return step;
  }

  private indexOfHighest(): number {
    const priorityOf = ({ actor }: Step): number => this.priorities.get(actor) ?? 0;
    let best = 0;
    this.ready.forEach((step, index) => {
      if (priorityOf(step) > priorityOf(this.ready[best] as Step)) best = index; // best is an index seen before
    });
    return best;
  }
}

/** All promises that can settle have settled. */
const quiescence = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
