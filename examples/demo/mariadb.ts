/**
 * Decides the demo's schema and how its rows get into MariaDB, and gives each run the same untouched copy of them.
 * Knows nothing of caching.
 */
import { type Connection, createConnection } from 'mysql2/promise';
import type { Dataset } from './database.js';

/** Letters are compared as Postgres and the load generator do: by their code. */
const schema = [
  `create table countries (
    code    varchar(2) primary key,
    name    varchar(100) not null,
    region  varchar(100) not null,
    capital varchar(100) not null,
    area    double not null,
    version bigint not null default 0
  ) default character set utf8mb4 collate utf8mb4_bin`,
  `create table cities (
    id         int primary key,
    name       varchar(200) not null,
    country    varchar(2) not null,
    admin      varchar(100) not null,
    population int not null,
    lat        double not null,
    lon        double not null,
    version    bigint not null default 0,
    lower_name varchar(200) as (lower(name)) stored,
    index (country, population),
    index (lower_name)
  ) default character set utf8mb4 collate utf8mb4_bin`,
];

/** `create table … like` leaves it out. */
const constraint = 'alter table cities add foreign key (country) references countries (code)';

/** What is not generated. */
const columns = {
  countries: 'code, name, region, capital, area',
  cities: 'id, name, country, admin, population, lat, lon',
} as const;

const rowsPerInsert = 5_000;

const templateName = 'cities';

/** Creates the database that every run's is copied from. */
export async function loadTemplate(serverUrl: string, { cities, countries }: Dataset): Promise<void> {
  await withConnection(serverUrl, async (connection) => {
    await connection.query(`create database ${templateName}`);
    await connection.query(`use ${templateName}`);
    for (const statement of schema) await connection.query(statement);
    await insert(
      connection,
      'countries',
      countries.map((row) => [row.code, row.name, row.region, row.capital, row.areaKm2]),
    );
    await insert(
      connection,
      'cities',
      cities.map((row) => [row.id, row.name, row.country, row.admin, row.population, row.lat, row.lon]),
    );
  });
}

/** A database of this name with the template's rows, every version 0. Returns its URL. */
export async function copyTemplate(serverUrl: string, name: string): Promise<string> {
  await withConnection(serverUrl, async (connection) => {
    await connection.query(`create database ${name}`);
    await connection.query(`use ${name}`);
    for (const table of ['countries', 'cities'] as const) {
      await connection.query(`create table ${table} like ${templateName}.${table}`);
      await connection.query(
        `insert into ${table} (${columns[table]}) select ${columns[table]} from ${templateName}.${table}`,
      );
    }
    await connection.query(constraint);
    await connection.query('analyze table countries, cities');
  });
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  return url.href;
}

async function insert(
  connection: Connection,
  table: keyof typeof columns,
  rows: readonly (readonly (string | number)[])[],
): Promise<void> {
  for (let start = 0; start < rows.length; start += rowsPerInsert)
    await connection.query(`insert into ${table} (${columns[table]}) values ?`, [
      rows.slice(start, start + rowsPerInsert),
    ]);
}

async function withConnection(url: string, work: (connection: Connection) => Promise<void>): Promise<void> {
  const connection = await createConnection({ uri: url });
  try {
    await work(connection);
  } finally {
    await connection.end();
  }
}
