/** Decides what calling a function may do: nothing but compute, see something that is in no table, or write. */
import type { Reason, Table } from '../plan.js';
import { type Catalog, type FunctionInfo, findOperators } from './catalog.js';
import { bodyEffects, isHarmlessNative } from './function-bodies.js';
import { codeOf } from './function-code.js';

/**
 * - `pure`: its result depends on its arguments and on session settings that are in every cache key.
 * - `unstable`: its result depends on more, so it is never cached; it changes no table.
 * - `reads`: its result depends on its arguments and on these tables.
 * - `writes`: it may do anything, or change these tables.
 */
export type FunctionEffect =
  | { readonly effect: 'pure' }
  | { readonly effect: 'unstable'; readonly reason: Reason }
  | { readonly effect: 'reads'; readonly tables: readonly Table[] }
  | {
      readonly effect: 'writes';
      readonly reason: Reason;
      /** What it changes, as its code says; null: anything. */
      readonly tables: readonly Table[] | null;
      /** It may leave other settings, another role or temporary tables behind. */
      readonly changesSession: boolean;
      /** It may create, alter or drop something. */
      readonly changesCatalog: boolean;
    };

const pure: FunctionEffect = { effect: 'pure' };

/**
 * The server's own stable functions that read no table, no clock and no catalog: they are only stable because they
 * follow TimeZone, DateStyle, IntervalStyle, extra_float_digits, bytea_output or lc_*, which are in every cache key
 * (CONSISTENCY §4). With the number of arguments where an overload of another number is none of these: `age(x)`
 * counts from today. Not here, among others: to_tsvector with one argument (default_text_search_config is not in
 * the key), json_populate_record (may read 'now' out of data), enum_range, format_type and all that read the catalog.
 */
const settingsOnly: ReadonlySet<string> = new Set([
  'age/2',
  'timezone/1',
  'timezone/2',
  'length/2',
  ...`
  to_char to_number date_trunc date_part extract overlaps generate_series date_add date_subtract make_timestamptz
  to_timestamp to_date concat concat_ws format quote_literal quote_nullable array_to_string anytextcat textanycat
  convert_from convert_to to_json to_jsonb row_to_json array_to_json json_build_array json_build_object
  jsonb_build_array jsonb_build_object json_agg json_agg_strict jsonb_agg jsonb_agg_strict
  json_object_agg json_object_agg_strict json_object_agg_unique json_object_agg_unique_strict
  jsonb_object_agg jsonb_object_agg_strict jsonb_object_agg_unique jsonb_object_agg_unique_strict
  timestamptz_pl_interval timestamptz_mi_interval interval_pl_timestamptz in_range
  date time timestamp timestamptz
  `
    .trim()
    .split(/\s+/)
    .map((name) => `${name}/*`),
  ...['eq', 'ne', 'lt', 'le', 'gt', 'ge', 'cmp'].flatMap((operator) => [
    `date_${operator}_timestamptz/*`,
    `timestamptz_${operator}_date/*`,
    `timestamp_${operator}_timestamptz/*`,
    `timestamptz_${operator}_timestamp/*`,
  ]),
]);

/** The server's own volatile functions that change no table; all others of them may (`query_to_xml` runs any SQL). */
const harmlessVolatile =
  /^(random|random_normal|setseed|clock_timestamp|timeofday|gen_random_uuid|uuidv[47]|array_sample|array_shuffle|nextval|currval|lastval|setval|current_query|lo(_.*|read|write)|txid_.*|pg_(sleep.*|notify|(try_)?advisory_.*|stat_.*|relation_size|table_size|indexes_size|total_relation_size|database_size|tablespace_size|is_.*|last_.*|ls_.*|read_.*|current_.*|control_.*|export_snapshot|cancel_backend|terminate_backend|blocking_pids|safe_snapshot_blocking_pids|lock_status|prepared_xact|xact_.*|get_.*|show_.*|available_.*|wal_.*|switch_wal|create_restore_point|logical_emit_message|notification_queue_usage|partition_.*|sequence_last_value|jit_available|collation_actual_version|reload_conf|rotate_logfile|backup_.*|log_.*|hba_file_rules|ident_file_mappings))$/;

function named(info: FunctionInfo): string {
  return `${info.schema === 'pg_catalog' ? '' : `${info.schema}.`}${info.name}()`;
}

function unstable(info: FunctionInfo, why: string): FunctionEffect {
  return { effect: 'unstable', reason: { code: 'unstable-function', detail: `${named(info)} ${why}` } };
}

function writes(catalog: Catalog, info: FunctionInfo, why: string): FunctionEffect {
  const reason = { code: 'volatile-function', detail: `${named(info)} ${why}` };
  const { session, definitions } = bodyEffects(catalog, info.oid);
  return { effect: 'writes', reason, tables: null, changesSession: session, changesCatalog: definitions };
}

/** The type timetz. */
export const timeWithZone = '1266';

function effectOfBuiltIn(catalog: Catalog, info: FunctionInfo): FunctionEffect {
  if (info.volatility === 'i') return pure;
  if (info.volatility === 's') {
    const { name } = info;
    // A time of day gets the zone's offset of today.
    if (info.result === timeWithZone) return unstable(info, 'counts from today');
    const arities = [`${name}/*`, `${name}/${info.argumentsMax}`];
    return arities.some((key) => settingsOnly.has(key)) ? pure : unstable(info, 'is not immutable');
  }
  return harmlessVolatile.test(info.name)
    ? unstable(info, 'is volatile')
    : writes(catalog, info, 'is volatile and may write');
}

/** A user-defined aggregate is called immutable whatever it is made of. */
function effectOfAggregate(catalog: Catalog, info: FunctionInfo): FunctionEffect {
  const read: Table[] = [];
  for (const oid of info.parts ?? []) {
    if (oid === '0') continue;
    const effect = effectOfFunctionOid(catalog, oid);
    if (effect.effect === 'reads') read.push(...effect.tables);
    else if (effect.effect !== 'pure') return effect;
  }
  if (info.parts === null) return writes(catalog, info, 'is an aggregate of unknown parts');
  return read.length === 0 ? pure : { effect: 'reads', tables: read };
}

/**
 * A function of the user's is believed where it says that it does not write (the server refuses the write) and calls
 * none that may; where it says that it is immutable, only if it is written in C or came with an extension: another
 * body could read tables.
 */
export function effectOfFunction(catalog: Catalog, info: FunctionInfo): FunctionEffect {
  if (!info.extension && info.calls.some((oid) => oid !== info.oid && bodyEffects(catalog, oid).writes))
    return writes(catalog, info, 'calls a function that may write, for an argument that is not given say');
  if (info.kind !== 'a' && Number(info.oid) >= 16_384) {
    const read = effectOfReadCode(catalog, info);
    if (read !== null) return read;
  }
  if (info.kind === 'p') return writes(catalog, info, 'is a procedure');
  if (info.schema === 'pg_catalog' && Number(info.oid) < 16_384) return effectOfBuiltIn(catalog, info);
  if (info.kind === 'a') return effectOfAggregate(catalog, info);
  const native = info.language === 'c' || info.language === 'internal';
  if (info.volatility === 'v')
    return isHarmlessNative(info)
      ? unstable(info, 'is volatile')
      : writes(catalog, info, 'is volatile and may write');
  if (info.volatility === 'i' && (native || info.extension)) return pure;
  if (bodyEffects(catalog, info.oid).writes && !info.extension)
    return writes(catalog, info, 'calls a function that may write');
  return info.volatility === 's'
    ? unstable(info, 'is stable, not immutable')
    : unstable(info, 'says that it is immutable, but its body could read tables');
}

/** What its body or its user says it does; null if nobody can tell. */
function effectOfReadCode(catalog: Catalog, info: FunctionInfo): FunctionEffect | null {
  const code = codeOf(catalog, info.oid);
  if (code?.everything !== null) return null;
  const { writes: tables, reads, changesSession, changesCatalog } = code;
  if (tables.length > 0 || changesSession || changesCatalog) {
    const reason = { code: 'volatile-function', detail: `${named(info)} writes` };
    return { effect: 'writes', reason, tables, changesSession, changesCatalog };
  }
  // What calls itself immutable may have been computed when the statement was planned.
  const isStable =
    code.isDeclared || info.volatility === 's' || (info.volatility === 'i' && reads?.length === 0);
  if (reads !== null && isStable) return reads.length === 0 ? pure : { effect: 'reads', tables: reads };
  return unstable(info, info.volatility === 'v' ? 'is volatile' : 'depends on more than its arguments');
}

export function effectOfFunctionOid(catalog: Catalog, oid: string): FunctionEffect {
  const info = catalog.functions.get(oid);
  if (info !== undefined) return effectOfFunction(catalog, info);
  return unknownFunction(`function ${oid}`);
}

/** Of a snapshot, by the operators' schema and name: what those that do more than compute do. */
const effectsOfOperators = new WeakMap<Catalog, Map<string, readonly FunctionEffect[]>>();

/** What each operator of that name may do, without those that do nothing but compute. */
export function effectsOfOperator(
  catalog: Catalog,
  { schema, name }: { readonly schema: string; readonly name: string },
): readonly FunctionEffect[] {
  const remembered = effectsOfOperators.get(catalog) ?? new Map<string, readonly FunctionEffect[]>();
  effectsOfOperators.set(catalog, remembered);
  const key = `${schema} ${name}`;
  const known = remembered.get(key);
  if (known !== undefined) return known;
  const operators = findOperators(catalog, schema, name);
  const effects = operators
    .map((operator) => effectOfFunctionOid(catalog, operator.function))
    .filter(({ effect }) => effect !== 'pure');
  // Code of the user's may be just being read.
  if (!operators.some(({ userDefined }) => userDefined)) remembered.set(key, effects);
  return effects;
}

/** A function that is newer than the snapshot, or not there at all. */
export function unknownFunction(name: string): FunctionEffect {
  const reason = { code: 'unknown-function', detail: `${name} is not in the catalog` };
  return { effect: 'writes', reason, tables: null, changesSession: true, changesCatalog: true };
}
