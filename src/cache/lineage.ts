/**
 * Decides, for all processes that share a store, which state of a database is the latest: a server that restarted,
 * failed over or was restored, or that lost what it had shown, voids what was cached before (CONSISTENCY §2).
 */
import { keyOfTable, rootOf, type TableNames } from './bind.js';
import { type Command, type Conversation, expectNoError, textOf } from './executor.js';

/** A state of a database, as a connection to it said. */
export interface DatabaseSighting {
  /** The same for all states of the database. */
  readonly lineage: string;
  /** Names its tables in this state. */
  readonly identity: string;
  /** Another text: in this state, too, the server may have lost what it had shown. */
  readonly mark: string;
}

const KEPT_MS = String(30 * 24 * 60 * 60 * 1000);

const keyOf = (namespace: string, lineage: string): string => `lookaside:d:{${namespace}:${lineage}}`;

/** What has to be voided before anything is read or written through a connection to this state: keys of roots. */
export function* outdatedBy(namespace: string, seen: DatabaseSighting): Conversation<readonly string[]> {
  const replies = yield [['GET', keyOf(namespace, seen.lineage)]];
  expectNoError(replies);
  const [identity, ...marks] = (textOf(replies[0]) ?? '').split(' ');
  if (identity === undefined || identity === '') return [];
  if (identity === seen.identity && marks.join(' ') === seen.mark) return [];
  const names = (database: string): TableNames => ({ namespace, database });
  // A state that comes back may have been written meanwhile by those who saw the other one.
  return [...new Set([rootOf(names(identity)), rootOf(names(seen.identity))])];
}

/** After what is outdated was voided. */
export function* claim(namespace: string, { lineage, identity, mark }: DatabaseSighting): Conversation<void> {
  expectNoError(yield [['SET', keyOf(namespace, lineage), `${identity} ${mark}`, 'PX', KEPT_MS]]);
}

const PAGE = 500;

/**
 * The tables of a state that is over: nobody reads them any more, so their tokens need not stay for ever. Whoever does
 * all the same, of a server that was replaced and lives on, finds tokens that are gone: misses.
 */
export function* letExpire(names: TableNames, tableIds: readonly string[]): Conversation<void> {
  const keys = [rootOf(names), ...tableIds.map((id) => keyOfTable(names, id))];
  for (let from = 0; from < keys.length; from += PAGE)
    expectNoError(yield keys.slice(from, from + PAGE).map((key): Command => ['PEXPIRE', key, KEPT_MS]));
}
