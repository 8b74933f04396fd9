/** Decides, on a real server's catalog, what plans of plain statements say. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeWithMysql } from '../../support/mysql.js';
import { openShop, type Shop, told } from './shop.js';

const schemaSql = `
  create table team (id int auto_increment primary key, name varchar(20) unique, grp int, big bigint unsigned not null default 0);
  create table member (id int primary key, team int, label varchar(10) collate utf8mb4_bin, small tinyint not null, raw varbinary(4),
    foreign key (team) references team (id) on delete cascade on update cascade);
  create table note (id int primary key, member int, body text, foreign key (member) references member (id) on delete set null);
  create table pair (a int, b int, c int, primary key (a, b));
  create table hidden (own int invisible default 2, a int, b int);
  create view small as select id, name from team where grp = 1;
`;

describeWithMysql('plans', () => {
  let shop: Shop;
  beforeAll(async () => {
    shop = await openShop(schemaSql);
  });
  afterAll(() => shop.close());

  test.each([
    ['select * from team', 'read team'],
    ['select * from team where id = 1', 'read team(id=1)'],
    ['select * from team where id = ?', 'read team(id=$0)'],
    ['SELECT * FROM `team` WHERE `ID` = ? LIMIT 1', 'read team(id=$0)'],
    ["select * from team where name = 'AbC'", 'read team(name=abc)'],
    ["select * from team where name = 'é'", 'read team'],
    ['select * from team where name = 1', 'read team'],
    ["select * from team where id = '1'", 'read team(id=1)'],
    ["select * from team where id = '1a'", 'read team'],
    ['select * from team where id in (1, ?, 3)', 'read team(id=1|id=$0|id=3)'],
    ['select * from team where id = 1 or id = 2', 'read team(id=1|id=2)'],
    ['select * from team where id = 1.0', 'read team'],
    ['select * from team where id = -1', 'read team(id=-1)'],
    ['select * from team where big = 18446744073709551615', 'read team'],
    ["select * from member where label = 'aB'", 'read member(label=aB)'],
    ["select * from member where raw = 'aB'", 'read member(raw=6142)'],
    ['select * from member where team is null', 'read member(team=null)'],
    ['select * from member where team <=> ?', 'read member(team=$0)'],
    ['select * from pair where a = ? and b = ?', 'read pair(a=$0&b=$1)'],
    [
      'select t.name from team t join member m on m.team = t.id where t.id = ?',
      'read member(team=$0) team(id=$0)',
    ],
    [
      'select t.name from team t left join member m on m.team = t.id where t.id = ?',
      'read member(team=$0) team(id=$0)',
    ],
    ['select * from small where id = 3', 'read team(id=3)'],
    ['select * from (select id, grp from team) d where d.id = 3', 'read team(id=3)'],
    ['with d as (select * from team) select * from d where id = 3', 'read team(id=3)'],
    ['select count(*) from team', 'read team'],
    ['select * from (select max(id) as m, id from team) d where d.id = 3', 'read team'],
    ['select * from hidden where own = 2', 'read hidden(own=2)'],
    [
      'select * from (select * from hidden union select id, grp from team) d where d.a = 1',
      'read hidden team',
    ],
    [
      'select 1 from hidden h natural join (select 1 as own, a from pair) d where h.own = 1',
      'read hidden(own=1) pair',
    ],
    ['select * from team where id in (select team from member where id = 5)', 'read member(id=5) team'],
    ['select id from team union select id from member', 'read member team'],
    ['select now() from team', 'bypass unstable-function'],
    ['select * from team for update', 'bypass row-lock'],
    ['select @a from team', 'bypass user-variable'],
    ['select 1', 'bypass no-table'],
    ['select * from nothing', 'bypass unknown-relation'],
    ['select * from information_schema.tables', 'bypass system-relation'],
  ])('%s', (text, expected) => {
    expect(told(shop, text)).toBe(expected);
  });

  test.each([
    ['update team set grp = 2 where id = 1', 'write team(id:1)'],
    ['update team set name = ? where id = ?', 'write team(id:$1)'],
    ["update team set name = 'A' where name = 'b'", 'write team(name:b,a)'],
    ['update team set id = 5 where id = 1', 'write member(team:1,5) team(id:1,5)'],
    ['update team set grp = 2', 'write team'],
    ['delete from team where id = ?', 'write member(team:$0) note team(id:$0)'],
    ['delete from member where id = 1', 'write member(id:1) note(member:1,null)'],
    ["insert into team (name) values ('a')", 'write team(grp:null; name:a)'],
    ['insert into team (id, name) values (7, ?)', 'write team(grp:null; id:7; name:$0)'],
    ['insert into pair values (1, 2, 3), (4, 5, 6)', 'write pair(a:1,4; b:2,5; c:3,6)'],
    ['insert into pair (a, b) values (1, 2) on duplicate key update c = 3', 'write pair(a:1; b:2)'],
    ['insert into team (id, name) values (1, ?) on duplicate key update grp = 3', 'write team'],
    ['replace into pair values (1, 2, 3)', 'write pair(a:1; b:2)'],
    ['insert into pair (a, b) select ?, 2 from team', 'write pair(a:$0; b:2; c:null)'],
    ['insert into pair select id, grp, 7 from team where id = ? and grp = 3', 'write pair(a:$0; b:3; c:7)'],
    ['insert into pair (a, b) select id, 1 from team', 'write pair(b:1; c:null)'],
    ['insert into pair (a, b, c) select 1, 2, 3 union select 4, 5, 6', 'write pair(a:1,4; b:2,5; c:3,6)'],
    [
      'insert into pair (a, c) select d.id, d.n from (select id, 2 as n from team) d where d.id = 4',
      'write pair(a:4)',
    ],
    [
      'insert into member (id, team, small) select t.id, t.grp, 300 from team t where t.grp = 5',
      'write member(label:null; raw:null; team:5)',
    ],
    [
      "insert into member (id, label) select 1, name from team where name = 'a'",
      'write member(id:1; raw:null; team:null)',
    ],
    ["insert into team (name) select label from member where label = 'a'", 'write team(grp:null)'],
    [
      'insert into pair (a, b) select team, count(*) from member where team = 3 group by team',
      'write pair(a:3; c:null)',
    ],
    [
      'insert into pair (a, b) select team, 7 from member where team = 3 group by team with rollup',
      'write pair(c:null)',
    ],
    [
      'insert into pair (a, b) select id, 2 from team where id = 1 on duplicate key update c = values(c)',
      'write pair(a:1; b:2)',
    ],
    ['replace into pair select id, 2, 3 from team where id = 1', 'write pair(a:1; b:2)'],
    ['insert into hidden values (1, 2)', 'write hidden(a:1; b:2)'],
    ['insert into hidden select id, 2 from team where id = 1', 'write hidden(a:1; b:2)'],
    [
      'update team t join member m on m.team = t.id set t.grp = m.team where t.id = 5 and t.grp = 3',
      'write team(grp:3,5; id:5)',
    ],
    ['update pair set b = a where a = 5 and b = 6', 'write pair(a:5; b:6,5)'],
    ['update pair set a = 1, b = a where a = 5 and b = 6', 'write pair(a:5,1)'],
    ['update pair p join pair q on q.a = p.b set p.a = 1, p.b = q.a where q.a = 5 and p.b = 5', 'write pair'],
    ['update team t join member m on m.team = t.id set t.grp = 1 where m.id = 5', 'write team'],
    ['update team t join member m on m.team = t.id set t.grp = 1 where t.id = 5', 'write team(id:5)'],
    ['delete m from member m join team t on m.team = t.id where t.id = 5', 'write member(team:5) note'],
    ['update small set name = ? where id = 1', 'write member team'],
    ['truncate pair', 'write pair commits'],
    ['create table x (id int)', 'write everything ddl catalog commits'],
    ['call p()', 'write everything opaque catalog departs commits'],
    ['update nothing set a = 1', 'write everything unknown-relation'],
    ['begin', 'transaction {"control":"begin","isolation":null} commits'],
    ['commit', 'transaction {"control":"commit","chain":false}'],
    ['set @a = 1', 'bypass session'],
    ['set names utf8', 'bypass session departs'],
    ['set autocommit = 1', 'bypass session commits'],
    ['use other', 'bypass session departs'],
    ['lock tables team read', 'bypass table-lock commits'],
    ['show tables', 'bypass utility'],
    ['select f(1) from team', 'write everything unknown-function departs'],
  ])('%s', (text, expected) => {
    expect(told(shop, text)).toBe(expected);
  });
});
