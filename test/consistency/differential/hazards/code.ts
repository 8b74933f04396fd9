/** Decides the scenes about code: what triggers make of a row, what they write, at once or at COMMIT; what functions do. */
import { typeNamed } from '../column-types.js';
import type { Drawing } from '../conditions.js';
import { movesOf } from './sights.js';
import { amongThese, type Recipe, valueOf, type Writing } from './stage.js';

const int = typeNamed('int');
const text = typeNamed('text');
const number = valueOf(int);

/** A row is stored as a trigger made it. */
export const madeByTriggers: Recipe = (stage) => {
  const { dice } = stage;
  const t = stage.name('rows');
  const rows = stage.table('rows', [
    ['id', int, 'primary key'],
    ['a', int],
    ['k', int],
    ['name', text],
    ['v', int],
  ]);
  const made = dice.between(1, 3);
  const assigned = dice.draw([
    [5, () => `new.a := ${made}`],
    [1, () => `new.a = new.k + 1`],
    [1, () => `new.a := coalesce(new.a, 0) + 1`],
    [1, () => `new.name := lower(new.name)`],
    [1, () => `new.name := 'a'; new.a := ${made}`],
  ]);
  const body = dice.draw([
    [6, () => `begin ${assigned}; return new; end`],
    [1, () => `begin if new.k > 1 then ${assigned}; end if; return new; end`],
    [1, () => `begin if new.k = 2 then return null; end if; ${assigned}; return new; end`],
    [0.5, () => `begin if tg_op = 'UPDATE' then new := old; end if; return new; end`],
    [
      0.5,
      () =>
        `declare other int; begin select max(x.k) into other from ${t} x; new.a := other; return new; end`,
    ],
  ]);
  const when = dice.pick([
    'before insert or update',
    'before insert or update',
    'before insert',
    'before update',
    'before update of k',
    'before update of a, v',
  ]);
  stage.fill(rows);
  stage.trigger(
    'make',
    body,
    `trigger ${when} on ${t} for each row${dice.chance(0.15) ? ' when (new.k is not null)' : ''}`,
  );
  const name = amongThese(['a', 'b', 'A']);
  const said = (d: Drawing): string =>
    d.dice.pick([
      `a = ${made}`,
      `a = ${number(d)}`,
      `a = ${number(d)}`,
      `name = ${name(d)}`,
      `k = ${number(d)}`,
      `v = ${number(d)}`,
    ]);
  const insert: Writing = (d) =>
    `insert into ${t} (id, a, k, name) values (${d.dice.between(5, 40)}, ${number(d)}, ${number(d)}, ${name(d)})`;
  return {
    reads: [
      (d) => `select * from ${t} where ${said(d)}`,
      (d) => `select id, v from ${t} where ${said(d)}`,
      (d) => `select count(*) from ${t} where ${said(d)} and ${said(d)}`,
    ],
    writes: [
      (d) => `${insert(d)} on conflict do nothing`,
      (d) =>
        `${insert(d)} on conflict (id) do update set ${d.dice.pick(['a = excluded.a', `a = ${number(d)}`, 'name = excluded.name', 'k = excluded.a'])}`,
      (d) =>
        `insert into ${t} (id, k) values (${d.dice.between(8, 20)}, ${number(d)}) returning ${d.dice.pick(['*', 'id', 'a'])}`,
      (d) => `update ${t} set ${d.dice.pick(['a', 'k', 'v'])} = ${number(d)} where ${said(d)}`,
      (d) => `update ${t} set ${d.dice.pick(['a', 'k', 'v'])} = ${number(d)} where ${said(d)} returning a, k`,
      (d) => `update ${t} set name = ${name(d)} where ${said(d)}`,
      (d) => `delete from ${t} where ${said(d)}`,
    ],
  };
};

/** A write of one table is one of another: by triggers, at once, for the statement, or when the transaction commits. */
export const writtenByTriggers: Recipe = (stage) => {
  const { dice } = stage;
  const rows = stage.table('rows', [
    ['id', int, 'primary key'],
    ['k', int],
    ['v', int],
  ]);
  const totals = stage.table('totals', [
    ['id', int, 'primary key'],
    ['k', int],
    ['v', int],
  ]);
  const log = stage.table(
    'log',
    [
      ['id', int, 'generated always as identity'],
      ['k', int],
      ['v', int],
    ],
    { keys: [] },
  );
  for (const relation of [rows, totals]) stage.fill(relation, 5);
  const row = `coalesce(new.k, old.k)`;
  const isDeferred = dice.chance(0.5);
  const bodies = [
    `begin update ${totals.name} set v = coalesce(v, 0) + 1 where k = ${row}; return null; end`,
    `begin insert into ${log.name} (k, v) values (${row}, 1); return null; end`,
    `begin update ${totals.name} set k = 2 where id = 1; delete from ${log.name} where k = 3; return null; end`,
    `begin insert into ${totals.name} values (${row}, ${row}, 1) on conflict (id) do update set v = ${totals.name}.v + 1; return null; end`,
  ];
  const dynamic = `begin execute 'update ${totals.name} set v = coalesce(v, 0) + 1 where k = $1' using ${row}; return null; end`;
  const isDeclared = dice.chance(0.3);
  if (isDeclared) stage.effects[stage.name('note')] = { writes: [totals.name] };
  const body = isDeclared ? dynamic : dice.pick(bodies);
  const events = dice.pick(['insert or update or delete', 'update', 'insert or delete']);
  const when = isDeferred
    ? `constraint trigger after ${events} on ${rows.name} deferrable initially ${dice.pick(['deferred', 'deferred', 'immediate'])} for each row`
    : `trigger after ${events} on ${rows.name} for each row`;
  stage.trigger('note', body, when);
  if (dice.chance(0.3))
    stage.trigger(
      'count',
      `begin insert into ${log.name} (k) select k from changed; return null; end`,
      `trigger after update on ${rows.name} referencing new table as changed for each statement`,
    );
  const any = (d: Drawing): string => d.dice.pick([totals, totals, log, rows]).name;
  const equal = (d: Drawing): string => `${d.dice.pick(['k', 'k', 'v', 'id'])} = ${number(d)}`;
  return {
    reads: [
      (d) => `select * from ${any(d)} where ${equal(d)}`,
      (d) => `select * from ${totals.name} where k = ${number(d)}`,
      (d) => `select count(*), sum(v) from ${any(d)}`,
      (d) => `select x.id, y.v from ${rows.name} x join ${any(d)} y on x.k = y.k where x.k = ${number(d)}`,
    ],
    writes: [...movesOf(rows, ['k']), ...movesOf(rows, ['k']), ...movesOf(totals, ['k'])],
  };
};

/** Functions that are read, and such as only the user's word tells of. */
export const functions: Recipe = (stage) => {
  const { dice } = stage;
  const rows = stage.table('rows', [
    ['id', int, 'primary key'],
    ['k', int],
    ['v', int],
  ]);
  const rates = stage.table('rates', [
    ['id', int, 'primary key'],
    ['k', int],
    ['v', int],
  ]);
  for (const relation of [rows, rates]) stage.fill(relation, 5);
  const [add, count, rate, list] = ['add', 'count', 'rate', 'list'].map((short) => stage.name(short)) as [
    string,
    string,
    string,
    string,
  ]; // four
  const isDeclared = dice.chance(0.65);
  const query = `select v from ${rates.name} where id = $1`;
  const change = `update ${rows.name} set v = coalesce(v, 0) + 1, k = $1 where k = $1 % 3 + 1`;
  stage.setup.push(
    isDeclared
      ? `create function ${add}(int) returns int language plpgsql as $$ begin execute '${change}' using $1; return 1; end $$`
      : `create function ${add}(int) returns int language ${dice.pick([`sql as $$ ${change}; select 1 $$`, `plpgsql as $$ begin ${change}; return 1; end $$`, `sql begin atomic ${change}; select 1; end`])}`,
    isDeclared
      ? `create function ${rate}(int) returns int language plpgsql as $$ declare found int; begin execute '${query}' into found using $1; return found; end $$`
      : `create function ${rate}(int) returns int language ${dice.pick([`sql stable as $$ ${query} $$`, `plpgsql stable as $$ begin return (${query}); end $$`])}`,
    `create function ${count}(int) returns bigint language sql ${dice.pick(['stable', 'volatile'])} return (select count(*) from ${rows.name} where k = $1)`,
    `create function ${list}(int) returns setof ${rows.name} language sql stable as $$ select * from ${rows.name} where k = $1 $$`,
    `create procedure ${stage.name('both')}(int) language plpgsql as $$ begin ${change}; commit; update ${rates.name} set v = $1 where id = $1; end $$`,
  );
  if (isDeclared) {
    stage.effects[add] = { writes: [rows.name] };
    stage.effects[rate] = { reads: [rates.name], stable: true };
  }
  const literal = (d: Drawing): string => String(d.dice.between(1, 4));
  return {
    reads: [
      (d) => `select ${rate}(${literal(d)}) as rate`,
      (d) => `select x.*, ${rate}(x.id) as rate from ${rows.name} x where x.k = ${number(d)}`,
      (d) => `select id, ${rate}(${literal(d)}) as rate from ${rows.name} where k <> ${number(d)}`,
      (d) => `select count(*) from ${rows.name} where ${rate}(id) = ${number(d)}`,
      () => `select id, ${rate}(id) from ${rows.name}`,
      (d) => `select * from ${rates.name} where ${rate}(id) = ${number(d)}`,
      (d) => `select ${count}(${literal(d)})`,
      (d) => `select * from ${list}(${literal(d)})`,
      (d) => `select * from ${rows.name} where k = ${number(d)}`,
      (d) => `select * from ${rates.name} where id = ${number(d)}`,
    ],
    writes: [
      (d) => `select ${add}(${literal(d)})`,
      (d) => `select ${add}(${literal(d)})`,
      (d) => `select ${add}(id) from ${rates.name} where id = ${number(d)}`,
      (d) => `call ${stage.name('both')}(${literal(d)})`,
      (d) => `update ${rates.name} set v = ${number(d)} where id = ${number(d)}`,
      (d) => `update ${rates.name} set v = coalesce(v, 0) + 1 where id = ${number(d)}`,
      (d) => d.dice.pick(movesOf(rates, ['k']))(d),
      (d) => d.dice.pick(movesOf(rows, ['k']))(d),
    ],
  };
};
