/**
 * Decides the broken variants (CONSISTENCY §5.1): the protocol with one thing changed, a scenario in which that
 * shows, and exactly which promises break. A checker that finds fewer, or more, is itself broken.
 */
import type { Violation } from './promise.js';
import {
  protocolWithShapesFromIntent as inOneTrip,
  type Protocol,
  protocol,
  type WriteStep,
} from './protocol.js';
import { all, answeredMoveAToB, moveAToB, rowA, rowB, rowQ, truncate, writeA, writeT } from './scenarios.js';
import type { Scenario } from './state.js';
import { byAnother } from './statements.js';

export interface Variant {
  readonly name: string;
  /** Why somebody might build it so, and what goes wrong. */
  readonly because: string;
  readonly protocol: Protocol;
  readonly scenario: Scenario;
  readonly breaks: readonly Violation[];
}

const without = (steps: readonly WriteStep[], ...left: readonly WriteStep[]): readonly WriteStep[] =>
  steps.filter((step) => !left.includes(step));

const sameEnd = (endSteps: readonly WriteStep[]): Pick<Protocol, 'endSteps' | 'endStepsAfterError'> => ({
  endSteps,
  endStepsAfterError: endSteps,
});

const noIntents: Protocol = {
  ...protocol,
  intentSteps: [],
  ...sameEnd(without(protocol.endSteps, 'remove intent', 'heed a lost intent')),
  resolveSteps: [],
};

const oneOfEach: Scenario = { writes: [writeT], fills: [all], looks: all };
const withACrash: Scenario = { ...oneOfEach, faults: { crashes: 1 } };
const pinned: Scenario = { writes: [writeA], fills: [rowA], looks: rowA };
const otherShape: Scenario = { writes: [writeA], fills: [rowQ], looks: rowQ };

/** What the protocol adds to a plain "delete after write", taken away piece by piece. */
const orders: readonly Variant[] = [
  {
    name: 'stamp after query',
    because:
      'the entry is given the tokens of the moment it is stored, so a write during its query goes unnoticed',
    protocol: { ...protocol, fillStages: ['query', 'capture', 'store'] },
    scenario: oneOfEach,
    breaks: ['ack', 'visible', 'permanent'],
  },
  {
    name: 'bump after only',
    because: 'a crash between COMMIT and the rotation leaves the old entry for good',
    protocol: noIntents,
    scenario: withACrash,
    breaks: ['visible', 'permanent'],
  },
  {
    name: 'before and after without intent',
    because: 'a fill between the two rotations is as good as new, and a crash then skips the second',
    protocol: { ...noIntents, intentSteps: ['rotate'] },
    scenario: withACrash,
    breaks: ['visible', 'permanent'],
  },
  {
    name: 'rotation at INTENT only',
    because:
      'a capture that read T before the intent reads a V that was made anew under it, and its fill outlives it',
    protocol: {
      ...protocol,
      intentSteps: ['add intent', 'read shapes', 'rotate', 'drop values'],
      ...sameEnd(['remove intent', 'heed a lost intent']),
    },
    scenario: { writes: [writeA], fills: [rowA, rowA] },
    breaks: ['ack', 'visible', 'permanent'],
  },
  {
    name: 'rotation at INTENT only, before the intent stands',
    because: 'a capture between the two already has the new token',
    protocol: {
      ...protocol,
      intentSteps: ['rotate', 'drop values', 'add intent'],
      ...sameEnd(['remove intent', 'heed a lost intent']),
    },
    scenario: oneOfEach,
    breaks: ['ack', 'visible', 'permanent'],
  },
  {
    name: 'intent removed before the last rotation',
    because: 'between the two nothing blocks and nothing differs, and a crash there makes it last',
    protocol: {
      ...protocol,
      ...sameEnd(['read shapes', 'remove intent', 'rotate', 'drop values', 'heed a lost intent']),
    },
    scenario: withACrash,
    breaks: ['visible', 'permanent'],
  },
  {
    name: 'intent removed before the value tokens are dropped',
    because: 'the same for pinned reads, which the rotation of `any` does not touch',
    protocol: {
      ...protocol,
      ...sameEnd(['read shapes', 'rotate', 'remove intent', 'drop values', 'heed a lost intent']),
    },
    scenario: { ...pinned, faults: { crashes: 1 } },
    breaks: ['visible', 'permanent'],
  },
  {
    name: 'V read before T',
    because:
      'the intent goes between the two reads, and with it the only sign that the value token is an old one',
    protocol: { ...protocol, lookupSteps: ['read value', 'read table'] },
    scenario: pinned,
    breaks: ['visible'],
  },
  {
    name: 'hits under an intent',
    because: 'refusing only fills keeps what is acknowledged, but reads go back and forth around the commit',
    protocol: { ...protocol, hitsUnderIntent: 'served' },
    scenario: { ...oneOfEach, faults: { crashes: 1, flushes: 1 } },
    breaks: ['visible'],
  },
  {
    name: 'a flight joined without a look-up',
    because:
      'a read that begins after the acknowledgement takes the result of a query that ran before the write',
    protocol: { ...protocol, join: 'at once' },
    scenario: { writes: [writeT], fills: [all], joins: all },
    breaks: ['ack', 'visible'],
  },
  {
    name: 'an error taken for a rollback',
    because: 'a CALL may commit and then raise: END has to rotate whatever the answer was',
    protocol: { ...protocol, endStepsAfterError: ['remove intent'] },
    scenario: { ...oneOfEach, lyingErrors: true },
    breaks: ['ack', 'visible', 'permanent'],
  },
];

const orphans: readonly Variant[] = [
  {
    name: 'intents that expire silently',
    because: 'the database may still run the COMMIT of a client that is long dead',
    protocol: { ...protocol, intentsExpire: 'silently' },
    scenario: withACrash,
    breaks: ['visible', 'permanent'],
  },
  {
    name: 'intents that rotate when they expire',
    because: 'the timer fires before the orphaned COMMIT, and a fill in between has the new token',
    protocol: { ...protocol, intentsExpire: 'with a rotation' },
    scenario: withACrash,
    breaks: ['visible', 'permanent'],
  },
  {
    name: 'RESOLVE without rotation',
    because: 'the intent of a committed write goes, and the entry it blocked is served again',
    protocol: { ...protocol, resolveSteps: ['remove intent'] },
    scenario: withACrash,
    breaks: ['visible', 'permanent'],
  },
  {
    name: 'RESOLVE without reading the shapes',
    because: 'only the owner knew which shapes were registered, and it is gone',
    protocol: { ...protocol, resolveSteps: without(protocol.resolveSteps, 'read shapes') },
    scenario: { ...otherShape, faults: { crashes: 1 } },
    breaks: ['visible', 'permanent'],
  },
  {
    name: 'lost intent not noticed at END',
    because: 'while the intent was gone a shape was registered and filled that END does not know of',
    protocol: { ...inOneTrip, ...sameEnd(without(inOneTrip.endSteps, 'heed a lost intent')) },
    scenario: { ...otherShape, faults: { flushes: 1 } },
    breaks: ['ack', 'permanent'],
  },
];

const tokens: readonly Variant[] = [
  {
    name: 'counters instead of random tokens, and the table hash is lost',
    because: 'the count comes back to the value that a dead entry was stored with',
    protocol: { ...protocol, tokens: 'counters' },
    scenario: { writes: [writeT], fills: [all, all], faults: { flushes: 1 } },
    breaks: ['ack', 'visible', 'permanent'],
  },
  {
    name: 'counters instead of random tokens, and the store fails over',
    because: 'the replica counts on from before',
    protocol: { ...protocol, tokens: 'counters', voucher: 'nowhere' },
    scenario: { writes: [writeT], fills: [all], faults: { failovers: 1 } },
    breaks: ['ack', 'visible', 'permanent'],
  },
  {
    name: 'missing means fresh',
    because: 'a token that was evicted says nothing about the writes since',
    protocol: { ...protocol, missingToken: 'is fresh' },
    scenario: { ...oneOfEach, faults: { flushes: 1 } },
    breaks: ['ack', 'visible', 'permanent'],
  },
  {
    name: 'failover without r',
    because: 'the replica never got the last rotation, and nobody knows that it answers now',
    protocol: { ...protocol, voucher: 'nowhere' },
    scenario: { ...oneOfEach, faults: { failovers: 1 } },
    breaks: ['ack', 'visible', 'permanent'],
  },
  {
    name: 'r outside T, and the slot moves there and back',
    because:
      'as a prefix of the key it leaves the old tokens lying, and they are found again on the way back',
    protocol: { ...protocol, voucher: 'prefix of the key' },
    scenario: { ...oneOfEach, faults: { slotMoves: 2 } },
    breaks: ['ack', 'visible', 'permanent'],
  },
  {
    name: 'no lease',
    because: 'a process that still talks to the deposed primary sees neither intents nor rotations',
    protocol: { ...protocol, lease: 'none' },
    scenario: { ...oneOfEach, faults: { failovers: 1 } },
    breaks: ['ack', 'visible', 'permanent'],
  },
  {
    name: 'feed without a visibility fence',
    because:
      'the event arrives before a fresh query sees the write, so a fill after the rotation is already old',
    protocol: { ...protocol, feedSteps: protocol.feedSteps.filter((step) => step !== 'wait until visible') },
    scenario: { writes: [byAnother(writeT)], fills: [all] },
    breaks: ['permanent'],
  },
];

const rows: readonly Variant[] = [
  {
    name: 'shapes enumerated before the intent stands',
    because: 'a shape that is registered and captured between the two is never rotated',
    protocol: { ...inOneTrip, intentSteps: ['read shapes', 'add intent'] },
    scenario: otherShape,
    breaks: ['ack', 'visible', 'permanent'],
  },
  {
    name: 'an intent taken as disjoint from a shape it does not name',
    because: 'a row with the written value of one shape may have any value of another',
    protocol: { ...inOneTrip, unnamedShape: 'is disjoint' },
    scenario: otherShape,
    breaks: ['ack', 'visible', 'permanent'],
  },
  {
    name: 'an intent taken as disjoint from a shape it does not name, with the shapes read again at END',
    because: 'that repairs it by the acknowledgement, not before',
    protocol: { ...protocol, unnamedShape: 'is disjoint' },
    scenario: otherShape,
    breaks: ['visible'],
  },
  {
    name: 'unpinned reads ignoring value intents',
    because: 'the whole table contains the row',
    protocol: { ...protocol, unpinnedRead: 'ignores values' },
    scenario: { writes: [writeA], fills: [all], looks: all },
    breaks: ['visible'],
  },
  {
    name: 'a move that drops the old value only',
    because: 'the result for the new value lacks the row that came',
    protocol: { ...protocol, valuesOfMove: 'old only' },
    scenario: { writes: [moveAToB], fills: [rowB], looks: rowB },
    breaks: ['ack', 'visible', 'permanent'],
  },
  {
    name: 'an answer that tells the new values only',
    because: 'RETURNING shows where the row went, not where it came from',
    protocol: { ...protocol, valuesOfAnswer: 'new only' },
    scenario: { writes: [answeredMoveAToB], fills: [rowA], looks: rowA },
    breaks: ['ack', 'visible', 'permanent'],
  },
  {
    name: 'fills under an intent, with the shapes of INTENT at END',
    because: 'a shape that is registered under the intent is unknown to END',
    protocol: { ...inOneTrip, fillsUnderIntent: 'stored' },
    scenario: otherShape,
    breaks: ['ack', 'visible', 'permanent'],
  },
];

export const variants: readonly Variant[] = [...orders, ...orphans, ...tokens, ...rows];

/**
 * Changed as well, and yet nothing breaks: the other steps make up for it. Kept so that nobody takes a belt for the
 * braces, and so that a change which makes one of them matter is noticed.
 */
export const harmless: readonly Omit<Variant, 'breaks'>[] = [
  {
    name: 'a lost intent not noticed, with the shapes read again at END',
    because: 'every capture that could be stale registered its shape before END read them',
    protocol: { ...protocol, ...sameEnd(without(protocol.endSteps, 'heed a lost intent')) },
    scenario: { ...otherShape, faults: { flushes: 2 } },
  },
  {
    name: 'fills under an intent, with the shapes read again at END',
    because: 'such a fill is stored dead, or dies at END',
    protocol: { ...protocol, fillsUnderIntent: 'stored' },
    scenario: { writes: [writeA], fills: [rowQ, rowA], faults: { crashes: 1 } },
  },
  {
    name: 'a capture that reads V before T',
    because: 'the look-up reads both again, in the order that counts',
    protocol: {
      ...protocol,
      captureSteps: ['register in table', 'register value', 'read value', 'read table'],
    },
    scenario: { ...pinned, faults: { crashes: 1, flushes: 1 } },
  },
  {
    name: 'a TRUNCATE that rotates `any` and `wild` without knowing a shape',
    because: 'every pinned read validates `wild`',
    protocol: { ...protocol, ...sameEnd(without(protocol.endSteps, 'read shapes')) },
    scenario: { writes: [truncate], fills: [rowA], looks: rowA, faults: { crashes: 1 } },
  },
];
