/**
 * Decides the small worlds in which the protocol is explored. Each is as small as it can be and still show its
 * hazard: two of everything at most. `statesMin` guards against a scenario that no longer happens.
 */
import type { Scenario } from './state.js';
import {
  alsoOnRoot,
  answeredMove,
  byAnother,
  join,
  moveRow,
  oneRow,
  transaction,
  wholeTable,
  writeEverything,
  writeRows,
} from './statements.js';

export interface NamedScenario {
  readonly name: string;
  readonly scenario: Scenario;
  readonly statesMin: number;
}

export const all = wholeTable('T');
export const rowA = oneRow('T', 'S', 'a');
export const rowB = oneRow('T', 'S', 'b');
export const rowC = oneRow('T', 'S', 'c');
/** Of another shape, which the writes below name no values for. */
export const rowQ = oneRow('T', 'Q', '1');
export const bothTables = join(wholeTable('T'), wholeTable('U'));

export const writeT = writeRows('T', {});
export const writeU = writeRows('U', {});
export const writeA = writeRows('T', { S: ['a'] });
export const writeB = writeRows('T', { S: ['b'] });
export const writeQ = writeRows('T', { Q: ['1'] });
export const truncate = writeRows('T', 'unattributed');
/** Its INTENT names no value, its END two of them. */
export const answeredMoveAToB = answeredMove('T', 'S', 'a', 'b');
export const moveAToB = moveRow('T', 'S', 'a', 'b');

export const tableScenarios: readonly NamedScenario[] = [
  {
    name: 'one write and one fill, with a crash, an abort and an error that is not a rollback',
    scenario: {
      writes: [writeT],
      fills: [all],
      looks: all,
      faults: { crashes: 1 },
      aborts: true,
      lyingErrors: true,
    },
    statesMin: 1_200,
  },
  {
    name: 'two writes and two fills',
    scenario: { writes: [writeT, writeT], fills: [all, all] },
    statesMin: 9_000,
  },
  {
    name: 'one write and two fills around a look-up in parts, with a deletion of the table hash',
    scenario: { writes: [writeT], fills: [all, all], looks: all, faults: { flushes: 1 } },
    statesMin: 19_100,
  },
  {
    name: 'a resolver that takes a slow owner for a dead one, and may crash itself',
    scenario: { writes: [writeT], fills: [all], looks: all, faults: { crashes: 2 }, slowOwners: true },
    statesMin: 7_100,
  },
  {
    name: 'two writes around a look-up in parts',
    scenario: { writes: [writeT, writeT], fills: [all], looks: all },
    statesMin: 4_400,
  },
  {
    name: 'a read that joins two tables in two slots, under a transaction over both and a write of one',
    scenario: { writes: [transaction(writeT, writeU), writeU], fills: [bothTables], faults: { crashes: 1 } },
    statesMin: 35_100,
  },
  {
    name: 'a look-up in parts over two slots, under a transaction over both, with a crash',
    scenario: {
      writes: [transaction(writeT, writeU)],
      fills: [bothTables],
      looks: bothTables,
      faults: { crashes: 1 },
    },
    statesMin: 13_900,
  },
  {
    name: 'every fault once: a crash, a deletion of the table hash and a failover of the store',
    scenario: {
      writes: [writeT],
      fills: [all],
      looks: all,
      faults: { crashes: 1, flushes: 1, failovers: 1 },
    },
    statesMin: 44_100,
  },
  {
    name: 'a read that comes upon a flight, with a crash and a deletion of the table hash',
    scenario: { writes: [writeT], fills: [all], joins: all, faults: { crashes: 1, flushes: 1 } },
    statesMin: 2_900,
  },
];

export const rowScenarios: readonly NamedScenario[] = [
  {
    name: 'a write of the row that is read, with a crash, an abort and an evicted value token',
    scenario: {
      writes: [writeA],
      fills: [rowA],
      looks: rowA,
      faults: { crashes: 1, valueEvictions: 1 },
      aborts: true,
    },
    statesMin: 3_800,
  },
  {
    name: 'a resolver that takes the slow owner of a write to the row that is read for a dead one',
    scenario: { writes: [writeA], fills: [rowA], looks: rowA, faults: { crashes: 1 }, slowOwners: true },
    statesMin: 13_300,
  },
  {
    name: 'a resolver that takes a slow owner for a dead one while a shape is registered',
    scenario: { writes: [writeA], fills: [rowQ], looks: rowQ, slowOwners: true },
    statesMin: 5_700,
  },
  {
    name: 'a shape that is registered while a write runs that names no values for it',
    scenario: { writes: [writeA], fills: [rowQ], looks: rowQ, faults: { crashes: 1, flushes: 1 } },
    statesMin: 10_700,
  },
  {
    name: 'two shapes registered while a write runs that names values for one of them',
    scenario: { writes: [writeA], fills: [rowQ, rowA], faults: { crashes: 1 } },
    statesMin: 4_100,
  },
  {
    name: 'a row that moves from one value to another, with both values read',
    scenario: { writes: [moveAToB], fills: [rowA, rowB], faults: { crashes: 1 } },
    statesMin: 3_300,
  },
  {
    name: 'a move and a write of the old value, around a look-up of the new one',
    scenario: { writes: [writeA, moveAToB], fills: [rowB], looks: rowB },
    statesMin: 14_000,
  },
  {
    name: 'two writes of two rows, with both rows read',
    scenario: { writes: [writeA, writeB], fills: [rowA, rowB] },
    statesMin: 13_400,
  },
  {
    name: 'a read of one row and a read of the whole table',
    scenario: { writes: [writeA], fills: [rowA, all], looks: rowA },
    statesMin: 8_300,
  },
  {
    name: 'a read of the whole table under two writes that name values of two shapes',
    scenario: { writes: [writeA, writeQ], fills: [all], looks: all },
    statesMin: 3_600,
  },
  {
    name: 'a write that cannot be attributed to rows, under a pinned read, with a crash',
    scenario: { writes: [truncate], fills: [rowA], looks: rowA, faults: { crashes: 1 } },
    statesMin: 1_600,
  },
  {
    name: 'a write of everything, by way of the root table, beside a write of the row that is read, with a crash',
    scenario: { writes: [writeEverything, writeA], fills: [alsoOnRoot(rowA)], faults: { crashes: 1 } },
    statesMin: 11_500,
  },
  {
    name: 'a write of everything under a pinned look-up in parts, with a crash',
    scenario: {
      writes: [writeEverything],
      fills: [alsoOnRoot(rowA)],
      looks: alsoOnRoot(rowA),
      faults: { crashes: 1 },
    },
    statesMin: 5_100,
  },
  {
    name: 'a write whose answer tells the values, with those read and another one, and a crash',
    scenario: {
      writes: [answeredMoveAToB],
      fills: [rowA, rowC],
      looks: rowC,
      faults: { crashes: 1 },
      aborts: true,
      lyingErrors: true,
    },
    statesMin: 30_000,
  },
  {
    name: 'a write whose answer tells the values, while a shape is registered that it tells nothing of',
    scenario: { writes: [answeredMoveAToB], fills: [rowQ], looks: rowQ, faults: { flushes: 1 } },
    statesMin: 5_000,
  },
  {
    name: 'a write whose answer tells the values beside one that names one, around a look-up of the other',
    scenario: { writes: [answeredMoveAToB, writeA], fills: [rowB], looks: rowB },
    statesMin: 15_000,
  },
  {
    name: 'a pinned read that comes upon a flight, with a crash',
    scenario: { writes: [writeA], fills: [rowA], joins: rowA, faults: { crashes: 1 } },
    statesMin: 900,
  },
];

export const storeScenarios: readonly NamedScenario[] = [
  {
    name: 'a failover of the store to a replica that lags, with a crash',
    scenario: { writes: [writeT], fills: [all], looks: all, faults: { crashes: 1, failovers: 1 } },
    statesMin: 9_600,
  },
  {
    name: 'a failover of the store, with two fills',
    scenario: { writes: [writeT], fills: [all, all], faults: { failovers: 1 } },
    statesMin: 6_500,
  },
  {
    name: 'a failover of the store under a pinned read and a crash',
    scenario: { writes: [writeA], fills: [rowA], faults: { crashes: 1, failovers: 1 } },
    statesMin: 6_100,
  },
  {
    name: 'a failover while a shape is registered that the write names no values for',
    scenario: { writes: [writeA], fills: [rowQ], looks: rowQ, faults: { failovers: 1 } },
    statesMin: 18_800,
  },
  {
    name: 'a slot that moves there and back, with a crash',
    scenario: { writes: [writeT], fills: [all], looks: all, faults: { crashes: 1, slotMoves: 2 } },
    statesMin: 3_900,
  },
  {
    name: 'a slot that moves there and back under a pinned read and two fills',
    scenario: { writes: [writeA], fills: [rowA, rowA], faults: { slotMoves: 2 } },
    statesMin: 8_800,
  },
  {
    name: 'a slot that moves there and back under a read of two tables',
    scenario: { writes: [transaction(writeT, writeU)], fills: [bothTables], faults: { slotMoves: 2 } },
    statesMin: 7_100,
  },
];

export const feedScenarios: readonly NamedScenario[] = [
  {
    name: 'a foreign write beside one of our own, with a crash',
    scenario: { writes: [byAnother(writeT), writeT], fills: [all], faults: { crashes: 1 } },
    statesMin: 2_400,
  },
  {
    name: 'a foreign write of the row that is read, with two fills',
    scenario: { writes: [byAnother(writeA)], fills: [rowA, rowA] },
    statesMin: 1_100,
  },
  {
    name: 'a foreign write while a shape is registered that it names no values for',
    scenario: { writes: [byAnother(writeA)], fills: [rowQ, rowQ], faults: { valueEvictions: 1 } },
    statesMin: 3_500,
  },
  {
    name: 'a foreign write and one of our own to the same row, around a look-up in parts',
    scenario: { writes: [byAnother(writeA), writeA], fills: [rowA], looks: rowA },
    statesMin: 12_800,
  },
  {
    name: 'a foreign write, a failover of the store and a deletion of the table hash',
    scenario: { writes: [byAnother(writeT)], fills: [all], looks: all, faults: { failovers: 1, flushes: 1 } },
    statesMin: 13_900,
  },
  {
    name: 'a foreign transaction over two tables, under a read of both',
    scenario: { writes: [byAnother(transaction(writeT, writeU))], fills: [bothTables] },
    statesMin: 1_000,
  },
];
