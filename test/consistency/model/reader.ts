/**
 * Decides how a read goes through the cache in parts that are not atomic: LOOKUP of an entry, and JOIN of an
 * execution that another read began.
 */
import type { Move } from './explorer.js';
import { fillerAt, hasCaptured } from './filler.js';
import { owed } from './promise.js';
import { newReader, type Reader, type State, valueKey } from './state.js';
import type { Dependency, Read } from './statements.js';
import {
  allAgree,
  hasConflict,
  hashAt,
  isVouched,
  placeOf,
  tableTokens,
  valueToken,
  type World,
} from './store.js';

export function lookupMoves(world: World, state: State): Move<State>[] {
  const read = world.scenario.looks;
  const { looker } = state;
  if (read === undefined || looker.at === 'done') return [];
  const entryMove: Move<State> = {
    label: `LOOKUP ${read.name}: read the entry`,
    apply: (draft) => {
      begin(world, draft, draft.looker, read);
      draft.looker.entryRead = true;
      draft.looker.expected = draft.shards[0]?.keys.entries[read.name]?.tokens ?? null;
      draft.looker.shows = draft.shards[0]?.keys.entries[read.name]?.shows ?? null;
      if (draft.looker.expected === null) draft.looker = miss();
      else finishLookup(world, draft, read);
    },
  };
  const partMoves = partsOf(
    world,
    read,
    looker,
    (draft) => draft.looker,
    'LOOKUP',
    (draft, part) => {
      if (readPart(world, draft, draft.looker, part)) finishLookup(world, draft, read);
      else draft.looker = miss();
    },
  );
  return looker.entryRead ? partMoves : [entryMove, ...partMoves];
}

function finishLookup(world: World, draft: State, read: Read): void {
  const { looker } = draft;
  if (!looker.entryRead || !allPartsRead(world, read, looker)) return;
  if (looker.expected === null || !allAgree(world, looker.expected, looker.tokens)) draft.looker = miss();
  else draft.looker = hit(looker);
}

/** A read that comes upon a fill of the same query: with its own look-up, or (a broken variant) without. */
export function joinMoves(world: World, state: State): Move<State>[] {
  const read = world.scenario.joins;
  const { joiner } = state;
  if (read === undefined || joiner.at === 'done') return [];
  if (joiner.at === 'start') return startJoining(world, state, read);
  if (joiner.at === 'joined') {
    if (joiner.shows === null) return [];
    const apply = (draft: State): void => void (draft.joiner = hit(draft.joiner));
    return [{ label: `JOIN ${read.name}: takes the result of the flight`, apply }];
  }
  return partsOf(
    world,
    read,
    joiner,
    (draft) => draft.joiner,
    'JOIN',
    (draft, part) => {
      const { expected, tokens } = draft.joiner;
      if (!readPart(world, draft, draft.joiner, part) || expected === null) draft.joiner = miss();
      else if (!allPartsRead(world, read, draft.joiner)) return;
      else if (allAgree(world, expected, tokens)) draft.joiner.at = 'joined';
      else draft.joiner = miss();
    },
  );
}

function startJoining(world: World, state: State, read: Read): Move<State>[] {
  return world.scenario.fills.flatMap((filled, index) => {
    if (filled.name !== read.name || !hasCaptured(world, fillerAt(state, index))) return [];
    const apply = (draft: State): void => {
      begin(world, draft, draft.joiner, read);
      const flight = fillerAt(draft, index);
      draft.joiner.flight = index;
      draft.joiner.expected = { ...flight.tokens };
      draft.joiner.shows = flight.shows;
      if (world.protocol.join === 'at once') draft.joiner.at = 'joined';
    };
    return { label: `JOIN ${read.name}: begins while the flight is under way`, apply };
  });
}

function begin(world: World, draft: State, reader: Reader, read: Read): void {
  if (reader.at !== 'start') return;
  reader.at = 'under way';
  reader.owedByAnswer = owed(world.scenario, draft, read).byAnswer;
  reader.owedByVisibility = owed(world.scenario, draft, read).byVisibility;
}

interface Part {
  readonly dependency: Dependency;
  readonly dependencyIndex: number;
  readonly step: 'read table' | 'read value';
}

function partsOf(
  world: World,
  read: Read,
  reader: Reader,
  readerOf: (draft: State) => Reader,
  operation: 'LOOKUP' | 'JOIN',
  take: (draft: State, part: Part) => void,
): Move<State>[] {
  return read.on.flatMap((dependency, dependencyIndex) => {
    const step = stepsOf(world, dependency)[reader.steps[dependencyIndex] ?? 0];
    if (step === undefined) return [];
    const apply = (draft: State): void => {
      const own = readerOf(draft);
      begin(world, draft, own, read);
      own.steps[dependencyIndex] = (own.steps[dependencyIndex] ?? 0) + 1;
      take(draft, { dependency, dependencyIndex, step });
    };
    return { label: `${operation} ${read.name}: ${step} (${dependency.table})`, apply };
  });
}

function stepsOf({ protocol }: World, dependency: Dependency): readonly ('read table' | 'read value')[] {
  return protocol.lookupSteps.filter((step) => step === 'read table' || valueKey(dependency) !== null);
}

function allPartsRead(world: World, read: Read, reader: Reader): boolean {
  return read.on.every((on, index) => reader.steps[index] === stepsOf(world, on).length);
}

/** False when the part alone makes the look-up a miss. */
function readPart(
  world: World,
  draft: State,
  reader: Reader,
  { dependency, dependencyIndex, step }: Part,
): boolean {
  const place = placeOf(draft, dependency.table);
  // The parts about one table go over one connection: a redirect between them voids the look-up.
  const before = reader.shards[dependencyIndex] ?? null;
  if (before !== null && before !== place.shardId) return false;
  reader.shards[dependencyIndex] = place.shardId;
  if (step === 'read value') {
    Object.assign(reader.tokens, valueToken(place.keys, dependency));
    return true;
  }
  const hash = hashAt(world, place, dependency.table);
  if (!isVouched(world, place, hash)) return false;
  if (world.protocol.hitsUnderIntent === 'refused' && hasConflict(world, hash, dependency)) return false;
  Object.assign(reader.tokens, tableTokens(hash, dependency));
  return true;
}

const miss = (): Reader => newReader(undefined);

/** Keeps what the judge needs and forgets the rest. */
const hit = ({ owedByAnswer, owedByVisibility, shows }: Reader): Reader => ({
  ...newReader(undefined),
  owedByAnswer,
  owedByVisibility,
  shows,
});
