/** Decides the scenes about which rows a write touches: keys in the way, references, partitions, several tables at once. */
import { type Drawing, movesOf, type Recipe, small, type Writing } from '../stage.js';

/** The row that stands in the way has other values than the one that was to come. */
export const upserts: Recipe = (stage) => {
  const { dice } = stage;
  const keys = dice.pick([
    'unique (k)',
    'unique (k)',
    'unique (k), unique (s)',
    'key (k)',
    'key (k)',
    'unique (k, a)',
    'unique (k, s), unique (k, a)',
  ]);
  const rows = stage.table(
    'rows',
    `id int ${dice.pick(['primary key', 'primary key', 'auto_increment primary key'])}, k int, s varchar(3), a int, v int, ${keys}`,
  );
  stage.fill(rows, 'id, k, s, a, v', [small, ['a', 'b', 'A', null], small, small], 5);
  const referenced = keys.startsWith('unique (k)') ? 'k' : keys === 'key (k)' ? 'id' : null;
  const parts = stage.table(
    'parts',
    `id int primary key, k int, v int${referenced === null ? '' : `, foreign key (k) references ${rows} (${referenced}) on update ${dice.pick(['cascade', 'set null'])} on delete ${dice.pick(['cascade', 'set null'])}`}`,
  );
  stage.fill(parts, 'id, k, v', [small, small], 5);
  // The row that comes is not the one that was sent.
  if (dice.chance(0.4))
    stage.say(
      `create trigger ${stage.name('t')} before insert on ${rows} for each row set ${dice.pick(referenced === 'id' ? ['new.id = new.id % 4 + 1'] : ['new.k = coalesce(new.k, 0) % 4 + 1', 'new.a = new.k'])}`,
    );
  const letter = (d: Drawing): string => d.value('a', 'b', 'A', 'c', null);
  const row = (d: Drawing): string =>
    `(${d.number()}, ${d.number()}, ${letter(d)}, ${d.number()}, ${d.number()})`;
  const said = (d: Drawing): string =>
    d.any(
      () => `a = ${d.number()}`,
      () => `k = ${d.number()}`,
      () => `id = ${d.number()}`,
      () => `s = ${letter(d)}`,
      () => 'a is null',
    );
  const given = (d: Drawing): string =>
    d.any(
      () => 'a = values(a)',
      () => `a = ${d.number()}`,
      () => 'k = values(k), v = v + 1',
      () => 'a = values(v)',
      () => 'id = values(id)',
      () => `k = a, s = ${letter(d)}`,
      () => 'a = a + 1, a = a * 2',
    );
  const upsert: Writing = (d) =>
    `insert ${d.pick('', '', 'ignore ')}into ${rows} values ${row(d)}${d.dice.chance(0.25) ? `, ${row(d)}` : ''} on duplicate key update ${given(d)}`;
  const replace: Writing = (d) =>
    `replace into ${rows} values ${row(d)}${d.dice.chance(0.25) ? `, ${row(d)}` : ''}`;
  return {
    session: dice.pick(['plain', 'plain', 'loose']),
    reads: [
      (d) => `select * from ${rows} where ${said(d)}`,
      (d) => `select * from ${rows} where ${said(d)} and ${said(d)}`,
      (d) => `select count(*), sum(v) from ${rows} where ${said(d)}`,
      (d) =>
        `select * from ${rows} ${d.pick('', 'ignore index (primary, k) ')}where (k, a, s) in ((${d.number()}, ${d.number()}, ${letter(d)}), (${d.number()}, ${d.number()}, ${d.pick('0', letter(d))}))`,
      (d) => `select * from ${parts} where k = ${d.number()}`,
      (d) => `select y.id, x.a from ${rows} x join ${parts} y on x.k = y.k where x.k = ${d.number()}`,
    ],
    writes: [
      upsert,
      upsert,
      upsert,
      replace,
      replace,
      (d) => `insert ignore into ${rows} values ${row(d)}, ${row(d)}`,
      (d) => `update ignore ${rows} set k = ${d.number()}, a = ${d.number()} where ${said(d)}`,
      (d) =>
        `replace into ${rows} (id, a) select id, k from ${parts} where ${d.pick('id', 'k')} = ${d.number()}`,
      (d) =>
        `insert into ${rows} (id, k, a) select id, k, v from ${parts} where k = ${d.number()} on duplicate key update ${given(d)}`,
      (d) => `replace into ${rows} set id = ${d.number()}, k = ${d.number()}`,
      (d) =>
        `update ${rows} set v = coalesce(v, 0) + 1 where k = ${d.number()} and a = ${d.number()} and s = ${letter(d)}`,
      (d) => `delete from ${rows} where ${said(d)}`,
      (d) => `insert ignore into ${parts} values (${d.number()}, ${d.number()}, 1)`,
    ],
  };
};

/** A row takes others along, they take others, four deep, beside a table that refers to itself. */
export const cascades: Recipe = (stage) => {
  const { dice } = stage;
  const type = dice.pick([
    'int',
    'int',
    'int',
    'bigint',
    'varchar(5) collate utf8mb4_general_ci',
    'varchar(5) collate utf8mb4_bin',
  ]);
  // Only where each takes the next one along the last is reached.
  const onDelete = dice.pick([['cascade'], ['cascade', 'set null'], ['set null']]);
  const action = (): string =>
    `on delete ${dice.pick(onDelete)} on update ${dice.pick(['cascade', 'cascade', 'set null', 'restrict'])}`;
  const chain: string[] = [];
  /** What is referred to. */
  const keys: (readonly [table: string, column: string])[] = [];
  for (const short of ['one', 'two', 'three', 'four']) {
    const above = chain.at(-1);
    const key = dice.pick(['k', 'k', 'id']);
    const reference = above === undefined ? '' : `, foreign key (p) references ${above} (${key}) ${action()}`;
    if (above !== undefined) keys.push([above, key]);
    const name = stage.table(
      short,
      `id ${type} primary key, k ${type}, p ${type}, v int, unique (k)${reference}`,
    );
    stage.fill(name, 'id, k, p, v', [[1, 2, 3, 4], [1, 2, 3, null], small], 6);
    chain.push(name);
  }
  const self = stage.table(
    'self',
    `id int primary key, k int, v int, foreign key (k) references ${stage.name('self')} (id) on delete ${dice.pick(['cascade', 'set null'])}`,
  );
  stage.fill(self, 'id, k, v', [small, small], 6);
  if (dice.chance(0.3))
    stage.say(
      `create trigger ${stage.name('t')} after delete on ${chain[1] ?? ''} for each row delete from ${self} where id = 1`,
    );
  const any = (d: Drawing): string => d.pick(...chain);
  const [first = ''] = chain;
  const below = (d: Drawing): string => d.pick(...chain.slice(1));
  const far = (d: Drawing): string => d.pick(...chain, ...chain.slice(2));
  /** A row with what is referred to is gone, or has something else there. */
  const unreferred: Writing = (d) => {
    const [table, column] = d.dice.pick([...keys, ...keys.slice(0, 1)]);
    const by = `where ${column} = ${d.value(1, 2, 3, 4)}`;
    return d.dice.chance(0.6)
      ? `delete from ${table} ${by}`
      : `update ${table} set ${column} = ${d.value(5, 6, 7)} ${by}`;
  };
  /** A row in each, of which one is another one's. */
  const refill: Writing = (d) => {
    const own = d.dice.between(1, 4);
    return chain.map((name) => `insert ignore into ${name} values (${own}, ${own}, ${own}, 1)`).join('; ');
  };
  return {
    reads: [
      (d) => `select * from ${far(d)} where ${d.pick('id', 'k', 'p', 'p')} = ${d.number()}`,
      (d) => `select count(*), sum(v) from ${far(d)} where p = ${d.number()}`,
      (d) => `select x.id, y.v from ${any(d)} x join ${any(d)} y on y.p = x.k where x.k = ${d.number()}`,
      (d) => `select * from ${below(d)} where p is null`,
      (d) => `select id, v from ${below(d)} where p <=> null`,
      (d) => `select count(*) from ${below(d)} where p is null`,
      (d) => `select * from ${self} where ${d.pick('k', 'id')} = ${d.number()}`,
    ],
    writes: [
      unreferred,
      unreferred,
      unreferred,
      refill,
      refill,
      (d) => `delete from ${first} where ${d.pick('id', 'k')} = ${d.number()}`,
      (d) =>
        `update ${first} set ${d.pick('k', 'k', 'id')} = ${d.value(1, 2, 3, 7, 8)} where ${d.pick('id', 'k')} = ${d.number()}`,
      (d) => `update ${any(d)} set k = ${d.number()}, v = 5 where ${d.pick('id', 'k', 'p')} = ${d.number()}`,
      (d) => `insert ignore into ${any(d)} values (${d.value(5, 6, 7)}, ${d.number()}, ${d.number()}, 1)`,
      (d) => `insert ignore into ${any(d)} values (${d.value(1, 2, 3)}, ${d.number()}, ${d.number()}, 1)`,
      (d) =>
        `insert into ${any(d)} values (${d.number()}, ${d.number()}, ${d.number()}, 1) on duplicate key update k = values(k)`,
      (d) => `replace into ${any(d)} values (${d.number()}, ${d.number()}, ${d.number()}, 1)`,
      (d) => `delete x from ${any(d)} x join ${any(d)} y on x.id = y.p where y.id = ${d.number()}`,
      (d) => `delete from ${self} where id = ${d.number()}`,
      (d) => `update ${self} set k = ${d.number()} where id = ${d.number()}`,
      (d) => `insert ignore into ${self} values (${d.value(5, 6, 7)}, ${d.number()}, 1)`,
    ],
    clients: [
      () => [
        () => 'set foreign_key_checks = 0',
        (d) => `delete from ${first} where k = ${d.number()}`,
        (d) => `update ${any(d)} set k = ${d.number()} where id = ${d.number()}`,
      ],
    ],
  };
};

/** Several tables in one statement, under aliases, beside themselves. */
export const together: Recipe = (stage) => {
  const names = ['one', 'two', 'three'].map((short) => {
    const name = stage.table(short, 'id int primary key, k int, v int, key (k)');
    stage.fill(name, 'id, k, v', [small, small], 5);
    return name;
  });
  const second = stage.name('one');
  stage.say(
    `create table {other}.${second} (id int primary key, k int, v int)`,
    `insert into {other}.${second} select * from ${second}`,
  );
  const any = (d: Drawing): string => d.pick(...names, ...names, `{other}.${second}`);
  const by = (d: Drawing, alias: string): string => `${alias}.${d.pick('id', 'k')} = ${d.number()}`;
  const link = (d: Drawing): string => d.pick('x.id = y.id', 'x.k = y.k', 'x.id = y.k');
  return {
    reads: [
      (d) => `select * from ${any(d)} where ${d.pick('id', 'k')} = ${d.number()}`,
      (d) => `select count(*), sum(v) from ${any(d)} where k = ${d.number()}`,
      (d) =>
        `select x.id, y.v from ${any(d)} x ${d.pick('join', 'left join', 'straight_join')} ${any(d)} y on ${link(d)} where ${by(d, 'x')}`,
      (d) =>
        `select * from ${any(d)} x where exists (select 1 from ${any(d)} y where ${link(d)} and ${by(d, 'y')})`,
    ],
    writes: [
      (d) =>
        `update ${any(d)} x, ${any(d)} y set x.v = ${d.number()}, y.v = 7 where ${link(d)} and ${by(d, 'x')}`,
      (d) =>
        `update ${any(d)} x join ${any(d)} y on ${link(d)} set ${d.pick('x.k = y.k', 'y.k = x.id', 'x.k = 2, y.k = 3')} where ${by(d, 'x')}`,
      (d) =>
        `update ${any(d)} x left join ${any(d)} y on ${link(d)} and ${by(d, 'y')} set x.k = y.v, x.v = 1 where ${by(d, 'x')}`,
      (d) =>
        `update ${any(d)} x join (select id, max(k) as k from ${any(d)} group by id) y on ${link(d)} set x.k = y.k where ${by(d, 'x')}`,
      (d) => `delete x from ${any(d)} x join ${any(d)} y on ${link(d)} where ${by(d, 'y')}`,
      (d) => `delete x, y from ${any(d)} x join ${any(d)} y on ${link(d)} where ${by(d, 'x')}`,
      (d) =>
        `delete from x using ${any(d)} x left join ${any(d)} y on ${link(d)} where y.id is null and ${by(d, 'x')}`,
      (d) => `delete from x, y using ${any(d)} x join ${any(d)} y using (id) where ${by(d, 'x')}`,
      (d) =>
        `insert into ${any(d)} select id + ${d.value(5, 6)}, k, v from ${d.pick(...names)} where ${d.pick('id', 'k')} = ${d.number()}`,
      (d) =>
        `update ${any(d)} set k = (select max(z.k) from ${any(d)} z where z.id = ${d.number()}) where id = ${d.number()}`,
      (d) =>
        `delete from ${any(d)} where k in (select z.k from (select * from ${any(d)}) z where z.id = ${d.number()})`,
      (d) => `update ${any(d)} set k = ${d.number()} order by id ${d.pick('desc ', '')}limit 2`,
      (d) =>
        `update ${d.pick(...names)} set k = case when id = ${d.number()} then ${d.number()} else k end where k = ${d.number()}`,
      ...names.flatMap((name) => movesOf(name)),
    ],
  };
};

/** The same rows by several names, moved from part to part, exchanged and emptied. */
export const partitions: Recipe = (stage) => {
  const { dice } = stage;
  const rows = stage.table(
    'rows',
    'id int, k int, v int, primary key (id)',
    dice.pick([
      ' partition by hash (id) partitions 3',
      ' partition by range (id) (partition p0 values less than (3), partition p1 values less than (6), partition p2 values less than maxvalue)',
      ' partition by key (id) partitions 3',
    ]),
  );
  stage.fill(rows, 'id, k, v', [small, small], 6);
  const same = stage.table('same', 'id int, k int, v int, primary key (id)');
  stage.fill(same, 'id, k, v', [small, small], 2);
  const both = stage.name('both');
  stage.say(`create view ${both} as select * from ${rows} union all select * from ${same}`);
  return {
    reads: [
      (d) => `select * from ${rows} where ${d.pick('id', 'k')} = ${d.number()}`,
      (d) => `select * from ${rows} partition (p1) where k = ${d.number()}`,
      (d) => `select count(*), sum(v) from ${d.pick(rows, same, both)} where k = ${d.number()}`,
      (d) => `select * from ${d.pick(same, both)} where id = ${d.number()}`,
    ],
    writes: [
      ...movesOf(rows),
      ...movesOf(same),
      (d) => `update ${rows} set id = id + 6 where id = ${d.number()}`,
      (d) => `alter table ${rows} truncate partition ${d.pick('p0', 'p1', 'p2')}`,
      (d) =>
        `alter table ${rows} exchange partition ${d.pick('p0', 'p1')} with table ${same}${d.pick('', ' without validation')}`,
      (d) => `delete from ${rows} partition (p0) where k = ${d.number()}`,
      (d) => `insert into ${rows} partition (p0, p1) values (${d.number()}, 1, 1)`,
      () => `alter table ${rows} rebuild partition p0`,
      () => `truncate table ${rows}`,
    ],
  };
};
