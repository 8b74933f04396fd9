/** Decides the reads of a case: every shape of query over the relations of a generated database. */
import { Values } from './column-types.js';
import { columnText, condition, conjunct, type Drawing, type Item, joinCondition } from './conditions.js';
import type { Dice } from './dice.js';
import type { Read } from './script.js';
import { type Column, type Relation, relationOf, sessionOf, type World } from './world.js';

interface Query {
  readonly text: string;
  readonly isOrdered?: boolean;
}

/** A read of the world, perhaps one that the database refuses. */
export function drawRead(world: World, dice: Dice): Read {
  const session = sessionOf(world, dice);
  const values = new Values(dice, true);
  const { text, isOrdered = false } = query(world, { dice, values });
  return {
    session,
    ...values.bound(text),
    isOrdered,
    ...(dice.chance(0.15) ? { name: `s${world.serial++}` } : {}),
    ...(dice.chance(0.15) ? { rowMode: 'array' as const } : {}),
  };
}

const itemOf = (world: World, dice: Dice, alias: string): Item => ({
  alias,
  relation: relationOf(world, dice),
});

function query(world: World, drawing: Drawing): Query {
  const { dice } = drawing;
  return dice.draw<Query>([
    [12, () => simple(world, drawing)],
    [5, () => joinOf(world, drawing)],
    [2, () => ({ text: manyJoined(world, drawing) })],
    [2, () => ({ text: subSelect(world, drawing) })],
    [2, () => ({ text: withNames(world, drawing) })],
    [2, () => ({ text: setOperation(world, drawing) })],
    [2, () => ({ text: aggregate(world, drawing) })],
    [2, () => limited(world, drawing)],
    [1, () => ({ text: derived(world, drawing) })],
    [1, () => ({ text: throughFunction(world, drawing) })],
    [0.3, () => ({ text: `table ${itemOf(world, dice, '').relation.name}` })],
  ]);
}

function listOf(dice: Dice, { alias, relation }: Item): string {
  const star = alias === '' ? '*' : `${alias}.*`;
  const some = dice.some(relation.columns, 2).map((column) => columnText(alias, column));
  const number = relation.columns.find(({ type }) => type.family === 'int');
  return dice.draw([
    [6, () => star],
    [3, () => (some.length === 0 ? star : some.join(', '))],
    [1, () => 'count(*)'],
    [1, () => (number === undefined ? star : `count(*), max(${columnText(alias, number)})`)],
    [0.5, () => (alias === '' ? star : `${alias} is null as whole, ${star}`)],
    [0.3, () => `${star}, 1 as one`],
    [0.2, () => (alias === '' ? 'ctid' : `${alias}.ctid, ${alias}.tableoid`)],
  ]);
}

function simple(world: World, drawing: Drawing): Query {
  const { dice } = drawing;
  const item = itemOf(world, dice, dice.pick(['', '', 'x']));
  const only = dice.chance(0.05) ? 'only ' : '';
  const from = `${only}${item.relation.name}${item.alias === '' ? '' : ` ${item.alias}`}`;
  return { text: `select ${listOf(dice, item)} from ${from} where ${condition(drawing, item)}` };
}

function joinOf(world: World, drawing: Drawing): Query {
  const { dice } = drawing;
  const left = itemOf(world, dice, 'x');
  const right = itemOf(world, dice, 'y');
  const join = dice.pick(['join', 'join', 'left join', 'left join', 'right join', 'full join']);
  const on = joinCondition(drawing, left, right);
  const filters = [left, right].filter(() => dice.chance(0.6)).map((item) => condition(drawing, item));
  const list = dice.pick(['x.*, y.*', 'x.*', 'y.*', 'count(*)', 'x.*, y.*']);
  const where = filters.length === 0 ? '' : ` where ${filters.join(' and ')}`;
  const form = dice.draw([
    [6, () => `${left.relation.name} x ${join} ${right.relation.name} y on ${on}`],
    [1, () => `${left.relation.name} x, ${right.relation.name} y`],
    [1, () => `${left.relation.name} x ${join} ${right.relation.name} y using (id)`],
    [0.5, () => `${left.relation.name} x natural ${join} ${right.relation.name} y`],
    [0.5, () => `${left.relation.name} x cross join ${right.relation.name} y`],
  ]);
  if (!form.includes(' on ') && filters.length === 0)
    return { text: `select ${list} from ${form} where ${on}` };
  return { text: `select ${list} from ${form}${where}` };
}

function manyJoined(world: World, drawing: Drawing): string {
  const { dice } = drawing;
  const items = ['x', 'y', 'z'].map((alias) => itemOf(world, dice, alias));
  const [one, two, three] = items as [Item, Item, Item]; // three aliases above
  const join = (): string => dice.pick(['join', 'join', 'left join', 'right join']);
  const inner = `${two.relation.name} y ${join()} ${three.relation.name} z on ${joinCondition(drawing, two, three)}`;
  const from = dice.chance(0.3)
    ? `${one.relation.name} x ${join()} (${inner}) on ${joinCondition(drawing, one, two)}`
    : `${one.relation.name} x ${join()} ${two.relation.name} y on ${joinCondition(drawing, one, two)} ${join()} ${three.relation.name} z on ${joinCondition(drawing, dice.pick([one, two]), three)}`;
  return `select ${dice.pick(['x.*', 'y.*, z.*', 'count(*)'])} from ${from} where ${condition(drawing, dice.pick(items))}`;
}

/** A query of one column, for IN and the like. */
function column(world: World, drawing: Drawing, outer: Item): string {
  const { dice } = drawing;
  const inner = itemOf(world, dice, 'i');
  const pick = inner.relation.columns[0] ?? dice.pick(inner.relation.columns);
  const linked = dice.chance(0.4) ? ` and ${joinCondition(drawing, outer, inner)}` : '';
  return `select ${columnText('i', pick)} from ${inner.relation.name} i where ${condition(drawing, inner)}${linked}`;
}

function subSelect(world: World, drawing: Drawing): string {
  const { dice } = drawing;
  const item = itemOf(world, dice, 'x');
  const key = item.relation.columns[0] ?? dice.pick(item.relation.columns);
  const from = `from ${item.relation.name} x`;
  const where = dice.chance(0.5) ? ` and ${condition(drawing, item)}` : '';
  const inner = column(world, drawing, item);
  return dice.draw([
    [
      3,
      () =>
        `select x.* ${from} where ${columnText('x', key)} ${dice.pick(['in', 'not in'])} (${inner})${where}`,
    ],
    [3, () => `select x.* ${from} where ${dice.pick(['', 'not '])}exists (${inner})${where}`],
    [2, () => `select x.*, (select count(*) from (${inner}) s) as n ${from} where true${where}`],
    [
      1,
      () =>
        `select x.*, array(select s.id::text collate "C" from ${item.relation.name} s order by 1) as list ${from} where true${where}`,
    ],
    [1, () => `select x.* ${from}, lateral (${inner}) l where true${where}`],
    [1, () => `select x.* ${from} where ${columnText('x', key)} = (${inner} order by 1 limit 1)${where}`],
  ]);
}

function withNames(world: World, drawing: Drawing): string {
  const { dice } = drawing;
  const item = itemOf(world, dice, 'x');
  // A name that may be a table's.
  const name = dice.pick(['w', 'w', dice.pick(world.relations).name]).replace(/^.*\./, '');
  const named = { alias: 'n', relation: item.relation };
  const head = `with ${name} as ${dice.pick(['', '', 'materialized ', 'not materialized '])}(select x.* from ${item.relation.name} x where ${condition(drawing, item)})`;
  const other = itemOf(world, dice, 'y');
  return dice.draw([
    [3, () => `${head} select * from ${name}`],
    [3, () => `${head} select n.* from ${name} n where ${condition(drawing, named)}`],
    [
      2,
      () =>
        `${head} select * from ${name} n join ${other.relation.name} y on ${joinCondition(drawing, named, other)}`,
    ],
    [
      1,
      () =>
        `${head} select count(*) from ${name} n, ${other.relation.name} y where ${condition(drawing, other)}`,
    ],
    [
      1,
      () =>
        `with recursive w as (select 1 as n union select w.n + 1 from w, ${other.relation.name} y where w.n < 3 and ${condition(drawing, other)}) select * from w`,
    ],
  ]);
}

const looksEqual = ({ columns }: Relation): readonly Column[] =>
  columns.filter(({ type }) => type.looksEqual);

function setOperation(world: World, drawing: Drawing): string {
  const { dice } = drawing;
  const one = itemOf(world, dice, 'x');
  const column = dice.pickOr(looksEqual(one.relation), undefined);
  if (column === undefined) return subSelect(world, drawing);
  const family = column.type.family;
  const others = world.relations.flatMap((relation) =>
    looksEqual(relation).flatMap((own) => (own.type.family === family ? [{ relation, own }] : [])),
  );
  const { relation, own } = dice.pickOr(others, { relation: one.relation, own: column });
  const word = dice.pick(['union', 'union all', 'except', 'intersect all']);
  return `select ${columnText('x', column)} as u from ${one.relation.name} x where ${condition(drawing, one)} ${word} select ${columnText('y', own)} from ${relation.name} y where ${condition(drawing, { alias: 'y', relation })}`;
}

function aggregate(world: World, drawing: Drawing): string {
  const { dice } = drawing;
  const item = itemOf(world, dice, 'x');
  const group = dice.pickOr(looksEqual(item.relation), undefined);
  if (group === undefined) return subSelect(world, drawing);
  const key = columnText('x', group);
  const from = `from ${item.relation.name} x where ${condition(drawing, item)}`;
  const filter = conjunct(drawing, item);
  return dice.draw([
    [2, () => `select ${key}, count(*) ${from} group by ${key}`],
    [
      1,
      () => `select ${key}, count(*) filter (where ${filter}) ${from} group by ${key} having count(*) >= 1`,
    ],
    [1, () => `select distinct ${key} ${from}`],
    [1, () => `select array_agg(${key} order by ${key}) ${from}`],
    [1, () => `select ${key}, count(*) over (partition by ${key}) ${from}`],
    [1, () => `select ${key}, rank() over (order by ${key}) ${from}`],
    [1, () => `select ${key}, count(*) ${from} group by rollup (${key})`],
    [1, () => `select count(*) ${from} having bool_or(${filter})`],
  ]);
}

/** All columns it shows decide the order, so it does not matter which of two equal rows comes first. */
function limited(world: World, drawing: Drawing): Query {
  const { dice } = drawing;
  const item = itemOf(world, dice, 'x');
  const columns = looksEqual(item.relation).slice(0, 3);
  if (columns.length === 0) return simple(world, drawing);
  const list = columns.map((column) => columnText('x', column)).join(', ');
  const where = dice.chance(0.7) ? ` where ${condition(drawing, item)}` : '';
  const limit = dice.pick([
    '',
    ` limit ${dice.between(1, 3)}`,
    ' offset 1',
    ' fetch first 2 rows with ties',
    ` limit (select count(*) from ${itemOf(world, dice, 'l').relation.name} l)`,
  ]);
  return {
    text: `select ${list} from ${item.relation.name} x${where} order by ${list}${limit}`,
    isOrdered: true,
  };
}

/** Conditions above and below of what a pin must not pass. */
function derived(world: World, drawing: Drawing): string {
  const { dice } = drawing;
  const item = itemOf(world, dice, 'x');
  const columns = looksEqual(item.relation).slice(0, 3);
  if (columns.length === 0) return subSelect(world, drawing);
  const above: Item = { alias: 's', relation: { ...item.relation, columns } };
  const list = columns.map((column) => columnText('x', column)).join(', ');
  const from = `from ${item.relation.name} x`;
  const below = dice.draw([
    [2, () => `select ${list} ${from} order by ${list} limit 2`],
    [2, () => `select ${list} ${from} where ${condition(drawing, item)}`],
    [
      1,
      () => `select distinct on (${columnText('x', columns[0] as Column)}) ${list} ${from} order by ${list}`,
    ],
    [1, () => `select ${list}, count(*) over () as n ${from}`],
    [1, () => `select ${list}, row_number() over (order by ${list}) as n ${from}`],
    [1, () => `select ${list}, count(*) as n ${from} group by ${list}`],
    [1, () => `select ${list} ${from} union all select ${list} ${from} where ${condition(drawing, item)}`],
  ]);
  const what = dice.pick(['s.*', 's.*', 'count(*)']);
  return `select ${what} from (${below}) s where ${condition(drawing, above)}`;
}

function throughFunction(world: World, drawing: Drawing): string {
  const { dice, values } = drawing;
  const routine = dice.pickOr(
    world.routines.filter(({ kind }) => kind === 'value' || kind === 'rows'),
    undefined,
  );
  if (routine === undefined) return subSelect(world, drawing);
  const number = world.relations[0]?.columns.find(({ type }) => type.family === 'int')?.type;
  const argument = !routine.takesArgument ? '' : number === undefined ? '1' : values.of(number);
  const call = `${routine.name}(${argument})`;
  const item = itemOf(world, dice, 'x');
  if (routine.kind === 'rows') return `select * from ${call}`;
  return dice.pick([
    `select ${call} as n`,
    `select x.*, ${call} as n from ${item.relation.name} x`,
    `select x.* from ${item.relation.name} x where ${call} > 1`,
  ]);
}
