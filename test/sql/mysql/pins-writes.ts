/** Decides the writes of the pins' tests on MySQL: every kind, with values that are stored as something else. */
import fc from 'fast-check';
import {
  columnOf,
  columnsLike,
  joined,
  type NamedColumn,
  type Piece,
  piece,
  type TableName,
  tableName,
  valueOf,
  where,
} from './pins-world.js';

function assignment(table: TableName, prefix = ''): fc.Arbitrary<Piece> {
  return columnOf(table).chain(({ name, family }) =>
    fc.oneof(
      {
        weight: 5,
        arbitrary: valueOf(family).map((right) => piece(`${prefix}${name} = ${right.text}`, [right])),
      },
      {
        weight: 1,
        arbitrary: fc.constant(
          piece(`${prefix}${name} = ${family === 'int' ? `${prefix}${name} + 1` : 'default'}`),
        ),
      },
      {
        weight: 1,
        arbitrary: columnOf(table).map((other) => piece(`${prefix}${name} = ${prefix}${other.name}`)),
      },
    ),
  );
}

const assignments = (table: TableName, prefix = ''): fc.Arbitrary<Piece> =>
  fc
    .uniqueArray(assignment(table, prefix), {
      minLength: 1,
      maxLength: 2,
      selector: ({ text }) => text.split(' ')[0],
    })
    .map((sets) => joined(sets, ', '));

const update = fc
  .tuple(tableName, fc.constantFrom('update', 'update', 'update ignore'))
  .chain(([table, verb]) =>
    fc
      .tuple(assignments(table), where(table, ''), fc.constantFrom('', '', '', ' limit 1', 'no filter'))
      .map(([set, filter, tail]) =>
        tail === 'no filter'
          ? piece(`${verb} ${table} set ${set.text}`, [set])
          : piece(`${verb} ${table} set ${set.text} where ${filter.text}${tail}`, [set, filter]),
      ),
  );

/** What one table's column gets from another table's. */
const carrying = fc
  .tuple(
    columnOf('team'),
    columnOf('member'),
    where('team', 't'),
    where('member', 'm'),
    fc.constantFrom('join', 'left join'),
    fc.boolean(),
  )
  .map(([ofTeam, ofMember, one, other, join, toTeam]) => {
    const pair = [`t.${ofTeam.name}`, `m.${ofMember.name}`];
    const set = (toTeam ? pair : pair.reverse()).join(' = ');
    const from = `team t ${join} member m on m.team = t.id`;
    return piece(`update ${from} set ${set} where ${one.text} and ${other.text}`, [one, other]);
  });

const joinUpdate = fc
  .tuple(
    assignments('team', 't.'),
    assignments('member', 'm.'),
    where('team', 't'),
    where('member', 'm'),
    fc.integer({ min: 0, max: 3 }),
  )
  .map(([team, member, ofTeam, ofMember, which]) => {
    switch (which) {
      case 0:
        return piece(`update team t join member m on m.team = t.id set ${team.text} where ${ofMember.text}`, [
          team,
          ofMember,
        ]);
      case 1:
        return piece(
          `update team t left join member m on m.team = t.id set ${member.text} where ${ofTeam.text}`,
          [member, ofTeam],
        );
      case 2:
        return piece(
          `update team t, member m set ${team.text}, ${member.text} where m.team = t.id and ${ofTeam.text}`,
          [team, member, ofTeam],
        );
      default:
        return piece(
          `update team t set ${team.text} where t.id in (select m.team from member m where ${ofMember.text})`,
          [team, ofMember],
        );
    }
  });

const remove = tableName.chain((table) =>
  fc
    .tuple(where(table, ''), fc.constantFrom('delete', 'delete ignore'))
    .map(([filter, verb]) => piece(`${verb} from ${table} where ${filter.text}`, [filter])),
);

const joinDelete = fc
  .tuple(where('team', 't'), where('member', 'm'), fc.constantFrom('m', 't', 'm, t'), fc.boolean())
  .map(([team, member, what, isUsing]) => {
    const from = 'team t join member m on m.team = t.id';
    return isUsing
      ? piece(`delete from ${what} using ${from} where ${team.text}`, [team])
      : piece(`delete ${what} from ${from} where ${member.text}`, [member]);
  });

const cellOf = ({ name, family }: NamedColumn): fc.Arbitrary<Piece> =>
  name === 'id'
    ? fc.integer({ min: 3, max: 9 }).map((id): Piece => ({ text: '?', values: [id] }))
    : fc.oneof(
        { weight: 6, arbitrary: valueOf(family) },
        { weight: 1, arbitrary: fc.constant(piece('default')) },
      );

const insert = tableName.chain((table) =>
  fc
    .tuple(
      fc.uniqueArray(columnOf(table), { minLength: 1, maxLength: 4, selector: ({ name }) => name }),
      fc.integer({ min: 1, max: 2 }),
      fc.constantFrom('insert', 'insert', 'insert ignore', 'replace', 'duplicate', 'values'),
      assignments(table),
    )
    .chain(([chosen, rows, how, set]) =>
      fc.array(fc.tuple(...chosen.map(cellOf)), { minLength: rows, maxLength: rows }).map((lines) => {
        const tuples = lines.map((cells) => piece(`(${cells.map((cell) => cell.text).join(', ')})`, cells));
        const verb = how === 'duplicate' || how === 'values' ? 'insert' : how;
        const names = chosen.map(({ name }) => name);
        const head = `${verb} into ${table} (${names.join(', ')}) values ${joined(tuples, ', ').text}`;
        if (how === 'duplicate')
          return piece(`${head} on duplicate key update ${set.text}`, [...tuples, set]);
        if (how === 'values')
          return piece(
            `${head} on duplicate key update ${names.map((name) => `${name} = values(${name})`).join(', ')}`,
            tuples,
          );
        return piece(head, tuples);
      }),
    ),
);

/** Rows of one table, or of no table, into another. */
const insertSelect = fc.tuple(tableName, tableName).chain(([table, from]) =>
  fc
    .tuple(
      fc.uniqueArray(columnOf(table), { minLength: 1, maxLength: 4, selector: ({ name }) => name }),
      fc.array(where(from, ''), { minLength: 1, maxLength: 2 }),
      fc.constantFrom('insert', 'insert', 'insert ignore', 'replace', 'duplicate'),
      fc.constantFrom('', '', ' limit 1', ' group by 1', 'derived', 'nothing'),
      assignments(table),
    )
    .chain(([chosen, filters, how, tail, set]) => {
      const shown = (column: NamedColumn): fc.Arbitrary<Piece> =>
        column.name === 'id'
          ? fc.integer({ min: 3, max: 9 }).map((id): Piece => ({ text: '?', values: [id] }))
          : fc.oneof(
              { weight: 3, arbitrary: columnOf(from).map(({ name }) => piece(name)) },
              { weight: 2, arbitrary: valueOf(column.family) },
            );
      const one = (filter: Piece): fc.Arbitrary<Piece> =>
        fc.tuple(...chosen.map(shown)).map((items) => {
          const list = joined(items, ', ');
          if (tail === 'nothing') return piece(`select ${list.text}`, [list]);
          if (tail === 'derived')
            return piece(`select ${list.text} from (select * from ${from}) d where ${filter.text}`, [
              list,
              filter,
            ]);
          return piece(`select ${list.text} from ${from} where ${filter.text}${tail}`, [list, filter]);
        });
      return fc.tuple(...filters.map(one)).map((queries) => {
        const isOne = queries.length === 1;
        const query = joined(
          isOne ? queries : queries.map((each) => piece(`(${each.text})`, [each])),
          ' union ',
        );
        const verb = how === 'duplicate' ? 'insert' : how;
        const names = chosen.map(({ name }) => name).join(', ');
        const head = `${verb} into ${table} (${names}) ${query.text}`;
        return how === 'duplicate'
          ? piece(`${head} on duplicate key update ${set.text}`, [query, set])
          : piece(head, [query]);
      });
    }),
);

/** Values that do not fit everywhere. */
const carriedValues = {
  int: ['300', '3000000000', '200', '1', 'null', '?'],
  text: ["'abc'", "'abcd'", "'ab'", 'null', '?'],
  bytes: ["'ab'", 'null', '?'],
};

/** What a column has goes into another one of its kind. */
const carriedOver = fc
  .tuple(tableName, fc.constantFrom<TableName>('team', 'team', 'member', 'item'))
  .chain(([table, from]) => fc.tuple(fc.constant({ table, from }), columnOf(table)))
  .filter(([{ from }, { family }]) => columnsLike(from, family).length > 0)
  .chain(([{ table, from }, { name, family }]) =>
    fc
      .tuple(
        fc.constantFrom('insert', 'insert ignore', 'replace'),
        fc.constantFrom(...columnsLike(from, family)),
        fc.constantFrom(...carriedValues[family]),
        valueOf(family).filter(({ text }) => text === '?'),
        fc.boolean(),
      )
      .map(([verb, source, text, parameter, isMany]): Piece => {
        const condition = isMany ? `in (${text}, 1)` : `<=> ${text}`;
        return {
          text: `${verb} into ${table} (${name}) select ${source} from ${from} where ${source} ${condition}`,
          values: text === '?' ? parameter.values : [],
        };
      }),
  );

const oddWrite = fc.constantFrom(
  piece(
    "insert into note (member, body) select id, label from member where label = 'ab' union select 2, 'q'",
  ),
  piece('insert into hidden values (1, 2), (2, 3)'),
  piece('insert into hidden select id, grp from team where grp = 2'),
  piece('insert into hidden (a, own) select a, own from hidden where own = 2'),
  piece('update team_view set grp = 2 where id = 1'),
  piece("insert into team_view (id, name, grp) values (7, 'z', 1)"),
  piece("update named set name = 'q' where id = 1"),
  piece('insert into note (member) select id from member'),
  piece("insert into note (member, body) select id, 'b' from member where id = 2"),
  piece("insert into note set member = 2, body = 'a'"),
  piece('delete from parted where part = 2'),
  piece('update parted set part = part + 1 where id = 1'),
  piece('update member m join (select max(id) as id from member) x on x.id = m.id set m.small = 7'),
  piece('update team set id = id + 10 order by id desc'),
  piece('delete note from note join member on note.member = member.id where member.id = 1'),
);

export const write: fc.Arbitrary<Piece> = fc.oneof(
  { weight: 6, arbitrary: update },
  { weight: 2, arbitrary: joinUpdate },
  { weight: 1, arbitrary: carrying },
  { weight: 3, arbitrary: remove },
  { weight: 1, arbitrary: joinDelete },
  { weight: 5, arbitrary: insert },
  { weight: 3, arbitrary: insertSelect },
  { weight: 2, arbitrary: carriedOver },
  { weight: 1, arbitrary: oddWrite },
);

/** Updates that take rows from one value to another. */
export const plainUpdate: fc.Arbitrary<Piece> = fc
  .tuple(fc.constantFrom('grp', 'big'), fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 4 }))
  .map(([column, after, before]) => ({
    text: `update team set ${column} = ? where ${column} = ?`,
    values: [after, before],
  }));
