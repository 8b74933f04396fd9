/**
 * Decides which mutants of the real sources the differential must report: each forgets one thing that a write does, or
 * takes one thing for a pin that is none. Built as those of the history check are.
 */
import type { DifferentialMutant } from './mutant.js';
import { sessionMutants } from './session-mutants.js';

const closure = '../sql/postgres/closure.ts';

const rowMutants: readonly DifferentialMutant[] = [
  {
    name: 'of a key that moves the old value is not rotated',
    file: 'protocol/refs.ts',
    changes: [
      { from: `return combinations.map(pinValue);`, to: `return combinations.slice(-1).map(pinValue);` },
    ],
  },
  {
    name: 'of a key that moves only the old value is rotated',
    file: 'protocol/refs.ts',
    changes: [
      { from: `return combinations.map(pinValue);`, to: `return combinations.slice(0, 1).map(pinValue);` },
    ],
  },
  {
    name: 'END does not go through the shapes',
    file: 'tokens/local.ts',
    changes: [
      {
        from: `if (values === null) shape.epoch++;`,
        to: `if (values === null && shape.name !== WHOLE && pins !== null) continue;
    if (values === null) shape.epoch++;`,
      },
    ],
  },
  {
    name: 'what everything depends on is not written by a write of everything',
    file: 'bind.ts',
    changes: [
      {
        from: `[{ table: rootOf(names), pins: null }];`,
        to: `[{ table: keyOfTable(names, 'roof'), pins: null }];`,
      },
    ],
  },
  {
    name: 'a collation that takes different texts for equal is passed over',
    scene: 'collations',
    file: '../sql/postgres/load-catalog.ts',
    changes: [{ from: `if (!row.deterministic) return null;`, to: `` }],
  },
  {
    name: 'a parameter is taken for a value of the column, wherever else it stands',
    scene: 'parameters',
    file: '../sql/rows/candidates.ts',
    changes: [
      { from: `if (families.length !== uses.get(parameter)) return null;`, to: `void uses;` },
      { from: `if (families.some((other) => other !== own)) return null;`, to: `void own;` },
    ],
  },
  {
    name: 'a cast is taken off a value, whatever it makes of it',
    scene: 'parameters',
    file: '../sql/postgres/pins.ts',
    changes: [
      {
        from: `type === undefined || familyOfType(type) !== wanted.family) return null;`,
        to: `type === undefined) return null;`,
      },
    ],
  },
  {
    // Each of these places refuses it by itself: what one of them forgets another one remembers.
    name: 'a generated column is taken for one that only its own writes change',
    scene: 'generated',
    file: '../sql/postgres/pins.ts',
    changes: [
      { from: `return column.generated ? null : column.valueClass;`, to: `return column.valueClass;` },
      {
        file: '../sql/rows/facts.ts',
        from: `column.valueClass !== null && !column.generated;`,
        to: `column.valueClass !== null;`,
      },
    ],
  },
  {
    name: 'what the code of a trigger writes is passed over',
    scene: 'written by triggers',
    file: closure,
    changes: [{ from: `for (const table of code.writes) findings.write(table, [], trigger);`, to: `` }],
  },
  {
    name: 'what a trigger makes of a row is passed over',
    scene: 'made by triggers',
    file: closure,
    changes: [
      {
        from: `if (set === null || set === 'all') isAll ||= isBeforeRow(trigger);`,
        to: `if (set === null) isAll ||= false;`,
      },
      { from: `else for (const column of set) columns.add(column);`, to: `` },
    ],
  },
  {
    name: 'referential actions are passed over',
    scene: 'cascades',
    file: closure,
    changes: [
      {
        from: `if (event === 'insert' || !changesRows(action)) return [];`,
        to: `if (event !== 'truncate' || !changesRows(action)) return [];`,
      },
    ],
  },
  {
    name: 'referential actions are followed for one table only',
    scene: 'cascades',
    file: '../sql/rows/write-requests.ts',
    changes: [
      {
        from: `    queue.push(...spread(request));`,
        to: `    const more = spread(request);
    if (queue.length <= requests.length) queue.push(...more);
    else for (const each of more) noteAnyRow(each);`,
      },
    ],
  },
  {
    // A read of the parent depends on each of its parts, too: only without both is anything missed.
    name: 'a partition is written without its parent, and a read of the parent does not see its parts',
    scene: 'partitions',
    file: closure,
    changes: [
      {
        from: `for (const parent of ancestors(catalog, relation))`,
        to: `for (const parent of ancestors(catalog, relation).slice(1))`,
      },
      {
        file: '../sql/postgres/relations.ts',
        from: `if (withChildren) for (const descendant of withDescendants(catalog, relation)) visit(descendant, false);`,
        to: `void withChildren;`,
      },
    ],
  },
  {
    name: 'a parent is written without what lies below it',
    scene: 'partitions',
    file: closure,
    changes: [
      {
        from: `const members = withDescendants(catalog, relation);`,
        to: `const members = withDescendants(catalog, relation).slice(0, 1);`,
      },
    ],
  },
  {
    name: 'an upsert is taken to touch only rows with the values that it brings',
    scene: 'upserts',
    file: '../sql/postgres/writes.ts',
    changes: [
      {
        from: `if (!isUpsert) return record(`,
        to: `if (isUpsert || !isUpsert) return record(`,
      },
    ],
  },
  {
    name: 'a column that is left out is taken for NULL, whatever its default is',
    scene: 'defaults',
    file: '../sql/postgres/inserted-values.ts',
    changes: [{ from: `!names.has(column.number) && !column.hasDefault;`, to: `!names.has(column.number);` }],
  },
  {
    name: 'an answer is taken to tell the old value of a column that the statement changes',
    scene: 'told',
    file: '../sql/postgres/returned.ts',
    changes: [
      {
        from: `if (valueClass === null || generated || changing === 'all' || changing.has(column.number)) return [];`,
        to: `if (valueClass === null || generated || changing === 'all') return [];`,
      },
    ],
  },
  {
    name: 'what an ON says is taken to hold for the side that an outer join keeps',
    scene: 'outer joins',
    file: '../sql/rows/sight.ts',
    changes: [
      {
        from: `this.#items([kept], ofKept, below);`,
        to: `this.#items([kept], together([ofKept, condition]), below);`,
      },
    ],
  },
  {
    name: 'a pin is carried below a LIMIT',
    scene: 'between',
    file: '../sql/postgres/outputs.ts',
    changes: [
      { from: `if (isLimited || outputs === null) return false;`, to: `if (outputs === null) return false;` },
    ],
  },
  {
    name: 'of the alternatives of an OR the first is taken',
    scene: 'alternatives',
    file: '../sql/postgres/conditions.ts',
    changes: [
      {
        from: `return either(parts.map((part) => judge(level, part)));`,
        to: `return either(parts.slice(0, 1).map((part) => judge(level, part)));`,
      },
    ],
  },
  {
    // What is said of the side that may be made up is kept from it twice: by the join, and before.
    name: 'null in a row that an outer join made up is taken for a null of the table',
    scene: 'outer joins',
    file: '../sql/rows/sight.ts',
    changes: [
      { from: `if (nullable.length === 0) return facts;`, to: `if (nullable.length >= 0) return facts;` },
      {
        from: `const all = together([ofKept, this.#upward(kept), condition, this.#upward(other)]);`,
        to: `const said = factsAbout(other, knowledge);
    const all = together([ofKept, said, this.#upward(kept), condition, this.#upward(other)]);`,
      },
    ],
  },
];

export const mutants: readonly DifferentialMutant[] = [...rowMutants, ...sessionMutants];
