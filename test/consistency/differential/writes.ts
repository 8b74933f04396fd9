/** Decides the writes of a case: every statement that may change what somebody read, alone or in transactions. */
import { Values } from './column-types.js';
import { condition, type Drawing, type Item, joinCondition } from './conditions.js';
import { definition } from './definitions.js';
import type { Dice } from './dice.js';
import { drawRead } from './reads.js';
import type { Call, Read, Step } from './script.js';
import { tenant } from './tenant.js';
import { type Column, type Relation, relationOf, sessionOf, type World, writable } from './world.js';

export function drawWrite(world: World, dice: Dice): Step {
  const session = sessionOf(world, dice);
  const broad = world.breadth === 'broad' ? 1 : 0;
  return dice.draw<Step>([
    [24, () => ({ kind: 'write', session, call: single(world, dice) })],
    [broad, () => ({ kind: 'write', session, call: several(world, dice) })],
    [0.4 * broad, () => ({ kind: 'write', session: 'plain', call: textOnly(definition(world, dice)) })],
    [4, () => ({ kind: 'client', session, calls: transaction(world, dice) })],
    [broad, () => ({ kind: 'client', session, calls: changedSession(world, dice) })],
  ]);
}

const textOnly = (text: string): Call => ({ text, values: [] });

function single(world: World, dice: Dice): Call {
  const values = new Values(dice, true);
  const text = statement(world, { dice, values });
  const name = dice.chance(0.1) ? { name: `w${world.serial++}` } : {};
  return { ...values.bound(text), ...name };
}

/** Several texts in one: without parameters. */
function several(world: World, dice: Dice): Call {
  const one = (): string => statement(world, { dice, values: new Values(dice, false) });
  const { text } = { text: drawRead(world, dice).text.replaceAll(/\$\d+/g, 'null') };
  return textOnly(
    dice.pick([
      `${one()}; ${one()}`,
      `begin; ${one()}; commit`,
      `begin; ${one()}; rollback; ${one()}`,
      `${one()}; ${text}`,
      `begin; ${one()}; savepoint s; ${one()}; rollback to s; commit`,
    ]),
  );
}

function transaction(world: World, dice: Dice): readonly (Call | Read)[] {
  const begin = dice.pick([
    'begin',
    'begin',
    'start transaction',
    'begin isolation level repeatable read',
    'begin isolation level serializable',
  ]);
  const broad = world.breadth === 'broad' ? 1 : 0;
  const inside = Array.from({ length: dice.between(1, 4) }, (): readonly (Call | Read)[] =>
    dice.draw<readonly (Call | Read)[]>([
      [6, () => [single(world, dice)]],
      [3, () => [drawRead(world, dice)]],
      [1, () => [textOnly('savepoint s'), single(world, dice), textOnly('rollback to s')]],
      [1, () => [textOnly('savepoint s'), single(world, dice), textOnly('release s')]],
      [0.5, () => [textOnly('set constraints all deferred')]],
      [0.3 * broad, () => [textOnly(definition(world, dice))]],
      [0.3 * broad, () => [textOnly('set local search_path = other, public'), single(world, dice)]],
    ]),
  ).flat();
  const end = dice.pick([
    'commit',
    'commit',
    'commit',
    'end',
    'rollback',
    'rollback and chain',
    'commit and chain',
  ]);
  const after = end.endsWith('chain') ? [single(world, dice), textOnly('commit')] : [];
  return [textOnly(begin), ...inside, textOnly(end), ...after];
}

/** Settings, roles and temporary tables, and what is asked in their sight. */
function changedSession(world: World, dice: Dice): readonly (Call | Read)[] {
  const relation = dice.pick(world.relations);
  const bare = relation.name.replace(/^.*\./, '');
  const setting = dice.pick([
    'set search_path = other, public',
    "select set_config('search_path', 'other, public', false)",
    "set timezone = 'Asia/Tokyo'",
    "set datestyle = 'sql, dmy'",
    "set bytea_output = 'escape'",
    `set role ${tenant}`,
    'set session characteristics as transaction isolation level repeatable read',
    `create temp table ${bare} as select * from ${relation.name}`,
    `create temp view ${bare} as select * from ${relation.name} limit 1`,
  ]);
  const inside = Array.from({ length: dice.between(1, 3) }, () =>
    dice.chance(0.5) ? drawRead(world, dice) : single(world, dice),
  );
  const after = dice.chance(0.5) ? [textOnly('discard all'), drawRead(world, dice)] : [];
  return [textOnly(setting), ...inside, ...after];
}

/** Most often a table; a write of a view is often refused. */
function target(world: World, dice: Dice): Relation {
  const all = writable(world);
  const tables = all.filter(({ kind }) => kind !== 'view');
  return relationOf(world, dice, dice.chance(0.85) ? tables : all);
}

function statement(world: World, drawing: Drawing): string {
  const { dice } = drawing;
  const item: Item = { alias: '', relation: target(world, dice) };
  const broad = world.breadth === 'broad' ? 1 : 0;
  const text = dice.draw<string>([
    [16, () => insert(world, drawing, item.relation)],
    [14, () => update(world, drawing, item)],
    [6, () => remove(world, drawing, item)],
    [1.5, () => merge(world, drawing, item.relation)],
    [1.5, () => chained(world, drawing)],
    [
      0.1 + 0.3 * broad,
      () => `truncate ${item.relation.name}${dice.pick([' cascade', '', ' restart identity cascade'])}`,
    ],
    [broad, () => called(world, drawing)],
    [0.7, () => refresh(world, dice)],
    [0.3, () => `select nextval('numbers')`],
  ]);
  const returning = /^(insert|update|delete)/.test(text) && dice.chance(0.25);
  return returning
    ? `${text} returning ${dice.pick(['*', item.relation.columns[0]?.name ?? '*', '1'])}`
    : text;
}

const assignable = ({ columns }: Relation): readonly Column[] =>
  columns.filter(({ isGenerated }) => !isGenerated);

function insert(world: World, drawing: Drawing, relation: Relation): string {
  const { dice, values } = drawing;
  const all = assignable(relation);
  const [key, ...others] = all;
  const chosen = dice.chance(0.6) ? others : dice.some(others, dice.between(0, others.length));
  const columns = key !== undefined && dice.chance(0.9) ? [key, ...chosen] : chosen;
  if (columns.length === 0 || dice.chance(0.02)) return `insert into ${relation.name} default values`;
  const names = columns.map(({ name }) => name).join(', ');
  const row = (): string =>
    `(${columns.map(({ type }) => (dice.chance(0.06) ? 'default' : values.of(type))).join(', ')})`;
  const overriding = dice.pick(['', '', '', ' overriding system value', ' overriding user value']);
  const source = dice.draw([
    [8, () => `values ${row()}`],
    [2, () => `values ${row()}, ${row()}`],
    [2, () => selected(world, drawing, columns)],
  ]);
  const onConflict = dice.chance(0.35) ? conflict(drawing, relation, columns) : '';
  return `insert into ${relation.name} (${names})${overriding} ${source}${onConflict}`;
}

/** A query whose columns fit, where there is one. */
function selected(world: World, drawing: Drawing, columns: readonly Column[]): string {
  const { dice, values } = drawing;
  const from: Item = { alias: 'f', relation: relationOf(world, dice) };
  const list = columns.map(({ type }) => {
    const fitting = from.relation.columns.filter((own) => own.type.family === type.family);
    return fitting.length > 0 && dice.chance(0.7) ? `f.${dice.pick(fitting).name}` : values.of(type);
  });
  return `select ${list.join(', ')} from ${from.relation.name} f where ${condition(drawing, from)}`;
}

function conflict(drawing: Drawing, relation: Relation, columns: readonly Column[]): string {
  const { dice, values } = drawing;
  const key = dice.pickOr(relation.keys, []);
  const target = key.length === 0 ? '' : ` (${key.join(', ')})`;
  const column = dice.pick(columns);
  const where = dice.chance(0.2) ? ` where ${condition(drawing, { alias: relation.name, relation })}` : '';
  return dice.draw([
    [1, () => ' on conflict do nothing'],
    [1, () => ` on conflict${target} do nothing`],
    [3, () => ` on conflict${target} do update set ${column.name} = excluded.${column.name}${where}`],
    [2, () => ` on conflict${target} do update set ${column.name} = ${values.of(column.type)}${where}`],
  ]);
}

function assignments(drawing: Drawing, relation: Relation): string {
  const { dice, values } = drawing;
  const all = assignable(relation);
  // A key that moves has an old value and a new one.
  const columns = dice.chance(0.2) ? all.slice(0, 1) : dice.some(all, dice.pick([1, 1, 1, 2]));
  if (columns.length === 2 && dice.chance(0.2))
    return `(${columns.map(({ name }) => name).join(', ')}) = (${columns.map(({ type }) => values.of(type)).join(', ')})`;
  const parts = columns.map(({ name, type }) => {
    const step = type.family === 'int' ? `${name} + 1` : 'default';
    const same = all.filter((own) => own.type.family === type.family);
    return `${name} = ${dice.draw([
      [8, () => values.of(type)],
      [1, () => step],
      [1, () => (dice.chance(0.5) ? `coalesce(${name}, ${values.of(type)})` : dice.pick(same).name)],
    ])}`;
  });
  return parts.length === 0 ? 'id = id' : parts.join(', ');
}

function update(world: World, drawing: Drawing, item: Item): string {
  const { dice } = drawing;
  const { name } = item.relation;
  const alias = dice.chance(0.15) ? 'u' : '';
  const target = alias === '' ? name : `${name} u`;
  const own = alias === '' ? item : { ...item, alias };
  const head = `update ${dice.chance(0.03) ? 'only ' : ''}${target} set ${assignments(drawing, item.relation)}`;
  if (dice.chance(0.04)) return head;
  if (dice.chance(0.12)) {
    const other: Item = { alias: 'o', relation: relationOf(world, dice) };
    const joined = joinCondition(
      drawing,
      { alias: alias === '' ? name.replace(/^.*\./, '') : alias, relation: item.relation },
      other,
    );
    return `${head} from ${other.relation.name} o where ${joined} and ${condition(drawing, other)}`;
  }
  return `${head} where ${condition(drawing, own)}`;
}

function remove(world: World, drawing: Drawing, item: Item): string {
  const { dice } = drawing;
  const { name } = item.relation;
  if (dice.chance(0.12)) {
    const other: Item = { alias: 'o', relation: relationOf(world, dice) };
    const own = { alias: name.replace(/^.*\./, ''), relation: item.relation };
    return `delete from ${name} using ${other.relation.name} o where ${joinCondition(drawing, own, other)} and ${condition(drawing, other)}`;
  }
  return `delete from ${name} where ${condition(drawing, item)}`;
}

function merge(world: World, drawing: Drawing, relation: Relation): string {
  const { dice, values } = drawing;
  const source: Item = { alias: 's', relation: relationOf(world, dice) };
  const target: Item = { alias: 't', relation };
  const columns = assignable(relation);
  const into = columns.map(({ name }) => name).join(', ');
  const actions = dice.some(
    [
      `when matched${dice.chance(0.4) ? ` and ${condition(drawing, target)}` : ''} then ${dice.pick([`update set ${assignments(drawing, relation)}`, 'delete', 'do nothing'])}`,
      `when not matched then insert (${into}) values (${columns.map(({ type }) => values.of(type)).join(', ')})`,
      `when not matched by source and ${condition(drawing, target)} then ${dice.pick(['delete', `update set ${assignments(drawing, relation)}`])}`,
    ],
    dice.between(1, 3),
  );
  return `merge into ${relation.name} t using ${source.relation.name} s on ${joinCondition(drawing, target, source)} ${actions.join(' ')}`;
}

/** Writes in CTEs. */
function chained(world: World, drawing: Drawing): string {
  const { dice } = drawing;
  const items = [0, 1].map((): Item => ({ alias: '', relation: target(world, dice) }));
  const [one, two] = items as [Item, Item]; // two above
  const gone = `with gone as (${dice.pick([() => remove(world, drawing, one), () => update(world, drawing, one)])()} returning *)`;
  return dice.draw([
    [2, () => `${gone} select count(*) from gone`],
    [1, () => `${gone} ${update(world, drawing, two)}`],
    [
      1,
      () => `${gone}, more as (${remove(world, drawing, two)} returning 1) select count(*) from gone, more`,
    ],
    [
      1,
      () =>
        `with seen as (select * from ${one.relation.name} where ${condition(drawing, one)}) ${remove(world, drawing, two)}`,
    ],
  ]);
}

function called(world: World, drawing: Drawing): string {
  const { dice, values } = drawing;
  const { routines } = world;
  const routine = dice.pickOr(
    routines.filter(({ kind }) => kind === 'writes' || kind === 'procedure'),
    undefined,
  );
  if (routine === undefined && dice.chance(0.7))
    return update(world, drawing, { alias: '', relation: target(world, dice) });
  if (routine === undefined || (!values.isBinding && dice.chance(0.1)))
    return `do $$ begin ${update(world, { dice, values: new Values(dice, false) }, { alias: '', relation: target(world, dice) })}; end $$`;
  const call = `${routine.name}(${routine.takesArgument ? dice.pick(['1', '2', '3']) : ''})`;
  if (routine.kind === 'procedure') return `call ${call}`;
  return dice.pick([
    `select ${call}`,
    `select * from ${call}`,
    `select x.*, ${call} from ${dice.pick(world.relations).name} x limit 1`,
  ]);
}

function refresh(world: World, dice: Dice): string {
  const kept = world.relations.filter(({ kind }) => kind === 'materialised').map(({ name }) => name);
  return `refresh materialized view ${dice.chance(0.3) ? 'concurrently ' : ''}${dice.pickOr(kept, 'm0')}`;
}
