/** Decides which rows of each table a read is known to see: forms of conditions, joins, queries in queries. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeWithPostgres } from '../../support/servers.js';
import { brief, openShop, type Shop, shopSql } from './shop.js';

const extraSql = `
  create table items (tenant int, num int, label text, kind mood, raw bytea, parent int, done bool, big bigint,
    loosely text collate loose, twice int generated always as (num * 2) stored, primary key (tenant, num));
  create table parts (tenant int, item int, part int, note text, foreign key (tenant, item) references items,
    unique (part, note));
  create type color as enum ('red', 'happy');
  create table painted (id int primary key, color color);
  create table dropped (gone int, id int, other int); alter table dropped drop column gone;
`;

describeWithPostgres('pins of reads: which rows of each table a statement is known to see', () => {
  let shop: Shop;
  beforeAll(async () => {
    shop = await openShop(shopSql + extraSql);
  });
  afterAll(() => shop.close());

  const cases: Record<string, readonly (readonly [text: string, plan: string])[]> = {
    'IN, OR and = ANY have alternatives': [
      ['select * from products where id in ($1, $2)', 'read products[1=$1 | 1=$2]'],
      ['select * from products where id in (1, $1, 3)', 'read products[1=1 | 1=$1 | 1=3]'],
      ['select * from products where id = $1 or id = 7', 'read products[1=$1 | 1=7]'],
      ['select * from products where (id = $1 or id = 7) and sku = $2', 'read products[1=$1 | 1=7]'],
      ['select * from products where id = any ($1)', 'read products[1=each $1]'],
      ['select * from products where id = any ($1::int[])', 'read products[1=each $1]'],
      ['select * from products where id = any (array[1, $1])', 'read products[1=1 | 1=$1]'],
      ['select * from products where id = any (array[$1, $2]::bigint[])', 'read products[1=$1 | 1=$2]'],
      ['select * from products where owner = $1 or id = 3', 'read products[4=$1 | 1=3]'],
      ["select * from products where id = 1 or (owner = 2 and sku = 'a')", 'read products[1=1 | 2=a]'],
    ],
    'alternatives of which one is not known are none': [
      ['select * from products where id = $1 or price > 3', 'read products'],
      ['select * from products where id = $1 or true', 'read products'],
      ['select * from products where id in (1, price)', 'read products'],
      ['select * from products where id not in ($1)', 'read products'],
      ['select * from products where id <> all ($1)', 'read products'],
      ['select * from products where id > any ($1)', 'read products'],
      ['select * from products where id = all ($1)', 'read products'],
      ['select * from products where id = any ($1::text[])', 'read products'],
      ['select * from products where id = any ($1::numeric[])', 'read products'],
      ["select * from products where id = any ('{1,2}')", 'read products'],
      ['select * from products where id = any (array[1, 2.5])', 'read products'],
      ['select * from products where id = any (array[[1], [2]])', 'read products'],
      ['select * from products where id = any ($1) and owner = $1', 'read products'],
      ['select * from products where not (id = 1 or id = 2)', 'read products'],
      ['select * from products p, customers c where p.id = 1 or c.id = 2', 'read customers products'],
      [
        `select * from products where id in (${Array.from({ length: 33 }, (_, index) => index).join(', ')})`,
        'read products',
      ],
    ],
    'an OR over joined tables names the rows of those that each of its sides names': [
      [
        'select * from products p, customers c where (p.id = 1 and c.id = 2) or (c.id = 3 and p.sku = $1)',
        'read customers[1=2 | 1=3] products[1=1 | 2=$1]',
      ],
      [
        'select * from products p, customers c where (p.id = 1 and c.id = 2) or p.id = 3',
        'read customers products[1=1 | 1=3]',
      ],
    ],
    'rows are compared column by column': [
      ['select * from products where (id, sku) = ($1, $2)', 'read products[1=$1]'],
      ['select * from products where (id, price) = ($1, $2)', 'read products[1=$1]'],
      ['select * from products where row(price, sku) = row($1, $2)', 'read products[2=$2]'],
      ['select * from products where (id, sku) in (($1, $2), (3, $3))', 'read products[1=$1 | 1=3]'],
      ['select * from products where (id, sku) <> ($1, $2)', 'read products'],
      ['select * from products where (id, sku) < ($1, $2)', 'read products'],
      ['select * from products where (id, sku) in (select 1, $1::text)', 'read products[1=1]'],
      ['select * from products where (price, price) in (($1, $2), (3, $3))', 'read products'],
    ],
    'what a query gives is said of the column that is among it': [
      ['select * from products where id in (select 1)', 'read products[1=1]'],
      ['select * from products where id in (values ($1), (2))', 'read products[1=$1 | 1=2]'],
      ['select * from products where id = any (select 1 union select $1::int)', 'read products[1=1 | 1=$1]'],
      [
        'select * from products where id in (select 1 union select owner from products)',
        'read products products',
      ],
      ['select * from products where id in (select 1 + 1)', 'read products'],
      ['select * from products where id in (select 1 group by grouping sets ((1), ()))', 'read products'],
      ['select * from products where id not in (select 1)', 'read products'],
      ['select * from products where id <> all (select 1)', 'read products'],
      ['select * from products where id < any (select 1)', 'read products'],
      ['select * from products where id in (select 1) or owner = 2', 'read products[1=1 | 4=2]'],
      ['select * from products where id in (select 1) or price = 2', 'read products'],
      ['select * from products where id in (select 1) or id = $1', 'read products[1=1 | 1=$1]'],
      [
        'select * from products where owner in (select id from customers where id = $1)',
        'read customers[1=$1] products[4=$1]',
      ],
      [
        'select * from products where owner in (select c.id from customers c where c.id = products.id)',
        'read customers products',
      ],
      [
        'select * from products where (owner, id) in (select id, 3 from customers where id = $1 limit 1)',
        'read customers[1=$1] products[1=3]',
      ],
      ['select * from products p, (values (1), ($1)) v (id) where p.id = v.id', 'read products[1=1 | 1=$1]'],
      [
        'with v (id) as (select 1 union all select 2) select * from products p join v on p.id = v.id',
        'read products[1=1 | 1=2]',
      ],
      [
        'select * from products p left join (values (1)) v (id) on p.id = v.id where v.id is null',
        'read products',
      ],
      ["select * from products p, (values (1, 'x')) v (id, id) where p.id = v.id", 'read products'],
      ['select * from products p, (values (1), (1.5)) v (id) where p.id = v.id', 'read products'],
    ],
    'columns that are a key together are taken together': [
      ['select * from items where tenant = $1 and num = $2', 'read items[1,2=$1,$2]'],
      ['select * from items where num = $2 and label = $3 and tenant = $1', 'read items[1,2=$1,$2]'],
      ['select * from items where tenant = $1 and num in (1, $2)', 'read items[1,2=$1,1 | 1,2=$1,$2]'],
      ['select * from items where tenant = $1 and num = any ($2)', 'read items[1,2=$1,each $2]'],
      ['select * from items where (tenant, num) in (($1, 1), (2, $2))', 'read items[1,2=$1,1 | 1,2=2,$2]'],
      ['select * from items where tenant = 1 and (num = 2 or label = $1)', 'read items[1=1]'],
      ['select * from parts where part = 1 and note = $1 and item = 3', 'read parts[3,4=1,$1]'],
      ['select * from parts where item = 1 and tenant = 2', 'read parts[1,2=2,1]'],
      ['select * from parts where item = 1 and note = $1', 'read parts[2=1]'],
      ["select * from items where label = 'a' and done", 'read items[3=a]'],
      [
        `select * from items where tenant in (1, 2, 3, 4, 5, 6) and num in (1, 2, 3, 4, 5, 6)`,
        'read items[1=1 | 1=2 | 1=3 | 1=4 | 1=5 | 1=6]',
      ],
    ],
    'NULL is a value, but not what an outer join makes up': [
      ['select * from items where parent is null', 'read items[6=null]'],
      ['select * from items where parent is null or parent = $1', 'read items[6=null | 6=$1]'],
      ['select * from items where parent is not distinct from $1', 'read items[6=$1]'],
      ['select * from items where parent = null', 'read items[6=null]'],
      ['select * from items where parent is not null', 'read items'],
      ['select * from items where parent is distinct from 3', 'read items'],
      ['select * from items where label is null and num = 1', 'read items[3=null]'],
      ['select * from items where twice is null', 'read items'],
      [
        'select * from products p left join items i on i.num = p.id where i.num is null',
        'read items products',
      ],
      [
        'select * from products p left join items i on i.num = p.id where i.parent is null or i.parent = 3',
        'read items products',
      ],
      [
        'select * from products p left join items i on i.num = p.id and i.parent is null',
        'read items[6=null] products',
      ],
      [
        'select * from products p left join (parts s left join items i on i.num = s.item) on s.part = p.id and i.parent is null',
        'read items parts products',
      ],
      [
        'select * from products p right join items i on i.num = p.id where p.owner is null and i.parent is null',
        'read items[6=null] products',
      ],
      [
        'select * from products p full join items i on i.num = p.id where p.owner is null and i.parent is null',
        'read items products',
      ],
    ],
    'a boolean column is a condition': [
      ['select * from items where done', 'read items[7=true]'],
      ['select * from items where not done', 'read items[7=false]'],
      ['select * from items where done is true', 'read items[7=true]'],
      ['select * from items where done is false', 'read items[7=false]'],
      ['select * from items where done is not true', 'read items'],
      ['select * from items where (num = 1) is true', 'read items'],
      ['select * from items where not (not done)', 'read items'],
    ],
    'enums and byte strings': [
      ['select * from items where kind = $1', 'read items[4=$1]'],
      ["select * from items where kind = 'happy'", 'read items[4=happy]'],
      ["select * from items where kind = 'happy'::mood", 'read items[4=happy]'],
      ["select * from items where kind = 'happy'::text::mood", 'read items'],
      ["select * from items where kind::text = 'happy'", 'read items'],
      ['select * from items where kind = any ($1::mood[])', 'read items[4=each $1]'],
      ['select * from painted p, items i where p.color = $1 and i.kind = $1', 'read items painted'],
      ['select * from items where raw = $1', 'read items[5=$1]'],
      ["select * from items where raw = '\\xAB'", 'read items[5=\\xab]'],
      ["select * from items where raw = 'ab'", 'read items'],
      ["select * from items where raw = '\\xAB CD'", 'read items'],
      ["select * from items where raw = '\\x00'::bytea", 'read items[5=\\x00]'],
    ],
    'an ON holds for inner joins and for the side whose rows need it': [
      ['select * from items i join parts p on p.part = $1', 'read items parts[3=$1]'],
      ['select * from items i left join parts p on p.part = $1', 'read items parts[3=$1]'],
      ['select * from items i left join parts p on i.num = $1', 'read items parts'],
      ['select * from items i right join parts p on i.num = $1 and p.part = 2', 'read items[2=$1] parts'],
      ['select * from items i full join parts p on i.num = $1 and p.part = 2', 'read items parts'],
      ['select * from items i cross join parts p where p.part = $1', 'read items parts[3=$1]'],
      [
        'select * from items i left join (parts p join products q on q.id = $1) on p.part = q.id',
        'read items parts[3=$1] products[1=$1]',
      ],
      [
        'select * from (items i left join parts p on p.part = $1) full join products q on q.id = 3',
        'read items parts[3=$1] products',
      ],
    ],
    'equal columns share what is known of them': [
      [
        'select * from products p join customers c on c.id = p.owner where c.id = $1',
        'read customers[1=$1] products[4=$1]',
      ],
      [
        'select * from products p, customers c, lines l where c.id = p.owner and p.owner = $1 and l.product = c.id',
        'read customers[1=$1] lines[3=$1] products[4=$1]',
      ],
      [
        'select * from customers c left join products p on p.owner = c.id where c.id = $1',
        'read customers[1=$1] products[4=$1]',
      ],
      [
        'select * from customers c left join products p on p.owner = c.id where c.id = any ($1)',
        'read customers[1=each $1] products[4=each $1]',
      ],
      [
        'select * from customers c left join products p on p.owner = c.id where p.owner = $1',
        'read customers[1=$1] products[4=$1]',
      ],
      [
        'select * from items i left join parts p on p.tenant = i.tenant and p.item = i.num where i.tenant = $1 and i.num = $2',
        'read items[1,2=$1,$2] parts[1,2=$1,$2]',
      ],
      [
        'select * from orders o join customers c on c.id = o.id where c.id = $1',
        'read customers[1=$1] orders[1=$1]',
      ],
      [
        'select * from orders o join lines l on l."order" = o.id left join coupons k on k."order" = l."order" where o.id = $1',
        'read coupons[2=$1] lines[2=$1] orders[1=$1]',
      ],
      [
        'select * from products a join products b on a.id = b.id where a.id = $1',
        'read products[1=$1] products[1=$1]',
      ],
    ],
    'columns that are equal in another sense do not': [
      [
        'select * from customers c, items i where c.id = i.num and c.price = i.num and i.num > $1',
        'read customers items',
      ],
      [
        'select * from customers c, items i where c.email = i.loosely and c.email = $1',
        'read customers[2=$1] items',
      ],
      [
        'select * from customers c, items i where c.code = i.label and i.label = $1',
        'read customers items[3=$1]',
      ],
      ['select * from customers c, items i where c.id = i.twice and c.id = $1', 'read customers[1=$1] items'],
      ['select * from customers c, items i where c.id <> i.num and c.id = $1', 'read customers[1=$1] items'],
      [
        'select * from customers c, items i where c.id::bigint = i.num and c.id = $1',
        'read customers[1=$1] items',
      ],
      [
        'select * from customers c, items i where not (c.id = i.num) and c.id = $1',
        'read customers[1=$1] items',
      ],
      [
        'select * from customers c, domained d where c.id = d.id and c.id = $1',
        'read customers[1=$1] domained',
      ],
      [
        'select * from customers c left join items i on i.num = c.id where i.tenant is null and c.active',
        'read customers[11=true] items',
      ],
      [
        'select * from customers c full join items i on i.num = c.id where c.id = 3 or i.num = 3',
        'read customers items',
      ],
    ],
    'a condition on both sides turns outer joins into inner ones': [
      [
        'select * from customers c full join items i on i.num = c.id where c.id = $1',
        'read customers[1=$1] items[2=$1]',
      ],
      [
        'select * from customers c full join items i on i.num = c.id and i.parent = 2 where c.id = $1 and i.tenant = 4',
        'read customers[1=$1] items[1,2=4,$1]',
      ],
      [
        'select * from customers c right join items i on i.num = c.id and c.active where c.id = $1',
        'read customers[1=$1] items[2=$1]',
      ],
    ],
    'columns that joins have in common': [
      [
        'select * from products p join customers c using (id) where id = $1',
        'read customers[1=$1] products[1=$1]',
      ],
      [
        'select * from products p left join customers c using (id) where id = $1',
        'read customers[1=$1] products[1=$1]',
      ],
      [
        'select * from products p right join customers c using (id) where id = $1',
        'read customers[1=$1] products[1=$1]',
      ],
      ['select * from products p full join customers c using (id) where id = $1', 'read customers products'],
      [
        'select * from products p full join customers c using (id) where p.id = $1',
        'read customers[1=$1] products[1=$1]',
      ],
      [
        'select * from products join customers using (id) join lines using (id) where id = $1',
        'read customers[1=$1] lines[1=$1] products[1=$1]',
      ],
      [
        'select * from products full join customers using (id) join lines using (id) where id = $1',
        'read customers lines products',
      ],
      ['select * from products natural join lines where id = $1', 'read lines[1=$1] products[1=$1]'],
      ['select * from products natural join lines where lines.id = $1', 'read lines[1=$1] products[1=$1]'],
      [
        'select * from products join customers using (id), lines where id = $1',
        'read customers lines products',
      ],
      ['select * from products join customers using (id) as j where j.id = $1', 'read customers products'],
    ],
  };

  for (const [rule, texts] of Object.entries(cases))
    test(rule, () => {
      expect(texts.map(([text]) => [text, brief(shop.planner.plan(text))])).toEqual(texts);
    });
});
