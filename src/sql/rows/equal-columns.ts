/**
 * Decides what follows from facts that hold together: what is known of a column is known of those that equal it. Knows no
 * joins and no queries.
 */
import type { Candidate } from './candidates.js';
import type { Choice, Facts, Values } from './facts.js';
import type { Place, RangeEntry } from './scope.js';

/** What is known of the columns of one item, by number, and of its rows. */
export interface Known {
  readonly columns: ReadonlyMap<number, Values>;
  readonly choices: readonly Choice[];
}

/** By item. */
export type Knowledge = ReadonlyMap<RangeEntry, Known>;

/** Columns that equal one another, and the fewest values that are known of one of them. */
interface EqualColumns {
  places: Place[];
  values: readonly Candidate[] | null;
  isStrict: boolean;
}

/** An array parameter may have that many elements as far as anybody knows. */
const ELEMENTS_GUESS = 8;

const countOf = (values: readonly Candidate[]): number =>
  values.reduce((count, { kind }) => count + (kind === 'elements' ? ELEMENTS_GUESS : 1), 0);

/**
 * @param areUsable whether the parameters among values are known to be of the column's type
 * @param around what is known of a column of a query around this one
 */
export function follow(
  facts: Facts,
  areUsable: (values: readonly Candidate[]) => boolean,
  around: (place: Place) => Values | undefined,
): Knowledge {
  const classes = new Map<RangeEntry, Map<number, EqualColumns>>();
  const classOf = (place: Place): EqualColumns => {
    const columns = classes.get(place.entry) ?? new Map<number, EqualColumns>();
    classes.set(place.entry, columns);
    let found = columns.get(place.column.number);
    if (found === undefined) {
      found = { places: [place], values: null, isStrict: false };
      columns.set(place.column.number, found);
    }
    return found;
  };
  for (const { place, values, isStrict } of facts.values)
    if (areUsable(values)) learn(classOf(place), values, isStrict);
  for (const [one, other] of facts.links) {
    const own = classOf(one);
    const linked = classOf(other);
    const outside = around(other);
    // A row around has one of these values there, or null, which equals nothing.
    if (outside !== undefined) learn(own, outside.values, true);
    own.isStrict = true;
    if (own === linked) continue;
    if (linked.values !== null) learn(own, linked.values, true);
    own.places.push(...linked.places);
    for (const place of linked.places) classes.get(place.entry)?.set(place.column.number, own);
  }
  return knowledgeOf(
    classes,
    facts.choices.filter(({ alternatives, isWhole }) =>
      alternatives.every((each) =>
        isWhole === true
          ? each.every(({ values }) => areUsable(values))
          : each.some(({ values }) => areUsable(values)),
      ),
    ),
  );
}

function learn(columns: EqualColumns, values: readonly Candidate[], isStrict: boolean): void {
  if (columns.values === null || countOf(values) < countOf(columns.values)) columns.values = values;
  columns.isStrict ||= isStrict;
}

function knowledgeOf(
  classes: ReadonlyMap<RangeEntry, ReadonlyMap<number, EqualColumns>>,
  choices: readonly Choice[],
): Knowledge {
  const knowledge = new Map<RangeEntry, Known>();
  for (const [entry, columns] of classes) {
    const known = new Map<number, Values>();
    for (const [number, { places, values, isStrict }] of columns) {
      const place = places.find((each) => each.entry === entry && each.column.number === number);
      if (values !== null && place !== undefined) known.set(number, { place, values, isStrict });
    }
    knowledge.set(entry, { columns: known, choices: [] });
  }
  for (const choice of choices) {
    const { columns, choices: others } = knowledge.get(choice.entry) ?? { columns: new Map(), choices: [] };
    knowledge.set(choice.entry, { columns, choices: [...others, choice] });
  }
  return knowledge;
}
