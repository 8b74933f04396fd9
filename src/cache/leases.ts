/**
 * Decides which process runs an expensive function when several need its result at once: whoever holds the lease, a
 * key that ends by itself. The others look for the result until it is there or the lease is over. An optimisation
 * only: what they find is a hit like any other, and without a lease everybody runs the function.
 */
import { type Clock, keepAwake, type Random } from '../clock.js';
import { type Conversation, expectNoError } from './executor.js';

export interface LeasesOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly converse: <T>(conversation: Conversation<T>) => Promise<T>;
  readonly onFailure: (error: unknown) => void;
}

export interface LeaseRequest<H> {
  /** Of the lease, in the store. */
  readonly key: string;
  /** How long others wait at most, in ms. */
  readonly leaseMs: number;
  /** Looks for the result; null when it is not there (yet). */
  readonly find: () => Promise<H | null>;
}

/** What is to be done: serve what somebody else found out, or find it out, and say so when that is done. */
export type Turn<H> =
  | { readonly kind: 'found'; readonly hit: H }
  | { readonly kind: 'run'; readonly done: () => void };

const DELAY_MS_MIN = 5;
const DELAY_MS_MAX = 200;

export class Leases {
  constructor(private readonly options: LeasesOptions) {}

  /** Never rejects: without a store everybody runs the function. */
  async turn<H>({ key, leaseMs, find }: LeaseRequest<H>): Promise<Turn<H>> {
    const { clock, random, converse, onFailure } = this.options;
    const endMs = clock.monotonicMs() + leaseMs;
    const holder = random.hex(12);
    const awake = keepAwake();
    try {
      for (let delayMs = DELAY_MS_MIN; ; delayMs = Math.min(DELAY_MS_MAX, delayMs * 2)) {
        const isTaken = await converse(take(key, holder, leaseMs));
        const done = (): void => void converse(giveBack(key, holder)).catch(onFailure);
        const hit = await find(); // after the lease was taken: who held it before may have been done by then
        if (hit !== null) {
          if (isTaken) done();
          return { kind: 'found', hit };
        }
        if (isTaken) return { kind: 'run', done };
        if (clock.monotonicMs() >= endMs) break;
        await new Promise<void>((resolve) => clock.after(delayMs, resolve));
      }
    } catch (error) {
      onFailure(error);
    } finally {
      awake.cancel();
    }
    return { kind: 'run', done: () => undefined };
  }
}

function* take(key: string, holder: string, leaseMs: number): Conversation<boolean> {
  const replies = yield [['SET', key, holder, 'NX', 'PX', String(Math.ceil(leaseMs))]];
  expectNoError(replies);
  return replies[0] !== null;
}

/** One that ended meanwhile and belongs to somebody else is left alone, mostly: that costs a second run at worst. */
function* giveBack(key: string, holder: string): Conversation<void> {
  const [current] = yield [['GET', key]];
  if (current === holder) expectNoError(yield [['DEL', key]]);
}
