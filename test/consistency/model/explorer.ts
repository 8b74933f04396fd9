/**
 * Decides which states a model can reach, all of them, breadth first, so that the first trace to a violation is a
 * shortest one. Knows nothing of caches: a state is plain JSON in which a token is a string `t<number>`.
 */

/** One thing that can happen next. `apply` changes a copy of the state; nothing else happens meanwhile. */
export interface Move<State> {
  readonly label: string;
  readonly apply: (draft: State) => void;
}

/** What is seen in one state. */
export interface Sight<Kind extends string> {
  readonly violations: readonly Kind[];
  /** Served from the cache in this state; and those of them that show a write. Both prove that a check can fail. */
  readonly hits: number;
  readonly hitsThatShowAWrite: number;
}

export interface Model<State, Kind extends string> {
  readonly initial: State;
  moves(state: State): readonly Move<State>[];
  look(state: State): Sight<Kind>;
}

export interface Exploration<Kind extends string> {
  readonly states: number;
  readonly hits: number;
  readonly hitsThatShowAWrite: number;
  /** A shortest trace to the first violation of each kind. */
  readonly traces: ReadonlyMap<Kind, readonly string[]>;
}

export interface ExploreOptions<Kind extends string> {
  /** More reachable states than this is an error, never a silent end. */
  readonly statesMax: number;
  /** Stop at the first violation of this kind. */
  readonly until?: Kind;
  /** What makes two states one. */
  readonly textOf?: (state: unknown) => string;
}

let tokensMade = 0;

/** A token that no state holds yet: stands for 96 random bits. */
export function freshToken(): string {
  tokensMade += 1;
  return `t${tokensMade}`;
}

/**
 * Two states that differ only in the names of their tokens are one: tokens are only ever compared for equality.
 * Naming them by first appearance makes the state space finite. Only values are written, so an object must hold the
 * same keys in the same order wherever it stands at the same place with as many of them.
 */
export function canonicalText(state: unknown): string {
  const names = new Map<string, number>();
  const write = (value: unknown): string => {
    if (typeof value === 'string') {
      if (!isToken(value)) return `${value},`;
      let name = names.get(value);
      if (name === undefined) {
        name = names.size;
        names.set(value, name);
      }
      return `#${name},`;
    }
    if (value === null) return '-';
    if (typeof value === 'boolean') return value ? '+' : '!';
    if (typeof value === 'number') return `${value},`;
    if (typeof value !== 'object') throw new TypeError(`A state is plain JSON, not a ${typeof value}.`);
    let text = '[';
    if (Array.isArray(value)) for (const item of value) text += write(item);
    else for (const key in value) text += write((value as Record<string, unknown>)[key]);
    return `${text}]`;
  };
  return write(state);
}

const isToken = (text: string): boolean =>
  text.charCodeAt(0) === 116 /* t */ && text.charCodeAt(1) <= 57; /* 9 */

export function explore<State, Kind extends string>(
  model: Model<State, Kind>,
  { statesMax, until, textOf = canonicalText }: ExploreOptions<Kind>,
): Exploration<Kind> {
  const reached = new Set([textOf(model.initial)]);
  const queue: (State | undefined)[] = [model.initial];
  const cameFrom: { parent: number; label: string }[] = [{ parent: -1, label: '' }];
  const traces = new Map<Kind, readonly string[]>();
  let hits = 0;
  let hitsThatShowAWrite = 0;

  for (let index = 0; index < queue.length; index++) {
    const state = queue[index] as State; // set when it was queued, and dropped only below
    queue[index] = undefined; // only its trace is needed from here on
    const sight = model.look(state);
    hits += sight.hits;
    hitsThatShowAWrite += sight.hitsThatShowAWrite;
    for (const kind of sight.violations) if (!traces.has(kind)) traces.set(kind, traceTo(cameFrom, index));
    if (until !== undefined && traces.has(until)) break;

    for (const move of model.moves(state)) {
      const next = copy(state);
      move.apply(next);
      const text = textOf(next);
      if (reached.has(text)) continue;
      reached.add(text);
      if (reached.size > statesMax)
        throw new Error(`More than ${statesMax} states: this check would not be exhaustive.`);
      queue.push(next);
      cameFrom.push({ parent: index, label: move.label });
    }
  }
  return { states: reached.size, hits, hitsThatShowAWrite, traces };
}

function traceTo(cameFrom: readonly { parent: number; label: string }[], index: number): readonly string[] {
  const labels: string[] = [];
  for (let at = cameFrom[index]; at !== undefined && at.parent >= 0; at = cameFrom[at.parent])
    labels.push(at.label);
  return labels.reverse();
}

/** A deep copy of plain JSON. */
export function copy<Value>(value: Value): Value {
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map(copy) as Value;
  const result: Record<string, unknown> = {};
  for (const key in value) result[key] = copy(value[key]);
  return result as Value;
}
