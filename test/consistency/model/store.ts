/**
 * Decides what each store command does to one table's keys, on the shard that owns its slot now. Knows no order of
 * commands: that is the protocol's.
 */
import { freshToken } from './explorer.js';
import type { Protocol } from './protocol.js';
import type { Token, TokenVector } from './state.js';
import {
  emptyTable,
  fieldsOf,
  type Keys,
  type Scenario,
  type Shard,
  type State,
  type TableHash,
  valueKey,
} from './state.js';
import type { Dependency, Read, Scope } from './statements.js';

export interface World {
  readonly protocol: Protocol;
  readonly scenario: Scenario;
}

/** Where commands about a table go: who answers, with which keys. */
export interface Place {
  readonly shardId: string;
  readonly keys: Keys;
}

export function shardOf(state: State, table: string): Shard {
  const shard = state.shards[state.slotOn[table] ?? 0];
  if (shard === undefined) throw new Error(`The slot of ${table} is on no shard.`);
  return shard;
}

export function placeOf(state: State, table: string): Place {
  const { id, keys } = shardOf(state, table);
  return { shardId: id, keys };
}

/** The hash of T as this place names it. */
export function hashAt(world: World, { shardId, keys }: Place, table: string): TableHash {
  const key = world.protocol.voucher === 'prefix of the key' ? `${shardId}/${table}` : table;
  keys.tables[key] ??= emptyTable(world.scenario, table);
  return keys.tables[key];
}

/** Whether the tokens at this place were vouched for by the shard that answers. */
export function isVouched(world: World, place: Place, hash: TableHash): boolean {
  return world.protocol.voucher !== 'field of T' || hash.vouchedBy === place.shardId;
}

/**
 * The hash, for a command that may change it: tokens that another shard vouched for are all rotated first. One step
 * here, two commands in the engine (read `r`; one HSET of all): a rotation too many is harmless at any moment.
 */
export function hashToChange(world: World, state: State, table: string): TableHash {
  const place = placeOf(state, table);
  const hash = hashAt(world, place, table);
  if (isVouched(world, place, hash)) return hash;
  for (const [field, token] of Object.entries(hash.tokens))
    if (token !== null) hash.tokens[field] = nextToken(world, token);
  hash.vouchedBy = place.shardId;
  return hash;
}

export function nextToken({ protocol }: World, current: Token): Token {
  return protocol.tokens === 'random' ? freshToken() : Number(current ?? 0) + 1;
}

export function registerInTable(world: World, state: State, dependency: Dependency): void {
  const { tokens } = hashToChange(world, state, dependency.table);
  for (const field of fieldsOf(dependency)) tokens[field] ??= nextToken(world, null);
}

export function registerValue(world: World, state: State, dependency: Dependency): void {
  const key = valueKey(dependency);
  if (key === null) return;
  const { values } = shardOf(state, dependency.table).keys;
  values[key] ??= nextToken(world, null);
}

export function rotate(world: World, hash: TableHash, scope: Scope, shapes: readonly string[]): void {
  const uncovered =
    scope === 'unattributed' ? ['wild'] : shapes.filter((shape) => scope[shape] === undefined);
  for (const field of ['any', ...uncovered])
    hash.tokens[field] = nextToken(world, hash.tokens[field] ?? null);
}

export function dropValues(state: State, table: string, scope: Scope, shapes: readonly string[]): void {
  if (scope === 'unattributed') return;
  const { values } = shardOf(state, table).keys;
  for (const shape of shapes)
    for (const value of scope[shape] ?? []) {
      const key = `${table}.${shape}.${value}`;
      if (key in values) values[key] = null;
    }
}

export function dropEveryToken(hash: TableHash): void {
  for (const field of Object.keys(hash.tokens)) hash.tokens[field] = null;
}

/** What a write tells about one of its tables; the truth is in the scenario. */
export function toldScope({ protocol }: World, scope: Scope): Scope {
  if (scope === 'unattributed' || protocol.valuesOfMove === 'old and new') return scope;
  return Object.fromEntries(Object.entries(scope).map(([shape, values]) => [shape, values.slice(0, 1)]));
}

/** What is known of it once it has succeeded. */
export function answeredScope({ protocol }: World, answer: Scope): Scope {
  if (answer === 'unattributed' || protocol.valuesOfAnswer === 'old and new') return answer;
  return Object.fromEntries(Object.entries(answer).map(([shape, values]) => [shape, values.slice(-1)]));
}

/** Whether an intent that stands in T speaks against serving or filling this dependency. */
export function hasConflict(world: World, hash: TableHash, { table, pin }: Dependency): boolean {
  return world.scenario.writes.some((write, index) => {
    if (hash.intents[index] !== 1) return false;
    return write.tables.some((on) => on.table === table && conflicts(world, toldScope(world, on.scope), pin));
  });
}

function conflicts({ protocol }: World, scope: Scope, pin: Dependency['pin']): boolean {
  if (scope === 'unattributed') return true;
  if (pin === null)
    return protocol.unpinnedRead === 'conflicts with values' || Object.keys(scope).length === 0;
  const values = scope[pin.shape];
  return values === undefined ? protocol.unnamedShape === 'conflicts' : values.includes(pin.value);
}

/** The tokens of T that a dependency needs, as they are there now. */
export function tableTokens(hash: TableHash, dependency: Dependency): TokenVector {
  return Object.fromEntries(
    fieldsOf(dependency).map((field) => [`${dependency.table}.${field}`, hash.tokens[field] ?? null]),
  );
}

export function valueToken(keys: Keys, dependency: Dependency): TokenVector {
  const key = valueKey(dependency);
  return key === null ? {} : { [key]: keys.values[key] ?? null };
}

/** Whether a token that was read proves that the captured one is still good. */
export function agrees({ protocol }: World, captured: Token | undefined, read: Token): boolean {
  if (read === null) return protocol.missingToken === 'is fresh';
  return captured === read;
}

export function allAgree(world: World, captured: TokenVector, read: TokenVector): boolean {
  return Object.entries(read).every(([name, token]) => agrees(world, captured[name], token));
}

/** A look-up all of whose parts happen at once, at the places given; the writes its hit shows, or null for a miss. */
export function atomicLookup(
  world: World,
  read: Read,
  entries: Keys['entries'],
  placeOfTable: (table: string) => Place,
): number | null {
  const entry = entries[read.name] ?? null;
  if (entry === null) return null;
  for (const dependency of read.on) {
    const place = placeOfTable(dependency.table);
    const hash = hashAt(world, place, dependency.table);
    if (!isVouched(world, place, hash)) return null;
    if (world.protocol.hitsUnderIntent === 'refused' && hasConflict(world, hash, dependency)) return null;
    const tokens = { ...tableTokens(hash, dependency), ...valueToken(place.keys, dependency) };
    if (!allAgree(world, entry.tokens, tokens)) return null;
  }
  return entry.shows;
}
