/**
 * Decides what is asked of the API and how often: cities by Zipf's law with the most populous first, for reads and
 * writes alike. Judges no reply.
 */
import type { CityRow } from '../dataset.js';
import type { HttpRequest } from './http-connection.js';
import type { Place } from './ledger.js';
import { Zipf } from './popularity.js';

export type Read =
  | { readonly kind: 'city'; readonly id: number }
  | { readonly kind: 'search'; readonly prefix: string }
  | { readonly kind: 'top'; readonly country: string }
  | { readonly kind: 'totals'; readonly country: string };

export interface Write {
  readonly id: number;
  readonly place: Place;
  readonly change: { readonly population: number } | { readonly name: string };
}

const searchLength = 3;

/** Of a hundred reads: 10 searches, 10 lists of ten, 5 totals, the rest single cities. */
const shares = { search: 0.1, top: 0.1, totals: 0.05 } as const;
/** Of writes; the rest change the population. */
const renameShare = 0.2;

export class Requests {
  private readonly popularity: Zipf;

  constructor(
    private readonly cities: readonly CityRow[],
    private readonly random: () => number = Math.random,
  ) {
    this.popularity = new Zipf(cities.length);
  }

  read(): Read {
    const city = this.popularCity();
    const dice = this.random();
    if (dice < shares.totals) return { kind: 'totals', country: city.country };
    if (dice < shares.totals + shares.top) return { kind: 'top', country: city.country };
    if (dice < shares.totals + shares.top + shares.search) return searchFor(city);
    return { kind: 'city', id: city.id };
  }

  write(): Write {
    const { id, name, country, population } = this.popularCity();
    const place = { country, prefix: prefixOf(name) };
    // A new name starts like the old one, so a city stays in the searches that found it.
    if (this.random() < renameShare)
      return { id, place, change: { name: `${name} ${Math.floor(this.random() * 1_000)}` } };
    return { id, place, change: { population: Math.round(population * (0.8 + 0.4 * this.random())) } };
  }

  private popularCity(): CityRow {
    const city = this.cities[this.popularity.rankOf(this.random())];
    if (city === undefined) throw new Error('There are no cities to ask for');
    return city;
  }
}

function searchFor({ id, name }: CityRow): Read {
  const prefix = prefixOf(name);
  return prefix === null ? { kind: 'city', id } : { kind: 'search', prefix };
}

/**
 * What a search for this city types. Null where the name does not start with plain letters: what lower case is
 * beyond them depends on whom one asks, and the ledger must know which searches find a city.
 */
function prefixOf(name: string): string | null {
  const prefix = name.slice(0, searchLength).toLowerCase();
  return /^[a-z]{3}$/.test(prefix) ? prefix : null;
}

export function requestOf(read: Read): HttpRequest {
  switch (read.kind) {
    case 'city':
      return { method: 'GET', path: `/cities/${read.id}` };
    case 'search':
      return { method: 'GET', path: `/cities?prefix=${encodeURIComponent(read.prefix)}` };
    case 'top':
      return { method: 'GET', path: `/countries/${read.country}/top` };
    case 'totals':
      return { method: 'GET', path: `/countries/${read.country}/totals` };
  }
}

export const requestOfWrite = ({ id, change }: Write): HttpRequest => ({
  method: 'PATCH',
  path: `/cities/${id}`,
  body: JSON.stringify(change),
});
