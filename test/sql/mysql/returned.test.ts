/** What the rows of RETURNING tell of the rows that were written, on MariaDB's catalog. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeWithMysql } from '../../support/mysql.js';
import { openShop, type Shop } from './shop.js';

const schemaSql = `
  create table team (id int auto_increment primary key, name varchar(20) unique, at datetime);
  create table member (id int primary key, team int, small tinyint,
    foreign key (team) references team (id) on delete cascade);
  create table node (id int primary key, parent int, foreign key (parent) references node (id) on delete cascade);
  create table far (id int primary key, near int);
  create table near (id int primary key, far int, foreign key (far) references far (id) on delete set null);
  alter table far add foreign key (near) references near (id) on delete cascade;
  create table watched (id int primary key, a int);
  create trigger watch before insert on watched for each row set new.a = 1;
  create table hidden (own int invisible default 2, a int, b int);
  create table past (id int primary key, a int) with system versioning;
  create view small as select id, name from team;
`;

describeWithMysql('what RETURNING tells', () => {
  let shop: Shop;
  beforeAll(async () => {
    shop = await openShop(schemaSql);
  });
  afterAll(() => shop.close());

  /** `table(column@position …)`; null: nothing. */
  const told = (text: string): string | null => {
    const plan = shop.planner.plan(text);
    if (plan.kind !== 'write' || plan.told === undefined) return null;
    const { table, columns } = plan.told;
    return `${table.name.slice(table.name.indexOf('.') + 1)}(${columns.map(({ name, position }) => `${name}@${position}`).join(' ')})`;
  };

  test.each([
    ["insert into team (name) values ('a') returning id", 'team(id@0)'],
    [
      "insert into team (name) values ('a'), ('b') returning id + 1, name as id, team.id, at",
      'team(name@1 id@2)',
    ],
    ['insert into team (name) values (?) returning *', 'team(id@0 name@1)'],
    ['insert into team (name) select name from team returning now(), id', 'team(id@1)'],
    ['insert ignore into member values (1, 2, 3) returning *', 'member(id@0 team@1 small@2)'],
    [
      'insert into member values (1, 2, 3) on duplicate key update small = 4, team = team + 1 returning *',
      'member(id@0)',
    ],
    ['insert into hidden values (1, 2) returning *, own', 'hidden(a@0 b@1 own@2)'],
    ['delete from member where small = 3 returning id, team', 'member(id@0 team@1)'],
    ['delete from team where name like ? returning id', 'team(id@0)'],
    ['insert into node values (1, 2) returning id', null],
    ['delete from node where id = 1 returning id', null],
    ['delete from far where id = 1 returning id', null],
    ['replace into member values (1, 2, 3) returning id', null],
    ['insert into watched values (1, 2) returning id', null],
    ['delete from past returning id', null],
    ["insert into small (name) values ('a') returning id", null],
    ["insert into team (name) values ('a')", null],
    ['delete from member where small = 3', null],
  ])('%s', (text, expected) => {
    expect(told(text)).toBe(expected);
  });
});
