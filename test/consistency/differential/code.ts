/** Decides the code of a generated database: triggers, rules, functions, procedures and policies over its tables. */
import { Values } from './column-types.js';
import { condition, type Drawing } from './conditions.js';
import type { Dice } from './dice.js';
import type { Column, Relation, World } from './world.js';

export function addCode(world: World, dice: Dice): void {
  if (world.breadth === 'narrow') return addTrigger(world, dice, 'g1');
  for (let count = dice.between(0, 4); count > 0; count--) addTrigger(world, dice, `g${count}`);
  for (let count = dice.between(1, 4); count > 0; count--) addRoutine(world, dice, `f${count}`);
  if (dice.chance(0.25)) addRule(world, dice);
  if (dice.chance(0.4)) addPolicy(world, dice);
}

const tablesOf = ({ relations }: World): readonly Relation[] =>
  relations.filter(({ kind }) => kind === 'table' || kind === 'partitioned' || kind === 'child');

const plainDrawing = (dice: Dice): Drawing => ({ dice, values: new Values(dice, false) });

const settable = ({ columns }: Relation): readonly Column[] =>
  columns.slice(1).filter(({ isGenerated }) => !isGenerated);

function literal(dice: Dice, { type }: Column): string {
  return dice.chance(0.1) ? 'null' : dice.pick(type.literals);
}

/** A write of a table, in so many words. */
function writing(world: World, dice: Dice, argument: string | null): string {
  const relation = dice.pick(tablesOf(world));
  const column = dice.pickOr(settable(relation), undefined);
  const key = relation.columns[0];
  const where =
    argument !== null && key?.type.family === 'int' && dice.chance(0.7)
      ? `${key.name} = ${argument}`
      : condition(plainDrawing(dice), { alias: '', relation });
  if (column === undefined || dice.chance(0.2)) return `delete from ${relation.name} where ${where}`;
  const value = literal(dice, column);
  if (dice.chance(0.25))
    return `insert into ${relation.name} (${column.name}) values (${value}) on conflict do nothing`;
  return `update ${relation.name} set ${column.name} = ${value} where ${where}`;
}

function addTrigger(world: World, dice: Dice, name: string): void {
  const relation = dice.pick(tablesOf(world));
  const column = dice.pickOr(settable(relation), undefined);
  if (column === undefined) return;
  const assigned = `new.${column.name} := ${literal(dice, column)};`;
  // What a trigger does may fire it again: not deeper than this.
  const other = `if pg_trigger_depth() < 3 then ${writing(world, dice, null)}; end if;`;
  const before = dice.pick(['before insert or update', 'before update', `before update of ${column.name}`]);
  const after = dice.pick([
    'after insert',
    'after update',
    'after delete',
    'after insert or update or delete',
  ]);
  // Whoever may define something has every catalog read again: in few cases only.
  const dynamic = `begin execute ${quoted(writing(world, dice, null))}; return null; end`;
  if (dice.chance(0.04))
    return addTriggerOn(world, { name, when: `${after} on ${relation.name} for each row`, body: dynamic });
  const [when, level, body] = dice.pick([
    [before, 'row', `begin ${assigned} return new; end`],
    [before, 'row', `begin ${assigned} return new; end`],
    [before, 'row', `begin if new.${column.name} is null then ${assigned} end if; return new; end`],
    [before, 'row', `begin ${other} return new; end`],
    [before, 'row', `begin if new.${column.name} is null then return null; end if; return new; end`],
    [after, 'row', `begin ${other} return null; end`],
    [after, 'row', `begin ${other} return null; end`],
    [after, 'statement', `begin ${other} return null; end`],
    ['after truncate', 'statement', `begin ${other} return null; end`],
  ] as const);
  const condition =
    level === 'row' && !when.includes('delete') && dice.chance(0.2) ? ' when (new.id is not null)' : '';
  addTriggerOn(world, { name, when: `${when} on ${relation.name} for each ${level}${condition}`, body });
}

function addTriggerOn(
  world: World,
  { name, when, body }: { readonly name: string; readonly when: string; readonly body: string },
): void {
  world.setup.push(
    `create function ${name}() returns trigger language plpgsql as $$ ${body} $$`,
    `create trigger ${name} ${when} execute function ${name}()`,
  );
}

const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`;

function addRoutine(world: World, dice: Dice, name: string): void {
  const relation = dice.pick(world.relations);
  const key = relation.columns[0];
  const takesArgument = key?.type.family === 'int' && dice.chance(0.6);
  const argument = takesArgument ? 'int' : '';
  const where = takesArgument ? `${key.name} = $1` : condition(plainDrawing(dice), { alias: '', relation });
  // Not immutable, which none of them is: what a prepared statement then says is what it once was.
  const volatility = dice.pick(['stable', 'stable', 'volatile']);
  const write = writing(world, dice, takesArgument ? '$1' : null);
  const kind = dice.pick([
    'value',
    'value',
    'rows',
    'rows',
    'writes',
    'writes',
    'writes',
    'procedure',
  ] as const);
  const text = {
    value: `create function ${name}(${argument}) returns bigint ${dice.pick([
      `language sql ${volatility} as $$ select count(*) from ${relation.name} where ${where} $$`,
      `language sql ${volatility} begin atomic select count(*) from ${relation.name} where ${where}; end`,
      `language plpgsql ${volatility} as $$ begin return (select count(*) from ${relation.name} where ${where}); end $$`,
    ])}`,
    rows: `create function ${name}(${argument}) returns setof ${relation.name} language sql ${volatility} as $$ select * from ${relation.name} where ${where} $$`,
    writes: `create function ${name}(${argument}) returns int ${dice.pick([
      ...[1, 2, 3].map(() => `language sql as $$ ${write}; select 1 $$`),
      ...[1, 2, 3].map(() => `language plpgsql as $$ begin ${write}; return 1; end $$`),
      `language plpgsql as $$ begin execute ${quoted(write)}${takesArgument ? ' using $1' : ''}; return 1; end $$`,
    ])}`,
    procedure: `create procedure ${name}(${argument}) language plpgsql as $$ begin ${write}; ${dice.chance(0.3) ? 'commit;' : ''} end $$`,
  }[kind];
  world.setup.push(text);
  world.routines.push({ name, kind, columns: kind === 'rows' ? relation.columns : [], takesArgument });
}

function addRule(world: World, dice: Dice): void {
  const relation = dice.pick(world.relations.filter(({ kind }) => kind === 'table' || kind === 'view'));
  const event = dice.pick(['insert', 'update', 'delete']);
  const action = dice.pick([`also ${writing(world, dice, null)}`, 'instead nothing']);
  const where = dice.chance(0.3) ? ` where ${event === 'delete' ? 'old' : 'new'}.id is not null` : '';
  world.setup.push(`create rule r_${event} as on ${event} to ${relation.name}${where} do ${action}`);
}

function addPolicy(world: World, dice: Dice): void {
  const relation = dice.pick(world.relations.filter(({ kind }) => kind === 'table'));
  const visible = dice.pick([
    condition(plainDrawing(dice), { alias: '', relation }),
    `current_user = 'postgres'`,
    `exists (select 1 from ${dice.pick(world.relations).name})`,
  ]);
  world.setup.push(
    `alter table ${relation.name} enable row level security`,
    `create policy seen on ${relation.name} using (${visible}) with check (true)`,
  );
}
