/** Decides which statements the API runs. Knows a pool and nothing else: whether it is wrapped makes no difference here. */
import type { Pool } from 'pg';

export interface City {
  readonly id: number;
  readonly name: string;
  readonly admin: string;
  readonly population: number;
  readonly lat: number;
  readonly lon: number;
  /** Goes up by one with every change: what stale reads are counted by. */
  readonly version: number;
  readonly country: {
    readonly code: string;
    readonly name: string;
    readonly region: string;
    readonly capital: string;
  };
}

export interface ListedCity {
  readonly id: number;
  readonly name: string;
  readonly country: string;
  readonly population: number;
  readonly version: number;
}

export interface CountryTotals {
  readonly code: string;
  readonly name: string;
  readonly cities: number;
  readonly population: number;
  readonly largestPopulation: number;
  /** The sum of its cities' versions. */
  readonly versions: number;
}

export interface CityChange {
  readonly name?: string;
  readonly population?: number;
}

/** What the API needs from below. */
export interface Cities {
  find(id: number): Promise<City | null>;
  search(prefix: string): Promise<readonly ListedCity[]>;
  topTen(country: string): Promise<readonly ListedCity[]>;
  totals(country: string): Promise<CountryTotals | null>;
  /** The city as it is after the change; null if there is none. */
  change(id: number, change: CityChange): Promise<ListedCity | null>;
}

const listed = 'id, name, country, population, version';

export function citiesIn(pool: Pool): Cities {
  return {
    async find(id) {
      const { rows } = await pool.query<CityWithCountryRow>(
        `select city.id, city.name, city.admin, city.population, city.lat, city.lon, city.version,
                country.code, country.name as country_name, country.region, country.capital
           from cities city join countries country on country.code = city.country
          where city.id = $1`,
        [id],
      );
      return rows[0] === undefined ? null : toCity(rows[0]);
    },

    async search(prefix) {
      const { rows } = await pool.query<ListedRow>(
        `select ${listed} from cities where lower(name) like $1 order by population desc, id limit 10`,
        [`${prefix.toLowerCase().replace(/[\\%_]/g, '\\$&')}%`],
      );
      return rows.map(toListed);
    },

    async topTen(country) {
      const { rows } = await pool.query<ListedRow>(
        `select ${listed} from cities where country = $1 order by population desc, id limit 10`,
        [country],
      );
      return rows.map(toListed);
    },

    async totals(country) {
      const { rows } = await pool.query<TotalsRow>(
        `select country.code, country.name, count(*) as cities, sum(city.population) as population,
                max(city.population) as largest_population, sum(city.version) as versions
           from cities city join countries country on country.code = city.country
          where city.country = $1
          group by country.code`,
        [country],
      );
      return rows[0] === undefined ? null : toTotals(rows[0]);
    },

    async change(id, { name, population }) {
      const { rows } = await pool.query<ListedRow>(
        `update cities set name = coalesce($2, name), population = coalesce($3, population), version = version + 1
          where id = $1 returning ${listed}`,
        [id, name ?? null, population ?? null],
      );
      return rows[0] === undefined ? null : toListed(rows[0]);
    },
  };
}

/** Postgres counts in int8, which pg gives as text. */
type Int8 = string;

interface ListedRow {
  readonly id: number;
  readonly name: string;
  readonly country: string;
  readonly population: number;
  readonly version: Int8;
}

interface CityWithCountryRow {
  readonly id: number;
  readonly name: string;
  readonly admin: string;
  readonly population: number;
  readonly lat: number;
  readonly lon: number;
  readonly version: Int8;
  readonly code: string;
  readonly country_name: string;
  readonly region: string;
  readonly capital: string;
}

interface TotalsRow {
  readonly code: string;
  readonly name: string;
  readonly cities: Int8;
  readonly population: Int8;
  readonly largest_population: number;
  readonly versions: Int8;
}

const toListed = ({ id, name, country, population, version }: ListedRow): ListedCity => ({
  id,
  name,
  country,
  population,
  version: Number(version),
});

const toCity = (row: CityWithCountryRow): City => ({
  id: row.id,
  name: row.name,
  admin: row.admin,
  population: row.population,
  lat: row.lat,
  lon: row.lon,
  version: Number(row.version),
  country: { code: row.code, name: row.country_name, region: row.region, capital: row.capital },
});

const toTotals = (row: TotalsRow): CountryTotals => ({
  code: row.code,
  name: row.name,
  cities: Number(row.cities),
  population: Number(row.population),
  largestPopulation: row.largest_population,
  versions: Number(row.versions),
});
