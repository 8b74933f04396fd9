/**
 * Decides which rows of each table a statement can see (CONSISTENCY §3): what its conditions say is carried from column to
 * equal column, down into joins, sub-queries and CTEs as far as their results stay the same. Knows no parser.
 *
 * The rule behind every step: a table may be replaced by those of its rows that match, and the statement's result is the
 * same. So what is said of rows that show in a join's result holds for the side they come from; what an ON says holds for
 * the side whose rows show only where it is true; and what is said of a query's result holds for the rows it is made of
 * where those pass the query apart from each other.
 */
import type { Pin, TableRead, ValueSource } from '../plan.js';
import { alternativesMax, type Candidate, type Pins } from './candidates.js';
import { follow, type Knowledge, type Known } from './equal-columns.js';
import { type Facts, nothing, together, type Values } from './facts.js';
import { type Combination, choosePins, pinsOfMember } from './pin-choice.js';
import {
  type Cte,
  entriesOf,
  type Join,
  type JoinType,
  nullableIn,
  type Query,
  type Reference,
  type Select,
  type Source,
} from './queries.js';
import type { CteNames, Place, RangeEntry, Scope } from './scope.js';

/** By output (from 0): only rows of a query's result with these values are needed. */
type Demand = ReadonlyMap<number, Values>;

const anyRow: Demand = new Map();

const unknown: Known = { columns: new Map(), choices: [] };

/** What is left to be looked at when all items of a level are known. */
type Below = (() => void)[];

export class Sight {
  readonly #references: Reference[] = [];
  readonly #roots: Query[] = [];
  readonly #named = new WeakMap<CteNames, Cte>();
  readonly #nested = new WeakMap<Scope, Query[]>();
  readonly #pins = new Map<Reference, readonly Pin[] | null>();
  readonly #known = new Map<RangeEntry, Known>();
  readonly #expressions = new WeakMap<object, Query>();
  readonly #demands = new Map<Cte, Demand[]>();
  readonly #upwards = new Map<Query, ReadonlyMap<number, Values>>();

  /** @param uses how often each parameter occurs */
  constructor(
    private readonly pins: Pins,
    private readonly uses: ReadonlyMap<number, number>,
  ) {}

  /** A table that the statement reads. */
  add(reference: Reference): Reference {
    this.#references.push(reference);
    return reference;
  }

  /** A query level: what stands in expressions of this scope is looked at after it. */
  open(scope: Scope, nested: Query[]): void {
    this.#nested.set(scope, nested);
  }

  /** A name by which a query can be referred to. */
  name(names: CteNames, cte: Cte): void {
    this.#named.set(names, cte);
  }

  cteOf(names: CteNames): Cte | null {
    return this.#named.get(names) ?? null;
  }

  nestedOf(scope: Scope): Query[] | undefined {
    return this.#nested.get(scope);
  }

  /** A query that stands in an expression of a scope, or by itself. */
  nest(query: Query, scope: Scope | null): void {
    ((scope === null ? undefined : this.#nested.get(scope)) ?? this.#roots).push(query);
  }

  /** The same, to be found again by its node. */
  note(node: object, query: Query): void {
    this.#expressions.set(node, query);
  }

  queryAt(node: object): Query | null {
    return this.#expressions.get(node) ?? null;
  }

  /**
   * What is known of the columns of items of which those combinations count that the facts are true of, once all uses of
   * parameters are known.
   */
  knownOf(items: readonly Source[], facts: Facts): Knowledge {
    return this.#follow(this.#allOf(items, facts));
  }

  /** The values that each output of a query (from 0) may have, once all uses of parameters are known. */
  outputsOf(query: Query): ReadonlyMap<number, Values> {
    if (query.kind === 'set') return anyOf([this.outputsOf(query.left), this.outputsOf(query.right)]);
    const known = new Map<number, Values>();
    if (query.hasGroupingSets) return known;
    const facts = together([query.where, ...this.#membersOf(query)]);
    const knowledge = follow(this.#allOf(query.from, facts), this.#areUsable, () => undefined);
    for (const [index, { place }] of (query.outputs ?? []).entries()) {
      const values = place === null ? undefined : valuesOf(knowledge, place);
      if (values !== undefined) known.set(index, values);
    }
    return known;
  }

  /** Each reference with the rows it can see, once all uses of parameters are known. What no look has met sees any. */
  look(): readonly TableRead[] {
    for (const query of this.#roots) this.#query(query, anyRow);
    return this.#references.flatMap((reference): readonly TableRead[] => {
      const { relation, members } = reference;
      const pins = this.#pins.get(reference) ?? null;
      if (members.length === 0) return [{ table: relation.table, pins: null }];
      return members.map((member) => ({ table: member.table, pins: pinsOfMember(pins, relation, member) }));
    });
  }

  #query(query: Query, demand: Demand): void {
    if (query.kind === 'set') {
      const passed = query.isLimited ? anyRow : demand;
      this.#query(query.left, passed);
      this.#query(query.right, passed);
    } else this.#select(query, demand);
    for (const nested of query.nested) this.#query(nested, anyRow);
    // Whoever refers to a CTE stands behind it: in a later one or in the query.
    for (const cte of [...query.ctes].reverse()) this.#query(cte.query, this.#demandOf(cte));
  }

  #demandOf(cte: Cte): Demand {
    const demands = this.#demands.get(cte) ?? [];
    return demands.length === cte.references ? anyOf(demands) : anyRow;
  }

  #select(select: Select, demand: Demand): void {
    const wanted: Values[] = [];
    for (const [output, { values, isStrict }] of demand) {
      const place = select.outputs?.[output]?.place ?? null;
      if (place !== null && select.keepsApart(output)) wanted.push({ place, values, isStrict });
    }
    const below: Below = [];
    const facts = [select.where, { ...nothing, values: wanted }, ...this.#membersOf(select)];
    this.#items(select.from, together(facts), below);
    for (const look of below) look();
  }

  /** Items of which every combination shows that the facts are true of. */
  #items(items: readonly Source[], facts: Facts, below: Below): void {
    const knowledge = this.knownOf(items, facts);
    for (const item of items) this.#down(item, knowledge, below);
  }

  /** With what is true of each row of each item. */
  #allOf(items: readonly Source[], facts: Facts): Facts {
    return withoutNullable(together([facts, ...items.map((item) => this.#upward(item))]), items);
  }

  #membersOf({ members = [] }: Select): readonly Facts[] {
    return members.map((member) => this.#upward(member));
  }

  #follow(facts: Facts): Knowledge {
    return follow(facts, this.#areUsable, ({ entry, column }) =>
      this.#known.get(entry)?.columns.get(column.number),
    );
  }

  readonly #areUsable = (values: readonly Candidate[]): boolean =>
    values.every((value) => this.#sourceOf(value) !== null);

  #sourceOf(value: Candidate): ValueSource | null {
    return this.pins.sourceOf(value, this.uses);
  }

  #down(source: Source, knowledge: Knowledge, below: Below): void {
    if (source.kind === 'join') return this.#join(source, knowledge, below);
    const known = knowledge.get(source.entry) ?? unknown;
    this.#known.set(source.entry, known);
    switch (source.kind) {
      case 'table':
        this.#settle(source.reference, known);
        return;
      case 'query':
        below.push(() => this.#query(source.query, demandOf(known)));
        return;
      case 'cte':
        this.#demands.set(source.cte, [...(this.#demands.get(source.cte) ?? []), demandOf(known)]);
        return;
      case 'other':
    }
  }

  /** Met twice, it is not known which rows are seen. */
  #settle(reference: Reference, known: Known): void {
    const isNew = !this.#pins.has(reference);
    const isTold = isNew && reference.members.length > 0;
    const pins = isTold ? choosePins(reference.relation, this.#waysToTell(known)) : null;
    this.#pins.set(reference, pins);
  }

  #join(join: Join, knowledge: Knowledge, below: Below): void {
    const { left, right, condition } = join;
    const given = factsAbout(join, knowledge);
    const type = typeUnder(join, given);
    if (type === 'inner') return this.#items([left, right], together([given, condition]), below);
    if (type === 'full') {
      this.#items([left], nothing, below);
      this.#items([right], nothing, below);
      return;
    }
    const [kept, other] = type === 'left' ? [left, right] : [right, left];
    const ofKept = factsAbout(kept, knowledge);
    this.#items([kept], ofKept, below);
    // A kept row that does not count needs no partner: what is known of those that do holds in the ON.
    const all = together([ofKept, this.#upward(kept), condition, this.#upward(other)]);
    this.#down(other, this.#follow(withoutNullable(all, [kept, other])), below);
  }

  /** What is true of every row that a source gives. */
  #upward(source: Source): Facts {
    switch (source.kind) {
      case 'table':
      case 'other':
        return nothing;
      case 'query':
        return this.#upwardFrom(source.query, source.entry);
      case 'cte':
        return this.#upwardFrom(source.cte.query, source.entry);
      case 'join': {
        const { type, left, right, condition } = source;
        if (type === 'left') return this.#upward(left);
        if (type === 'right') return this.#upward(right);
        if (type === 'full') return nothing;
        return together([this.#upward(left), this.#upward(right), condition]);
      }
    }
  }

  #upwardFrom(query: Query, entry: RangeEntry): Facts {
    const outputs = this.#outputsKnown(query);
    const values: Values[] = [];
    if (outputs.size > 0)
      for (const column of entry.columns?.byName.values() ?? []) {
        const known = outputs.get(column.number - 1);
        if (known !== undefined && column.valueClass !== null)
          values.push({ ...known, place: { entry, column } });
      }
    return values.length === 0 ? nothing : { ...nothing, values };
  }

  /** Per output of a query the values that its own conditions leave to it; never null. */
  #outputsKnown(query: Query): ReadonlyMap<number, Values> {
    const before = this.#upwards.get(query);
    if (before !== undefined) return before;
    const known = new Map([...this.outputsOf(query)].filter(([, { isStrict }]) => isStrict));
    this.#upwards.set(query, known);
    return known;
  }

  /** Each of them is true: the rows that are seen match one of its combinations. */
  #waysToTell({ columns, choices }: Known): readonly (readonly Combination[])[] {
    const certain = [...columns.values()];
    const ways = [
      [certain],
      ...choices.map(({ alternatives }) => alternatives.map((each) => [...certain, ...each])),
    ];
    return ways.map((way) => way.map((values) => this.#combination(values)));
  }

  #combination(known: readonly Values[]): Combination {
    const columns = new Map<number, readonly ValueSource[]>();
    for (const { place, values } of known) {
      const sources = values.flatMap((value) => this.#sourceOf(value) ?? []);
      const before = columns.get(place.column.number);
      if (sources.length === values.length && (before === undefined || sources.length < before.length))
        columns.set(place.column.number, sources);
    }
    return columns;
  }
}

const valuesOf = (knowledge: Knowledge, { entry, column }: Place): Values | undefined =>
  knowledge.get(entry)?.columns.get(column.number);

/** The numbers of a query's columns count from 1. */
function demandOf({ columns }: Known): Demand {
  return new Map([...columns].map(([number, values]) => [number - 1, values]));
}

/** A row that any of several needs. */
function anyOf(demands: readonly Demand[]): Demand {
  const [first, ...others] = demands;
  if (first === undefined || others.length === 0) return first ?? anyRow;
  const united = new Map<number, Values>();
  for (const [output, own] of first) {
    const all = [own, ...others.flatMap((demand) => demand.get(output) ?? [])];
    const values = all.flatMap((each) => each.values);
    if (all.length === demands.length && values.length <= alternativesMax)
      united.set(output, { place: own.place, values, isStrict: all.every(({ isStrict }) => isStrict) });
  }
  return united;
}

/** The part of what is known that concerns the items below a source. */
function factsAbout(source: Source, knowledge: Knowledge): Facts {
  const known = entriesOf(source).flatMap((entry) => knowledge.get(entry) ?? []);
  if (known.length === 0) return nothing;
  return {
    values: known.flatMap(({ columns }) => [...columns.values()]),
    links: [],
    choices: known.flatMap(({ choices }) => choices),
  };
}

/** Where a condition is only true of rows that have both sides, no row without a partner is left. */
function typeUnder({ type, left, right }: Join, given: Facts): JoinType {
  const isTold = (side: Source): boolean => {
    const entries = entriesOf(side);
    return (
      given.values.some(({ place, isStrict }) => isStrict && entries.includes(place.entry)) ||
      given.choices.some((choice) => entries.includes(choice.entry) && isStrictChoice(choice))
    );
  };
  switch (type) {
    case 'inner':
      return 'inner';
    case 'left':
      return isTold(right) ? 'inner' : 'left';
    case 'right':
      return isTold(left) ? 'inner' : 'right';
    case 'full':
      if (isTold(left)) return isTold(right) ? 'inner' : 'left';
      return isTold(right) ? 'right' : 'full';
  }
}

const isStrictChoice = ({ alternatives }: Facts['choices'][number]): boolean =>
  alternatives.every((alternative) => alternative.some(({ isStrict }) => isStrict));

/** Without what may be true of rows that an outer join made up. */
function withoutNullable(facts: Facts, items: readonly Source[]): Facts {
  const nullable = items.flatMap(nullableIn);
  if (nullable.length === 0) return facts;
  return {
    values: facts.values.filter(({ place, isStrict }) => isStrict || !nullable.includes(place.entry)),
    links: facts.links,
    choices: facts.choices.filter((choice) => isStrictChoice(choice) || !nullable.includes(choice.entry)),
  };
}
