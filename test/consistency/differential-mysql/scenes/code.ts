/** Decides the scenes about what runs beside a statement: triggers that set, write and call; functions and procedures. */
import { type Drawing, movesOf, type Recipe, small } from '../stage.js';

const columns = 'id int primary key, k int, v int';

/** A write of one table is one of others, and makes other rows than it says. */
export const triggers: Recipe = (stage) => {
  const { dice } = stage;
  const [rows, totals, far] = ['rows', 'totals', 'far'].map((short) => {
    const name = stage.table(short, columns);
    stage.fill(name, 'id, k, v', [small, small], 5);
    return name;
  }) as [string, string, string]; // three
  const log = stage.table('log', 'id int auto_increment primary key, k int, v int');
  stage.say(
    `create procedure ${stage.name('p')}(in n int) begin update ${far} set v = n, k = 2 where k = n; end`,
  );
  const row = (event: string): string => (event === 'delete' ? 'old.k' : 'new.k');
  const afters = (event: string): readonly string[] => [
    `update ${totals} set v = coalesce(v, 0) + 1 where k = ${row(event)}`,
    `insert into ${log} (k, v) values (${row(event)}, 1)`,
    `begin if ${row(event)} > 1 then update ${totals} set k = 2 where id = 1; else delete from ${log} where k = 3; end if; end`,
    `insert into ${totals} values (${row(event)}, ${row(event)}, 1) on duplicate key update v = v + 1`,
    `begin declare n int default 0; select count(*) into n from ${far}; update ${totals} set v = n where id = ${row(event)}; end`,
    `call ${stage.name('p')}(${row(event)})`,
    `update ${far} f join ${totals} t on f.id = t.id set f.k = t.v, t.v = 3 where t.k = ${row(event)}`,
    `begin declare continue handler for not found set @x = 1; delete from ${totals} where k = ${row(event)}; end`,
  ];
  for (const event of ['insert', 'update', 'delete']) {
    if (dice.chance(0.7))
      stage.say(
        `create trigger ${stage.name(`a${event}`)} after ${event} on ${rows} for each row ${dice.pick(afters(event))}`,
      );
    if (event !== 'delete' && dice.chance(0.5))
      stage.say(
        `create trigger ${stage.name(`b${event}`)} before ${event} on ${rows} for each row ${dice.pick([
          'set new.v = new.k',
          'set new.k = coalesce(new.k, 0) + 1',
          `begin if new.k = 2 then set new.k = 3; end if; end`,
          `set new.k = (select max(k) from ${far})`,
          `set new.v = 1, new.k = ${event === 'update' ? 'old.v' : 'new.v'}`,
        ])}`,
      );
  }
  if (dice.chance(0.5))
    stage.say(
      `create trigger ${stage.name('c')} after update on ${totals} for each row update ${far} set v = new.v where k = new.k`,
    );
  const any = (d: Drawing): string => d.pick(rows, totals, totals, far, log);
  const by = (d: Drawing): string => `${d.pick('k', 'k', 'v', 'id')} = ${d.number()}`;
  return {
    reads: [
      (d) => `select * from ${any(d)} where ${by(d)}`,
      (d) => `select * from ${any(d)} where ${by(d)} and ${by(d)}`,
      (d) => `select count(*), sum(v) from ${any(d)}`,
      (d) => `select x.id, y.v from ${rows} x join ${any(d)} y on x.k = y.k where x.k = ${d.number()}`,
    ],
    writes: [
      ...movesOf(rows),
      ...movesOf(rows),
      ...movesOf(totals),
      (d) =>
        `insert into ${rows} values (${d.number()}, ${d.number()}, 1) on duplicate key update k = values(k)`,
      (d) => `replace into ${rows} values (${d.number()}, ${d.number()}, 1)`,
      (d) =>
        `insert ignore into ${rows} values (${d.value(3, 7, 8)}, ${d.number()}, 1), (${d.value(4, 9)}, ${d.number()}, 1)`,
      (d) =>
        `update ${rows} x join ${far} y on x.id = y.id set y.v = 2, x.k = y.k where ${d.pick('x', 'y')}.k = ${d.number()}`,
      (d) => `delete x from ${rows} x join ${far} y on x.id = y.id where y.k = ${d.number()}`,
      (d) => `call ${stage.name('p')}(${d.number()})`,
    ],
  };
};

/** Functions that read, functions that write, procedures that answer, commit and prepare. */
export const routines: Recipe = (stage) => {
  const { dice } = stage;
  const [rows, rates] = ['rows', 'rates'].map((short) => {
    const name = stage.table(short, columns);
    stage.fill(name, 'id, k, v', [small, small], 5);
    return name;
  }) as [string, string]; // two
  const change = `update ${rows} set v = coalesce(v, 0) + 1, k = n where k = n % 3 + 1`;
  const f = (short: string): string => stage.name(short);
  stage.say(
    `create function ${f('add')}(n int) returns int ${dice.pick(['modifies sql data', 'deterministic', 'no sql'])} begin ${change}; return n; end`,
    `create function ${f('rate')}(n int) returns int ${dice.pick(['reads sql data', 'deterministic', 'not deterministic'])} ${dice.pick([`return (select v from ${rates} where id = n)`, `begin declare found int; select v into found from ${rates} where id = n; return found; end`])}`,
    `create function ${f('plus')}(n int) returns int deterministic return n + 1`,
    `create procedure ${f('both')}(in n int) begin ${change}; select * from ${rates} where id = n; update ${rates} set v = n where id = n; end`,
    `create procedure ${f('said')}(in n int) begin set @t = concat('update ${rates} set v = ', n, ', k = 1 where k = ', n); prepare s from @t; execute s; deallocate prepare s; end`,
    `create procedure ${f('tran')}(in n int) begin start transaction; ${change}; commit; update ${rates} set k = n where id = n; ${dice.pick(['rollback', 'commit'])}; end`,
    `create procedure ${f('gone')}(in n int) begin declare exit handler for sqlexception rollback; start transaction; ${change}; insert into ${rates} values (1, 1, 1); commit; end`,
    `create view ${f('view')} as select id, k, ${f('rate')}(id) as v from ${rows}`,
  );
  return {
    reads: [
      (d) => `select ${f('rate')}(${d.value(1, 2, 3)}) as rate`,
      (d) => `select x.*, ${f('rate')}(x.id) as rate from ${rows} x where x.k = ${d.number()}`,
      (d) => `select count(*) from ${rows} where ${f('rate')}(id) = ${d.number()}`,
      (d) => `select * from ${rates} where ${d.pick('id', 'k')} = ${d.number()}`,
      (d) => `select * from ${rows} where k = ${d.number()}`,
      (d) => `select * from ${rows} where k = ${f('plus')}(${d.value(1, 2)})`,
      (d) => `select * from ${f('view')} where ${d.pick('k', 'v', 'id')} = ${d.number()}`,
    ],
    writes: [
      (d) => `select ${f('add')}(${d.value(1, 2, 3)})`,
      (d) => `select ${f('add')}(id) from ${rates} where id = ${d.number()}`,
      (d) => `do ${f('add')}(${d.value(1, 2, 3)})`,
      (d) => `set @x = ${f('add')}(${d.value(1, 2)})`,
      (d) => `explain select * from ${rates} where id = ${f('add')}(${d.value(1, 2)})`,
      (d) => `show tables where ${f('add')}(${d.value(1, 2)})`,
      (d) => `call ${f(d.pick('both', 'both', 'said', 'tran', 'gone'))}(${d.value(1, 2, 3)})`,
      (d) => `update ${rates} set v = ${f('add')}(${d.value(1, 2)}) where id = ${d.number()}`,
      (d) => `update ${rates} set v = ${f('rate')}(${d.value(1, 2)}) where k = ${d.number()}`,
      ...movesOf(rows),
      ...movesOf(rates),
    ],
    clients: [
      (d) => [
        () =>
          `prepare s from '${d.pick(`update ${rows} set k = ? where id = ?`, `delete from ${rates} where k = ? or id = ?`)}'`,
        () => `set @a = ${d.dice.between(1, 3)}, @b = ${d.dice.between(1, 3)}`,
        () => 'execute s using @a, @b',
        () => `select * from ${rows} where k = @a`,
        () => 'execute s using @b, @a',
        () => 'deallocate prepare s',
      ],
      () => [
        () => `begin`,
        (d) => `call ${f(d.pick('both', 'tran', 'gone'))}(${d.value(1, 2)})`,
        (d) => `update ${rows} set k = ${d.number()} where id = 2`,
        (d) => d.pick('commit', 'rollback'),
      ],
    ],
  };
};
