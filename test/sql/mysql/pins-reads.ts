/** Decides the reads of the pins' tests on MySQL: joins, sub-queries, CTEs, set operations, views. */
import fc from 'fast-check';
import { joined, type Piece, piece, type TableName, tableName, where } from './pins-world.js';

const keyOf = (table: TableName): string => ({ item: 'num', hidden: 'own' })[table as string] ?? 'id';

const simpleRead = fc
  .tuple(tableName, fc.constantFrom('*', 'count(*), max(id)', 'id', 'group_concat(id order by id)'))
  .chain(([table, list]) =>
    where(table, '').map((filter) =>
      piece(`select ${list.replaceAll('id', keyOf(table))} from ${table} where ${filter.text}`, [filter]),
    ),
  );

const joinWord = fc.constantFrom('join', 'left join', 'right join', 'straight_join');

const joinRead = fc
  .tuple(joinWord, where('team', 't'), where('member', 'm'), fc.integer({ min: 0, max: 5 }))
  .map(([join, team, member, which]) => {
    const from = `select t.*, m.* from team t ${join} member m on m.team = t.id`;
    switch (which) {
      case 0:
        return piece(`${from} where ${team.text}`, [team]);
      case 1:
        return piece(`${from} where ${member.text}`, [member]);
      case 2:
        return piece(`${from} and ${member.text} where ${team.text}`, [member, team]);
      case 3:
        return piece(`${from} and ${team.text} where ${member.text}`, [team, member]);
      case 4:
        return piece(`select * from member m join note n using (id) where ${member.text}`, [member]);
      default:
        return piece(`${from} and m.label = t.name where ${joined([team, member], ' and ').text}`, [
          team,
          member,
        ]);
    }
  });

/** A query in FROM, by what it does with the rows of `member`; `(?)` stands for its condition. */
const shapes = [
  'select id, team, small from member m where (?)',
  'select distinct id, team, small from member m where (?)',
  'select id, team, small from member m where (?) order by id limit 2',
  'select id, team, small from member m where (?) order by id limit 1, 2',
  'select max(id) as id, team, max(small) as small from member m where (?) group by team',
  'select max(id) as id, 3 as team, max(small) as small from member m where (?)',
  'select min(id) as id, team, count(*) as small from member m where (?) group by 2',
  'select max(id) as id, team, small from member m where (?) group by team, small with rollup',
  'select max(id) as id, team, sum(small) as small from member m where (?) group by team having count(*) > 1',
  'select id, team, small from member m where (?) union all select id, grp, 3 from team',
  'select id, team, small from member m where (?) union select id, member, id from note',
  '(select id, team, small from member m where (?) order by id limit 2) union all select id, member, id from note',
  '(select id, team, small from member m where (?)) union all select id, member, id from note order by 1, 2, 3 limit 3',
  'select m.id, m.team, t.grp as small from member m left join team t on t.id = m.team where (?)',
  'select t.id, m.team, t.grp as small from member m right join team t on t.id = m.team and (?)',
  'select id, team as team, small from (select * from member) m where (?)',
] as const;

/** MySQL 5.7 has neither windows nor CTEs. */
const laterShapes = [
  'select id, team, row_number() over (partition by team order by id) as small from member m where (?)',
  'select id, team, rank() over (order by small, id) as small from member m where (?)',
  'select id, team, sum(small) over w as small from member m where (?) window w as (partition by team)',
  'select id, team, small from member m where (?) except select id, member, id from note',
  'select id, team, small from member m where (?) intersect select id, boss, small from member',
] as const;

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

const derivedRead = (all: readonly string[], withCtes: boolean): fc.Arbitrary<Piece> =>
  fc
    .tuple(fc.constantFrom(...all), where('member', 'm'), outside, where('team', 't'), joinWord)
    .chain(([shape, member, filter, team, join]) => {
      const query = piece(shape.replace('(?)', `(${member.text})`), [member]);
      const x = `(${query.text}) x`;
      const texts = [
        piece(`select * from ${x} where ${filter.text}`, [query, filter]),
        piece(`select t.*, x.* from team t ${join} ${x} on x.team = t.id where ${team.text}`, [query, team]),
        piece(`select t.*, x.* from team t ${join} ${x} on x.team = t.id and ${filter.text}`, [
          query,
          filter,
        ]),
        piece(
          `select * from team t where ${team.text} and t.id in (select x.team from ${x} where ${filter.text})`,
          [team, query, filter],
        ),
      ];
      const ctes = [
        piece(`with x as (${query.text}) select * from x where ${filter.text}`, [query, filter]),
        piece(
          `with x as (${query.text}) select x.*, y.id as other from x, x y where ${filter.text} and y.team = 2`,
          [query, filter],
        ),
        piece(
          `with team as (select id, boss as grp from member) select * from team x where ${filter.text.replace('x.small', 'x.id').replace('x.team', 'x.grp')}`,
          [filter],
        ),
      ];
      return fc.constantFrom(...texts, ...(withCtes ? ctes : []));
    });

/** Queries that see the columns of the one around them. */
const correlatedRead = fc
  .tuple(where('team', 't'), where('member', 'm'), fc.integer({ min: 0, max: 4 }))
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
          `select * from team t where ${team.text} and not exists (select 1 from member m where m.team = t.id and ${member.text} and exists (select 1 from note n where n.member = m.id))`,
          both,
        );
      case 2:
        return piece(
          `select t.id, m.id from team t left join member m on m.team = t.id and exists (select 1 from note n where n.member = m.id) where ${team.text} and m.id is null`,
          [team],
        );
      case 3:
        return piece(
          `select (select max(m.small) from member m where ${member.text}) from team t where ${team.text}`,
          [member, team],
        );
      default:
        return piece(
          `select * from team t where ${team.text} and t.id in (select m.team from member m where ${member.text})`,
          both,
        );
    }
  });

const viewRead = fc
  .tuple(
    fc.constantFrom('grouped', 'first_two', 'both_kinds', 'named', 'over_views'),
    joinWord,
    fc.integer({ min: 1, max: 4 }),
    fc.constantFrom('id', 'team', 'small', 'belongs'),
    fc.integer({ min: 0, max: 4 }),
  )
  .map(([view, join, value, column, which]): Piece => {
    const values = [value];
    const team = view === 'named' ? 'belongs' : 'team';
    switch (which) {
      case 0:
        return {
          text: `select * from ${view} v ${join} team t on t.id = v.${team} where v.${column} = ?`,
          values,
        };
      case 1:
        return { text: `select * from team t ${join} ${view} v on v.${team} = t.id where t.id = ?`, values };
      case 2:
        return { text: 'select * from item_groups where tenant = ?', values };
      case 3:
        return { text: 'select * from item_groups where called = ?', values: ['A'] };
      default:
        return { text: `select * from ${view} where ${column} = ?`, values };
    }
  });

/** Of a table that does not show all of its columns. */
const hiddenRead = fc
  .tuple(
    fc.constantFrom(
      'select * from (select * from hidden union all select id, grp from team) x where x.a = ?',
      'select d.own from hidden natural join (select 1 as own, 1 as a union select 2, 3) d where d.own = ?',
      'select * from hidden where own = ?',
      'select * from (select * from hidden) x where x.b = ?',
    ),
    fc.integer({ min: 1, max: 3 }),
  )
  .map(([text, value]): Piece => ({ text, values: [value] }));

export const readOn = ({ withCtes }: { readonly withCtes: boolean }): fc.Arbitrary<Piece> =>
  fc.oneof(
    { weight: 6, arbitrary: simpleRead },
    { weight: 4, arbitrary: joinRead },
    { weight: 4, arbitrary: derivedRead(withCtes ? [...shapes, ...laterShapes] : shapes, withCtes) },
    { weight: 3, arbitrary: correlatedRead },
    { weight: 2, arbitrary: viewRead },
    { weight: 1, arbitrary: hiddenRead },
  );

/** Reads of one table by one value, which plans pin. */
export const plainRead: fc.Arbitrary<Piece> = fc
  .tuple(fc.constantFrom('grp', 'id', 'big'), fc.integer({ min: 1, max: 4 }))
  .map(([column, value]) => ({ text: `select * from team where ${column} = ?`, values: [value] }));
