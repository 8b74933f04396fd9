/** Decides what a call of `query` asks for, whichever of pg's overloads it used. Runs nothing. */
import type { QueryCallback, QueryConfig, Submittable, TypeParsers } from './shapes.js';

/** The arguments as they came. */
export type Given = readonly [config: unknown, values: unknown, callback: unknown];

/** A call that pg itself runs from a text or a config object. */
export interface TextCall {
  readonly kind: 'text';
  readonly given: Given;
  readonly config: string | QueryConfig;
  /** Null where only a name is given. */
  readonly text: string | null;
  readonly name: string | null;
  readonly values: unknown;
  /** Undefined: the caller wants a promise. */
  readonly callback: QueryCallback | undefined;
  readonly options: RowOptions;
}

/** What shapes the result of a call and is no part of the statement. */
export interface RowOptions {
  readonly rowMode: string | undefined;
  readonly types: TypeParsers | undefined;
  /** Why this call can never be cached, whatever its statement. */
  readonly refusal: string | null;
}

/** A call that brings its own way of talking to the connection. */
export interface SubmittableCall {
  readonly kind: 'submittable';
  readonly given: Given;
  readonly submittable: Submittable;
  readonly text: string | null;
  readonly values: unknown;
  readonly callback: unknown;
}

export type Call = TextCall | SubmittableCall;

const plainOptions: RowOptions = { rowMode: undefined, types: undefined, refusal: null };

/** Null for what pg refuses at once by itself. */
export function callOf(config: unknown, values: unknown, callback: unknown): Call | null {
  if (typeof config === 'string') return textCall(config, {}, values, callback);
  if (config === null || typeof config !== 'object') return null;
  if (typeof (config as Partial<Submittable>).submit === 'function')
    return submittableCall(config as Submittable, values, callback);
  return textCall(config, config, values, callback);
}

function textCall(
  config: string | QueryConfig,
  given: QueryConfig,
  values: unknown,
  callback: unknown,
): TextCall | null {
  const positionalCallback = typeof values === 'function' ? values : undefined;
  // As pg chooses: anything false is as if it were not there.
  const chosen = [callback, positionalCallback, given.callback].find(Boolean);
  if (chosen && typeof chosen !== 'function') return null;
  const text = typeof config === 'string' ? config : given.text;
  return {
    kind: 'text',
    given: [config, values, callback],
    config,
    text: typeof text === 'string' ? text : null,
    name: typeof given.name === 'string' && given.name !== '' ? given.name : null,
    values: values && positionalCallback === undefined ? values : given.values,
    callback: chosen as QueryCallback | undefined,
    options: typeof config === 'string' ? plainOptions : rowOptions(given),
  };
}

function rowOptions({ rowMode, types, binary, rows, portal }: QueryConfig): RowOptions {
  const refusal = binary ? 'binary' : rows || portal ? 'portal' : null;
  const parsers = types as Partial<TypeParsers> | null | undefined;
  if (parsers && typeof parsers.getTypeParser !== 'function')
    return { rowMode: undefined, types: undefined, refusal: 'types-unknown' };
  return {
    rowMode: rowMode === 'array' ? 'array' : undefined,
    types: (parsers ?? undefined) as TypeParsers | undefined,
    refusal,
  };
}

function submittableCall(submittable: Submittable, values: unknown, callback: unknown): SubmittableCall {
  const text = submittable.text ?? submittable.cursor?.text;
  return {
    kind: 'submittable',
    given: [submittable, values, callback],
    submittable,
    text: typeof text === 'string' ? text : null,
    values,
    callback,
  };
}
