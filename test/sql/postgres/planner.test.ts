/** Decides how the planner behaves as a whole: limits, snapshots, and the texts that ORMs write. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { explainPlan } from '../../../src/sql/explain.js';
import { columnName } from '../../../src/sql/postgres/catalog.js';
import { loadParser, type PostgresParser } from '../../../src/sql/postgres/parser.js';
import { createPostgresPlanner } from '../../../src/sql/postgres/planner.js';
import { describeWithPostgres } from '../../support/servers.js';
import { brief, openShop, type Shop } from './shop.js';

describeWithPostgres('the planner', () => {
  let shop: Shop;
  let parser: PostgresParser;
  beforeAll(async () => {
    shop = await openShop();
    parser = await loadParser();
  });
  afterAll(() => shop.close());

  test('a known text is not parsed again', () => {
    let parsed = 0;
    const counting: PostgresParser = {
      ...parser,
      parse(text) {
        parsed += 1;
        return parser.parse(text);
      },
    };
    const planner = createPostgresPlanner({
      parser: counting,
      catalog: shop.catalog,
      limits: { plansMax: 2 },
    });
    const first = planner.plan('select * from products');
    expect(planner.plan('select * from products')).toBe(first);
    expect(parsed).toBe(1);
    planner.plan('select * from lines');
    planner.plan('select * from orders');
    planner.plan('select * from products');
    expect(parsed).toBe(4);
  });

  test('a text over the limit is not parsed and may do anything', () => {
    const refusing: PostgresParser = {
      ...parser,
      parse() {
        throw new Error('parsed');
      },
    };
    const planner = createPostgresPlanner({
      parser: refusing,
      catalog: shop.catalog,
      limits: { textLengthMax: 10 },
    });
    expect(brief(planner.plan('select 1 from products'))).toBe('everything text-too-long catalog departs');
  });

  test('a statement nested too deeply is not understood', () => {
    const text = `select id from products where id = ${'1+'.repeat(45_000)}1`;
    expect(brief(shop.planner.plan(text))).toBe('everything not-understood catalog departs');
    expect(brief(shop.planner.plan('select id from products'))).toBe('read products');
  });

  test('a planner speaks of its own snapshot', async () => {
    const before = shop.planner;
    await shop.client.query('create table later (id int primary key)');
    expect(brief(before.plan('select * from later where id = 1'))).toBe('bypass unknown-relation');
    expect(brief(before.plan('delete from later'))).toBe('everything unknown-relation');
    await shop.reload();
    expect(brief(shop.planner.plan('select * from later where id = 1'))).toBe('read later[1=1]');
  });

  test('a plan names columns for people', () => {
    const explanation = explainPlan(
      shop.planner.plan('select * from products where sku = $1'),
      (table, column) => columnName(shop.catalog, table, column),
    );
    expect(explanation.details).toEqual(['Reads public.products: only changes to rows with sku = $1 count.']);
  });

  test('what ORMs write is understood', () => {
    const texts: readonly (readonly [string, string])[] = [
      // Prisma
      [
        'SELECT "public"."products"."id", "public"."products"."sku" FROM "public"."products" WHERE ("public"."products"."id" = $1 AND 1=1) LIMIT $2 OFFSET $3',
        'read products[1=$1]',
      ],
      [
        'SELECT "public"."lines"."id" FROM "public"."lines" WHERE "public"."lines"."order" IN ($1,$2) OFFSET $3',
        'read lines[2=$1 | 2=$2]',
      ],
      [
        'INSERT INTO "public"."products" ("sku","price") VALUES ($1,$2) RETURNING "public"."products"."id"',
        'write products[2=$1 4=null]',
      ],
      [
        'UPDATE "public"."products" SET "price" = $1 WHERE ("public"."products"."id" = $2 AND 1=1) RETURNING "public"."products"."id"',
        'write products[1=$2]',
      ],
      // drizzle
      ['select "id", "sku" from "products" where "products"."id" = $1 limit $2', 'read products[1=$1]'],
      [
        'select "products"."id", coalesce(json_agg(json_build_array("l"."id")), \'[]\'::json) as "d" from "products" left join lateral (select "id" from "lines" where "lines"."product" = "products"."id") "l" on true group by "products"."id"',
        'read lines products',
      ],
      [
        'insert into "products" ("id", "sku", "price") values (default, $1, default) returning "id"',
        'write products[2=$1 4=null]',
      ],
      // TypeORM
      [
        'SELECT "p"."id" AS "p_id", "p"."sku" AS "p_sku" FROM "products" "p" WHERE (("p"."id" = $1)) LIMIT 1',
        'read products[1=$1]',
      ],
      // knex, kysely, Sequelize
      [
        'select * from "products" where "id" = $1 and "owner" in ($2, $3) order by "id" asc',
        'read products[1=$1]',
      ],
      [
        'SELECT count(*) AS "count" FROM "products" AS "Product" WHERE "Product"."owner" = 3;',
        'read products[4=3]',
      ],
      ['DELETE FROM "products" WHERE "id" = 1', 'write products[1=1]'],
      ['START TRANSACTION ISOLATION LEVEL READ COMMITTED;', 'begin'],
      [
        'insert into "scratch" ("id", "v") values ($1, $2) on conflict ("id") do update set "v" = excluded."v" returning *',
        'write scratch[1=$1]',
      ],
    ];
    expect(texts.map(([text]) => [text, brief(shop.planner.plan(text))])).toEqual(texts);
  });
});
