/** Decides which rows each form of a write is known to touch, and what its answer tells of them. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Plan } from '../../../src/sql/plan.js';
import { describeWithPostgres } from '../../support/servers.js';
import { brief, openShop, type Shop } from './shop.js';

const worldSql = `
  create table teams (id int primary key, name text unique, lead int, size int default 3, active bool);
  create table players (id serial primary key, team int references teams on delete cascade on update cascade,
    mail text unique, nick varchar(20), coach int references teams on delete set null, big bigint);
  create table cards (id int generated always as identity primary key, player int references players on delete cascade,
    holder int references players on delete set default, kind text);
  create table seats (row int, num int, guest int, label text, primary key (row, num));
  create table mails (id int primary key, address text not null);
  create collation loose (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
  create unique index on mails (address collate loose);
  create table nodes (id int primary key, parent int references nodes on delete cascade, name text);
  create table log (id int not null, day date not null, who int) partition by range (day);
  create table log_1 partition of log for values from ('2024-01-01') to ('2025-01-01');
  create table log_2 (who int, extra int, day date not null, id int not null);
  alter table log_2 drop column extra;
  alter table log attach partition log_2 for values from ('2025-01-01') to ('2026-01-01');
  create table things (id int primary key, name text);
  create table tools (edge text) inherits (things);
  create table slugs (id int primary key, slug text unique, hits int);
  create function lower_slug() returns trigger language plpgsql as $$ begin new.slug := lower(new.slug); return new; end $$;
  create trigger lower_slug before insert on slugs for each row execute function lower_slug();
  create view team_view as select id, name from teams;
  create table made (id int primary key, v int, twice int generated always as (v * 2) stored);
  create table plain (id int primary key, seen int, gone text);
  alter table plain drop column seen;
  alter table plain add column v int;
`;

describeWithPostgres('pins of writes: which rows each form of a write touches', () => {
  let shop: Shop;
  beforeAll(async () => {
    shop = await openShop(worldSql);
  });
  afterAll(() => shop.close());

  const plan = (text: string): string => brief(shop.planner.plan(text));

  const cases: Record<string, readonly (readonly [text: string, plan: string])[]> = {
    'an insert names the values it gives, and NULL where it gives none': [
      ['insert into teams (id, name) values ($1, $2)', 'write teams[1=$1 2=$2 3=null 5=null]'],
      ['insert into teams (id, lead) values ($1, null)', 'write teams[1=$1 2=null 3=null 5=null]'],
      ['insert into teams values ($1, $2)', 'write teams[1=$1 2=$2 3=null 5=null]'],
      [
        'insert into teams (id, name) values (1, $1), (2, null)',
        'write teams[1=1,2 2=$1,null 3=null 5=null]',
      ],
      ['insert into teams (id, lead) values ($1, default)', 'write teams[1=$1 2=null 3=null 5=null]'],
      ['insert into teams default values', 'write teams[1=null 2=null 3=null 5=null]'],
      ['insert into seats (row, num) values ($1, $2)', 'write seats[1=$1 2=$2 3=null 4=null]'],
    ],
    'a default, a serial and an identity may be any value': [
      ['insert into players (mail) values ($1)', 'write players[2=null 3=$1 4=null 5=null 6=null]'],
      [
        'insert into players (id, mail) values (default, $1)',
        'write players[2=null 3=$1 4=null 5=null 6=null]',
      ],
      ['insert into teams (id, size) values ($1, default)', 'write teams[1=$1 2=null 3=null 5=null]'],
      ['insert into cards (kind) values ($1)', 'write cards[2=null 3=null 4=$1]'],
      [
        'insert into cards (id, kind) overriding system value values ($1, $2)',
        'write cards[1=$1 2=null 3=null 4=$2]',
      ],
      [
        'insert into cards (id, kind) overriding user value values ($1, $2)',
        'write cards[2=null 3=null 4=$2]',
      ],
      ['insert into teams (id, name) values ($1, upper($2))', 'write teams[1=$1 3=null 5=null]'],
    ],
    'INSERT … SELECT names what its query gives in so many words or takes from a column that it pins': [
      ['insert into teams (id, name) select 1, $1', 'write teams[1=1 2=$1 3=null 5=null]'],
      [
        'insert into players (id, team, mail) select $1, t.id, t.name from teams t where t.id = $2 and t.lead = 4',
        'write players[1=$1 2=$2 4=null 5=null 6=null]',
      ],
      ['insert into teams (id, lead) select id, lead from teams', 'write teams[2=null 5=null]'],
      ['insert into teams (id) select * from players', 'write teams[2=null 3=null 5=null]'],
      ['insert into teams select id from players', 'write teams[2=null 3=null 5=null]'],
      ['insert into teams select p.* from team_view p where p.id = $1', 'write teams[1=$1 3=null 5=null]'],
      ['insert into teams select f.* from generate_series(1, 2) f', 'write teams'],
      [
        'insert into teams (id, lead) select 1, 2 union select 3, 4',
        'write teams[1=1,3 2=null 3=2,4 5=null]',
      ],
      [
        'insert into teams (id, lead) select 1, team from players where team = $1 union all select 3, id from players where id = 5',
        'write teams[1=1,3 2=null 3=$1,5 5=null]',
      ],
      [
        'insert into teams (id, lead) with x as (select id from players where id = $1) select id, id from x',
        'write teams[1=$1 2=null 3=$1 5=null]',
      ],
      [
        'with x as (select id from players where id = $1) insert into teams (id) select id from x',
        'write teams[1=$1 2=null 3=null 5=null]',
      ],
      [
        'insert into teams (id, lead) select t.id, p.team from teams t left join players p on p.team = 4 where t.id = $1',
        'write teams[1=$1 2=null 5=null]',
      ],
      [
        'insert into teams (id, lead) select id, lead from teams where lead is null or lead = 4',
        'write teams[2=null 3=null,4 5=null]',
      ],
      [
        'insert into teams (id) select $1 group by grouping sets ((), ())',
        'write teams[2=null 3=null 5=null]',
      ],
      [
        'with x as (select 1) insert into teams (id, lead) values ($1, 3)',
        'write teams[1=$1 2=null 3=3 5=null]',
      ],
      [
        'with teams as (select 1 as id) insert into players (team) select teams.id from teams where teams.id = $1',
        'write players[3=null 4=null 5=null 6=null]',
      ],
    ],
    'ON CONFLICT DO NOTHING writes only what it inserts': [
      [
        'insert into teams (id, name) values ($1, $2) on conflict do nothing',
        'write teams[1=$1 2=$2 3=null 5=null]',
      ],
      [
        'insert into teams (id) values (1), (2) on conflict (id) do nothing',
        'write teams[1=1,2 2=null 3=null 5=null]',
      ],
    ],
    'ON CONFLICT DO UPDATE hits a row that is known by the columns of the conflict only': [
      [
        'insert into teams (id, name) values ($1, $2) on conflict (id) do update set name = excluded.name',
        'write teams[1=$1]',
      ],
      [
        'insert into teams (id, name) values ($1, $2) on conflict (name) do update set lead = 4',
        'write teams[2=$2]',
      ],
      [
        'insert into teams (id, name) values ($1, $2) on conflict (name) do update set name = $3',
        'write teams[2=$2,$3]',
      ],
      [
        'insert into teams (id, name) values ($1, $2) on conflict (name) do update set name = teams.name || 1',
        'write teams',
      ],
      [
        'insert into teams (id, name) values ($1, $2) on conflict (name) do update set name = excluded.name',
        'write teams[2=$2]',
      ],
      [
        'insert into teams (id, name, lead) values ($1, $2, $3) on conflict (id) do update set lead = excluded.lead where teams.lead = $4',
        'write teams[3=$4,$3 1=$1]',
      ],
      [
        'insert into teams (id) values ($1) on conflict on constraint teams_pkey do update set lead = 1',
        'write teams',
      ],
      [
        'insert into seats (row, num, guest) values ($1, $2, $3) on conflict (row, num) do update set guest = excluded.guest',
        'write seats[1=$1 2=$2]',
      ],
      // Another unique key takes more for equal than the column does.
      [
        'insert into mails values ($1, $2) on conflict (address) do update set id = excluded.id',
        'write mails',
      ],
      [
        'insert into mails values ($1, $2) on conflict (id) do update set address = excluded.address',
        'write mails[1=$1]',
      ],
      // What is in the way is looked for by what the trigger made of it.
      [
        'insert into slugs (id, slug) values ($1, $2) on conflict (slug) do update set hits = 1',
        'write slugs',
      ],
      [
        'insert into slugs (id, slug) values ($1, $2) on conflict (id) do update set hits = 1',
        'write slugs[1=$1]',
      ],
    ],
    'WHERE with OR, IN, ANY, rows and IS NULL gives values per column': [
      ['delete from seats where row = $1 or row = 4', 'write seats[1=$1,4]'],
      ['delete from seats where (row = $1 and num = 2) or (row = 3 and guest = 5)', 'write seats[1=$1,3]'],
      ['delete from seats where row = $1 or num = 2', 'write seats'],
      ['delete from seats where row = $1 or label like $2', 'write seats'],
      ['delete from seats where row in ($1, 2) and num = any (array[3, 4])', 'write seats[1=$1,2 2=3,4]'],
      ['delete from seats where row = any (array[1, num])', 'write seats'],
      [
        'delete from seats where row = any ($1) and num = any ($2::int[])',
        'write seats[1=each $1 2=each $2]',
      ],
      ['delete from seats where row = any ($1) or row = 3', 'write seats[1=each $1,3]'],
      ['delete from seats where row = any ($1) and num = $1', 'write seats'],
      ['update seats set row = $2 where row = any ($1)', 'write seats[1=each $1,$2]'],
      ['delete from seats where guest is not distinct from $1', 'write seats[3=$1]'],
      ['delete from teams where active', 'write cards players teams[5=true]'],
      ['delete from teams where not active or active is null', 'write cards players teams[5=false,null]'],
      ['delete from seats where (row, num) = ($1, $2)', 'write seats[1=$1 2=$2]'],
      ['delete from seats where (row, num) in (($1, $2), (3, 4))', 'write seats[1=$1,3 2=$2,4]'],
      ['delete from seats where (row, num) in (($1, $2), (3, row))', 'write seats[1=$1,3]'],
      ['delete from seats where guest is null', 'write seats[3=null]'],
      ['delete from seats where guest is null or guest = $1', 'write seats[3=null,$1]'],
      ['delete from seats where guest is not null', 'write seats'],
      ['delete from seats where not (row = 1)', 'write seats'],
      ['delete from seats where (row = 1) is true', 'write seats'],
      ['delete from seats where (row, num) > (1, 2)', 'write seats'],
      ['delete from seats where row = 1 and row in (1, 2)', 'write seats[1=1]'],
      ['delete from made where twice = 4', 'write made'],
    ],
    'IN (SELECT …) passes on what the query says of its column': [
      ['delete from players where team in (select id from teams where id = $1)', 'write cards players[2=$1]'],
      [
        'delete from players where team in (select t.id from teams t where t.name = $1)',
        'write cards players',
      ],
      ['delete from players where id in (values (1), (2))', 'write cards players[1=1,2]'],
      [
        'delete from players where team in (select id from teams where id in (1, 2) for update)',
        'write cards players[2=1,2]',
      ],
      ['delete from players where team in (select 5 union select 6)', 'write cards players[2=5,6]'],
      [
        'with x as (select id from teams where id = $1) delete from players where team in (select id from x)',
        'write cards players[2=$1]',
      ],
      [
        'delete from seats where (row, num) in (select id, 2 from teams where id = $1)',
        'write seats[2=2 1=$1]',
      ],
      [
        'delete from players where team in (select id from teams where id = players.coach)',
        'write cards players',
      ],
      [
        'delete from players where team = any (select id from teams where id = 4)',
        'write cards players[2=4]',
      ],
      ['delete from players where team not in (select id from teams where id = 4)', 'write cards players'],
      ['delete from players where team > any (select id from teams where id = 4)', 'write cards players'],
    ],
    'an update is known by its old values and its new ones': [
      ['update seats set guest = $1 where guest = $2', 'write seats[3=$2,$1]'],
      ['update seats set guest = null where guest = $2', 'write seats[3=$2,null]'],
      ['update seats set guest = default where guest = $2', 'write seats[3=$2,null]'],
      ['update teams set size = default where size = $2', 'write teams'],
      ['update seats set guest = guest + 1 where guest = $2', 'write seats'],
      ['update seats set guest = num where num = $1 and guest = $2', 'write seats[2=$1 3=$2,$1]'],
      ['with x as (select 1) update seats set label = 1 where row = $1', 'write seats[1=$1]'],
    ],
    'UPDATE … FROM and DELETE … USING know what the join says of the table itself': [
      [
        'update teams set lead = p.id from players p where teams.id = $1 and p.team = teams.id',
        'write teams[1=$1]',
      ],
      [
        'update teams set lead = p.id from players p where teams.id = p.team and p.team = $1',
        'write teams[1=$1]',
      ],
      [
        'update teams set lead = p.team from players p where teams.lead = $2 and p.team = $1',
        'write teams[3=$2,$1]',
      ],
      ['update teams set lead = p.id from players p where p.team = $1', 'write teams'],
      [
        'update teams set size = v.size from (values (1, 2), ($1::int, 4)) v (id, size) where teams.id = v.id',
        'write teams[1=1,$1]',
      ],
      [
        'update teams set size = v.size from (select $1::int as id, 2 as size) v where teams.id = v.id',
        'write teams[1=$1]',
      ],
      ['update teams set size = 1 from (select id from players) v where teams.id = v.id', 'write teams'],
      ['update teams t set size = 1 from teams o where t.id = o.lead and o.id = $1', 'write teams'],
      ['update teams t set size = 1 from teams o where t.id = o.lead and o.lead = $1', 'write teams[1=$1]'],
      ['delete from players using teams t where players.big = t.id and t.id = 4', 'write cards players[6=4]'],
      [
        'delete from players using teams t join seats s on s.guest = t.id and t.id = $1 where players.team = s.guest',
        'write cards players[2=$1]',
      ],
      [
        'delete from players using teams t left join seats s on s.guest = t.id and s.guest = $1 where players.team = t.id',
        'write cards players',
      ],
      [
        'delete from players using teams t left join seats s on s.guest = t.id and s.guest = $1 where players.team = s.guest',
        'write cards players',
      ],
      [
        'delete from players using teams t join seats s using (size) where players.team = t.id and t.id = 4',
        'write cards players[2=4]',
      ],
      [
        'with x (id) as (values ($1::int), (2)) update teams set size = 1 from x where x.id = teams.id',
        'write teams[1=$1,2]',
      ],
      [
        'update teams set lead = v.x from players p left join (select 3 as x) v on true where teams.id = 1 and teams.lead = 2',
        'write teams[1=1]',
      ],
      [
        'update teams set lead = v.x from (select 3 as x) v where teams.id = 1 and teams.lead = 2',
        'write teams[1=1 3=2,3]',
      ],
      // A text is not the number that it spells.
      [
        'delete from players using teams t where players.mail = t.id::text and t.id = 4',
        'write cards players',
      ],
    ],
    'MERGE is known by what each of its clauses says': [
      [
        'merge into teams t using (values ($1::int, $2)) s (id, name) on t.id = s.id when matched then update set name = s.name when not matched then insert (id, name) values (s.id, s.name)',
        'write teams[1=$1]',
      ],
      ['merge into seats t using players p on t.guest = p.id when matched then delete', 'write seats'],
      [
        'merge into seats t using players p on t.guest = p.id and p.id = $1 when matched then delete',
        'write seats[3=$1]',
      ],
      [
        'merge into seats t using players p on t.guest = p.id and t.row = $1 when matched then update set guest = null when not matched by source then delete',
        'write seats',
      ],
      [
        'merge into seats t using players p on t.row = $1 when matched then update set guest = null when not matched by source and t.row = 3 then delete',
        'write seats[1=$1,3]',
      ],
      [
        'merge into seats t using players p on t.row = $1 when matched then do nothing',
        'bypass not-understood',
      ],
    ],
    'one statement that writes a table twice is known by the columns that both name': [
      [
        'with x as (delete from seats where row = $1) update seats set label = 1 where row = $2',
        'write seats[1=$1,$2]',
      ],
      [
        'with x as (delete from seats where num = $1) update seats set label = 1 where row = $2',
        'write seats',
      ],
    ],
    'a referential action is known by the key that was referenced': [
      ['delete from teams where id = $1', 'write cards players teams[1=$1]'],
      ['delete from players where id = $1', 'write cards players[1=$1]'],
      ['update teams set id = $2 where id = $1', 'write players[2=$1,$2] teams[1=$1,$2]'],
      ['update teams set lead = 1 where id = $1', 'write teams[1=$1]'],
      ['delete from nodes where id = $1', 'write nodes'],
      ['delete from teams where name = $1', 'write cards players teams[2=$1]'],
    ],
    'a row of a partition or of a child is known by the same columns': [
      ['delete from log where id = $1', 'write log[1=$1] log_1[1=$1] log_2[4=$1]'],
      ['update log_2 set who = 3 where id = $1', 'write log[1=$1] log_2[4=$1]'],
      ['delete from things where id = $1', 'write things[1=$1] tools[1=$1]'],
      ['delete from only things where id = $1', 'write things[1=$1] tools[1=$1]'],
      ['insert into tools (id, edge) values ($1, $2)', 'write things[1=$1 2=null] tools[1=$1 2=null 3=$2]'],
      ['update team_view set name = $1 where id = $2', 'write players teams'],
    ],
  };

  for (const [rule, texts] of Object.entries(cases))
    test(rule, () => {
      expect(texts.map(([text]) => [text, plan(text)])).toEqual(texts);
    });

  test('a write of rows that a unique key names one by one is short; of each element of an array it may be long', () => {
    const mayTakeLong = (text: string): boolean => {
      const found: Plan = shop.planner.plan(text);
      return found.kind === 'write' && found.mayTakeLong === true;
    };
    expect(mayTakeLong('update slugs set hits = 1 where id = $1')).toBe(false);
    expect(mayTakeLong('update slugs set hits = 1 where id in ($1, 2)')).toBe(false);
    expect(mayTakeLong('update slugs set hits = 1 where id = any ($1)')).toBe(true);
    expect(mayTakeLong('update slugs set hits = 1 where hits = $1')).toBe(true);
  });

  const told = (text: string): string => {
    const found: Plan = shop.planner.plan(text);
    if (found.kind !== 'write' || found.told === undefined) return 'nothing';
    return [
      found.told.table.name,
      ...found.told.columns.map(({ column, position }) => `${column}@${position}`),
    ].join(' ');
  };

  const answers: Record<string, readonly (readonly [text: string, told: string])[]> = {
    'RETURNING tells the columns that an insert gave': [
      ['insert into players (mail) values ($1) returning id', 'public.players 1@0'],
      [
        'insert into players (mail) values ($1) returning "mail" as m, id + 1, players.id',
        'public.players 3@0 1@2',
      ],
      ['insert into players (mail) values ($1) returning *', 'public.players 1@0 2@1 3@2 4@3 5@4 6@5'],
      ['insert into plain (id) values ($1) returning 1, *, v', 'public.plain 1@1 3@2 4@3 4@4'],
      ['insert into made (id, v) values ($1, 2) returning *', 'public.made 1@0 2@1'],
      ['insert into slugs (id, slug) values ($1, $2) returning slug', 'public.slugs 2@0'],
      ['insert into players (mail) values ($1)', 'public.players'],
      ['insert into players (mail) select $1 on conflict do nothing returning id', 'public.players 1@0'],
      [
        'insert into teams (id) values ($1) on conflict (id) do update set name = 1 returning id, name, lead',
        'public.teams 1@0 3@2',
      ],
    ],
    'RETURNING tells what an update left as it was, and what a delete took away': [
      ['update players set nick = $1 where mail = $2 returning id, nick, mail', 'public.players 1@0 3@2'],
      [
        'update players p set nick = 1 from teams t where t.id = p.team returning *',
        'public.players 1@0 2@1 3@2 5@4 6@5',
      ],
      [
        'update players p set nick = 1 from teams t where t.id = p.team returning t.*, p.id',
        'public.players',
      ],
      [
        'update players p set nick = 1 from teams t where t.id = p.team returning p.*, p.id',
        'public.players 1@0 2@1 3@2 5@4 6@5 1@6',
      ],
      [
        'update teams t set lead = 1 from teams o where o.id = t.lead returning o.id, t.id',
        'public.teams 1@1',
      ],
      ['delete from seats where row > 3 returning num, guest', 'public.seats 2@0 3@1'],
      [
        'merge into seats t using players p on t.guest = p.id when matched then update set label = 1 returning t.row, p.id, *',
        'public.seats 1@0',
      ],
    ],
    'OLD and NEW of Postgres 18 tell where they are the row itself': [
      [
        'update players set nick = $1 where mail = $2 returning old.id, new.id, old.nick',
        'public.players 1@0 1@1',
      ],
      [
        'update players set nick = $1 where mail = $2 returning with (old as o) o.id, id',
        'public.players 1@1',
      ],
      ['insert into players (mail) values ($1) returning old.id, new.id', 'public.players 1@1'],
      ['delete from seats returning old.row, new.row', 'public.seats 1@0'],
      ['update players old set nick = 1 returning old.id', 'public.players 1@0'],
    ],
    'what is written in another way too is not told': [
      ['with x as (insert into players (mail) values ($1) returning id) select * from x', 'nothing'],
      [
        'with x as (delete from players returning id) insert into players (mail) values ($1) returning id',
        'nothing',
      ],
      ['with x as (delete from seats) insert into teams (id) values ($1) returning id', 'public.teams 1@0'],
      ['delete from nodes where id = $1 returning id', 'nothing'],
      ['insert into log (id, day) values ($1, $2) returning id', 'nothing'],
      ['insert into things (id) values ($1) returning id', 'nothing'],
      ['update team_view set name = $1 returning id', 'nothing'],
      ['truncate seats', 'nothing'],
      ['insert into teams (id) values ($1) returning id; select 1', 'nothing'],
    ],
  };

  for (const [rule, texts] of Object.entries(answers))
    test(rule, () => {
      expect(texts.map(([text]) => [text, told(text)])).toEqual(texts);
    });
});
