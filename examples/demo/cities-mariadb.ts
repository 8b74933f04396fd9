/** Decides which statements the API runs on MariaDB. Knows a pool and nothing else: whether it is wrapped makes no difference here. */
import type { Pool, ResultSetHeader, RowDataPacket } from 'mysql2/promise';
import type { Cities, City, CountryTotals, ListedCity } from './cities.js';

const listed = 'id, name, country, population, version';

export function citiesInMariadb(pool: Pool): Cities {
  const rowsOf = async <Row extends object>(text: string, values: readonly unknown[]): Promise<Row[]> =>
    (await pool.query<(Row & RowDataPacket)[]>(text, [...values]))[0];
  const list = (text: string, values: readonly unknown[]): Promise<readonly ListedCity[]> =>
    rowsOf<ListedCity>(`select ${listed} from cities ${text}`, values);
  return {
    async find(id) {
      const [row] = await rowsOf<CityWithCountryRow>(
        `select city.id, city.name, city.admin, city.population, city.lat, city.lon, city.version,
                country.code, country.name as country_name, country.region, country.capital
           from cities city join countries country on country.code = city.country
          where city.id = ?`,
        [id],
      );
      return row === undefined ? null : toCity(row);
    },

    search: (prefix) =>
      list('where lower_name like ? order by population desc, id limit 10', [
        `${prefix.toLowerCase().replace(/[\\%_]/g, '\\$&')}%`,
      ]),

    topTen: (country) => list('where country = ? order by population desc, id limit 10', [country]),

    async totals(country) {
      const [row] = await rowsOf<TotalsRow>(
        `select country.code, country.name, count(*) as cities, sum(city.population) as population,
                max(city.population) as largest_population, sum(city.version) as versions
           from cities city join countries country on country.code = city.country
          where city.country = ?
          group by country.code`,
        [country],
      );
      return row === undefined ? null : toTotals(row);
    },

    /** An UPDATE gives no rows: they are read after it. */
    async change(id, { name, population }) {
      const [{ affectedRows }] = await pool.query<ResultSetHeader>(
        `update cities set name = coalesce(?, name), population = coalesce(?, population), version = version + 1
          where id = ?`,
        [name ?? null, population ?? null, id],
      );
      if (affectedRows === 0) return null;
      return (await list('where id = ?', [id]))[0] ?? null;
    },
  };
}

interface CityWithCountryRow extends Omit<City, 'country'> {
  readonly code: string;
  readonly country_name: string;
  readonly region: string;
  readonly capital: string;
}

/** Sums are decimals, which mysql2 gives as text. */
interface TotalsRow {
  readonly code: string;
  readonly name: string;
  readonly cities: number;
  readonly population: string;
  readonly largest_population: number;
  readonly versions: string;
}

const toCity = ({ code, country_name, region, capital, ...city }: CityWithCountryRow): City => ({
  ...city,
  country: { code, name: country_name, region, capital },
});

const toTotals = (row: TotalsRow): CountryTotals => ({
  code: row.code,
  name: row.name,
  cities: row.cities,
  population: Number(row.population),
  largestPopulation: row.largest_population,
  versions: Number(row.versions),
});
