/** Decides which statements stand for an application's: those people write, and those ORMs make of theirs. */

export const schemaSql = `
  create type status as enum ('open', 'paid', 'sent', 'closed');
  create table accounts (id serial primary key, name text not null);
  create table users (id serial primary key, account_id int references accounts, email text unique, name text,
    is_active bool not null default true, token uuid, created_at timestamptz default now());
  create table products (id serial primary key, sku text not null unique, title text, price numeric, category_id int,
    description text, updated_at timestamptz);
  create table categories (id serial primary key, parent_id int references categories, name text);
  create table orders (id serial primary key, user_id int references users, status status default 'open', total numeric,
    placed_at timestamptz default now());
  create table order_lines (order_id int references orders on delete cascade, line int, product_id int references products,
    quantity int not null, price numeric, primary key (order_id, line));
  create table reviews (id serial primary key, product_id int references products, user_id int references users,
    stars int, body text, unique (product_id, user_id));
  create table settings (account_id int references accounts, key text, value jsonb, primary key (account_id, key));
  create view order_totals as select order_id, sum(quantity * price) as total, count(*) as lines from order_lines group by order_id;
  create view active_users as select u.id, u.email, u.name, a.name as account from users u join accounts a on a.id = u.account_id
    where u.is_active;
`;

export const corpus: readonly string[] = [
  'select * from products where id = $1',
  'select id, sku, price from products where sku = $1',
  'select * from users where email = $1 and is_active',
  'select * from products where id in ($1, $2, $3, $4, $5)',
  'select * from products where id = any ($1)',
  'select * from products where category_id = $1 order by price desc limit $2 offset $3',
  'select count(*) from products where category_id = $1',
  'select * from orders where user_id = $1 and status = $2 order by placed_at desc limit 20',
  'select * from settings where account_id = $1 and key = $2',
  'select * from settings where (account_id, key) in (($1, $2), ($3, $4))',
  'select o.*, u.email from orders o join users u on u.id = o.user_id where o.id = $1',
  `select o.id, o.total, l.line, l.quantity, p.title from orders o left join order_lines l on l.order_id = o.id
    left join products p on p.id = l.product_id where o.id = $1 order by l.line`,
  `select p.id, p.title, avg(r.stars) as stars, count(r.id) as reviews from products p left join reviews r on r.product_id = p.id
    where p.category_id = $1 group by p.id, p.title having count(r.id) > 2 order by stars desc nulls last limit 10`,
  `select p.*, (select avg(stars) from reviews r where r.product_id = p.id) as stars from products p where p.id = $1`,
  `select * from users u where u.account_id = $1 and exists (select 1 from orders o where o.user_id = u.id and o.status = 'open')`,
  `with recent as (select * from orders where user_id = $1 order by placed_at desc limit 5)
    select r.*, l.product_id, l.quantity from recent r join order_lines l on l.order_id = r.id`,
  `with recursive tree as (select id, parent_id, name from categories where id = $1
    union all select c.id, c.parent_id, c.name from categories c join tree t on c.parent_id = t.id) select * from tree`,
  `select * from (select p.*, row_number() over (partition by category_id order by price) as place from products p) x
    where x.category_id = $1 and place <= 3`,
  'select * from order_totals where order_id = $1',
  'select * from active_users where id = $1',
  `select id, 'product' as kind, title from products where category_id = $1 union all
    select id, 'category', name from categories where parent_id = $1 order by 1`,
  'select "User"."id", "User"."email", "User"."name", "User"."account_id" AS "accountId", "User"."is_active" AS "isActive" FROM "users" AS "User" WHERE "User"."id" = $1 LIMIT 1',
  'SELECT "public"."products"."id", "public"."products"."sku", "public"."products"."title", "public"."products"."price" FROM "public"."products" WHERE ("public"."products"."category_id" = $1 AND 1=1) ORDER BY "public"."products"."id" ASC LIMIT $2 OFFSET $3',
  'SELECT "public"."order_lines"."order_id", "public"."order_lines"."line", "public"."order_lines"."product_id" FROM "public"."order_lines" WHERE "public"."order_lines"."order_id" IN ($1,$2,$3,$4) OFFSET $5',
  `SELECT "Order"."id" AS "Order_id", "Order"."total" AS "Order_total", "Order__user"."id" AS "Order__user_id", "Order__user"."email" AS "Order__user_email",
    "Order__lines"."line" AS "Order__lines_line", "Order__lines"."quantity" AS "Order__lines_quantity" FROM "orders" "Order"
    LEFT JOIN "users" "Order__user" ON "Order__user"."id"="Order"."user_id" LEFT JOIN "order_lines" "Order__lines" ON "Order__lines"."order_id"="Order"."id"
    WHERE ("Order"."id" = $1)`,
  `select "products"."id", "products"."title", coalesce(json_agg(json_build_object('id', r.id, 'stars', r.stars)) filter (where r.id is not null), '[]') as reviews
    from "products" left join "reviews" as r on r."product_id" = "products"."id" where "products"."id" = $1 group by "products"."id"`,
  'select u.name, o.status, sum(o.total) from users u join orders o on o.user_id = u.id where u.account_id = $1 group by rollup (u.name, o.status)',
  'insert into orders (user_id, status, total) values ($1, $2, $3) returning *',
  'update products set price = $2, updated_at = now() where id = $1 returning *',
  'delete from order_lines where order_id = $1 and line = $2',
  `insert into settings (account_id, key, value) values ($1, $2, $3) on conflict (account_id, key) do update set value = excluded.value`,
];
