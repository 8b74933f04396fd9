/**
 * Decides what of the watch over a database's log is kept in the store, so that any process can go on with it. Every key
 * has a time to live; one that is lost costs rotations, never freshness.
 */
import type { TableNames } from '../cache/bind.js';
import { arrayOf, type Conversation, expectNoError, textOf } from '../cache/executor.js';
import { TransactionSet } from '../sql/transaction-set.js';
import { logKey, ownLogKey } from './keys.js';

/** What was judged of a log, by whoever looked last. */
export interface LogBaseline {
  readonly transactions: TransactionSet;
  /** How far they could be read, where the server tells. */
  readonly shown: string | null;
  /** Of others: their rows may come to be readable only now. */
  readonly unshown: TransactionSet;
}

const KEPT_MS = String(7 * 24 * 60 * 60 * 1000);

/** Nobody looks while nothing is cached: then it does not matter whose transactions they were. */
const OWN_KEPT_MS = String(10 * 60 * 1000);
const OWN_BATCHES_MAX = 10_000;

const TRANSACTIONS = 'transactions';
const SHOWN = 'shown';
const UNSHOWN = 'unshown';

/** Null when nobody has looked yet, or it was lost. */
export function* loadLog(names: TableNames): Conversation<LogBaseline | null> {
  const replies = yield [['HMGET', logKey(names), TRANSACTIONS, SHOWN, UNSHOWN]];
  expectNoError(replies);
  const [transactions, shown, unshown] = arrayOf(replies[0]).map(textOf);
  if (typeof transactions !== 'string' || typeof unshown !== 'string') return null;
  return {
    transactions: TransactionSet.of(transactions),
    shown: shown ?? null,
    unshown: TransactionSet.of(unshown),
  };
}

export function* saveLog(
  names: TableNames,
  { transactions, shown, unshown }: LogBaseline,
): Conversation<void> {
  const key = logKey(names);
  const fields = [TRANSACTIONS, String(transactions), UNSHOWN, String(unshown)];
  expectNoError(
    yield [
      ['HSET', key, ...fields, ...(shown === null ? [] : [SHOWN, shown])],
      ['PEXPIRE', key, KEPT_MS],
    ],
  );
}

export function* keepOwn(names: TableNames, made: TransactionSet): Conversation<void> {
  const key = ownLogKey(names);
  expectNoError(
    yield [
      ['RPUSH', key, String(made)],
      ['LTRIM', key, String(-OWN_BATCHES_MAX), '-1'],
      ['PEXPIRE', key, OWN_KEPT_MS],
    ],
  );
}

/** One at a time does: whoever has the lease. */
export function* takeOwn(names: TableNames): Conversation<TransactionSet> {
  const key = ownLogKey(names);
  const replies = yield [['LRANGE', key, '0', '-1']];
  expectNoError(replies);
  const batches = arrayOf(replies[0]).map((batch) => TransactionSet.of(textOf(batch) ?? ''));
  if (batches.length === 0) return TransactionSet.none;
  expectNoError(yield [['LTRIM', key, String(batches.length), '-1']]);
  return TransactionSet.union(batches);
}
