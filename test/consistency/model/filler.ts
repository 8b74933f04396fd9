/** Decides what a read that missed does: capture the tokens, query the database, store the entry. */
import type { Move } from './explorer.js';
import { visibleTo } from './promise.js';
import type { CaptureStep } from './protocol.js';
import type { Filler, State } from './state.js';
import type { Dependency, Read } from './statements.js';
import {
  hasConflict,
  hashAt,
  isVouched,
  placeOf,
  registerInTable,
  registerValue,
  tableTokens,
  valueToken,
  type World,
} from './store.js';

export function fillerMoves(world: World, state: State): Move<State>[] {
  return world.scenario.fills.flatMap((read, index) => {
    const filler = fillerAt(state, index);
    const stage = world.protocol.fillStages[filler.stage];
    if (filler.done || stage === undefined) return [];
    switch (stage) {
      case 'capture':
        return captureMoves(world, read, filler, index);
      case 'query':
        return [query(world, read, index)];
      case 'store':
        return [store(read, index)];
      default:
        return unknownStage(stage);
    }
  });
}

function unknownStage(stage: never): never {
  throw new Error(`There is no stage ${String(stage)}.`);
}

export function fillerAt(state: State, index: number): Filler {
  const filler = state.fillers[index];
  if (filler === undefined) throw new Error(`There is no filler ${index}.`);
  return filler;
}

/** Whether its tokens are captured, so that others may compare theirs with them. */
export function hasCaptured(world: World, filler: Filler): boolean {
  return !filler.done && filler.stage > world.protocol.fillStages.indexOf('capture');
}

function captureMoves(world: World, read: Read, filler: Filler, index: number): Move<State>[] {
  return read.on.flatMap((dependency, dependencyIndex) => {
    const steps = captureStepsOf(world, dependency);
    const step = steps[filler.steps[dependencyIndex] ?? 0];
    if (step === undefined) return [];
    const apply = (draft: State): void => {
      const own = fillerAt(draft, index);
      if (!capture(world, draft, own, dependency, step)) {
        draft.fillers[index] = finished();
        return;
      }
      own.steps[dependencyIndex] = (own.steps[dependencyIndex] ?? 0) + 1;
      const complete = read.on.every((on, at) => own.steps[at] === captureStepsOf(world, on).length);
      if (complete) own.stage += 1;
    };
    return { label: `fill ${read.name}: CAPTURE ${step} (${dependency.table})`, apply };
  });
}

function captureStepsOf({ protocol }: World, { pin }: Dependency): readonly CaptureStep[] {
  return protocol.captureSteps.filter(
    (step) => pin !== null || (step !== 'register value' && step !== 'read value'),
  );
}

/** One step of a capture; false when there will be no fill. */
function capture(
  world: World,
  draft: State,
  filler: Filler,
  dependency: Dependency,
  step: CaptureStep,
): boolean {
  const mayBeMissing = world.protocol.missingToken === 'is fresh';
  const place = placeOf(draft, dependency.table);
  switch (step) {
    case 'register in table':
      if (!mayBeMissing) registerInTable(world, draft, dependency);
      return true;
    case 'register value':
      if (!mayBeMissing) registerValue(world, draft, dependency);
      return true;
    case 'read table': {
      const hash = hashAt(world, place, dependency.table);
      if (!mayBeMissing && !isVouched(world, place, hash)) return false;
      if (world.protocol.fillsUnderIntent === 'refused' && hasConflict(world, hash, dependency)) return false;
      const tokens = tableTokens(hash, dependency);
      Object.assign(filler.tokens, tokens);
      return mayBeMissing || !Object.values(tokens).includes(null);
    }
    case 'read value': {
      const tokens = valueToken(place.keys, dependency);
      Object.assign(filler.tokens, tokens);
      return mayBeMissing || !Object.values(tokens).includes(null);
    }
  }
}

const query = (world: World, read: Read, index: number): Move<State> => ({
  label: `fill ${read.name}: query`,
  apply: (draft) => {
    const filler = fillerAt(draft, index);
    filler.shows = visibleTo(world.scenario, draft, read);
    filler.stage += 1;
    if (draft.joiner.flight === index) draft.joiner.shows = filler.shows;
  },
});

const store = (read: Read, index: number): Move<State> => ({
  label: `fill ${read.name}: store the entry`,
  apply: (draft) => {
    const { tokens, shows } = fillerAt(draft, index);
    if (shows === null) throw new Error('An entry is stored before its query.');
    const shard = draft.shards[0];
    if (shard === undefined) throw new Error('There is no shard.');
    shard.keys.entries[read.name] = { tokens, shows };
    draft.fillers[index] = finished();
  },
});

const finished = (): Filler => ({ stage: 0, steps: [], tokens: {}, shows: null, done: true });
