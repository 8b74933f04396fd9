/**
 * Decides which trigger functions change nothing but the row at hand, and which of its columns: the usual
 * `new.updated_at := now(); return new;`. Whatever reads differently may do anything.
 */
import type { Catalog, FunctionInfo, Relation, Trigger } from './catalog.js';

/** Trigger functions in C that come with Postgres and set columns of the row at hand. */
const native: ReadonlySet<string> = new Set([
  'tsvector_update_trigger',
  'tsvector_update_trigger_column',
  'suppress_redundant_updates_trigger',
  'moddatetime',
  'autoinc',
  'insert_username',
]);

const column = /(?:[a-z_][a-z0-9_]*|"[^"]+")/.source;

/** Expressions that only compute, white space reduced to single spaces. */
const expression = [
  /now\(\)/,
  /(?:clock|statement|transaction)_timestamp\(\)/,
  /current_timestamp|localtimestamp|current_date/,
  /timezone\('utc'(?:::text)?, ?now\(\)\)/,
  /\(?(?:now\(\)|current_timestamp) at time zone 'utc'\)?/,
  new RegExp(`(?:coalesce\\()?(?:old|new)\\.${column}(?:, ?[0-9]+\\))? ?\\+ ?[0-9]+`),
  new RegExp(`(?:lower|upper|trim)\\(new\\.${column}\\)`),
  /gen_random_uuid\(\)/,
  /'[a-z0-9_ -]*'|[0-9]+|true|false|null/,
]
  .map((pattern) => `(?:${pattern.source})`)
  .join('|');

const body = new RegExp(
  `^ ?begin ((?:new\\.${column} ?:?= ?(?:${expression}) ?; ?)+)return new ?; ?end ?;? ?$`,
  'i',
);
const target = new RegExp(`(?:^|;) ?new\\.(${column}) ?:?=`, 'gi');

/** The functions by which the expressions above mean the server's own. */
const serverFunctions =
  'now clock_timestamp statement_timestamp transaction_timestamp timezone gen_random_uuid lower upper trim btrim'.split(
    ' ',
  );

/** Whether one of those names, where the source has it, or the `+`, could mean something of the user's. */
function isShadowed(catalog: Catalog, source: string): boolean {
  const words = source.toLowerCase();
  const functions = serverFunctions.filter((name) => words.includes(name.replace('btrim', 'trim')));
  const operators = words.includes('+') ? (catalog.operatorsByName.get('+') ?? []) : [];
  return (
    functions.some((name) =>
      (catalog.functionsByName.get(name) ?? []).some((info) => info.schema !== 'pg_catalog'),
    ) || operators.some((operator) => operator.userDefined)
  );
}

/** The columns a body of that form sets; null for any other body. */
function assignedColumns(catalog: Catalog, info: FunctionInfo): readonly string[] | null {
  if (info.language !== 'plpgsql' || info.source === null || isShadowed(catalog, info.source)) return null;
  const match = body.exec(info.source.replace(/\s+/g, ' '));
  if (match === null) return null;
  return [...(match[1] ?? '').matchAll(target)].map(([, name = '']) =>
    name.startsWith('"') ? name.slice(1, -1) : name.toLowerCase(),
  );
}

/** The columns (`all`: any) of its own row that a trigger may set; null if it may do more than that. */
export function columnsSetBy(
  catalog: Catalog,
  relation: Relation,
  trigger: Trigger,
): ReadonlySet<number> | 'all' | null {
  const info = catalog.functions.get(trigger.function);
  if (info === undefined) return null;
  if (info.language === 'c' || info.language === 'internal') return native.has(info.name) ? 'all' : null;
  const assigned = assignedColumns(catalog, info);
  if (assigned === null) return null;
  const columns = assigned.flatMap((name) => relation.columnByName.get(name) ?? []);
  return columns.length === assigned.length ? new Set(columns.map((column) => column.number)) : null;
}
