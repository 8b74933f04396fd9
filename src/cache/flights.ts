/**
 * Decides who may share an execution (JOIN, CONSISTENCY §2, fact 6): a reader whose own look-up, begun after
 * the execution started, equals what the execution captured. Anybody else could be answered with something
 * older than an acknowledgement.
 */
import { type CompleteVector, sameVector } from './protocol/lookup.js';

interface Flight<T> {
  readonly vector: CompleteVector;
  readonly landing: Promise<T>;
}

export class Flights<T> {
  private readonly aloft = new Map<string, Flight<T>>();

  /** @param flightsMax beyond this many, executions are not shared */
  constructor(private readonly flightsMax: number) {}

  get size(): number {
    return this.aloft.size;
  }

  /** The execution under way that a reader with these tokens may take, if any. */
  join(key: string, vector: CompleteVector): Promise<T> | undefined {
    const flight = this.aloft.get(key);
    return flight !== undefined && sameVector(flight.vector, vector) ? flight.landing : undefined;
  }

  /** Offers an execution to others until it lands. The newest takes the place of an older one. */
  offer(key: string, vector: CompleteVector, landing: Promise<T>): void {
    if (this.aloft.size >= this.flightsMax && !this.aloft.has(key)) return;
    const flight = { vector, landing };
    this.aloft.set(key, flight);
    const land = (): void => {
      if (this.aloft.get(key) === flight) this.aloft.delete(key);
    };
    landing.then(land, land);
  }
}
