/** Decides how a read of a known statement is put to the engine and how what comes back is decoded. */
import type { BindReads } from '../../cache/bind.js';
import type { CacheCore } from '../../cache/core.js';
import type { Execution, ReadRequest, ResultGroup } from '../../cache/engine.js';
import type { Capture } from './capture.js';
import type { Database, Statement } from './databases.js';
import { meantBy } from './keys.js';
import type { Payload } from './payload.js';
import type { Result } from './replay.js';
import { payloadCodec } from './stored-payload.js';

/** Results longer than this are not kept while they arrive; the engine's own limit is usually lower. */
export const CAPTURE_BYTES_MAX = 64 * 1024 * 1024;

/** A statement whose results may be cached. */
export interface CachedStatement extends Statement {
  readonly bindReads: BindReads;
  readonly group: ResultGroup<Payload>;
}

export const isCached = (statement: Statement): statement is CachedStatement => statement.group !== null;

export interface Read {
  readonly core: CacheCore;
  readonly database: Database;
  /** Keeps the session's results apart from those of the database's own. */
  readonly prefix: string;
  readonly statement: CachedStatement;
  /** Of the parameters, with their protocol. */
  readonly key: string;
  readonly values: readonly unknown[];
  /** How packets are read. */
  readonly facts: string;
}

/** Sends the query, and settles as it does. */
export type RunRead = () => Promise<{ readonly result: Result; readonly capture: Capture }>;

export function requestOf(read: Read, run: RunRead): ReadRequest<Payload, Result> {
  const { core, database, prefix, statement, key, values, facts } = read;
  const { version } = database;
  return {
    group: statement.group,
    key: `${prefix}${key}`,
    identity: [
      database.names.database,
      `${database.session}${prefix}`,
      `${database.fingerprint} ${facts}`,
      statement.text,
      key,
    ],
    refs: statement.bindReads(meantBy(values)),
    codec: payloadCodec,
    ttlMs: core.ttlMs,
    yields: true,
    execute: async (): Promise<Execution<Payload, Result>> => {
      const isOutdated = (): boolean => !database.isCurrent || database.version !== version;
      const wasOutdated = isOutdated();
      const { result, capture } = await run();
      if (wasOutdated || isOutdated()) return { result, payload: null, reason: 'catalog-changed' };
      const outcome = capture.outcome();
      return outcome.payload === null
        ? { result, payload: null, reason: outcome.reason }
        : { result, payload: outcome.payload };
    },
  };
}
