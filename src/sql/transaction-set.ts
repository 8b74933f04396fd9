/**
 * Decides how sets of transactions of a server's log are written, joined and compared: for each source of transactions,
 * runs of numbers. Knows neither what they wrote nor who asked.
 */

/** Inclusive. */
type Run = readonly [first: number, last: number];

/** Written as MySQL writes its GTID sets: `source:1-5:7,other:3`. */
export class TransactionSet {
  static readonly none = new TransactionSet(new Map());

  /** @param bySource runs in order, which neither overlap nor touch; no source without one */
  private constructor(private readonly bySource: ReadonlyMap<string, readonly Run[]>) {}

  /** Of MySQL's text; what names a source may have parts of its own (tags, since 8.3). */
  static of(text: string): TransactionSet {
    const found = new Map<string, Run[]>();
    for (const part of text.split(',')) {
      const [uuid = '', ...pieces] = part.trim().split(':');
      let source = uuid;
      for (const piece of pieces) {
        const numbers = /^(\d+)(?:-(\d+))?$/.exec(piece.trim());
        if (numbers === null) source = `${uuid}:${piece.trim()}`;
        else gather(found, source, [Number(numbers[1]), Number(numbers[2] ?? numbers[1])]);
      }
    }
    return TransactionSet.ofRuns(found);
  }

  /**
   * Of MariaDB's position, which names the last transaction of each domain and the server that made it: `0-1-57` is there
   * with all before it. A domain that another server goes on with is another source.
   */
  static until(position: string): TransactionSet {
    const found = new Map<string, Run[]>();
    for (const [source, last] of mariadbNames(position)) gather(found, source, [1, last]);
    return TransactionSet.ofRuns(found);
  }

  /** Of MariaDB's names of single transactions. */
  static single(names: string): TransactionSet {
    const found = new Map<string, Run[]>();
    for (const [source, number] of mariadbNames(names)) gather(found, source, [number, number]);
    return TransactionSet.ofRuns(found);
  }

  static union(sets: Iterable<TransactionSet>): TransactionSet {
    const found = new Map<string, Run[]>();
    for (const { bySource } of sets)
      for (const [source, runs] of bySource) for (const run of runs) gather(found, source, run);
    return TransactionSet.ofRuns(found);
  }

  private static ofRuns(found: ReadonlyMap<string, readonly Run[]>): TransactionSet {
    return found.size === 0
      ? TransactionSet.none
      : new TransactionSet(new Map([...found].map(([source, runs]) => [source, joined(runs)])));
  }

  get isEmpty(): boolean {
    return this.bySource.size === 0;
  }

  /** What is kept of it, not how many transactions it has. */
  get runCount(): number {
    let count = 0;
    for (const runs of this.bySource.values()) count += runs.length;
    return count;
  }

  /** The last one of each source. */
  get latest(): TransactionSet {
    const last = [...this.bySource].map(([source, runs]): [string, readonly Run[]] => {
      const number = lastOf(runs);
      return [source, [[number, number]]];
    });
    return new TransactionSet(new Map(last));
  }

  without(other: TransactionSet): TransactionSet {
    const left = new Map<string, readonly Run[]>();
    for (const [source, runs] of this.bySource) {
      const rest = subtracted(runs, other.bySource.get(source) ?? []);
      if (rest.length > 0) left.set(source, rest);
    }
    return left.size === 0 ? TransactionSet.none : new TransactionSet(left);
  }

  /** Whether of each source of the other there is a transaction here that came after all of it. */
  isBeyond(other: TransactionSet): boolean {
    for (const [source, runs] of other.bySource)
      if (lastOf(this.bySource.get(source) ?? []) <= lastOf(runs)) return false;
    return true;
  }

  toString(): string {
    return [...this.bySource]
      .map(([source, runs]) =>
        [source, ...runs.map(([first, last]) => (first === last ? first : `${first}-${last}`))].join(':'),
      )
      .join(',');
  }
}

/** `domain-server-number`, and so on. */
function* mariadbNames(text: string): Generator<readonly [source: string, number: number]> {
  for (const name of text.split(',')) {
    const [, source, number] = /^(\d+-\d+)-(\d+)$/.exec(name.trim()) ?? [];
    if (source !== undefined) yield [source, Number(number)];
  }
}

function gather(found: Map<string, Run[]>, source: string, run: Run): void {
  const runs = found.get(source);
  if (runs === undefined) found.set(source, [run]);
  else runs.push(run);
}

const lastOf = (runs: readonly Run[]): number => runs.at(-1)?.[1] ?? 0;

/** In order, those that overlap or touch made one. */
function joined(runs: readonly Run[]): readonly Run[] {
  const result: Run[] = [];
  for (const [first, last] of runs.toSorted((one, other) => one[0] - other[0])) {
    const before = result.at(-1);
    if (before === undefined || first > before[1] + 1) result.push([first, last]);
    else if (last > before[1]) result[result.length - 1] = [before[0], last];
  }
  return result;
}

/** Both in order. */
function subtracted(runs: readonly Run[], others: readonly Run[]): readonly Run[] {
  const rest: Run[] = [];
  let next = 0;
  for (const [first, last] of runs) {
    let from = first;
    while (next < others.length && (others[next] as Run)[1] < from) next++; // next < length
    for (let index = next; index < others.length && from <= last; index++) {
      const [takenFirst, takenLast] = others[index] as Run; // index < length
      if (takenFirst > last) break;
      if (takenFirst > from) rest.push([from, takenFirst - 1]);
      from = Math.max(from, takenLast + 1);
    }
    if (from <= last) rest.push([from, last]);
  }
  return rest;
}
