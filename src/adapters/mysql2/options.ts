/**
 * Decides which options shape the rows of a call: the driver's own, of which those of the call stand before those of
 * the connection. Decodes nothing.
 */
import type { ConnectionConfig, RowOptions } from './shapes.js';

export interface CallOptions {
  /** What the call itself says; null: nothing. */
  readonly overrides: RowOptions | null;
  /** Why this call can never be cached, whatever its statement. */
  readonly refusal: string | null;
}

const names = [
  'rowsAsArray',
  'nestTables',
  'typeCast',
  'dateStrings',
  'timezone',
  'supportBigNumbers',
  'bigNumberStrings',
  'decimalNumbers',
  'jsonStrings',
  'disableEval',
] as const satisfies readonly (keyof RowOptions)[];

const nameSet: ReadonlySet<string> = new Set(names);
const isName = (name: string): name is (typeof names)[number] => nameSet.has(name);

const plain: CallOptions = { overrides: null, refusal: null };

/** @param given the first argument of `query` or `execute`, or the options of a command: `_queryOptions`, `_executeOptions` */
export function optionsOfCall(given: unknown): CallOptions {
  if (typeof given !== 'object' || given === null) return plain;
  const attributes = (given as { readonly attributes?: unknown }).attributes;
  // A function of the server may read them.
  const refusal =
    typeof attributes === 'object' && attributes !== null && Object.keys(attributes).length > 0
      ? 'attributes'
      : null;
  return { overrides: overridesOf(given), refusal };
}

function overridesOf(given: object): RowOptions | null {
  let overrides: Record<string, unknown> | null = null;
  for (const name of Object.keys(given))
    if (isName(name)) (overrides ??= {})[name] = (given as RowOptions)[name];
  return overrides;
}

/**
 * All that decides how rows are decoded, as it was for some rows: each option as the call has it and as the connection
 * has it, since the driver asks now one and now the other.
 */
export interface RowShape {
  readonly config: readonly unknown[];
  /** Null: as in the config. */
  readonly call: readonly unknown[] | null;
}

/** Functions for `typeCast` that decode the same bytes into the same value each time. */
const pureCasts = new WeakSet<object>();

/** Says of a `typeCast` of ours that rows which it decoded may be copied for the next caller. */
export function declarePure<Cast extends object>(cast: Cast): Cast {
  pureCasts.add(cast);
  return cast;
}

/** Null: functions decode, which may give something else each time. */
export function shapeOf(config: ConnectionConfig, overrides: RowOptions | null): RowShape | null {
  const ofCall = overrides === null ? null : names.map((name) => fixed(effective(config, overrides, name)));
  const typeCast = overrides === null ? config.typeCast : effective(config, overrides, 'typeCast');
  // The driver takes the connection's only where the call has none.
  if (typeof typeCast === 'function' ? !pureCasts.has(typeCast) : typeof config.typeCast === 'function')
    return null;
  return { config: names.map((name) => fixed(config[name])), call: ofCall };
}

/** A few nanoseconds where the call says nothing. */
export function isShapedBy(
  { config: known, call }: RowShape,
  config: ConnectionConfig,
  overrides: RowOptions | null,
): boolean {
  if ((call === null) !== (overrides === null)) return false;
  if (
    known[0] !== fixed(config.rowsAsArray) ||
    known[1] !== fixed(config.nestTables) ||
    known[2] !== fixed(config.typeCast) ||
    known[3] !== fixed(config.dateStrings) ||
    known[4] !== fixed(config.timezone) ||
    known[5] !== fixed(config.supportBigNumbers) ||
    known[6] !== fixed(config.bigNumberStrings) ||
    known[7] !== fixed(config.decimalNumbers) ||
    known[8] !== fixed(config.jsonStrings) ||
    known[9] !== fixed(config.disableEval)
  )
    return false;
  if (overrides === null || call === null) return true;
  return names.every((name, index) => call[index] === fixed(effective(config, overrides, name)));
}

/** Rows are objects of the columns of each table. */
export const hasNestedTables = ({ config, call }: RowShape): boolean => (call ?? config)[1] === true;

const effective = (config: ConnectionConfig, overrides: RowOptions, name: keyof RowOptions): unknown =>
  Object.hasOwn(overrides, name) ? overrides[name] : config[name];

/** A list of types is what it lists now. */
const fixed = (value: unknown): unknown =>
  typeof value === 'object' && value !== null ? JSON.stringify(value) : value;
