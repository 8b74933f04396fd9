/** Decides the schema the planner's tests talk about: one of everything that CONSISTENCY §4 warns of. */
import { Client } from 'pg';
import type { Plan, Planner, ValueSource } from '../../../src/sql/plan.js';
import { type Catalog, findRelation } from '../../../src/sql/postgres/catalog.js';
import { type CatalogQuery, loadCatalog } from '../../../src/sql/postgres/load-catalog.js';
import { loadParser } from '../../../src/sql/postgres/parser.js';
import { createPostgresPlanner } from '../../../src/sql/postgres/planner.js';
import { NULL_VALUE } from '../../../src/sql/values.js';
import { postgres, type TestDatabase } from '../../support/servers.js';

export const shopSql = `
  create schema other;
  create domain positive as int check (value > 0);
  create domain plain_id as int;
  create type mood as enum ('sad', 'happy');
  create collation loose (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
  create table customers (id int primary key, email text unique, name varchar(40), nick text collate loose,
    born date, joined timestamptz, note text, code char(4), big bigint, tag uuid, active bool, small int2,
    price numeric, mood mood, seen regclass, shout text generated always as (upper(email)) stored);
  alter table customers drop column seen;
  create table products (id serial primary key, sku text not null unique, price numeric, owner int references customers);
  create table orders (id bigint primary key, customer int references customers on delete cascade on update cascade,
    parent bigint references orders on delete set null, total numeric);
  create table lines (id int primary key, "order" bigint references orders on delete cascade, product int references products);
  create table coupons (id int primary key, "order" bigint references orders on delete set null);
  create table settled (id int primary key, "order" bigint references orders);
  create table "Odd Name" ("Id" int primary key, "select" text);
  create table other.customers (id int primary key, secret text);
  create table other.only_here (id int primary key);
  create table events (id int, at date not null, kind text) partition by range (at);
  create table events_2024 partition of events for values from ('2024-01-01') to ('2025-01-01');
  create table events_2025 partition of events for values from ('2025-01-01') to ('2026-01-01');
  create table animals (id int primary key, name text);
  create table dogs (bark text) inherits (animals);
  create unlogged table scratch (id int primary key, v int);
  create table secured (id int primary key, tenant int);
  alter table secured enable row level security;
  create table shifts (id int primary key, starts time, zoned timetz);
  create table opening (id int primary key, starts time, at timestamptz);
  create view opening_view as select id, starts at time zone 'utc' as z from opening;
  create view opening_moment as select id, at at time zone 'utc' as z from opening;
  create table boxes (id int primary key, c customers);
  create table typed (id int primary key, class regclass);
  create table domained (id plain_id primary key, amount positive);
  create view cheap as select p.id, p.sku, c.name from products p left join customers c on c.id = p.owner where p.price < 10;
  create view cheaper as select * from cheap where sku like 'a%';
  create view clocked as select id, now() as at from products;
  create view cast_view as select note::date as d from customers;
  create view system_view as select relname, p.id from pg_class, products p;
  create view secured_view as select * from secured;
  create view events_view as select * from events;
  create materialized view totals as select customer, sum(total) as total from orders group by customer;
  create materialized view totals_of_view as select sku from cheap;
  create table audited (id int primary key, v int);
  create table audit (id serial primary key, what text);
  create function write_audit() returns trigger language plpgsql as $$ begin insert into audit (what) values ('x'); return new; end $$;
  create trigger audited_insert after insert on audited for each row execute function write_audit();
  create table touched (id int primary key, updated_at timestamptz, body text, words tsvector);
  create trigger words before insert or update on touched for each row
    execute function tsvector_update_trigger(words, 'pg_catalog.english', body);
  create table ruled (id int primary key);
  create rule ruled_insert as on insert to ruled do also insert into audit (what) values ('rule');
  create view editable as select id, v from audited;
  create view instead as select id from products;
  create function instead_of() returns trigger language plpgsql as $$ begin insert into audit (what) values ('i'); return null; end $$;
  create trigger instead_insert instead of insert on instead for each row execute function instead_of();
  create function bump() returns int language plpgsql as $$ begin update products set price = price + 1; return 1; end $$;
  create function peek() returns bigint language sql stable as 'select count(*) from products';
  create function liar(int) returns bigint language sql immutable as 'select count(*) from products';
  create function become() returns void language plpgsql as $$ begin set search_path = other; end $$;
  create function calls_become() returns void language plpgsql as $$ begin perform become(); end $$;
  create function sly() returns int language sql stable as 'select bump()';
  create function slyer() returns int language sql immutable as 'select sly()';
  create function dynamic() returns int language plpgsql stable as $$ declare x int; begin execute 'select bu' || 'mp()' into x; return x; end $$;
  create function makes() returns int language plpgsql as $$ begin create table if not exists made_by (id int); return 1; end $$;
  create function gen_code() returns text language plpgsql volatile as $$ begin insert into audit (what) values ('c'); return 'c'; end $$;
  create table coded (id int primary key, code text default gen_code());
  create procedure tidy() language plpgsql as $$ begin delete from audit; end $$;
  create function row_fn(customers) returns int language plpgsql volatile as $$ begin delete from audit; return 1; end $$;
  create function noisy_eq(customers, customers) returns bool language plpgsql as $$ begin delete from audit; return true; end $$;
  create operator === (leftarg = customers, rightarg = customers, function = noisy_eq);
  create function bad_add(int, int) returns int language plpgsql volatile as $$ begin delete from audit; return $1; end $$;
  create aggregate fine_sum(int) (sfunc = int4pl, stype = int, initcond = '0');
  create aggregate bad_sum(int) (sfunc = bad_add, stype = int, initcond = '0');
`;

export interface Shop {
  readonly client: Client;
  readonly database: TestDatabase;
  catalog: Catalog;
  planner: Planner;
  /** Takes a new snapshot. */
  reload(): Promise<void>;
  close(): Promise<void>;
}

export async function openShop(sql: string = shopSql): Promise<Shop> {
  const database = await postgres().createDatabase();
  const client = new Client(database.config);
  await client.connect();
  await client.query(sql);
  const parser = await loadParser();
  const load = async (): Promise<Catalog> => loadCatalog(queryOf(client));
  const catalog = await load();
  const shop: Shop = {
    client,
    database,
    catalog,
    planner: createPostgresPlanner({ parser, catalog }),
    async reload() {
      shop.catalog = await load();
      shop.planner = createPostgresPlanner({ parser, catalog: shop.catalog });
    },
    async close() {
      await client.end();
      await database.drop();
    },
  };
  return shop;
}

export function queryOf(client: Client): CatalogQuery {
  return async (text) => (await client.query<Record<string, unknown>>(text)).rows;
}

/** A plan in one short line, for tables of expectations: `read a b`, `write a[1=$1] b`, `everything`, `bypass why`. */
export function brief(plan: Plan): string {
  const session = plan.session === 'keeps' ? '' : ` ${plan.session}`;
  switch (plan.kind) {
    case 'read':
      return `read ${plan.reads
        .map(({ table, pins }) =>
          pins === null
            ? short(table.name)
            : `${short(table.name)}[${pins.map((pin) => `${pin.shape}=${pin.values.map(value).join()}`).join(' | ')}]`,
        )
        .sort()
        .join(' ')}`;
    case 'bypass':
      return `bypass ${plan.reason.code}${session}`;
    case 'transaction':
      return `${plan.transaction.control}${session}`;
    case 'write':
      if (plan.writes.scope === 'everything')
        return `everything ${plan.writes.reason.code}${plan.changesCatalog ? ' catalog' : ''}${session}`;
      return `write ${plan.writes.tables
        .map(({ table, pins }) =>
          pins.length === 0
            ? short(table.name)
            : `${short(table.name)}[${pins.map((pin) => `${pin.column}=${pin.values.map(value).join()}`).join(' ')}]`,
        )
        .sort()
        .join(' ')}${session}`;
  }
}

function short(name: string): string {
  return name.replace(/^public\./, '');
}

function value(source: ValueSource): string {
  if (source.kind === 'literal') return source.value === NULL_VALUE ? 'null' : source.value;
  return source.kind === 'parameter' ? `$${source.index + 1}` : `each $${source.index + 1}`;
}

export function relationOf(catalog: Catalog, schema: string, name: string): string {
  const found = findRelation(catalog, schema, name);
  if (found.found !== 'relation') throw new Error(`${schema}.${name} is not there`);
  return found.relation.table.id;
}
