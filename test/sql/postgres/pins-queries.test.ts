/** Decides which rows of each table a read is known to see through sub-queries, CTEs, set operations and names. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeWithPostgres } from '../../support/servers.js';
import { brief, openShop, type Shop } from './shop.js';

const extraSql = `
  create table items (tenant int, num int, label text, parent int, primary key (tenant, num));
  create table parts (tenant int, item int, part int, foreign key (tenant, item) references items);
`;

describeWithPostgres('pins of reads through queries in queries', () => {
  let shop: Shop;
  beforeAll(async () => {
    shop = await openShop();
    await shop.client.query(extraSql);
    await shop.reload();
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
