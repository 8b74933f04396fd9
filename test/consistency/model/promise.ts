/**
 * Decides whether a state keeps the promise (CONSISTENCY §1). The only file that knows what a stale read is; it looks
 * at everything, as no participant can.
 */
import type { Sight } from './explorer.js';
import { readsOf, type Scenario, type State } from './state.js';
import { affects, type Read } from './statements.js';
import { atomicLookup, hashAt, type Place, placeOf, shardOf, type World } from './store.js';

/**
 * - `ack`: a read that began after a write was answered does not show it.
 * - `visible`: a read that began after the database showed a write to others does not show it.
 * - `permanent`: everything has come to rest, and a read that lacks a write would hit until its TTL.
 */
export type Violation = 'ack' | 'visible' | 'permanent';

const maskOf = (scenario: Scenario, accepts: (index: number) => boolean): number =>
  scenario.writes.reduce((mask, _, index) => (accepts(index) ? mask | (1 << index) : mask), 0);

/** The visible writes that matter to a read: what a query sees now. */
export function visibleTo(scenario: Scenario, state: State, read: Read): number {
  return state.visible & maskOf(scenario, (index) => affectsAt(scenario, index, read));
}

function affectsAt(scenario: Scenario, index: number, read: Read): boolean {
  const write = scenario.writes[index];
  return write !== undefined && affects(write, read);
}

/** What a read that begins now must show at least. */
export function owed(
  scenario: Scenario,
  state: State,
  read: Read,
): { byAnswer: number; byVisibility: number } {
  const visible = visibleTo(scenario, state, read);
  const answered = maskOf(scenario, (index) => state.writers[index]?.at === 'answered');
  // A foreign write is seen when its event has come: its bound is the feed's lag, not this instant.
  const own = maskOf(scenario, (index) => scenario.writes[index]?.foreign !== true);
  return { byAnswer: visible & answered & own, byVisibility: visible & own };
}

export function judge(world: World, state: State): Sight<Violation> {
  const violations = new Set<Violation>();
  let hits = 0;
  let hitsThatShowAWrite = 0;
  const see = (shows: number | null, byAnswer: number, byVisibility: number): void => {
    if (shows === null) return;
    hits += 1;
    if (shows !== 0) hitsThatShowAWrite += 1;
    if ((shows & byAnswer) !== byAnswer) violations.add('ack');
    // "and while no intent was lost, none older than what the database already showed to anybody"
    if ((shows & byVisibility) !== byVisibility && !state.intentLost) violations.add('visible');
  };

  const atRest = isAtRest(world, state);
  for (const read of readsOf(world.scenario)) {
    const { byAnswer, byVisibility } = owed(world.scenario, state, read);
    for (const shows of atomicHits(world, state, read)) {
      see(shows, byAnswer, byVisibility);
      const visible = visibleTo(world.scenario, state, read);
      if (shows !== null && atRest && (shows & visible) !== visible) violations.add('permanent');
    }
  }
  for (const reader of [state.looker, state.joiner])
    if (reader.at === 'done') see(reader.shows, reader.owedByAnswer, reader.owedByVisibility);
  return { violations: [...violations], hits, hitsThatShowAWrite };
}

/** What an atomic look-up returns now; without a lease also through a primary that does not know it was deposed. */
function atomicHits(world: World, state: State, read: Read): (number | null)[] {
  const first = state.shards[0];
  const hits = [atomicLookup(world, read, first?.keys.entries ?? {}, (table) => placeOf(state, table))];
  const deposed = first?.deposed;
  if (deposed) {
    const placeOfTable = (table: string): Place =>
      shardOf(state, table) === first ? { shardId: deposed.id, keys: deposed.keys } : placeOf(state, table);
    hits.push(atomicLookup(world, read, deposed.keys.entries, placeOfTable));
  }
  return hits;
}

/**
 * Nobody is about to do anything that could still repair a stale entry. Two faults at once, an intent lost and its
 * owner crashed, are bounded by `changes` and the TTL and not by the protocol: such a state never counts as at rest.
 */
function isAtRest(world: World, state: State): boolean {
  if (state.intentLost && state.writers.some(({ at }) => at === 'crashed')) return false;
  const writersRest = state.writers.every((writer, index) => {
    if (writer.others.some((run) => run !== null)) return false;
    if (world.scenario.writes[index]?.foreign)
      return writer.transaction === 'none' || (writer.transaction === 'visible' && writer.fed);
    return (
      writer.at === 'start' ||
      writer.at === 'answered' ||
      (writer.at === 'crashed' && hasEnded(writer.transaction))
    );
  });
  if (
    !writersRest ||
    state.fillers.some(
      (filler) => !filler.done && (filler.stage > 0 || filler.steps.some((step) => step > 0)),
    )
  )
    return false;
  return Object.keys(state.slotOn).every(
    (table) => !hashAt(world, placeOf(state, table), table).intents.includes(1),
  );
}

const hasEnded = (transaction: string): boolean => transaction === 'visible' || transaction === 'aborted';
