/**
 * Decides what a writer through lookaside does: intent, send, end, and who ends on its behalf if it crashes. Tables
 * are in different slots, so the steps of one go in order and those of several interleave freely.
 */
import type { Move } from './explorer.js';
import type { FeedStep, WriteStep } from './protocol.js';
import { newRun, type Run, type State, shapesOf, type Writer } from './state.js';
import type { TableWrite, Write } from './statements.js';
import {
  answeredScope,
  dropEveryToken,
  dropValues,
  hashAt,
  hashToChange,
  placeOf,
  rotate,
  toldScope,
  type World,
} from './store.js';

type StateMove = Move<State>;

export function writerMoves(world: World, state: State): StateMove[] {
  return world.scenario.writes.flatMap((write, index) => {
    const writer = writerAt(state, index);
    return [
      ...(write.foreign ? [] : ownMoves(world, write, writer, index)),
      ...crashMoves(state, write, writer, index),
      ...resolveMoves(world, state, write, index),
    ];
  });
}

export function writerAt(state: State, index: number): Writer {
  const writer = state.writers[index];
  if (writer === undefined) throw new Error(`There is no writer ${index}.`);
  return writer;
}

function ownMoves(world: World, write: Write, writer: Writer, index: number): StateMove[] {
  const { protocol } = world;
  switch (writer.at) {
    case 'start':
    case 'intent':
      if (protocol.intentSteps.length === 0) return [send(write, index)];
      return stepMoves(world, write, writer, index, {
        phase: 'intent',
        steps: protocol.intentSteps,
        next: 'ready',
      });
    case 'ready':
      return [send(write, index)];
    case 'sent':
    case 'end': {
      if (writer.transaction !== 'visible' && writer.transaction !== 'aborted') return [];
      const failed = writer.error || writer.transaction === 'aborted';
      const steps = failed ? protocol.endStepsAfterError : protocol.endSteps;
      return stepMoves(world, write, writer, index, {
        phase: 'end',
        steps,
        next: 'answered',
        isAnswered: !failed,
      });
    }
    case 'answered':
    case 'crashed':
      return [];
  }
}

const send = (write: Write, index: number): StateMove => ({
  label: `${write.name}: send the commit`,
  apply: (draft) => {
    const writer = writerAt(draft, index);
    writer.at = 'sent';
    writer.transaction = 'pending';
    for (const run of writer.runs) run.step = 0;
  },
});

interface Phase {
  readonly phase: 'intent' | 'end';
  readonly steps: readonly WriteStep[];
  readonly next: 'ready' | 'answered';
  /** It has succeeded, and its answer is there. */
  readonly isAnswered?: boolean;
}

function stepMoves(
  world: World,
  write: Write,
  writer: Writer,
  index: number,
  { phase, steps, next, isAnswered }: Phase,
): StateMove[] {
  return write.tables.flatMap((on, tableIndex) => {
    const step = steps[writer.runs[tableIndex]?.step ?? 0];
    if (step === undefined) return [];
    return {
      label: `${write.name}: ${phase === 'intent' ? 'INTENT' : 'END'} ${step} (${on.table})`,
      apply: (draft: State) => {
        const own = writerAt(draft, index);
        own.at = phase;
        const run = own.runs[tableIndex];
        if (run === undefined) throw new Error('A table has no run.');
        takeStep(world, draft, { step, on, index, run, isAnswered: isAnswered === true });
        if (!own.runs.every((each) => each.step >= steps.length)) return;
        own.at = next;
        if (next === 'answered') own.runs = [];
      },
    };
  });
}

export interface StepToTake {
  readonly step: FeedStep;
  readonly on: TableWrite;
  /** Number of the write. */
  readonly index: number;
  readonly run: Run;
  /** Its answer tells what it wrote. */
  readonly isAnswered?: boolean;
}

/** One command of INTENT, END, RESOLVE or the feed. */
export function takeStep(world: World, draft: State, { step, on, index, run, isAnswered }: StepToTake): void {
  const hash = hashToChange(world, draft, on.table);
  const scope =
    isAnswered === true && on.answer !== undefined
      ? answeredScope(world, on.answer)
      : toldScope(world, on.scope);
  run.step += 1;
  switch (step) {
    case 'add intent':
      hash.intents[index] = 1;
      break;
    case 'read shapes':
      run.shapes = shapesOf(hash);
      break;
    case 'rotate':
      rotate(world, hash, scope, run.shapes);
      break;
    case 'drop values':
      dropValues(draft, on.table, scope, run.shapes);
      break;
    case 'remove intent':
      run.lostIntent = hash.intents[index] !== 1;
      hash.intents[index] = 0;
      break;
    case 'heed a lost intent':
      if (run.lostIntent) dropEveryToken(hash);
      break;
    case 'wait until visible':
      break;
  }
}

/** The process of the writer, or of whoever resolves for it, at any point. */
function crashMoves(state: State, write: Write, writer: Writer, index: number): StateMove[] {
  if (state.faults.crashes === 0) return [];
  const moves: StateMove[] = [];
  if (!write.foreign && writer.others.some((run) => run !== null))
    moves.push({
      label: `RESOLVE ${write.name}: its process CRASHES`,
      apply: (draft) => {
        draft.faults.crashes -= 1;
        writerAt(draft, index).others.fill(null);
      },
    });
  if (['start', 'answered', 'crashed'].includes(writer.at)) return moves;
  const apply = (draft: State): void => {
    draft.faults.crashes -= 1;
    const crashed = writerAt(draft, index);
    crashed.at = 'crashed';
    crashed.runs = [];
    // Nothing was sent: the database rolls back as the connection goes. What was sent may still commit.
    if (crashed.transaction === 'none') crashed.transaction = 'aborted';
  };
  return [...moves, { label: `${write.name}: its process CRASHES`, apply }];
}

/**
 * RESOLVE: an intent stands although its owner is gone, or is slow, or had done with it before a failover brought it
 * back. Only the end of the transaction counts: whether the owner lives, nobody can know.
 */
function resolveMoves(world: World, state: State, write: Write, index: number): StateMove[] {
  const writer = writerAt(state, index);
  const isOver = writer.transaction === 'visible' || writer.transaction === 'aborted';
  const isGone = writer.at === 'crashed' || writer.at === 'answered';
  if (write.foreign || !isOver || !(isGone || world.scenario.slowOwners)) return [];
  const { resolveSteps } = world.protocol;
  return write.tables.flatMap((on, tableIndex) => {
    const begun = writer.others[tableIndex] ?? null;
    const stands = hashAt(world, placeOf(state, on.table), on.table).intents[index] === 1;
    const step = resolveSteps[begun?.step ?? 0];
    if (step === undefined || (begun === null && !stands)) return [];
    const apply = (draft: State): void => {
      const { others } = writerAt(draft, index);
      const run = others[tableIndex] ?? newRun();
      takeStep(world, draft, { step, on, index, run });
      others[tableIndex] = run.step >= resolveSteps.length ? null : run;
    };
    return { label: `RESOLVE ${write.name}: ${step} (${on.table})`, apply };
  });
}
