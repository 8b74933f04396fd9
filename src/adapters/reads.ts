/** Decides how a read of a known statement is put to the engine, and whether what comes back may be kept. Knows no driver. */
import type { CacheCore } from '../cache/core.js';
import type { ReadRequest } from '../cache/engine.js';
import type { PayloadCodec } from '../cache/entry.js';
import type { Database } from './database.js';
import type { SessionSeen } from './dialect.js';
import type { CachedStatement } from './statements.js';

/** Results longer than this are not kept while they arrive; the engine's own limit is usually lower. */
export const CAPTURE_BYTES_MAX = 64 * 1024 * 1024;

export interface Read<S extends SessionSeen, P> {
  readonly core: CacheCore;
  readonly database: Database<S, P>;
  /** Keeps the session's results apart from those of the database's own. */
  readonly prefix: string;
  readonly statement: CachedStatement<P>;
  /** Of the parameters. */
  readonly key: string;
  /** What rows they name. */
  readonly values: readonly unknown[];
  /** What else the bytes of a result depend on; empty: nothing. */
  readonly facts: string;
  readonly codec: PayloadCodec<P>;
  /** False: it waits for no execution that somebody else has begun. */
  readonly joins?: boolean | undefined;
}

/** What was seen of an answer, or why nothing may be kept. */
export type Captured<P> = { readonly payload: P } | { readonly payload: null; readonly reason: string };

/** Sends the query, and settles as it does. @param isOutdated nothing that it gives may be kept */
export type RunRead<P, R> = (
  isOutdated: boolean,
) => Promise<{ readonly result: R; readonly outcome: () => Captured<P> }>;

export function requestOf<S extends SessionSeen, P, R>(
  { core, database, prefix, statement, key, values, facts, codec, joins = true }: Read<S, P>,
  run: RunRead<P, R>,
): ReadRequest<P, R> {
  const { plan } = statement;
  const version = database.versionFor(plan);
  const isOutdated = (): boolean => !database.isCurrent || database.versionFor(plan) !== version;
  return {
    group: statement.group,
    key: `${prefix}${key}`,
    identity: [
      database.names.database,
      `${database.session}${prefix}`,
      `${database.fingerprintFor(plan)}${facts}`,
      statement.text,
      key,
    ],
    refs: statement.bindReads(values),
    codec,
    ttlMs: core.ttlMs,
    yields: true,
    joins,
    execute: async () => {
      const wasOutdated = isOutdated();
      const { result, outcome } = await run(wasOutdated);
      if (wasOutdated || isOutdated()) return { result, payload: null, reason: 'catalog-changed' };
      const captured = outcome();
      return 'reason' in captured
        ? { result, payload: null, reason: captured.reason }
        : { result, payload: captured.payload };
    },
  };
}
