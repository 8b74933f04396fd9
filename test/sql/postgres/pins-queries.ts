/** Decides the reads of the pins' differential test: joins, sub-queries, CTEs, set operations, views. */
import fc from 'fast-check';
import { type Call, joined, numbered, type Piece, piece, tableName, where } from './pins-pieces.js';

const simpleRead = fc
  .tuple(tableName, fc.constantFrom('*', 'count(*), max(id)', 'id', 'array_agg(id order by id)'))
  .chain(([table, list]) =>
    where(table, '').map((filter) => piece(`select ${list} from ${table} where ${filter.text}`, [filter])),
  );

const joinRead = fc
  .tuple(
    fc.constantFrom('join', 'left join', 'right join', 'full join'),
    where('team', 't'),
    where('member', 'm'),
    fc.integer({ min: 0, max: 2 }),
  )
  .map(([join, team, member, which]) => {
    const filters = [[team], [member], [team, member]][which] ?? [];
    const filter = joined(filters, ' and ');
    return piece(`select t.*, m.* from team t ${join} member m on m.team = t.id where ${filter.text}`, [
      filter,
    ]);
  });

const nestedRead = fc
  .tuple(where('team', 't'), where('member', 'm'), fc.integer({ min: 0, max: 4 }))
  .map(([team, member, which]) => {
    const both = [team, member];
    switch (which) {
      case 0:
        return piece(
          `select * from team t where ${team.text} and exists (select 1 from member m where m.team = t.id and ${member.text})`,
          both,
        );
      case 1:
        return piece(
          `with x as (select * from team t where ${team.text}) select * from x, member m where ${member.text}`,
          both,
        );
      case 2:
        return piece(
          `select id from team t where ${team.text} union all select id from member m where ${member.text}`,
          both,
        );
      case 3:
        return piece(
          `select (select max(m.small) from member m where ${member.text}) from team t where ${team.text}`,
          [member, team],
        );
      default:
        return piece(`select v.* from team_view v join team t using (id) where ${team.text}`, [team]);
    }
  });

const joinWord = fc.constantFrom('join', 'left join', 'right join', 'full join');

/** `where …`, or nothing. */
const filtered = (...filters: readonly Piece[]): Piece =>
  filters.length === 0 ? piece('') : piece(` where ${joined(filters, ' and ').text}`, filters);

const someOf = (...pieces: readonly fc.Arbitrary<Piece>[]): fc.Arbitrary<readonly Piece[]> =>
  fc
    .tuple(...pieces.map((one) => fc.option(one, { nil: null })))
    .map((some) => some.filter((one) => one !== null));

/** Joins of three, in both shapes, with conditions in ON and WHERE. */
const chainRead = fc
  .tuple(joinWord, joinWord, someOf(where('member', 'm'), where('team', 't')), someOf(where('note', 'n')))
  .chain(([first, second, on, on2]) =>
    fc
      .tuple(fc.boolean(), someOf(where('team', 't'), where('member', 'm'), where('note', 'n')))
      .map(([isNested, filters]) => {
        const ons = joined([piece('m.team = t.id'), ...on, ...(isNested ? on2 : [])], ' and ');
        const others = joined([piece('n.member = m.id'), ...on2], ' and ');
        const filter = filtered(...filters);
        return isNested
          ? piece(
              `select t.id, m.*, n.body from team t ${first} (member m ${second} note n on ${others.text}) on ${ons.text}${filter.text}`,
              [others, ons, filter],
            )
          : piece(
              `select t.id, m.*, n.body from team t ${first} member m on ${ons.text} ${second} note n on ${others.text}${filter.text}`,
              [ons, others, filter],
            );
      }),
  );

/** A query in FROM, by what it does with the rows of `member`; `?` stands for its condition. */
const shapes = [
  'select id, team, small from member m where (?)',
  'select distinct id, team, small from member m where (?)',
  'select distinct on (team) id, team, small from member m where (?) order by team, id',
  'select distinct on (small) id, team, small from member m where (?) order by small, id desc',
  'select id, team, small from member m where (?) order by id limit 2',
  'select id, team, small from member m where (?) order by id offset 1',
  'select max(id) as id, team, max(small) as small from member m where (?) group by team',
  'select min(id) as id, team, count(*) as small from member m where (?) group by 2',
  'select max(id) as id, team, small from member m where (?) group by rollup (team, small)',
  'select max(id) as id, team, sum(small) as small from member m where (?) group by team having count(*) > 1',
  'select id, team, row_number() over (partition by team order by id) as small from member m where (?)',
  'select id, team, rank() over (order by small, id) as small from member m where (?)',
  'select id, team, sum(small) over w as small from member m where (?) window w as (partition by team)',
  'select id, team, sum(small) over (partition by 2) as small from member m where (?)',
  'select id, team, small from member m where (?) union all select id, grp, 3 from team',
  'select id, team, small from member m where (?) union select id, member, id from note',
  'select id, team, small from member m where (?) except select id, member, id from note',
  'select id, team, small from member m where (?) intersect all select id, boss, small from member',
  '(select id, team, small from member m where (?) order by id limit 2) union all select id, member, id from note',
  '(select id, team, small from member m where (?)) union all select id, member, id from note order by 1, 2, 3 limit 3',
  'select max(id) as id, team, count(*) as small from member m where (?) group by grouping sets ((team), ())',
  'select m.id, m.team, t.grp as small from member m left join team t on t.id = m.team where (?)',
  'select t.id, m.team, t.grp as small from member m right join team t on t.id = m.team and (?)',
  'select id, team as team, small from (select * from member) m where (?)',
] as const;

const derived = fc
  .tuple(fc.constantFrom(...shapes), where('member', 'm'))
  .map(([shape, filter]) => piece(shape.replace('(?)', `(${filter.text})`), [filter]));

const outside = fc
  .tuple(
    fc.constantFrom('id', 'team', 'small'),
    fc.integer({ min: 1, max: 4 }),
    fc.integer({ min: 0, max: 4 }),
  )
  .map(([name, value, which]): Piece => {
    if (which === 0) return { text: `x.${name} is null`, values: [] };
    if (which === 1) return { text: `x.${name} in (?, 3)`, values: [value] };
    return { text: `x.${name} = ?`, values: [value] };
  });

const derivedRead = fc
  .tuple(derived, outside, where('team', 't'), joinWord, fc.integer({ min: 0, max: 7 }))
  .map(([query, filter, team, join, which]) => {
    switch (which) {
      case 0:
        return piece(`with x as (${query.text}) select * from x where ${filter.text}`, [query, filter]);
      case 1:
        return piece(
          `with x as (${query.text}) select x.*, y.id as other from x, x y where ${filter.text} and y.team = 2`,
          [query, filter],
        );
      case 2:
        return piece(
          `select t.*, x.* from team t ${join} (${query.text}) x on x.team = t.id where ${team.text}`,
          [query, team],
        );
      case 3:
        return piece(
          `select t.*, x.* from team t ${join} (${query.text}) as x (id, team, small) on x.team = t.id and ${filter.text}`,
          [query, filter],
        );
      case 4:
        return piece(
          `with x as (${query.text}), y (id, team) as (select team, id from x) select * from y x where ${filter.text.replace('x.small', 'x.team')}`,
          [query, filter],
        );
      case 5:
        return piece(
          `select * from team t where ${team.text} and t.id in (select x.team from (${query.text}) x where ${filter.text})`,
          [team, query, filter],
        );
      default:
        return piece(`select * from (${query.text}) x where ${filter.text}`, [query, filter]);
    }
  });

/** Queries that see the columns of the one around them. */
const correlatedRead = fc
  .tuple(where('team', 't'), where('member', 'm'), fc.integer({ min: 0, max: 6 }))
  .map(([team, member, which]) => {
    const both = [team, member];
    switch (which) {
      case 0:
        return piece(
          `select t.*, (select count(*) from member m where m.team = t.id) from team t where ${team.text}`,
          [team],
        );
      case 1:
        return piece(
          `select t.id, x.* from team t, lateral (select * from member m where m.team = t.id and ${member.text} order by m.id limit 1) x where ${team.text}`,
          [member, team],
        );
      case 2:
        return piece(
          `select t.id, x.* from team t left join lateral (select max(m.small) from member m where m.team = t.id) x on true where ${team.text}`,
          [team],
        );
      case 3:
        return piece(
          `select * from team t where ${team.text} and not exists (select 1 from member m where m.team = t.id and ${member.text} and exists (select 1 from note n where n.member = m.id))`,
          both,
        );
      case 4:
        return piece(
          `select t.id from team t where ${team.text} group by t.id having (select count(*) from member m where m.team = t.id) > 0`,
          [team],
        );
      case 5:
        return piece(
          `select t.id, m.id from team t left join member m on m.team = t.id and exists (select 1 from note n where n.member = m.id) where ${team.text} and m.id is null`,
          [team],
        );
      default:
        return piece(
          `select (with c as (select * from member m where m.team = t.id) select count(*) from c) from team t where ${team.text}`,
          [team],
        );
    }
  });

const views =
  'grouped latest first_two ranked numbered both_kinds members_of all_of over_views flagged named'.split(' ');

const viewRead = fc
  .tuple(
    fc.constantFrom(...views),
    joinWord,
    fc.integer({ min: 1, max: 4 }),
    fc.constantFrom('id', 'team', 'small', 'belongs'),
    fc.integer({ min: 0, max: 3 }),
  )
  .map(([view, join, number, column, which]): Piece => {
    const values = [number];
    switch (which) {
      case 0:
        return {
          text: `select * from ${view} v ${join} team t on t.id = v.team where v.${column} = ?`,
          values,
        };
      case 1:
        return { text: `select * from team t ${join} ${view} v on v.team = t.id where t.id = ?`, values };
      case 2:
        return { text: `select * from ${view} as v (a, b) where b = ?`, values };
      default:
        return { text: `select * from ${view} where ${column} = ?`, values };
    }
  });

const value = fc.integer({ min: 1, max: 7 });

/** Columns that both sides have, and views. */
const namedRead = fc
  .tuple(joinWord, value, fc.constantFrom('a', 'b', 'A'), fc.integer({ min: 0, max: 9 }))
  .map(([join, number, letter, which]): Piece => {
    const texts = [
      `select * from member m ${join} note n using (id) where id = ?`,
      `select * from (select id as team, name from team) t ${join} member m using (team) where team = ?`,
      `select * from (select id as team, name from team) t natural ${join} member m where t.team = ?`,
      `select * from member m ${join} note n using (id) ${join} team t using (id) where id = ? and m.id = 1`,
      `select * from member as m (id, boss, team) where m.boss = ?`,
      `select * from named where belongs = ?`,
      `select * from named v ${join} note n on n.member = v.id where v.id = ?`,
      `select * from item_groups where tenant = ?`,
      `with team as (select id, boss as grp from member) select * from team where grp = ?`,
    ];
    const text = texts[which];
    return text === undefined
      ? { text: `select * from item_groups where called = ?`, values: [letter] }
      : { text, values: [number] };
  });

/** Reads of one table. */
export const plainRead: fc.Arbitrary<Call> = simpleRead.map(numbered);

export const read: fc.Arbitrary<Call> = fc
  .oneof(
    { weight: 3, arbitrary: simpleRead },
    { weight: 2, arbitrary: joinRead },
    { weight: 1, arbitrary: nestedRead },
    { weight: 2, arbitrary: chainRead },
    { weight: 4, arbitrary: derivedRead },
    { weight: 2, arbitrary: correlatedRead },
    { weight: 1, arbitrary: namedRead },
    { weight: 2, arbitrary: viewRead },
  )
  .map(numbered);
