/** Decides nothing of its own: joins a protocol and a scenario to a model that can be explored. */
import { type Exploration, type ExploreOptions, explore, type Model } from './explorer.js';
import { fillerMoves } from './filler.js';
import { judge, type Violation } from './promise.js';
import type { Protocol } from './protocol.js';
import { joinMoves, lookupMoves } from './reader.js';
import { initialState, type Scenario, type State } from './state.js';
import type { World } from './store.js';
import { surroundingMoves } from './surroundings.js';
import { writerMoves } from './writer.js';

function modelOf(world: World): Model<State, Violation> {
  return {
    initial: initialState(world.scenario),
    moves: (state) => [
      ...writerMoves(world, state),
      ...fillerMoves(world, state),
      ...lookupMoves(world, state),
      ...joinMoves(world, state),
      ...surroundingMoves(world, state),
    ],
    look: (state) => judge(world, state),
  };
}

const statesMax = 1_500_000;

/** Explores everything that this protocol can do in this small world. */
export function check(
  protocol: Protocol,
  scenario: Scenario,
  options: Partial<ExploreOptions<Violation>> = {},
): Exploration<Violation> {
  return explore(modelOf({ protocol, scenario }), { statesMax, ...options });
}
