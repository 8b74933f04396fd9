/**
 * Decides what of the watch over a database is kept in the store, so that any process can go on with it. Every key
 * has a time to live; one that is lost costs rotations, never freshness.
 */
import { keyOfTable, type TableNames } from '../cache/bind.js';
import {
  arrayOf,
  type Command,
  type Conversation,
  expectNoError,
  integerOf,
  textOf,
} from '../cache/executor.js';
import { lookAtStoredTables } from '../cache/protocol/table.js';
import type { Baseline, TableBaseline } from './baseline.js';
import { baselineKey, leaseKey, ownKey } from './keys.js';

const KEPT_MS = String(7 * 24 * 60 * 60 * 1000);

const TABLES_AT_ONCE = 200;

/** Fields of the baseline that are no table's id. */
const EPOCH = '@epoch';
const CATALOG = '@catalog';

/** Who watches: this process, since before or since now, or another one. */
export type Lease = 'kept' | 'taken' | 'others';

export function* takeLease(names: TableNames, process: string, leaseMs: number): Conversation<Lease> {
  const key = leaseKey(names);
  const replies = yield [
    ['SET', key, process, 'NX', 'PX', String(leaseMs)],
    ['GET', key],
  ];
  expectNoError(replies);
  if (textOf(replies[0]) !== null) return 'taken';
  return textOf(replies[1]) === process ? 'kept' : 'others';
}

/** After a look that worked: a process that cannot look loses the lease to one that can. */
export function* renewLease(names: TableNames, leaseMs: number): Conversation<void> {
  expectNoError(yield [['PEXPIRE', leaseKey(names), String(leaseMs)]]);
}

/** Only optimises: two that watch at once rotate twice. */
export function* releaseLease(names: TableNames, process: string): Conversation<void> {
  const replies = yield [['GET', leaseKey(names)]];
  expectNoError(replies);
  if (textOf(replies[0]) === process) expectNoError(yield [['DEL', leaseKey(names)]]);
}

/** Null when nobody has looked yet, or it was lost. */
export function* loadBaseline(names: TableNames): Conversation<Baseline | null> {
  const replies = yield [['HGETALL', baselineKey(names)]];
  expectNoError(replies);
  const cells = arrayOf(replies[0]).map((cell) => textOf(cell) ?? '');
  let epoch: string | null = null;
  let catalog = '';
  const tables = new Map<string, TableBaseline>();
  for (let index = 0; index + 1 < cells.length; index += 2) {
    const name = cells[index] as string; // index < length
    const value = cells[index + 1] as string; // index + 1 < length
    if (name === EPOCH) epoch = value;
    else if (name === CATALOG) catalog = value;
    else {
      const [written, file = '', foreign] = value.split(' ');
      tables.set(name, { written: Number(written), file, foreign: Number(foreign) });
    }
  }
  return epoch === null ? null : { epoch, catalog, tables };
}

export interface BaselineChange {
  readonly epoch: string;
  readonly catalog: string;
  readonly changed: ReadonlyMap<string, TableBaseline>;
  readonly dropped: readonly string[];
  /** It replaces what is there. */
  readonly anew: boolean;
}

export function* saveBaseline(names: TableNames, change: BaselineChange): Conversation<void> {
  const key = baselineKey(names);
  const fields = [EPOCH, change.epoch, CATALOG, change.catalog];
  for (const [id, { written, file, foreign }] of change.changed)
    fields.push(id, `${written} ${file} ${foreign}`);
  const commands: Command[] = change.anew ? [['DEL', key]] : [];
  commands.push(['HSET', key, ...fields]);
  if (change.dropped.length > 0) commands.push(['HDEL', key, ...change.dropped]);
  commands.push(['PEXPIRE', key, KEPT_MS]);
  expectNoError(yield commands);
}

/** Rows written through the cache so far, of these tables. */
export function* readOwn(
  names: TableNames,
  ids: readonly string[],
): Conversation<ReadonlyMap<string, number>> {
  if (ids.length === 0) return new Map();
  const replies = yield ids.map((id): Command => ['GET', ownKey(names, id)]);
  expectNoError(replies);
  return new Map(ids.map((id, index) => [id, Number(textOf(replies[index]) ?? 0)]));
}

/**
 * To be done before the rows can show in the statistics. Never repeated: what was counted twice would hide as many
 * rows of others for ever, what was not counted costs one rotation.
 */
export function* addOwn(
  rows: readonly { names: TableNames; tableId: string; count: number }[],
): Conversation<void> {
  expectNoError(
    yield rows.flatMap(({ names, tableId, count }): Command[] => {
      const key = ownKey(names, tableId);
      return [
        ['INCRBY', key, String(count)],
        ['PEXPIRE', key, KEPT_MS],
      ];
    }),
  );
}

/** Writes under way, of whichever process, by id. */
export function* standingIn(tables: readonly string[]): Conversation<ReadonlySet<string>> {
  const ids = new Set<string>();
  for (let from = 0; from < tables.length; from += TABLES_AT_ONCE)
    for (const { intents } of yield* lookAtStoredTables(tables.slice(from, from + TABLES_AT_ONCE)))
      for (const { id } of intents) ids.add(id);
  return ids;
}

/** Those of the tables that something may depend on. Where there are no tokens, there is nothing that counts. */
export function* withTokens(names: TableNames, ids: readonly string[]): Conversation<readonly string[]> {
  if (ids.length === 0) return [];
  const replies = yield ids.map((id): Command => ['HLEN', keyOfTable(names, id)]);
  expectNoError(replies);
  return ids.filter((_, index) => integerOf(replies[index]) > 0);
}
