/** Decides with which query of pg a read of a known statement is filled and how what comes back is answered. */
import type { CacheCore } from '../../cache/core.js';
import type { ReadRequest, Served } from '../../cache/engine.js';
import type { PayloadCodec } from '../../cache/entry.js';
import { requestOf as anyRequestOf, CAPTURE_BYTES_MAX } from '../reads.js';
import type { CachedStatement as AnyCachedStatement } from '../statements.js';
import type { CapturingQuery } from './capture.js';
import type { Database } from './databases.js';
import type { Driver } from './driver.js';
import { areTimeDependent, type WireParameters, wireParameters } from './parameters.js';
import type { FieldConstructor, Payload } from './payload.js';
import type { RowOptions, TextCall } from './query-arguments.js';
import { replay } from './replay.js';
import type { PgResult, QueryCallback, TypeParsers } from './shapes.js';
import { payloadCodec } from './stored-payload.js';

export type CachedStatement = AnyCachedStatement<Payload>;

export interface Read {
  readonly core: CacheCore;
  readonly driver: Driver;
  readonly database: Database;
  /** Keeps the session's results apart from those of the database's own. */
  readonly prefix: string;
  readonly statement: CachedStatement;
  readonly call: TextCall;
  readonly wire: WireParameters;
}

/** Null where the parameters keep the result from being cached. */
export function wireOf(call: TextCall, driver: Driver): WireParameters | null {
  const wire = wireParameters(call.values, driver.prepareValue);
  return wire === null || areTimeDependent(wire.values) ? null : wire;
}

/** The query that fills: with the parameters that were keyed, whatever the caller does to his meanwhile. */
function capturingOf({ driver, database, statement, call, wire }: Read): CapturingQuery {
  const filling = { database, group: statement.group, bytesMax: CAPTURE_BYTES_MAX };
  // pg copies a config object property by property; a text costs nothing.
  if (typeof call.config === 'string') return new driver.Capturing(call.config, wire.values, filling);
  const config: Record<string, unknown> = { text: call.text };
  for (const key of ['name', 'rowMode', 'types', 'queryMode', 'query_timeout'] as const)
    if (call.config[key] !== undefined) config[key] = call.config[key];
  return new driver.Capturing(config, wire.values, filling);
}

/** @param run sends the query and settles as it does */
export function requestOf(
  read: Read,
  run: (query: CapturingQuery) => Promise<PgResult>,
): ReadRequest<Payload, PgResult> {
  const { core, database, prefix, statement, call, wire, driver } = read;
  const asked = {
    core,
    database,
    prefix,
    statement,
    key: wire.key,
    values: Array.isArray(call.values) ? (call.values as unknown[]) : [],
    facts: '',
    codec: codecOf(driver.Field as FieldConstructor), // known since the connection's probe
  };
  return anyRequestOf(asked, async (isOutdated) => {
    const query = capturingOf(read);
    if (isOutdated) query.refuse('catalog-changed');
    return { result: await run(query), outcome: () => query.outcome() };
  });
}

const codecs = new WeakMap<FieldConstructor, PayloadCodec<Payload>>();

function codecOf(Field: FieldConstructor): PayloadCodec<Payload> {
  let codec = codecs.get(Field);
  if (codec === undefined) codecs.set(Field, (codec = payloadCodec(Field)));
  return codec;
}

/** The result of a hit, as the caller's own. */
export function restore(
  payload: Payload,
  driver: Driver,
  options: RowOptions,
  clientTypes: TypeParsers,
): PgResult {
  const classes = { Result: driver.Result, Field: driver.Field as FieldConstructor }; // there is a payload
  return replay(payload, { classes, rowMode: options.rowMode, types: options.types, clientTypes });
}

/**
 * Answers as pg does: a promise whose error names the caller, or the callback on a later tick.
 *
 * @param restored the result of one that somebody else's query gave
 */
export function answer(
  served: Promise<Served<Payload, PgResult>>,
  restored: (payload: Payload) => PgResult,
  callback: QueryCallback | undefined,
  PromiseClass: PromiseConstructor,
): Promise<PgResult> | undefined {
  const resultOf = (outcome: Served<Payload, PgResult>): PgResult =>
    outcome.from === 'database' ? outcome.result : restored(outcome.payload);
  if (callback === undefined) {
    const own = PromiseClass === Promise ? served : PromiseClass.resolve(served);
    return own.then(resultOf, nameTheCaller);
  }
  served.then(resultOf).then(
    (result) => process.nextTick(callback, null, result),
    (error: unknown) => process.nextTick(callback, error),
  );
  return undefined;
}

/** The stack leads back to the application, as pg has it, not to the socket. */
export function nameTheCaller(error: unknown): never {
  if (error instanceof Error) Error.captureStackTrace(error);
  throw error;
}

/** A hit answered as pg answers. @param none what pg hands a callback instead of an error: its pool and clients differ */
export function answerHit(
  result: PgResult,
  none: null | undefined,
  callback: QueryCallback | undefined,
  PromiseClass: PromiseConstructor,
): unknown {
  if (callback === undefined) return PromiseClass.resolve(result);
  process.nextTick(callback, none, result);
  return undefined;
}
