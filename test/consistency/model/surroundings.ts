/** Decides what happens around the protocol: the database makes writes visible, the change feed, and every fault. */
import { copy, type Move } from './explorer.js';
import { emptyTable, type Keys, newRun, type Shard, type State } from './state.js';
import { dropEveryToken, hashAt, hashToChange, placeOf, type World } from './store.js';
import { takeStep, writerAt } from './writer.js';

export function surroundingMoves(world: World, state: State): Move<State>[] {
  return [
    ...databaseMoves(world, state),
    ...feedMoves(world, state),
    ...expiryMoves(world, state),
    ...evictionMoves(world, state),
    ...failoverMoves(world, state),
    ...slotMoves(state),
  ];
}

function databaseMoves({ scenario }: World, state: State): Move<State>[] {
  return scenario.writes.flatMap(({ name, foreign }, index) => {
    const { transaction } = writerAt(state, index);
    const become = (label: string, change: (draft: State) => void): Move<State> => ({
      label: `database: ${name} ${label}`,
      apply: change,
    });
    const show = become('becomes visible', (draft) => {
      writerAt(draft, index).transaction = 'visible';
      draft.visible |= 1 << index;
    });
    if (foreign && transaction === 'none')
      return become(
        'is durable, not yet visible',
        (draft) => void (writerAt(draft, index).transaction = 'logged'),
      );
    if (transaction === 'logged') return show;
    if (transaction !== 'pending') return [];
    const moves = [show];
    if (scenario.aborts)
      moves.push(become('aborts', (draft) => void (writerAt(draft, index).transaction = 'aborted')));
    if (scenario.lyingErrors)
      moves.push(
        become('becomes visible, and is answered with an error', (draft) => {
          show.apply(draft);
          writerAt(draft, index).error = true;
        }),
      );
    return moves;
  });
}

/** An event can arrive before a fresh SELECT sees the write: hence the fence. */
function feedMoves(world: World, state: State): Move<State>[] {
  const { feedSteps } = world.protocol;
  return world.scenario.writes.flatMap((write, index) => {
    const writer = writerAt(state, index);
    if (!write.foreign || writer.fed || writer.transaction === 'none') return [];
    return write.tables.flatMap((on, tableIndex) => {
      const step = feedSteps[writer.others[tableIndex]?.step ?? 0];
      if (step === undefined || (step === 'wait until visible' && writer.transaction !== 'visible'))
        return [];
      const apply = (draft: State): void => {
        const own = writerAt(draft, index);
        const run = own.others[tableIndex] ?? newRun();
        takeStep(world, draft, { step, on, index, run });
        own.others[tableIndex] = run;
        if (!own.others.every((each) => (each?.step ?? 0) >= feedSteps.length)) return;
        own.others = own.others.map(() => null);
        own.fed = true;
      };
      return {
        label: `feed, ${write.name}: ${step} (${on.table})`,
        apply,
      };
    });
  });
}

/** Broken variants only: a timer cannot know whether the database will still run an orphaned COMMIT. */
function expiryMoves(world: World, state: State): Move<State>[] {
  const { intentsExpire } = world.protocol;
  if (intentsExpire === 'never') return [];
  return world.scenario.writes.flatMap(({ name, tables }, index) =>
    tables.flatMap(({ table }) => {
      if (hashAt(world, placeOf(state, table), table).intents[index] !== 1) return [];
      const apply = (draft: State): void => {
        const hash = hashToChange(world, draft, table);
        hash.intents[index] = 0;
        if (intentsExpire === 'with a rotation') dropEveryToken(hash);
      };
      return { label: `the intent of ${name} in ${table} EXPIRES ${intentsExpire}`, apply };
    }),
  );
}

function evictionMoves(world: World, state: State): Move<State>[] {
  const moves: Move<State>[] = [];
  if (state.faults.flushes > 0)
    for (const table of Object.keys(state.slotOn))
      moves.push({
        label: `${table} is DELETED from the store`,
        apply: (draft) => {
          draft.faults.flushes -= 1;
          const place = placeOf(draft, table);
          if (place.keys.tables[table]?.intents.includes(1)) draft.intentLost = true;
          place.keys.tables[table] = emptyTable(world.scenario, table);
        },
      });
  if (state.faults.valueEvictions > 0)
    for (const [shardIndex, { keys }] of state.shards.entries())
      for (const [key, token] of Object.entries(keys.values))
        if (token !== null)
          moves.push({
            label: `V ${key} EXPIRES`,
            apply: (draft) => {
              draft.faults.valueEvictions -= 1;
              shardAt(draft, shardIndex).keys.values[key] = null;
            },
          });
  return moves;
}

/** Replication is asynchronous and in order: the replica has the primary's keys of some earlier moment. */
function failoverMoves({ protocol }: World, state: State): Move<State>[] {
  const replica = state.shards[0]?.replica ?? null;
  if (replica === null || state.faults.failovers === 0) return [];
  return [
    {
      label: 'the replica catches up',
      apply: (draft) => {
        const shard = shardAt(draft, 0);
        shard.replica = copy(shard.keys);
      },
    },
    {
      label: 'FAILOVER to the replica',
      apply: (draft) => {
        draft.faults.failovers -= 1;
        const shard = shardAt(draft, 0);
        noteLostIntents(draft, shard.keys, replica);
        if (protocol.lease === 'none') shard.deposed = { id: shard.id, keys: shard.keys };
        shard.keys = copy(replica);
        shard.replica = null;
        shard.id = `${shard.id}'`;
      },
    },
  ];
}

/** One slot, there and back, with all keys that it holds; keys of several commands never move half-way (TRYAGAIN). */
function slotMoves(state: State): Move<State>[] {
  if (state.faults.slotMoves === 0) return [];
  return Object.entries(state.slotOn).map(([table, from]) => {
    const to = from === 0 ? 1 : 0;
    const apply = (draft: State): void => {
      draft.faults.slotMoves -= 1;
      draft.slotOn[table] = to;
      const source = shardAt(draft, from).keys;
      const target = shardAt(draft, to).keys;
      for (const key of Object.keys(source.tables))
        if (key === table || key.endsWith(`/${table}`)) exchange(source.tables, target.tables, key);
      for (const key of Object.keys(source.values))
        if (key.startsWith(`${table}.`)) exchange(source.values, target.values, key);
    };
    return { label: `the slot of ${table} MOVES to shard ${to === 0 ? 'A' : 'B'}`, apply };
  });
}

/** The target has nothing under the key, so an exchange is a move that leaves nothing behind. */
function exchange<Value>(source: Record<string, Value>, target: Record<string, Value>, key: string): void {
  const moved = source[key];
  const nothing = target[key];
  if (moved !== undefined) target[key] = moved;
  if (nothing === undefined) delete source[key];
  else source[key] = nothing;
}

function noteLostIntents(draft: State, before: Keys, after: Keys): void {
  for (const [table, { intents }] of Object.entries(before.tables))
    for (const [index, stands] of intents.entries())
      if (stands === 1 && after.tables[table]?.intents[index] !== 1) draft.intentLost = true;
}

function shardAt(state: State, index: number): Shard {
  const shard = state.shards[index];
  if (shard === undefined) throw new Error(`There is no shard ${index}.`);
  return shard;
}
