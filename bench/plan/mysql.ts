/** Decides what understanding a statement of MySQL costs: on which tables, for which texts, on a MariaDB of its own. */
import { createConnection, type RowDataPacket } from 'mysql2/promise';
import { loadMysqlCatalog } from '../../dist/esm/sql/mysql/load-catalog.js';
import { parse } from '../../dist/esm/sql/mysql/parser/index.js';
import { createMysqlPlanner } from '../../dist/esm/sql/mysql/planner.js';
import { startMariadb } from '../../scripts/lib/mariadb.js';
import { measurePlanning, type Planned } from './planning.js';

const schemaSql = `
  create database shop; use shop;
  create table accounts (id int auto_increment primary key, name varchar(100) not null);
  create table users (id int auto_increment primary key, account_id int references accounts (id), email varchar(100) unique,
    name varchar(100), is_active bool not null default true, created_at timestamp default current_timestamp);
  create table products (id int auto_increment primary key, sku varchar(50) not null unique, title varchar(200),
    price decimal(10, 2), category_id int, description text, updated_at timestamp null);
  create table categories (id int auto_increment primary key, parent_id int references categories (id), name varchar(100));
  create table orders (id int auto_increment primary key, user_id int references users (id),
    status enum('open', 'paid', 'sent', 'closed') default 'open', total decimal(10, 2),
    placed_at timestamp default current_timestamp);
  create table order_lines (order_id int references orders (id) on delete cascade, line int,
    product_id int references products (id), quantity int not null, price decimal(10, 2), primary key (order_id, line));
  create table reviews (id int auto_increment primary key, product_id int references products (id),
    user_id int references users (id), stars int, body text, unique (product_id, user_id));
  create table settings (account_id int references accounts (id), name varchar(50), value json, primary key (account_id, name));
  create view order_totals as select order_id, sum(quantity * price) as total, count(*) as \`lines\` from order_lines group by order_id;
  create view active_users as select u.id, u.email, u.name, a.name as account from users u join accounts a on a.id = u.account_id
    where u.is_active;
`;

/** What people write and what ORMs make of theirs: as on Postgres, where it is not another dialect. */
const corpus: readonly string[] = [
  'select * from products where id = ?',
  'select id, sku, price from products where sku = ?',
  'select * from users where email = ? and is_active',
  'select * from products where id in (?, ?, ?, ?, ?)',
  'select * from products where category_id = ? order by price desc limit ? offset ?',
  'select count(*) from products where category_id = ?',
  'select * from orders where user_id = ? and status = ? order by placed_at desc limit 20',
  'select * from settings where account_id = ? and name = ?',
  'select * from settings where (account_id, name) in ((?, ?), (?, ?))',
  'select o.*, u.email from orders o join users u on u.id = o.user_id where o.id = ?',
  `select o.id, o.total, l.line, l.quantity, p.title from orders o left join order_lines l on l.order_id = o.id
    left join products p on p.id = l.product_id where o.id = ? order by l.line`,
  `select p.id, p.title, avg(r.stars) as stars, count(r.id) as reviews from products p left join reviews r on r.product_id = p.id
    where p.category_id = ? group by p.id, p.title having count(r.id) > 2 order by stars desc limit 10`,
  'select p.*, (select avg(stars) from reviews r where r.product_id = p.id) as stars from products p where p.id = ?',
  `select * from users u where u.account_id = ? and exists (select 1 from orders o where o.user_id = u.id and o.status = 'open')`,
  `with recent as (select * from orders where user_id = ? order by placed_at desc limit 5)
    select r.*, l.product_id, l.quantity from recent r join order_lines l on l.order_id = r.id`,
  `with recursive tree as (select id, parent_id, name from categories where id = ?
    union all select c.id, c.parent_id, c.name from categories c join tree t on c.parent_id = t.id) select * from tree`,
  `select * from (select p.*, row_number() over (partition by category_id order by price) as place from products p) x
    where x.category_id = ? and place <= 3`,
  'select * from order_totals where order_id = ?',
  'select * from active_users where id = ?',
  `select id, 'product' as kind, title from products where category_id = ? union all
    select id, 'category', name from categories where parent_id = ? order by 1`,
  'SELECT `User`.`id`, `User`.`email`, `User`.`name`, `User`.`account_id` AS `accountId`, `User`.`is_active` AS `isActive` FROM `users` AS `User` WHERE `User`.`id` = 7 LIMIT 1',
  'SELECT `shop`.`products`.`id`, `shop`.`products`.`sku`, `shop`.`products`.`title`, `shop`.`products`.`price` FROM `shop`.`products` WHERE (`shop`.`products`.`category_id` = ? AND 1=1) ORDER BY `shop`.`products`.`id` ASC LIMIT ? OFFSET ?',
  'SELECT `shop`.`order_lines`.`order_id`, `shop`.`order_lines`.`line`, `shop`.`order_lines`.`product_id` FROM `shop`.`order_lines` WHERE `shop`.`order_lines`.`order_id` IN (?,?,?,?)',
  `SELECT \`Order\`.\`id\` AS \`Order_id\`, \`Order\`.\`total\` AS \`Order_total\`, \`Order__user\`.\`id\` AS \`Order__user_id\`,
    \`Order__lines\`.\`line\` AS \`Order__lines_line\`, \`Order__lines\`.\`quantity\` AS \`Order__lines_quantity\` FROM \`orders\` \`Order\`
    LEFT JOIN \`users\` \`Order__user\` ON \`Order__user\`.\`id\`=\`Order\`.\`user_id\` LEFT JOIN \`order_lines\` \`Order__lines\`
    ON \`Order__lines\`.\`order_id\`=\`Order\`.\`id\` WHERE (\`Order\`.\`id\` = ?)`,
  'select u.name, o.status, sum(o.total) from users u join orders o on o.user_id = u.id where u.account_id = ? group by u.name, o.status with rollup',
  'insert into orders (user_id, status, total) values (?, ?, ?)',
  'update products set price = ?, updated_at = now() where id = ?',
  'delete from order_lines where order_id = ? and line = ?',
  'insert into settings (account_id, name, value) values (?, ?, ?) on duplicate key update value = values(value)',
];

export interface MysqlPlanning extends Planned {
  readonly texts: number;
}

export async function measureMysqlPlanning(rounds: number): Promise<MysqlPlanning> {
  const mariadb = await startMariadb();
  const connection = await createConnection({ uri: mariadb.url, multipleStatements: true });
  try {
    await connection.query(schemaSql);
    const catalog = await loadMysqlCatalog(
      async (text) => (await connection.query<RowDataPacket[]>(text))[0],
    );
    const planner = createMysqlPlanner({ catalog });
    for (const text of corpus) {
      const { kind } = planner.plan(text);
      if (kind !== 'read' && kind !== 'write') throw new Error(`It is not understood: ${text}`);
    }
    const mode = {
      ansiQuotes: false,
      noBackslashEscapes: false,
      pipesAsConcat: false,
      highNotPrecedence: false,
      ignoreSpace: false,
    };
    const planned = measurePlanning(
      { corpus, plan: (text) => planner.plan(text), parse: (text) => parse(text, mode) },
      rounds,
    );
    return { ...planned, texts: corpus.length };
  } finally {
    await connection.end();
    await mariadb.stop();
  }
}
