/** Decides what is known of functions and triggers from their code, and that code which cannot be read may do anything. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeWithPostgres } from '../../support/servers.js';
import { brief, openShop, type Shop } from './shop.js';

const worldSql = `
  create schema aside;
  create table items (id int primary key, total int, owner int);
  create table totals (owner int primary key, sum int);
  create table journal (id serial primary key, what text);
  create table aside.journal (id serial primary key, what text);
  create table outbox (id serial primary key, body text);
  create function count_in() returns trigger language plpgsql as $$
    declare delta int := 0;
    begin
      if tg_op = 'DELETE' then delta := -old.total; else delta := new.total; end if;
      insert into totals values (coalesce(new.owner, old.owner), delta)
        on conflict (owner) do update set sum = totals.sum + excluded.sum;
      perform pg_notify('items', new.id::text);
      return null;
    end $$;
  create trigger count_in after insert or update or delete on items for each row execute function count_in();
  create function journal() returns trigger language plpgsql as $$
    begin insert into journal (what) values (tg_op); return null; end $$;
  create trigger journal after insert or update on totals for each statement execute function journal();
  create table guarded (id int primary key, v int, code text);
  create function guard() returns trigger language plpgsql as $$
    begin
      if new.v < 0 then raise exception 'negative: %', new.v using hint = 'more'; end if;
      select coalesce(max(id), 0) into new.code from items where owner = new.id;
      return new;
    end $$;
  create trigger guard before insert or update on guarded for each row execute function guard();
  create table dynamic (id int primary key);
  create function dynamic() returns trigger language plpgsql as $$
    begin execute format('insert into %I (what) values (1)', tg_argv[0]); return null; end $$;
  create trigger dynamic after insert on dynamic for each row execute function dynamic('journal');
  create table looping (id int primary key, v int);
  create function looping() returns trigger language plpgsql as $$
    begin update looping set v = v + 1 where id = new.id + 1; return null; end $$;
  create trigger looping after insert or update on looping for each row execute function looping();
  create table aside_of (id int primary key);
  create function aside.note() returns trigger language plpgsql set search_path = aside, pg_temp as $$
    begin insert into journal (what) values ('x'); return null; end $$;
  create trigger note after insert on aside_of for each row execute function aside.note();
  create table tuned (id int primary key);
  create function tune() returns trigger language plpgsql set work_mem = '1MB' as $$ begin return null; end $$;
  create trigger tune after insert on tuned for each row execute function tune();
  create table sessioned (id int primary key);
  create function sessions() returns trigger language plpgsql as $$
    begin perform set_config('app.last', new.id::text, false); return null; end $$;
  create trigger sessions after insert on sessioned for each row execute function sessions();
  create function refresh_total(who int) returns void language sql as $$
    delete from totals where owner = who; insert into totals select owner, sum(total) from items where owner = who group by owner $$;
  create function calls(who int) returns int language plpgsql as $$ begin perform refresh_total(who); return 1; end $$;
  create function rate(int) returns bigint language sql stable as 'select max(total) from items where owner = $1';
  create function doubled(int) returns bigint language plpgsql stable as $$ begin return (select 2 * rate($1)); end $$;
  create function lied(int) returns bigint language sql immutable as 'select max(total) from items where owner = $1';
  create function twice(int) returns int language sql immutable as 'select 2 * $1';
  create function now_of(int) returns timestamptz language sql stable as 'select now()';
  create function peek(int) returns bigint language sql as 'select count(*) from items where owner = $1';
  create function fact(n int) returns int language plpgsql stable as
    $$ begin if n < 2 then return 1; end if; return n * fact(n - 1); end $$;
  create function atomic(who int) returns bigint language sql stable
    begin atomic select count(*) from items where owner = who; end;
  create function opened() returns int language plpgsql as
    $$ declare c cursor for select refresh_total(1); begin open c; close c; return 1; end $$;
  create function given(a int default refresh_default()) returns int language sql stable as 'select a';
  create procedure tidy() language plpgsql as $$ begin delete from journal; commit; end $$;
  create procedure sweep() language plpgsql as $$ begin delete from journal; end $$;
  create view item_view as select id, owner from items;
  create function via_view() returns trigger language plpgsql as $$
    begin insert into outbox (body) values (new.id::text); return new; end $$;
  create trigger via_view instead of insert on item_view for each row execute function via_view();
  create table defaulted (id int primary key, stamp int default refresh_default());
`;

describeWithPostgres('the code of functions and triggers', () => {
  let shop: Shop;
  beforeAll(async () => {
    shop = await openShop(
      `create table early (n int); create function refresh_default() returns int language plpgsql as $$ begin insert into early values (1); return 1; end $$; ${worldSql}`,
    );
  });
  afterAll(() => shop.close());

  const cases: Record<string, readonly (readonly [text: string, plan: string])[]> = {
    'a trigger adds the tables that its code writes, and what their triggers write': [
      ['insert into items values (1, 2, 3)', 'write items[1=1 2=2 3=3] journal totals'],
      ['update items set total = 1 where id = $1', 'write items[1=$1] journal totals'],
      ['delete from totals where owner = 1', 'write totals[1=1]'],
      ['update totals set sum = 1 where owner = 1', 'write journal totals[1=1]'],
      ['insert into item_view values (1, 2)', 'write items journal outbox totals'],
      ['insert into defaulted values ($1)', 'write defaulted[1=$1] early'],
    ],
    'a BEFORE trigger may make another row of it': [
      ['update guarded set v = 3 where id = $1', 'write guarded'],
      ['delete from guarded where id = $1', 'write guarded[1=$1]'],
    ],
    'code that is put together while it runs, or calls itself, may do anything': [
      ['insert into dynamic values (1)', 'everything side-effects catalog departs'],
      ['insert into looping values (1, 2)', 'everything side-effects'],
      ['delete from looping where id = $1', 'write looping[1=$1]'],
      ['select opened() from items', 'everything volatile-function'],
      ['select given() from items', 'everything volatile-function'],
      ['insert into tuned values (1)', 'everything side-effects'],
    ],
    'a function’s own search path counts, and what it does to the session': [
      ['insert into aside_of values (1)', 'write aside.journal aside_of[1=1]'],
      ['insert into sessioned values (1)', 'write sessioned[1=1] departs'],
    ],
    'a function that writes is a write of its tables': [
      ['select refresh_total(1)', 'write journal totals'],
      ['select calls(id) from items', 'write journal totals'],
      ['select peek(1)', 'bypass unstable-function'],
      ['select peek(id) from items', 'bypass unstable-function'],
    ],
    'a stable function is a read of its tables': [
      ['select rate(1)', 'read items'],
      ['select *, doubled(owner) from totals', 'read items totals'],
      ['select twice(id) from items where id = $1', 'read items[1=$1]'],
      ['select lied(1) from totals', 'bypass unstable-function'],
      ['select now_of(id) from items', 'bypass unstable-function'],
      ['select fact(3) from items', 'bypass unstable-function'],
      // Its body is kept as a tree.
      ['select atomic(1) from items', 'everything volatile-function catalog departs'],
    ],
  };

  for (const [rule, texts] of Object.entries(cases))
    test(rule, () => {
      expect(texts.map(([text]) => [text, brief(shop.planner.plan(text))])).toEqual(texts);
    });
});
