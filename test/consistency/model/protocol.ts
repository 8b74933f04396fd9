/**
 * Decides the protocol: which steps each operation takes, in which order, and the rules that look-ups and captures
 * follow (CONSISTENCY §2 and §3). It is data, so that a broken variant is this object with one thing changed.
 */

/** One command to the store about one table. Between any two of them anything may happen elsewhere. */
export type WriteStep =
  | 'add intent'
  /** Which shapes are registered in T: those that the write gives no values for must be rotated. */
  | 'read shapes'
  /** New tokens for `any`, and for `wild` or for the registered shapes that the write gives no values for. */
  | 'rotate'
  /** DEL V of the written values of the registered shapes that the write gives values for. */
  | 'drop values'
  /** HDEL of the intent. Its answer says whether the intent was still there. */
  | 'remove intent'
  /** If it was not, somebody may have read and filled meanwhile: every token of T goes. */
  | 'heed a lost intent';

export type FeedStep = WriteStep | 'wait until visible';

export type CaptureStep =
  /** HSETNX of the tokens that the read needs in T. */
  | 'register in table'
  /** SET NX of its V. */
  | 'register value'
  /** Tokens and intents of T. */
  | 'read table'
  | 'read value';

export interface Protocol {
  /** Before the message that can make the write visible. */
  readonly intentSteps: readonly WriteStep[];
  /** Once the outcome is known, and before the caller is answered. */
  readonly endSteps: readonly WriteStep[];
  /** After an error: it is not a rollback, so the same. */
  readonly endStepsAfterError: readonly WriteStep[];
  /** By any process, for an intent whose owner is gone, once the database says that its transaction has ended. */
  readonly resolveSteps: readonly WriteStep[];
  /** On an event of the change feed. */
  readonly feedSteps: readonly FeedStep[];
  readonly fillStages: readonly ('capture' | 'query' | 'store')[];
  readonly captureSteps: readonly CaptureStep[];
  /** Per table, on one connection. The entry is read at any time. */
  readonly lookupSteps: readonly ('read table' | 'read value')[];

  readonly tokens: 'random' | 'counters';
  readonly missingToken: 'is a miss' | 'is fresh';
  readonly intentsExpire: 'never' | 'silently' | 'with a rotation';
  readonly hitsUnderIntent: 'refused' | 'served';
  readonly fillsUnderIntent: 'refused' | 'stored';
  /** Whether an intent conflicts with reads of a shape that it gives no values for. */
  readonly unnamedShape: 'conflicts' | 'is disjoint';
  /** Whether an unpinned read conflicts with intents that name values. */
  readonly unpinnedRead: 'conflicts with values' | 'ignores values';
  /** What a write that moves a row from one value to another tells. */
  readonly valuesOfMove: 'old and new' | 'old only';
  /** What the answer to a write tells of the values that its rows had and have. END rotates no more than that. */
  readonly valuesOfAnswer: 'old and new' | 'new only';
  /** Where the replication id of the shard that vouches for the tokens is kept. */
  readonly voucher: 'field of T' | 'nowhere' | 'prefix of the key';
  /** Whether hits and acknowledgements need proof that the node is still the primary. */
  readonly lease: 'required' | 'none';
  /** When a read may take the result of an execution that is under way. */
  readonly join: 'after its own look-up' | 'at once';
}

const endSteps: readonly WriteStep[] = [
  'read shapes',
  'rotate',
  'drop values',
  'remove intent',
  'heed a lost intent',
];

export const protocol: Protocol = {
  intentSteps: ['add intent', 'read shapes'],
  endSteps,
  endStepsAfterError: endSteps,
  resolveSteps: endSteps,
  feedSteps: ['add intent', 'wait until visible', ...endSteps],
  fillStages: ['capture', 'query', 'store'],
  captureSteps: ['register in table', 'register value', 'read table', 'read value'],
  lookupSteps: ['read table', 'read value'],
  tokens: 'random',
  missingToken: 'is a miss',
  intentsExpire: 'never',
  hitsUnderIntent: 'refused',
  fillsUnderIntent: 'refused',
  unnamedShape: 'conflicts',
  unpinnedRead: 'conflicts with values',
  valuesOfMove: 'old and new',
  valuesOfAnswer: 'old and new',
  voucher: 'field of T',
  lease: 'required',
  join: 'after its own look-up',
};

const endStepsInOneTrip = endSteps.filter((step) => step !== 'read shapes');

/**
 * The same with one round trip less: END trusts the shapes that were read under the standing intent, since a shape
 * that is registered later meets the intent before it is captured. It stands on noticing that the intent was lost.
 */
export const protocolWithShapesFromIntent: Protocol = {
  ...protocol,
  endSteps: endStepsInOneTrip,
  endStepsAfterError: endStepsInOneTrip,
};
