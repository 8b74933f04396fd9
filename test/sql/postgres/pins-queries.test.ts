/** Decides which rows of each table a read is known to see through sub-queries, CTEs, set operations and names. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeWithPostgres } from '../../support/servers.js';
import { brief, openShop, type Shop, shopSql } from './shop.js';

const extraSql = `
  create table items (tenant int, num int, label text, parent int, primary key (tenant, num));
  create table parts (tenant int, item int, part int, foreign key (tenant, item) references items);
  create view v_group as select owner, count(*) as n from products group by owner;
  create view v_plain as select p.id as pid, c.id as cid, c.name from products p join customers c on c.id = p.owner;
  create view v_left as select p.id, c.name, c.id as cid from products p left join customers c on c.id = p.owner;
  create view v_limit as select * from products order by id limit 3;
  create view v_distinct as select distinct on (owner) * from products order by owner, id;
  create view v_union as select id, owner from products union all select id, product from lines;
  create view v_over as select pid, cid from v_plain;
  create view v_sub as select id, (select count(*) from lines where product = p.id) as n from products p;
  create view v_window as select id, owner, row_number() over (partition by owner order by id) as n from products;
  create view v_expr as select id + 0 as id, owner::bigint as owner from products;
  create view v_text as select c.id, c.email, c.name as n from customers c join products p on p.sku = c.name;
  create view v_cte as with x as (select * from products) select * from x;
  create view v_lateral as select p.id, x.id as line from products p, lateral (select * from lines l where l.product = p.id limit 1) x;
  create view v_using as select * from products full join lines using (id);
  create view v_true as select id, name from customers where active and tag is null;
`;

describeWithPostgres('pins of reads through queries in queries', () => {
  let shop: Shop;
  beforeAll(async () => {
    shop = await openShop(shopSql + extraSql);
  });
  afterAll(() => shop.close());

  const from = (query: string, condition = 'x.tenant = $1'): string =>
    `select * from (${query}) x where ${condition}`;

  const cases: Record<string, readonly (readonly [text: string, plan: string])[]> = {
    'a condition on a sub-query names the rows it is made of': [
      [from('select * from items'), 'read items[1=$1]'],
      [from('select tenant, num as n from items', 'x.n = 3 and tenant = $1'), 'read items[1,2=$1,3]'],
      [
        from('select i.*, p.part from items i join parts p on p.tenant = i.tenant'),
        'read items[1=$1] parts[1=$1]',
      ],
      [
        from('select i.tenant, p.part from items i join parts p on p.tenant = i.tenant'),
        'read items[1=$1] parts[1=$1]',
      ],
      [from('select tenant, count(*) from items group by tenant'), 'read items[1=$1]'],
      [from('select tenant, num, count(*) from items group by 2, 1'), 'read items[1=$1]'],
      [from('select num as tenant, count(*) from items group by num'), 'read items[2=$1]'],
      [from('select distinct tenant, label from items'), 'read items[1=$1]'],
      [from('select distinct on (tenant) * from items order by tenant, num'), 'read items[1=$1]'],
      [
        from('select tenant, row_number() over (partition by tenant order by num) from items'),
        'read items[1=$1]',
      ],
      [
        from('select tenant, sum(num) over w from items window w as (partition by label, tenant)'),
        'read items[1=$1]',
      ],
      ['select * from (select * from items) as x (a, b) where b = $1', 'read items[2=$1]'],
      [
        'select * from items i join (select * from parts) p on p.item = i.num where p.item = $1',
        'read items[2=$1] parts[2=$1]',
      ],
    ],
    'but not above a LIMIT, DISTINCT ON, a window or a grouping of other columns': [
      [from('select * from items limit 3'), 'read items'],
      [from('select * from items offset 3'), 'read items'],
      [from('select * from items order by num fetch first 3 rows with ties'), 'read items'],
      [from('select distinct on (num) * from items'), 'read items'],
      [from('select distinct on (label, num) tenant from items'), 'read items'],
      [from('select max(tenant) as tenant from items'), 'read items'],
      [
        from('select tenant, num from items group by tenant, num having count(*) > 1', 'x.num = 1'),
        'read items[2=1]',
      ],
      [from('select tenant, count(*) from items group by rollup (tenant)'), 'read items'],
      [from('select tenant, count(*) from items group by grouping sets ((tenant), ())'), 'read items'],
      [from('select i.tenant, i.label from items i group by tenant, num', "x.label = 'a'"), 'read items'],
      [from('select tenant, row_number() over (order by num) from items'), 'read items'],
      [from('select tenant, row_number() over (partition by 1) from items'), 'read items'],
      [from('select tenant, count(*) over () from items'), 'read items'],
      [
        from('select tenant, rank() over (partition by tenant), sum(num) over (partition by num) from items'),
        'read items',
      ],
      [from('select tenant from items order by count(*) over (partition by label)'), 'read items'],
      [from('select tenant + 0 as tenant from items'), 'read items'],
      [from('select tenant::bigint as tenant from items'), 'read items'],
      [from('select coalesce(tenant, 1) as tenant from items'), 'read items'],
      ['select tenant from items group by tenant having tenant = $1', 'read items'],
    ],
    'what a sub-query’s own conditions leave over reaches the tables beside it': [
      [
        'select * from parts p join (select tenant, num from items where num = $1 and tenant = $2) i on i.num = p.item',
        'read items[1,2=$2,$1] parts[2=$1]',
      ],
      [
        'with u as (select id from customers where id = $1 limit 1) select * from products p join u on u.id = p.owner',
        'read customers[1=$1] products[4=$1]',
      ],
      [
        'select * from parts p join (select tenant from items where tenant = 3 group by rollup (tenant)) i on i.tenant = p.tenant',
        'read items[1=3] parts',
      ],
      [
        'select * from parts p right join (select tenant from items where tenant = 3) i on i.tenant = p.tenant',
        'read items[1=3] parts[1=3]',
      ],
      [
        'select * from parts p left join (select tenant from items where tenant = 3) i on i.tenant = p.tenant',
        'read items[1=3] parts',
      ],
    ],
    'a CTE shows what all who refer to it need': [
      ['with x as (select * from items) select * from x where tenant = $1', 'read items[1=$1]'],
      ['with x as materialized (select * from items) select * from x where tenant = $1', 'read items[1=$1]'],
      ['with x (a, b) as (select * from items) select * from x where b = $1', 'read items[2=$1]'],
      [
        'with x as (select * from items) select * from x as y (a) where a = $1 and num = 2',
        'read items[1,2=$1,2]',
      ],
      [
        'with x as (select * from items) select * from x a, x b where a.tenant = $1 and b.tenant = 2',
        'read items[1=$1 | 1=2]',
      ],
      ['with x as (select * from items) select * from x a, x b where a.tenant = $1', 'read items'],
      [
        'with x as (select * from items), y as (select * from x where num = 3) select * from y where tenant = $1',
        'read items[1,2=$1,3]',
      ],
      [
        'with x as (select * from items) select * from x where tenant = 1 and exists (select 1 from x y where y.tenant = 2)',
        'read items[1=1 | 1=2]',
      ],
      [
        'with x as (select * from items) select (select count(*) from x), tenant from x where tenant = 1',
        'read items',
      ],
      ['with x as (select * from items limit 5) select * from x where tenant = $1', 'read items'],
      [
        'with x as (select * from items where num = $1) select 1 from parts where part = 2',
        'read items[2=$1] parts[3=2]',
      ],
      [
        'with recursive t as (select * from items where num = $1 union all select i.* from items i join t on i.parent = t.num) select * from t where tenant = 1',
        'read items items[2=$1]',
      ],
    ],
    'names are taken as the server takes them': [
      ['with items as (select 1 as tenant from parts) select * from items where tenant = $1', 'read parts'],
      [
        'with items as (select * from parts) select * from public.items where tenant = $1',
        'read items[1=$1] parts',
      ],
      ['select * from items parts where parts.tenant = $1', 'read items[1=$1]'],
      ['select * from items t (num, tenant) where num = $1', 'read items[1=$1]'],
      ['select * from items t (a, a) where a = $1', 'read items'],
      ['select * from items i, (select 2 as other) x where tenant = $1', 'read items[1=$1]'],
      ['select * from items i, (select 2 + 2) x where tenant = $1', 'read items[1=$1]'],
      ['select * from items i, (select case when true then 1 end) x where tenant = $1', 'read items'],
      ['select * from items i, generate_series(1, 2) tenant where tenant = $1', 'read items'],
      ['select * from items i, parts where tenant = $1', 'read items parts'],
      ['select i from items i where i.tenant = $1', 'read items[1=$1]'],
      ['select count(i) from items i where (i).tenant = $1', 'read items'],
      ['select * from (items i join parts p on true) as j where j.tenant = $1', 'read items parts'],
      [
        'select * from parts p, (items i join lines l on num = p.item) where p.item = $1',
        'read items lines parts[2=$1]',
      ],
      ['select * from items where ctid = $1', 'bypass system-column'],
      ['select * from items where tableoid = $1 and tenant = $2', 'bypass system-column'],
    ],
    'set operations pass a condition on to both sides': [
      [
        'select * from items where tenant = $1 union all select * from items where num = $2',
        'read items[1=$1] items[2=$2]',
      ],
      [
        from('select tenant, num from items union all select tenant, item from parts'),
        'read items[1=$1] parts[1=$1]',
      ],
      [
        from('select tenant, num from items except select tenant, item from parts'),
        'read items[1=$1] parts[1=$1]',
      ],
      [from('select tenant from items intersect all select item from parts'), 'read items[1=$1] parts[2=$1]'],
      [from('(select tenant from items limit 1) union select item from parts'), 'read items parts[2=$1]'],
      [from('select tenant from items union select item from parts limit 1'), 'read items parts'],
      [from('select tenant from items union select 3'), 'read items'],
      [from('select tenant from items union select price from products'), 'read items products'],
      [from('select tenant from items union values (1)'), 'read items'],
    ],
    'a view is the query it stands for': [
      ['select * from v_plain where cid = $1', 'read customers[1=$1] products[4=$1]'],
      ['select * from v_plain where pid = $1 and name = $2', 'read customers[3=$2] products[1=$1]'],
      ['select * from v_plain where name like $1', 'read customers products'],
      ['select * from v_left where id = $1', 'read customers products[1=$1]'],
      ['select * from v_left where cid = $1', 'read customers[1=$1] products[4=$1]'],
      ['select * from v_left where cid is null', 'read customers products'],
      ['select * from v_group where owner = $1', 'read products[4=$1]'],
      ['select * from v_group where n = $1', 'read products'],
      ['select * from v_distinct where owner = $1', 'read products[4=$1]'],
      ['select * from v_window where owner = $1', 'read products[4=$1]'],
      ['select * from v_union where owner = $1', 'read lines[3=$1] products[4=$1]'],
      ['select * from v_over where cid = $1', 'read customers[1=$1] products[4=$1]'],
      ['select * from v_over x (a, b) where b = $1', 'read customers[1=$1] products[4=$1]'],
      ['select * from v_text where n = $1', 'read customers[3=$1] products[2=$1]'],
      ['select * from v_true where id = $1', 'read customers[1=$1]'],
      ['select * from v_true', 'read customers[11=true]'],
      ['select * from cheaper where id = $1', 'read customers products[1=$1]'],
      [
        'select * from customers c left join v_group g on g.owner = c.id where c.id = $1',
        'read customers[1=$1] products[4=$1]',
      ],
      [
        'select * from v_plain a, v_plain b where a.cid = 1',
        'read customers customers[1=1] products products[4=1]',
      ],
    ],
    'but not above what takes rows of several values together, nor elsewhere in it': [
      ['select * from v_limit where id = $1', 'read products'],
      ['select * from v_distinct where id = $1', 'read products'],
      ['select * from v_window where id = $1', 'read products'],
      ['select * from v_expr where id = $1', 'read products'],
      ['select * from v_expr where owner = $1', 'read products'],
      ['select * from v_cte where id = $1', 'read products'],
      ['select * from v_sub where id = $1', 'read lines products[1=$1]'],
      ['select * from v_lateral where id = $1', 'read lines products[1=$1]'],
      ['select * from v_lateral where line = $1', 'read lines products'],
      ['select * from v_using where id = $1', 'read lines products'],
    ],
    'a query in an expression sees the columns around it': [
      [
        'select *, (select count(*) from parts p where p.tenant = i.tenant and p.item = i.num) from items i where tenant = $1 and num = $2',
        'read items[1,2=$1,$2] parts[1,2=$1,$2]',
      ],
      [
        'select * from items i where i.num = $1 and not exists (select 1 from parts p where p.item = i.num)',
        'read items[2=$1] parts[2=$1]',
      ],
      [
        'select * from items i where i.num = $1 or exists (select 1 from parts p where p.item = i.num)',
        'read items parts',
      ],
      [
        'select * from items i where exists (select 1 from parts p where p.item = i.num and i.num = $1)',
        'read items parts',
      ],
      [
        'select * from items i, lateral (select * from parts p where p.item = i.num limit 3) x where i.num = $1',
        'read items[2=$1] parts[2=$1]',
      ],
      [
        'select * from items i left join lateral (select * from parts p where p.item = i.num limit 3) x on true where i.num = $1',
        'read items[2=$1] parts[2=$1]',
      ],
      [
        'select * from items i, (select * from parts p where p.item = 3) x where i.num = $1',
        'read items[2=$1] parts[2=3]',
      ],
      [
        'select num from items i where num = $1 group by num having (select count(*) from parts p where p.item = i.num) > 1',
        'read items[2=$1] parts[2=$1]',
      ],
      ['select * from items where num in (select item from parts where part = $1)', 'read items parts[3=$1]'],
      [
        'select * from items where num = (select item from parts where tenant = $1)',
        'read items parts[1=$1]',
      ],
      [
        'select * from items i left join parts q on exists (select 1 from parts p where p.item = i.num) where i.num = $1',
        'read items[2=$1] parts parts[2=$1]',
      ],
    ],
  };

  for (const [rule, texts] of Object.entries(cases))
    test(rule, () => {
      expect(texts.map(([text]) => [text, brief(shop.planner.plan(text))])).toEqual(texts);
    });
});
