/** Decides, rule by rule (CONSISTENCY §3), which rows a read of MySQL or MariaDB sees and a write touches, as its plan says. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeWithMysql } from '../../support/mysql.js';
import { openShop, type Shop, told } from './shop.js';

const schemaSql = `
  create table t (id int primary key, a int, code varchar(10) collate utf8mb4_bin, label varchar(10) collate utf8mb4_general_ci,
    german varchar(10) collate utf8mb4_german2_ci, raw varbinary(9), fixed binary(4), price decimal(9, 2), ratio double,
    day date, kind enum('a', 'b'), flag tinyint(1) not null, big bigint, doc json, a2 int as (a * 2), key (a)) engine = innodb;
  create table u (id int primary key, t int, code varchar(10) collate utf8mb4_general_ci, big bigint unsigned, key (t));
  create table pair (a int, b int, c int, primary key (a, b));
`;

describeWithMysql('rows', () => {
  let shop: Shop;
  beforeAll(async () => {
    shop = await openShop(schemaSql);
  });
  afterAll(() => shop.close());

  const tell = (text: string): string => told(shop, text);
  const expectReads = (conditions: Readonly<Record<string, string>>): void => {
    for (const [condition, expected] of Object.entries(conditions))
      expect([condition, tell(`select * from t where ${condition}`)]).toEqual([
        condition,
        `read ${expected}`,
      ]);
  };

  test('a strict equality of a plain column, joined by AND, names rows; nothing else does', () => {
    expectReads({
      'id = 1 and a > 2': 't(id=1)',
      '1 = id': 't(id=1)',
      'id + 0 = 1': 't',
      'abs(id) = 1': 't',
      '-id = 1': 't',
      'not id = 1': 't',
      'id = 1 xor a = 2': 't',
      'id = 1 is true': 't',
      '(id = 1) = 1': 't',
      'id = 1 = 1': 't',
      'id <> 1': 't',
      'id between 1 and 1': 't',
      'id like 1': 't',
      'id = 1 or a = 2': 't(id=1|a=2)',
      'id = 1 or price > 2': 't',
      'cast(id as char) = 1': 't',
      'binary code = ?': 't',
      'a2 = 4': 't',
    });
  });

  test('a condition of the side that an outer join keeps names nothing of it, one of the other side does', () => {
    expect(tell('select * from t left join u on u.t = t.id and t.id = 1')).toBe('read t u(t=1)');
    expect(tell('select * from t left join u on u.t = 1')).toBe('read t u(t=1)');
    expect(tell('select * from t left join u on u.t = t.id where u.t is null and t.id = 1')).toMatch(
      /^read t\(id=1\) u/,
    );
    expect(tell('select * from t left join u on u.t = t.id where u.id is null')).toBe('read t u');
  });

  test('nothing below a LIMIT, a window, HAVING or a grouping of other columns', () => {
    expect(tell('select * from (select * from t limit 3) d where d.id = 1')).toBe('read t');
    expect(tell('select * from (select *, row_number() over () n from t) d where d.id = 1')).toBe('read t');
    expect(tell('select a, count(*) from t group by a having a = 1')).toBe('read t');
    expect(tell('select * from (select max(id) as m, a from t group by a) d where d.m = 1')).toBe('read t');
    expect(tell('select * from (select a, count(*) n from t group by a) d where d.a = 1')).toBe(
      'read t(a=1)',
    );
  });

  test('each reference is judged for itself, and columns share what is known only within one type', () => {
    expect(tell('select * from t join t as o on o.a = t.a where t.id = 1')).toBe('read t t(id=1)');
    expect(tell('select * from t join u on u.t = t.id where t.id = 1')).toBe('read t(id=1) u(t=1)');
    expect(tell('select * from t join u on u.code = t.code where t.code = ?')).toBe('read t(code=$0) u');
    expect(tell("select * from t join u on u.id = t.code where t.code = '1'")).toBe('read t(code=1) u');
  });

  test('collations that only fold letters do so, others name nothing, and texts with a blank at their end name nothing', () => {
    expectReads({
      "code = 'aB '": 't',
      "label = 'aB  '": 't',
      "code = 'aB'": 't(code=aB)',
      "label = 'aB'": 't(label=ab)',
      "label = 'é'": 't',
      "german = 'ae'": 't',
      "label = 'a' collate utf8mb4_bin": 't',
      "label = _latin1'a'": 't',
      "code = n'a'": 't',
      "code = x'61'": 't',
    });
  });

  test('texts and numbers are compared in ways that name nothing, but for whole numbers as texts', () => {
    expectReads({
      'code = 1': 't',
      'code = 1.0': 't',
      'code = true': 't',
      "id = '1'": 't(id=1)',
      "id = '01'": 't',
      "id = '1a'": 't',
      "id = '1.0'": 't',
      'id = 1.0': 't',
      'id = 1e0': 't',
      'id = 0x31': 't',
      'id = true': 't(id=1)',
      'a = 5000000000': 't',
      'flag = true': 't(flag=1)',
      'flag is true': 't',
      flag: 't',
    });
  });

  test('bytes are what they are, and fixed ones have all of their length', () => {
    expectReads({
      "raw = 'a'": 't(raw=61)',
      "raw = 'a '": 't(raw=6120)',
      "fixed = 'ab'": 't',
      "fixed = 'abcd'": 't(fixed=61626364)',
    });
  });

  test('types with several spellings of a value name nothing', () => {
    expectReads({
      'price = 1': 't',
      'ratio = 1': 't',
      "day = '2024-01-01'": 't',
      "kind = 'a'": 't',
      'doc = 1': 't',
    });
  });

  test('NULL is a value for IS NULL and <=>, and no row has what = NULL asks for', () => {
    expectReads({
      'a is null': 't(a=null)',
      'a <=> null': 't(a=null)',
      'a <=> 3': 't(a=3)',
      'a = null': 't(a=null)',
      'a is not null': 't',
    });
  });

  test('at most 32 alternatives', () => {
    const list = (count: number) => Array.from({ length: count }, (_, index) => index + 1).join(', ');
    expect(tell(`select * from t where id in (${list(32)})`)).toMatch(/^read t\(id=1\|.*id=32\)$/);
    expect(tell(`select * from t where id in (${list(33)})`)).toBe('read t');
    expect(tell("select * from t where id in (1, '2a')")).toBe('read t');
    expect(tell('select * from pair where (a, b) in ((1, 2), (3, 4))')).toMatch(/^read pair\(/);
  });

  test('a write counts what was there and what is there then', () => {
    for (const [text, expected] of [
      ['update t set a = 2 where a = 1', 'write t(a:1,2)'],
      ['update t set a = a + 1 where a = 1', 'write t'],
      ['update t set a = default where a = 1', 'write t(a:1,null)'],
      ['update t set price = 3 where id = 1', 'write t(id:1)'],
      ['update t set a = 2 where id = 1 limit 1', 'write t(id:1)'],
      ['delete from t where a in (1, 2)', 'write t(a:1,2)'],
    ] as const)
      expect([text, tell(text)]).toEqual([text, expected]);
  });

  test('an insert gives what it says, and stores only what fits as it is', () => {
    for (const [text, expected] of [
      ['insert into u (id, t) values (1, 2)', 'write u(big:null; code:null; id:1; t:2)'],
      ["insert into u (id, t) values (1, 'two')", 'write u(big:null; code:null; id:1)'],
      ['insert into u (id, t) values (1, 2.4)', 'write u(big:null; code:null; id:1)'],
      ['insert into u (id, t, big) values (1, 2, -1)', 'write u(code:null; id:1; t:2)'],
      ["insert into u (id, code) values (1, 'longer than ten')", 'write u(big:null; id:1; t:null)'],
      ['insert into u (id) select id from t', 'write u(big:null; code:null; t:null)'],
    ] as const)
      expect([text, tell(text)]).toEqual([text, expected]);
  });
});
