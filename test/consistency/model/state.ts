/**
 * Decides what a state of the model is: the database, the store, and how far everybody has got. Knows no moves.
 * Every possible key exists from the start, with null for what is not there, so that equal states have equal texts.
 */
import type { Dependency, Read, Write } from './statements.js';

/** A string is random bits, a number is a counter (a broken variant), null is a token that is not there. */
export type Token = string | number | null;

/** The hash of a table. */
export interface TableHash {
  /** `r`: the replication id of the shard that vouches for the tokens. */
  vouchedBy: string | null;
  /** `any`, `wild` and one per shape. */
  tokens: Record<string, Token>;
  /** By number of the write: 1 while its intent stands. What it touches is known from the scenario. */
  intents: number[];
}

/** The tokens that a result depends on, by `table.field` and `table.shape.value`. */
export type TokenVector = Record<string, Token>;

export interface Entry {
  readonly tokens: TokenVector;
  /** The writes that the result shows, as a bit mask. */
  readonly shows: number;
}

export interface Keys {
  tables: Record<string, TableHash>;
  values: Record<string, Token>;
  entries: Record<string, Entry | null>;
}

export interface Shard {
  /** Its replication id: another one after a failover. */
  id: string;
  keys: Keys;
  /** What the replica has: the primary's keys as they were at some moment. Null where no failover can come. */
  replica: Keys | null;
  /** The primary that a failover left behind, while somebody may still talk to it. */
  deposed: { id: string; keys: Keys } | null;
}

/** How far a list of steps about one table has got, and what it remembers. */
export interface Run {
  step: number;
  shapes: string[];
  lostIntent: boolean;
}

export interface Writer {
  at: 'start' | 'intent' | 'ready' | 'sent' | 'end' | 'answered' | 'crashed';
  /** One per table it writes. */
  runs: Run[];
  /** `logged` is durable but not visible: what a foreign transaction is when its event may arrive. */
  transaction: 'none' | 'pending' | 'logged' | 'visible' | 'aborted';
  /** The database answered with an error. */
  error: boolean;
  /** By table: how far RESOLVE, or the feed, has got on its behalf; null when nobody is at it. */
  others: (Run | null)[];
  fed: boolean;
}

export interface Filler {
  stage: number;
  /** By dependency: steps of the capture done. */
  steps: number[];
  tokens: TokenVector;
  shows: number | null;
  done: boolean;
}

/** A read on its way through the cache, and what the world owed it when it began. */
export interface Reader {
  at: 'start' | 'under way' | 'joined' | 'done';
  steps: number[];
  /** By dependency, the shard that answered for the table: a part that another one answers voids the look-up. */
  shards: (string | null)[];
  tokens: TokenVector;
  /** A look-up's entry, once it is read; the captured tokens of a joiner's flight. */
  expected: TokenVector | null;
  entryRead: boolean;
  /** Which filler's execution a joiner wants to share. */
  flight: number | null;
  owedByAnswer: number;
  owedByVisibility: number;
  /** The writes its result shows; null while there is none, or when it is a miss. */
  shows: number | null;
}

/** How many more of each fault may come. */
export interface Faults {
  crashes: number;
  flushes: number;
  valueEvictions: number;
  failovers: number;
  slotMoves: number;
}

export interface State {
  /** The writes that are visible, as a bit mask. */
  visible: number;
  shards: Shard[];
  /** By table: the shard that its slot is on. */
  slotOn: Record<string, number>;
  writers: Writer[];
  fillers: Filler[];
  looker: Reader;
  joiner: Reader;
  faults: Faults;
  /** For the judge only: an intent was lost before its write had ended. */
  intentLost: boolean;
}

/** A small world: who writes, who fills, who looks up, and what may go wrong. */
export interface Scenario {
  readonly writes: readonly Write[];
  /** One fill each; a read may be listed more than once. */
  readonly fills: readonly Read[];
  /** A look-up whose parts are not atomic. Every state is looked up atomically in any case. */
  readonly looks?: Read;
  /** A read that comes upon a fill of the same read under way. */
  readonly joins?: Read;
  readonly faults?: Partial<Faults>;
  /** Transactions may abort. */
  readonly aborts?: boolean;
  /** RESOLVE may come although the owner is alive. */
  readonly slowOwners?: boolean;
  /** The database may report an error for a transaction that it has committed (a CALL that commits, then raises). */
  readonly lyingErrors?: boolean;
}

const noFaults: Faults = { crashes: 0, flushes: 0, valueEvictions: 0, failovers: 0, slotMoves: 0 };

export function initialState(scenario: Scenario): State {
  const faults = { ...noFaults, ...scenario.faults };
  const keys = (): Keys => emptyKeys(scenario);
  const shard = (id: string): Shard => ({
    id,
    keys: keys(),
    replica: faults.failovers > 0 ? keys() : null,
    deposed: null,
  });
  return {
    visible: 0,
    shards: faults.slotMoves > 0 ? [shard('A'), shard('B')] : [shard('A')],
    slotOn: Object.fromEntries(tablesOf(scenario).map((table) => [table, 0])),
    writers: scenario.writes.map(newWriter),
    fillers: scenario.fills.map(newFiller),
    looker: newReader(scenario.looks),
    joiner: newReader(scenario.joins),
    faults,
    intentLost: false,
  };
}

export const newRun = (): Run => ({ step: 0, shapes: [], lostIntent: false });

const newWriter = ({ tables }: Write): Writer => ({
  at: 'start',
  runs: tables.map(newRun),
  transaction: 'none',
  error: false,
  others: tables.map(() => null),
  fed: false,
});

export const newFiller = (read: Read): Filler => ({
  stage: 0,
  steps: read.on.map(() => 0),
  tokens: emptyVector(read),
  shows: null,
  done: false,
});

export const newReader = (read: Read | undefined): Reader => ({
  at: read === undefined ? 'done' : 'start',
  steps: read === undefined ? [] : read.on.map(() => 0),
  shards: read === undefined ? [] : read.on.map(() => null),
  tokens: read === undefined ? {} : emptyVector(read),
  expected: null,
  entryRead: false,
  flight: null,
  owedByAnswer: 0,
  owedByVisibility: 0,
  shows: null,
});

function emptyKeys(scenario: Scenario): Keys {
  const dependencies = readsOf(scenario).flatMap(({ on }) => on);
  return {
    tables: Object.fromEntries(tablesOf(scenario).map((table) => [table, emptyTable(scenario, table)])),
    values: Object.fromEntries(
      dependencies.flatMap((dependency) => {
        const key = valueKey(dependency);
        return key === null ? [] : [[key, null]];
      }),
    ),
    entries: Object.fromEntries(readsOf(scenario).map(({ name }) => [name, null])),
  };
}

export function emptyTable(scenario: Scenario, table: string): TableHash {
  const fields = readsOf(scenario)
    .flatMap(({ on }) => on)
    .flatMap((dependency) => (dependency.table === table ? fieldsOf(dependency) : []));
  return {
    vouchedBy: null,
    tokens: Object.fromEntries([...new Set(['any', 'wild', ...fields])].map((field) => [field, null])),
    intents: scenario.writes.map(() => 0),
  };
}

export function readsOf({ fills, looks, joins }: Scenario): readonly Read[] {
  const all = [...fills, ...(looks ? [looks] : []), ...(joins ? [joins] : [])];
  return [...new Map(all.map((read) => [read.name, read])).values()];
}

export function tablesOf(scenario: Scenario): readonly string[] {
  const read = readsOf(scenario).flatMap(({ on }) => on.map(({ table }) => table));
  const written = scenario.writes.flatMap(({ tables }) => tables.map(({ table }) => table));
  return [...new Set([...read, ...written])];
}

function emptyVector({ on }: Read): TokenVector {
  const names = on.flatMap((dependency) => {
    const key = valueKey(dependency);
    const fields = fieldsOf(dependency).map((field) => `${dependency.table}.${field}`);
    return key === null ? fields : [...fields, key];
  });
  return Object.fromEntries(names.map((name) => [name, null]));
}

/** What a read validates in the hash of a table. */
export function fieldsOf({ pin }: Dependency): readonly string[] {
  return pin === null ? ['any'] : ['wild', pin.shape];
}

/** The V key that a read validates besides. */
export function valueKey({ table, pin }: Dependency): string | null {
  return pin === null ? null : `${table}.${pin.shape}.${pin.value}`;
}

/** The shapes that are registered in a table. */
export function shapesOf(hash: TableHash): string[] {
  return Object.keys(hash.tokens).filter(
    (field) => field !== 'any' && field !== 'wild' && hash.tokens[field] !== null,
  );
}
