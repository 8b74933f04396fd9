/** Decides the views of a generated database: to be written through, joined, unioned, on one another, materialised. */
import { columnTypes, Values } from './column-types.js';
import { columnText, condition, type Drawing, type Item, joinCondition } from './conditions.js';
import type { Dice } from './dice.js';
import type { Column, Relation, World } from './world.js';

interface Shape {
  readonly text: string;
  readonly columns: readonly Column[];
}

const literal = (dice: Dice): Drawing => ({ dice, values: new Values(dice, false) });

/** Each may be on those before it. */
export function addViews(world: World, dice: Dice): void {
  for (let number = 1; number <= (world.breadth === 'narrow' ? 2 : dice.between(2, 5)); number++) {
    const { text, columns } = shapeOf(world, dice);
    if (columns.length === 0) continue;
    const isKept = dice.chance(0.25);
    const name = `${isKept ? 'm' : 'v'}${number}`;
    const head = isKept ? 'create materialized view' : `create view`;
    const options = !isKept && dice.chance(0.15) ? ' with (security_invoker = true)' : '';
    const check = !isKept && dice.chance(0.1) ? ' with check option' : '';
    world.setup.push(`${head} ${name}${options} as ${text}${check}`);
    if (isKept && dice.chance(0.5))
      world.setup.push(`create unique index on ${name} (${columns[0]?.name ?? ''})`);
    world.relations.push({ name, kind: isKept ? 'materialised' : 'view', columns, keys: [] });
    if (world.breadth === 'broad' && !isKept && dice.chance(0.15)) addInstead(world, dice, name);
  }
}

function shapeOf(world: World, dice: Dice): Shape {
  const item: Item = { alias: 'x', relation: dice.pick(world.relations) };
  return dice.draw([
    [5, () => narrowed(dice, item)],
    [3, () => joined(dice, item, { alias: 'y', relation: dice.pick(world.relations) })],
    [1, () => united(dice, item)],
    [1, () => grouped(dice, item)],
    [1, () => limited(dice, item)],
  ]);
}

const fixed = (column: Column, name = column.name): Column => ({ ...column, name });

function listOf(dice: Dice, item: Item, count: number): Shape {
  const { columns } = item.relation;
  const chosen = [...columns.slice(0, 1), ...dice.some(columns.slice(1), count)];
  const renamed = dice.chance(0.3);
  const names = chosen.map(({ name }, index) => (renamed && index > 0 ? `n${index}` : name));
  return {
    text: chosen
      .map((column, index) => `${columnText(item.alias, column)} as ${names[index] ?? ''}`)
      .join(', '),
    columns: chosen.map((column, index) => fixed(column, names[index])),
  };
}

function narrowed(dice: Dice, item: Item): Shape {
  const { text, columns } = listOf(dice, item, 3);
  const where = dice.chance(0.7) ? ` where ${condition(literal(dice), item)}` : '';
  return { text: `select ${text} from ${item.relation.name} x${where}`, columns };
}

function joined(dice: Dice, left: Item, right: Item): Shape {
  const one = listOf(dice, left, 2);
  const other = dice.pickOr(right.relation.columns, undefined);
  if (other === undefined) return narrowed(dice, left);
  const join = dice.pick(['join', 'left join', 'right join', 'full join']);
  const on = joinCondition(literal(dice), left, right);
  const where = dice.chance(0.4) ? ` where ${condition(literal(dice), dice.pick([left, right]))}` : '';
  return {
    text: `select ${one.text}, ${columnText('y', other)} as other from ${left.relation.name} x ${join} ${right.relation.name} y on ${on}${where}`,
    columns: [...one.columns, fixed(other, 'other')],
  };
}

const looksEqual = (item: Item): readonly Column[] =>
  item.relation.columns.filter(({ type }) => type.looksEqual);

function united(dice: Dice, item: Item): Shape {
  const column = dice.pickOr(looksEqual(item), undefined);
  if (column === undefined) return narrowed(dice, item);
  const part = (): string =>
    `select ${columnText('x', column)} as u from ${item.relation.name} x where ${condition(literal(dice), item)}`;
  return {
    text: `${part()} ${dice.pick(['union', 'union all', 'except', 'intersect'])} ${part()}`,
    columns: [fixed(column, 'u')],
  };
}

function grouped(dice: Dice, item: Item): Shape {
  const column = dice.pickOr(looksEqual(item), undefined);
  const number = columnTypes.find(({ sql }) => sql === 'int8');
  if (column === undefined || number === undefined) return narrowed(dice, item);
  return {
    text: `select ${columnText('x', column)} as k, count(*) as n from ${item.relation.name} x group by 1${dice.chance(0.3) ? ' having count(*) > 1' : ''}`,
    columns: [fixed(column, 'k'), { name: 'n', type: number, isGenerated: true }],
  };
}

function limited(dice: Dice, item: Item): Shape {
  const columns = looksEqual(item).slice(0, 3);
  if (columns.length === 0) return narrowed(dice, item);
  const list = columns.map((column) => columnText('x', column)).join(', ');
  return {
    text: `select ${list} from ${item.relation.name} x order by ${list} limit ${dice.between(1, 3)}`,
    columns,
  };
}

/** A write of the view becomes one of some table. */
function addInstead(world: World, dice: Dice, view: string): void {
  const relation: Relation = dice.pick(world.relations.filter(({ kind }) => kind === 'table'));
  const column = relation.columns[1];
  if (column === undefined || column.isGenerated) return;
  world.setup.push(
    `create function ${view}_instead() returns trigger language plpgsql as $$ begin update ${relation.name} set ${column.name} = ${dice.pick(column.type.literals)}; return null; end $$`,
    `create trigger ${view}_instead instead of ${dice.pick(['insert', 'update', 'delete'])} on ${view} for each row execute function ${view}_instead()`,
  );
}
