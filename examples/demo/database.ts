/**
 * Decides the demo's schema and how its rows get into Postgres, and gives each run the same untouched copy of
 * them. Knows nothing of caching.
 */
import { Client } from 'pg';
import type { CityRow, CountryRow } from './dataset.js';

const schema = `
  create table countries (
    code    text primary key,
    name    text not null,
    region  text not null,
    capital text not null,
    area    float8 not null,
    version bigint not null default 0
  );
  create table cities (
    id         int primary key,
    name       text not null,
    country    text not null,
    admin      text not null,
    population int not null,
    lat        float8 not null,
    lon        float8 not null,
    version    bigint not null default 0
  )`;

/** Made after the rows are in, which is faster. */
const constraints = `
  alter table cities add foreign key (country) references countries;
  create index on cities (country, population desc);
  create index on cities (lower(name) text_pattern_ops)`;

/** Few enough that one statement's arrays stay small, enough that round trips do not matter. */
const rowsPerInsert = 20_000;

const templateName = 'cities';

export interface Dataset {
  readonly cities: readonly CityRow[];
  readonly countries: readonly CountryRow[];
}

/** Creates the database that every run's is copied from. */
export async function loadTemplate(serverUrl: string, { cities, countries }: Dataset): Promise<void> {
  await withClient(serverUrl, (client) => client.query(`create database ${templateName}`));
  await withClient(databaseUrl(serverUrl, templateName), async (client) => {
    await client.query(schema);
    await insert(client, {
      table: 'countries (code, name, region, capital, area)',
      types: ['text', 'text', 'text', 'text', 'float8'],
      rows: countries.map((row) => [row.code, row.name, row.region, row.capital, row.areaKm2]),
    });
    await insert(client, {
      table: 'cities (id, name, country, admin, population, lat, lon)',
      types: ['int', 'text', 'text', 'text', 'int', 'float8', 'float8'],
      rows: cities.map((row) => [row.id, row.name, row.country, row.admin, row.population, row.lat, row.lon]),
    });
    await client.query(constraints);
    await client.query('analyze');
  });
}

/** A database of this name with the template's rows, every version 0. Returns its URL. */
export async function copyTemplate(serverUrl: string, name: string): Promise<string> {
  await withClient(serverUrl, (client) => client.query(`create database ${name} template ${templateName}`));
  return databaseUrl(serverUrl, name);
}

interface Insertion {
  readonly table: string;
  readonly types: readonly string[];
  readonly rows: readonly (readonly (string | number)[])[];
}

async function insert(client: Client, { table, types, rows }: Insertion): Promise<void> {
  const arrays = types.map((type, index) => `$${index + 1}::${type}[]`).join(', ');
  for (let start = 0; start < rows.length; start += rowsPerInsert) {
    const chunk = rows.slice(start, start + rowsPerInsert);
    const columns = types.map((_, index) => chunk.map((row) => row[index]));
    await client.query(`insert into ${table} select * from unnest(${arrays})`, columns);
  }
}

async function withClient<R>(url: string, work: (client: Client) => Promise<R>): Promise<R> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

function databaseUrl(serverUrl: string, name: string): string {
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  return url.href;
}
