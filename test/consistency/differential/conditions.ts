/** Decides the conditions of generated statements: every form that pins a reference, and those that only look so. */
import { bareType, type Values } from './column-types.js';
import type { Dice } from './dice.js';
import type { Column, Relation } from './world.js';

/** A relation under the name by which its columns are meant. */
export interface Item {
  readonly alias: string;
  readonly relation: Relation;
}

export interface Drawing {
  readonly dice: Dice;
  readonly values: Values;
}

export const columnText = (alias: string, { name }: Column): string =>
  alias === '' ? name : `${alias}.${name}`;

/** Conjuncts on one item; `true` now and then. */
export function condition(drawing: Drawing, item: Item): string {
  const { dice } = drawing;
  const count = dice.pick([1, 1, 1, 1, 2, 2, 3]);
  const parts = Array.from({ length: count }, () => conjunct(drawing, item));
  return parts.join(' and ');
}

export function conjunct(drawing: Drawing, item: Item): string {
  const { dice } = drawing;
  return dice.draw([
    [50, () => equality(drawing, item)],
    [10, () => oneOf(drawing, item)],
    [5, () => anyOf(drawing, item)],
    [6, () => `(${equality(drawing, item)} or ${equality(drawing, item)})`],
    [4, () => sameColumnTwice(drawing, item)],
    [2, () => `(${condition(drawing, item)} or ${condition(drawing, item)})`],
    [6, () => rows(drawing, item)],
    [5, () => `${columnOf(drawing, item)} is${dice.chance(0.3) ? ' not' : ''} null`],
    [2, () => notDistinct(drawing, item)],
    [2, () => `not (${equality(drawing, item)})`],
    [2, () => `(${equality(drawing, item)}) is not true`],
    [4, () => comparison(drawing, item)],
    [3, () => wrapped(drawing, item)],
    [2, () => `${columnOf(drawing, item)} = ${columnOf(drawing, item)}`],
    [1, () => 'true'],
    [1, () => 'false'],
  ]);
}

const pickColumn = ({ dice }: Drawing, { relation }: Item): Column =>
  // Keys come first, and are what people ask for.
  dice.chance(0.4) ? (relation.columns[0] ?? dice.pick(relation.columns)) : dice.pick(relation.columns);

const columnOf = (drawing: Drawing, item: Item): string => columnText(item.alias, pickColumn(drawing, item));

function equality(drawing: Drawing, item: Item): string {
  const column = pickColumn(drawing, item);
  const value = drawing.values.of(column.type);
  const text = columnText(item.alias, column);
  return drawing.dice.chance(0.15) ? `${value} = ${text}` : `${text} = ${value}`;
}

function oneOf(drawing: Drawing, item: Item): string {
  const { dice, values } = drawing;
  const column = pickColumn(drawing, item);
  const list = Array.from({ length: dice.pick([1, 2, 2, 3, 5]) }, () => values.of(column.type));
  return `${columnText(item.alias, column)} ${dice.chance(0.05) ? 'not in' : 'in'} (${list.join(', ')})`;
}

function anyOf(drawing: Drawing, item: Item): string {
  const { dice, values } = drawing;
  const column = pickColumn(drawing, item);
  const text = columnText(item.alias, column);
  if (values.isBinding && dice.chance(0.7)) {
    const array = values.array(column.type);
    return `${text} ${dice.chance(0.05) ? '<> all' : '= any'} (${dice.chance(0.15) ? `${array}::${bareType(column.type)}[]` : array})`;
  }
  return `${text} = any (array[${values.of(column.type)}, ${values.of(column.type)}])`;
}

function sameColumnTwice(drawing: Drawing, item: Item): string {
  const column = pickColumn(drawing, item);
  const text = columnText(item.alias, column);
  const sides = [0, 1].map(() => `${text} = ${drawing.values.of(column.type)}`);
  return `(${sides.join(drawing.dice.chance(0.8) ? ' or ' : ' and ')})`;
}

function rows(drawing: Drawing, item: Item): string {
  const { dice, values } = drawing;
  const columns = dice.some(item.relation.columns, 2);
  const left = `(${columns.map((column) => columnText(item.alias, column)).join(', ')})`;
  const row = (): string => `(${columns.map(({ type }) => values.of(type)).join(', ')})`;
  if (columns.length < 2) return equality(drawing, item);
  return dice.draw([
    [3, () => `${left} = ${row()}`],
    [3, () => `${left} in (${row()}, ${row()})`],
    [1, () => `row${left} = row${row()}`],
    [1, () => `${left} >= ${row()}`],
    [1, () => `${left} is not distinct from ${row()}`],
  ]);
}

function notDistinct(drawing: Drawing, item: Item): string {
  const column = pickColumn(drawing, item);
  const not = drawing.dice.chance(0.8) ? ' not' : '';
  return `${columnText(item.alias, column)} is${not} distinct from ${drawing.values.of(column.type)}`;
}

function comparison(drawing: Drawing, item: Item): string {
  const { dice, values } = drawing;
  const column = pickColumn(drawing, item);
  const text = columnText(item.alias, column);
  if (column.type.family === 'text' && dice.chance(0.4))
    return `${text} like ${dice.pick(["'a%'", "'a'", "'_'"])}`;
  if (dice.chance(0.4)) return `${text} between ${values.of(column.type)} and ${values.of(column.type)}`;
  return `${text} ${dice.pick(['<', '<=', '>', '>=', '<>'])} ${values.of(column.type)}`;
}

/** A column inside of something: no pin. */
function wrapped(drawing: Drawing, item: Item): string {
  const { dice, values } = drawing;
  const column = pickColumn(drawing, item);
  const text = columnText(item.alias, column);
  const value = values.of(column.type);
  switch (column.type.family) {
    case 'int':
      return dice.pick([`${text} + 0 = ${value}`, `coalesce(${text}, 1) = ${value}`, `${text}::text = '1'`]);
    case 'text':
      return dice.pick([
        `lower(${text}) = ${value}`,
        `coalesce(${text}, 'a') = ${value}`,
        `${text} collate "C" = ${value}`,
        `${text}::text collate loose = ${value}`,
        `${text}::varchar(1) = ${value}`,
        `${text} || '' = ${value}`,
      ]);
    case 'bool':
      return dice.pick([text, `not ${text}`, `${text} is true`, `${text} is not false`]);
    default:
      return `nullif(${text}, ${value}) is null`;
  }
}

/** An equality between two items, of columns whose types compare; `true` if there are none. */
export function joinCondition(drawing: Drawing, left: Item, right: Item): string {
  const { dice } = drawing;
  const pairs = left.relation.columns.flatMap((one) =>
    right.relation.columns.flatMap((other) => (one.type.family === other.type.family ? [[one, other]] : [])),
  );
  if (pairs.length === 0) return 'true';
  const equalities = Array.from({ length: dice.pick([1, 1, 1, 2]) }, () => {
    const [one, other] = dice.pick(pairs);
    if (one === undefined || other === undefined) throw new Error('a pair has two');
    const sides = [columnText(left.alias, one), columnText(right.alias, other)];
    return (dice.chance(0.5) ? sides : sides.reverse()).join(' = ');
  });
  if (dice.chance(0.2)) equalities.push(conjunct(drawing, dice.pick([left, right])));
  return equalities.join(' and ');
}
