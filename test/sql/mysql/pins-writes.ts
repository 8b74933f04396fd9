/** Decides the writes of the pins' tests on MySQL: every kind, with values that are stored as something else. */
import fc from 'fast-check';
import {
  columnOf,
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

const oddWrite = fc.constantFrom(
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
  { weight: 3, arbitrary: remove },
  { weight: 1, arbitrary: joinDelete },
  { weight: 5, arbitrary: insert },
  { weight: 1, arbitrary: oddWrite },
);

/** Updates that take rows from one value to another. */
export const plainUpdate: fc.Arbitrary<Piece> = fc
  .tuple(fc.constantFrom('grp', 'big'), fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 4 }))
  .map(([column, after, before]) => ({
    text: `update team set ${column} = ? where ${column} = ?`,
    values: [after, before],
  }));
