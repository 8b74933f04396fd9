/** Decides what is taken from the application's own copy of pg: its classes and conversions, found on its clients. */
import { LookasideError } from '../../errors.js';
import { type CapturingConstructor, capturingQuery } from './capture.js';
import { type HeldConstructor, heldQuery } from './held.js';
import { findPrepareValue, type PrepareValue } from './parameters.js';
import type { FieldConstructor } from './payload.js';
import { type TellingConstructor, tellingQuery } from './returned.js';
import type { PgClient, QueryConstructor, ResultConstructor } from './shapes.js';

export interface Driver {
  readonly Query: QueryConstructor;
  readonly Capturing: CapturingConstructor;
  /** Null: this version of pg cannot keep a statement from committing. */
  readonly Held: HeldConstructor | null;
  readonly Telling: TellingConstructor;
  readonly Result: ResultConstructor;
  readonly prepareValue: PrepareValue | null;
  /** Known from the first row description on. */
  Field: FieldConstructor | null;
}

const drivers = new WeakMap<QueryConstructor, Driver>();

/** @throws LookasideError `POOL_UNSUPPORTED` for pg-native and for what is no client of pg */
export function driverOf(Client: unknown): Driver {
  const Query = (Client as { readonly Query?: unknown } | null | undefined)?.Query;
  const known = typeof Query === 'function' ? drivers.get(Query as QueryConstructor) : undefined;
  if (known !== undefined) return known;
  if (typeof Query !== 'function' || !isPlainQuery((Query as { prototype: object }).prototype))
    throw new LookasideError(
      'POOL_UNSUPPORTED',
      'its client class is not that of pg in plain JavaScript (pg-native cannot be wrapped)',
    );
  const found = Query as QueryConstructor;
  const driver: Driver = {
    Query: found,
    Capturing: capturingQuery(found),
    Held: heldQuery(found, tellingQuery(found)),
    Telling: tellingQuery(found),
    Result: new found('')._result.constructor as ResultConstructor,
    prepareValue: findPrepareValue(found),
    Field: null,
  };
  drivers.set(found, driver);
  return driver;
}

const isPlainQuery = (prototype: object): boolean =>
  ['submit', 'handleRowDescription', 'handleDataRow', 'handleCommandComplete'].every(
    (name) => typeof (prototype as Readonly<Record<string, unknown>>)[name] === 'function',
  );

/** Whether an object is a client of pg in plain JavaScript. */
export function isClient(value: object): value is PgClient {
  const client = value as Partial<PgClient> & { readonly native?: unknown };
  return (
    client.native === undefined &&
    typeof client.query === 'function' &&
    typeof client.connection?.prependListener === 'function' &&
    client._types !== undefined
  );
}
