/**
 * Decides what functions in SQL and PL/pgSQL do, from their bodies: each statement and expression in them is judged as
 * any other is, in the function's search path. Code that is put together while it runs, and all that this does not
 * know, is not read: whoever asks takes it for anything.
 */
import type { Table } from '../plan.js';
import { type Fields, isFields, number, text } from './ast.js';
import type { Catalog, FunctionInfo } from './catalog.js';
import { Findings } from './findings.js';
import { type CodeEffect, type CodeReader, setCodeReader } from './function-code.js';
import type { PostgresParser } from './parser.js';

export interface ReaderOptions {
  readonly parser: PostgresParser;
  readonly catalog: Catalog;
  /** What a user says of functions, by oid. */
  readonly declared: ReadonlyMap<string, CodeEffect>;
  /** Walks one statement. */
  readonly walk: (catalog: Catalog, findings: Findings, statement: unknown) => void;
}

/** A longer body, or one of more parts, is not read. */
const SOURCE_LENGTH_MAX = 50_000;
const PARTS_MAX = 1_000;

/** Statements of PL/pgSQL that do no more than the expressions and statements in them. */
const plainStatements: ReadonlySet<string> = new Set(
  `block assign if case loop while fori fors foreach_a exit return return_next return_query raise assert execsql
  perform getdiag`
    .split(/\s+/)
    .map((name) => `PLpgSQL_stmt_${name}`),
);

/** `target :=` in front of what is assigned; a part of an array is chosen by plain words. */
const assignment = /^\s*[\p{L}\p{N}_$."]+(?:\s*\[[\p{L}\p{N}_$.\s]*\])*\s*:?=(?!=)/u;

/** From this parse mode on it is an assignment (plpgsql's RAW_PARSE_PLPGSQL_ASSIGN1). */
const ASSIGNMENT_MODE = 3;
const EXPRESSION_MODE = 2;

interface Reading extends ReaderOptions {
  /** The snapshot as functions see it that bring a search path, by that. */
  readonly seenBy: Map<string, Catalog>;
}

export function installCodeReader(options: ReaderOptions): void {
  const { catalog, declared } = options;
  const known = new Map<string, CodeEffect | null>();
  const underWay = new Set<string>();
  const reading: Reading = { ...options, seenBy: new Map() };
  const reader: CodeReader = (info) => {
    const said = declared.get(info.oid);
    if (said !== undefined) return said;
    // Who calls himself is not followed.
    if (underWay.has(info.oid)) return null;
    const before = known.get(info.oid);
    if (before !== undefined) return before;
    underWay.add(info.oid);
    const effect = effectOfCode(reading, info, reader);
    underWay.delete(info.oid);
    // What was found out while another one was not followed is not all.
    if (underWay.size === 0 || effect !== null) known.set(info.oid, effect);
    return effect;
  };
  setCodeReader(catalog, reader);
}

function effectOfCode(options: Reading, info: FunctionInfo, reader: CodeReader): CodeEffect | null {
  const { parser, walk } = options;
  const catalog = catalogSeenBy(options, info);
  const parts = catalog === null ? null : partsOf(parser, info);
  if (catalog === null || parts === null || parts.length > PARTS_MAX || mentionsMore(catalog, info, parts))
    return null;
  if (catalog !== options.catalog) setCodeReader(catalog, reader);
  const findings = new Findings();
  for (const part of parts) {
    const outcome = parser.parse(part);
    if (!outcome.parsed) return null;
    for (const statement of outcome.statements) {
      // TRUNCATE takes what was counted of its transaction away with it.
      if (!isFields(statement) || 'TransactionStmt' in statement || 'TruncateStmt' in statement) return null;
      walk(catalog, findings, statement);
    }
  }
  const { everything, writes, uncacheable, reads, session, changesCatalog, settingsRead } = findings;
  return {
    everything,
    writes: [...writes.values()].map(({ table }) => table),
    reads:
      uncacheable === null && settingsRead.size === 0
        ? distinctTables(reads.map(({ table }) => table))
        : null,
    changesSession: session !== 'keeps',
    changesCatalog,
    isDeclared: false,
  };
}

function distinctTables(tables: readonly Table[]): readonly Table[] {
  return [...new Map(tables.map((table) => [table.id, table])).values()];
}

/** A function may bring its own search path; null where that is not a plain list of names. */
function catalogSeenBy({ catalog, seenBy }: Reading, info: FunctionInfo): Catalog | null {
  let seen = catalog;
  for (const setting of info.settings ?? []) {
    const path = /^search_path=(.*)$/s.exec(setting)?.[1];
    if (path === undefined) return null;
    const names = path.split(',').map((name) => name.trim().replace(/^"(.*)"$/, '$1'));
    if (names.some((name) => !/^[\p{L}_][\p{L}\p{N}_]*$/u.test(name) && name !== '')) return null;
    const listed = names.filter((name) => name !== '' && name !== 'pg_temp');
    const searchPath = listed.includes('pg_catalog') ? listed : ['pg_catalog', ...listed];
    const key = searchPath.join();
    seen = seenBy.get(key) ?? { ...catalog, searchPath };
    seenBy.set(key, seen);
  }
  return seen;
}

/** The SQL in a body, statement by statement; null if it is not certain that this is all. */
function partsOf(parser: PostgresParser, info: FunctionInfo): readonly string[] | null {
  const source = info.source ?? '';
  // What stands for an argument that is not given runs as well, and is no part of the body.
  if (info.argumentsMin !== info.argumentsMax) return null;
  if (source === '' || source.length > SOURCE_LENGTH_MAX) return null;
  if (info.language === 'sql') return [source];
  if (info.language !== 'plpgsql') return null;
  const quote = quoteFor(source);
  const result = info.result === TRIGGER_TYPE ? 'trigger' : 'int';
  const outcome = parser.parseCode(
    `create function f() returns ${result} language plpgsql as ${quote}${source}${quote}`,
  );
  if (!outcome.parsed) return null;
  const parts: string[] = [];
  return outcome.statements.every((tree) => gather(tree, parts)) ? parts : null;
}

const TRIGGER_TYPE = '2279';

function quoteFor(source: string): string {
  let quote = '$body$';
  for (let number = 0; source.includes(quote); number++) quote = `$body${number}$`;
  return quote;
}

/** Collects the SQL of a tree of PL/pgSQL; false where something in it is not plain. */
function gather(node: unknown, parts: string[]): boolean {
  if (Array.isArray(node)) return node.every((item) => gather(item, parts));
  if (!isFields(node)) return true;
  for (const [name, value] of Object.entries(node)) {
    if (name.startsWith('PLpgSQL_stmt_') && !plainStatements.has(name)) return false;
    if (name === 'dynquery' || name === 'cursor_explicit_expr') return false;
    if (name === 'PLpgSQL_expr' && isFields(value)) {
      const part = sqlOf(value);
      if (part === null) return false;
      parts.push(part);
    } else if (!gather(value, parts)) return false;
  }
  return true;
}

function sqlOf(expression: Fields): string | null {
  const query = text(expression, 'query');
  const mode = number(expression, 'parseMode');
  if (mode < EXPRESSION_MODE) return query;
  if (mode < ASSIGNMENT_MODE) return `select ${query}`;
  const target = assignment.exec(query)?.[0];
  return target === undefined ? null : `select ${query.slice(target.length)}`;
}

const word = /[\p{L}_][\p{L}\p{N}_$]*/gu;

/** A function of the user's that the body names and no part does: something of it is not among the parts. */
function mentionsMore(catalog: Catalog, info: FunctionInfo, parts: readonly string[]): boolean {
  const seen = new Set(parts.flatMap((part) => part.toLowerCase().match(word) ?? []));
  const all = (info.source ?? '').toLowerCase().match(word) ?? [];
  return all.some(
    (name) =>
      !seen.has(name) &&
      (name === 'execute' ||
        (catalog.functionsByName.get(name) ?? []).some((other) => other.schema !== 'pg_catalog')),
  );
}
