/**
 * Decides who may share an execution (JOIN, CONSISTENCY §2, fact 6): a reader whose own look-up, begun after
 * the execution started, equals what the execution captured. Anybody else could be answered with something
 * older than an acknowledgement.
 */
import type { Dependencies } from './entry.js';
import { type CompleteVector, sameVector } from './protocol/lookup.js';

export interface Flight<T> {
  /** What it captured. */
  readonly own: Dependencies;
  readonly execution: Promise<T>;
  /** How many readers wait for it besides the one who runs it. */
  taken: number;
}

export class Flights<T> {
  private readonly aloft = new Map<object, Map<string, Flight<T>>>();
  private count = 0;

  /** @param flightsMax beyond this many, executions are not shared */
  constructor(private readonly flightsMax: number) {}

  get size(): number {
    return this.count;
  }

  /** The execution under way that a reader with these tokens may take, if any. Keys are told apart by group. */
  join(group: object, key: string, vector: CompleteVector): Flight<T> | undefined {
    const flight = this.aloft.get(group)?.get(key);
    if (flight === undefined || !sameVector(flight.own.vector, vector)) return undefined;
    flight.taken++;
    return flight;
  }

  /** Offers an execution to others until it lands. The newest takes the place of an older one. */
  offer(group: object, key: string, flight: Flight<T>): void {
    let flights = this.aloft.get(group);
    if (this.count >= this.flightsMax && flights?.has(key) !== true) return;
    if (flights === undefined) this.aloft.set(group, (flights = new Map<string, Flight<T>>()));
    if (!flights.has(key)) this.count++;
    flights.set(key, flight);
  }

  /** To be called once for each that was offered, when its outcome is known. */
  land(group: object, key: string, flight: Flight<T>): void {
    const flights = this.aloft.get(group);
    if (flights?.get(key) !== flight) return;
    flights.delete(key);
    this.count--;
    if (flights.size === 0) this.aloft.delete(group);
  }
}
