/**
 * Decides whether a reply is stale: whether it lacks a write whose acknowledgement had arrived before the request
 * was sent. Knows versions and the order in which one process saw things happen; nothing of HTTP or of caches.
 *
 * Every city's version goes up by one with each change, under Postgres' row lock. So a city in a reply must have at
 * least the highest version acknowledged before the request; a country's sum of versions at least the sum of those;
 * and a list ordered by population must contain every city that had to be in it all the while.
 */
import type { CountryTotals, ListedCity } from '../cities.js';

/** A point in the order of what this process saw. Two events never share one. */
export type Moment = number;

/** The fields that decide whether a city is in a list. */
export interface Place {
  readonly country: string;
  /** Of the searches that find it; null if none does for certain. */
  readonly prefix: string | null;
}

/** What lists are of: cities of a country, cities whose name starts alike. */
export type ListOf = { readonly country: string } | { readonly prefix: string };

interface WrittenCity {
  readonly place: Place;
  readonly versions: Floor;
  /** As of the highest acknowledged version. */
  population: number;
  writesInFlight: number;
  /** When a write of it was last sent or acknowledged. */
  lastWriteAt: Moment;
}

export class Ledger {
  private now: Moment = 0;
  private readonly cities = new Map<number, WrittenCity>();
  private readonly countries = new Map<string, { readonly members: Set<number>; readonly sum: Floor }>();
  private readonly prefixes = new Map<string, Set<number>>();

  /** To be taken before a read is sent, and given back with its reply. */
  moment(): Moment {
    return ++this.now;
  }

  writeSent(id: number, place: Place): void {
    const city = this.written(id, place);
    city.writesInFlight++;
    city.lastWriteAt = ++this.now;
  }

  /** The reply to a write arrived. Replies to two writes of one city may arrive in either order. */
  writeAcknowledged({ id, version, population }: Pick<ListedCity, 'id' | 'version' | 'population'>): void {
    const city = this.cities.get(id);
    if (city === undefined) throw new Error(`City ${id} was acknowledged without a write`);
    city.writesInFlight--;
    city.lastWriteAt = ++this.now;
    const known = city.versions.latest;
    if (version <= known) return;
    city.population = population;
    city.versions.raise(version, this.now);
    const { sum } = this.country(city.place.country);
    sum.raise(sum.latest + version - known, this.now);
  }

  /** The version that a read sent at this moment must show at least. */
  floorOf(id: number, sentAt: Moment): number {
    return this.cities.get(id)?.versions.at(sentAt) ?? 0;
  }

  isStaleCity({ id, version }: Pick<ListedCity, 'id' | 'version'>, sentAt: Moment): boolean {
    return version < this.floorOf(id, sentAt);
  }

  isStaleTotal({ code, versions }: Pick<CountryTotals, 'code' | 'versions'>, sentAt: Moment): boolean {
    return versions < (this.countries.get(code)?.sum.at(sentAt) ?? 0);
  }

  /** @param longest how many cities the list has if there are that many */
  isStaleList(of: ListOf, cities: readonly ListedCity[], longest: number, sentAt: Moment): boolean {
    if (cities.some((city) => this.isStaleCity(city, sentAt))) return true;
    const last = cities.length < longest ? undefined : cities.at(-1);
    const leastPopulation = last?.population ?? -1;
    const shown = new Set(cities.map(({ id }) => id));
    const candidates =
      'country' in of ? this.countries.get(of.country)?.members : this.prefixes.get(of.prefix);
    for (const id of candidates ?? [])
      if (!shown.has(id) && this.hadPopulationOver(leastPopulation, id, sentAt)) return true;
    return false;
  }

  /** Whether the city had it from before `sentAt` until now, without a write that could say otherwise. */
  private hadPopulationOver(limit: number, id: number, sentAt: Moment): boolean {
    const city = this.cities.get(id);
    if (city === undefined || city.versions.latest === 0) return false;
    return city.writesInFlight === 0 && city.lastWriteAt < sentAt && city.population > limit;
  }

  private written(id: number, place: Place): WrittenCity {
    let city = this.cities.get(id);
    if (city === undefined) {
      city = { place, versions: new Floor(), population: 0, writesInFlight: 0, lastWriteAt: 0 };
      this.cities.set(id, city);
      this.country(place.country).members.add(id);
      if (place.prefix !== null) this.alike(place.prefix).add(id);
    }
    return city;
  }

  private alike(prefix: string): Set<number> {
    let alike = this.prefixes.get(prefix);
    if (alike === undefined) this.prefixes.set(prefix, (alike = new Set()));
    return alike;
  }

  private country(code: string): { readonly members: Set<number>; readonly sum: Floor } {
    let country = this.countries.get(code);
    if (country === undefined) this.countries.set(code, (country = { members: new Set(), sum: new Floor() }));
    return country;
  }
}

/** Replies are compared with what was known when their request left; no request is out for longer than this many raises. */
const raisesKept = 512;

/** A number that only rises, and what it was at recent moments. */
class Floor {
  private readonly raises: { readonly value: number; readonly at: Moment }[] = [];

  get latest(): number {
    return this.raises.at(-1)?.value ?? 0;
  }

  raise(value: number, at: Moment): void {
    this.raises.push({ value, at });
    // Forgetting makes the check weaker, never wrong: a request older than all that is kept is not judged.
    if (this.raises.length > 2 * raisesKept) this.raises.splice(0, raisesKept);
  }

  at(moment: Moment): number {
    for (let index = this.raises.length - 1; index >= 0; index--) {
      const raise = this.raises[index];
      if (raise !== undefined && raise.at <= moment) return raise.value;
    }
    return 0;
  }
}
