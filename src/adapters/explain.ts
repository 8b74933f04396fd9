/** Decides how a wrapped pool says, in words, what it would do with a statement and why. Runs nothing of it. */
import { LookasideError } from '../errors.js';
import { type Advice, adviceFor, reasonAdvice } from '../sql/advice.js';
import { explainPlan } from '../sql/explain.js';
import type { Plan, TableRead, TableWrite, ValueClass, ValueSource } from '../sql/plan.js';
import { canonicalValue, NULL_VALUE } from '../sql/values.js';
import { type KnownDatabase, wrappedOf } from './wrapped.js';

/** One table that a statement reads or writes. */
export interface ExplainedTable {
  /** `schema.name`. */
  readonly table: string;
  /** `id = 7`: only rows like this count. Null: every row does. */
  readonly pin: string | null;
}

export interface Explanation {
  readonly kind: Plan['kind'];
  /** Whether results of this call may come from the cache. */
  readonly cached: boolean;
  /** Why, or why not, as a sentence. */
  readonly why: string;
  readonly reads: readonly ExplainedTable[];
  /** `everything`: all tables of the database. */
  readonly writes: 'everything' | readonly ExplainedTable[];
  /** What would have it cached, or invalidate less; empty where nothing is to be done. */
  readonly advice: readonly string[];
  /** All of it, for people. */
  readonly text: string;
}

/** What only a dialect knows of parameters. */
export interface ExplainedBy {
  /** Why a call with these parameters is never cached, by the code of its advice; null if nothing speaks against it. */
  refusalOf(parameters: readonly unknown[]): { readonly code: string; readonly why: string } | null;
  /** As the dialect writes one, from 0, of which the value is not known. */
  parameterName(index: number): string;
  readonly advice: Advice;
}

/**
 * What a wrapped pool or client would do with a statement outside a transaction. Connects if nothing has yet;
 * does not run the statement.
 *
 * @throws LookasideError `POOL_UNSUPPORTED` when it was not wrapped, `CATALOG_UNAVAILABLE`; what connecting throws
 */
export async function explainStatement(
  by: ExplainedBy,
  pool: object,
  sql: string,
  parameters: readonly unknown[],
): Promise<Explanation> {
  const wrapped = wrappedOf(pool);
  if (wrapped === undefined)
    throw new LookasideError(
      'POOL_UNSUPPORTED',
      'explain needs what withCache returned, with a mode other than off',
    );
  await wrapped.wrapper.prepare();
  const { database } = wrapped.wrapper;
  const statement = database?.statement(sql);
  if (database === null || statement === undefined)
    throw new LookasideError(
      'CATALOG_UNAVAILABLE',
      'connect first, and see the failures that the cache reported',
    );
  const { plan } = statement;
  const said = explainPlan(plan);
  const refusal = plan.kind === 'read' ? refusalOf(by, statement.refusal, parameters) : null;
  const why = refusal?.why ?? said.summary;
  const about: Explained = { by, database, parameters };
  const reads = plan.kind === 'read' ? plan.reads.map((read) => readOf(about, read)) : [];
  const writes = writesOf(about, plan);
  const lines = [why, ...reads.map((read) => inWords('Reads', read))];
  if (writes === 'everything') lines.push('Writes may be to any table.');
  else lines.push(...writes.map((write) => inWords('Writes', write)));
  const advice = refusal?.advice ?? adviceFor(plan, ({ id }) => database.keysOf(id), by.advice);
  lines.push(...advice.map((line) => `Advice: ${line}`));
  return {
    kind: plan.kind,
    cached: said.cached && refusal === null,
    why,
    reads,
    writes,
    advice,
    text: lines.join('\n'),
  };
}

interface Refusal {
  readonly why: string;
  readonly advice: readonly string[];
}

function refusalOf(by: ExplainedBy, refusal: string, parameters: readonly unknown[]): Refusal | null {
  if (refusal === 'excluded')
    return because(by, 'excluded', 'Not cached: the configuration excludes one of its tables.');
  const found = by.refusalOf(parameters);
  return found === null ? null : because(by, found.code, found.why);
}

const because = ({ advice }: ExplainedBy, code: string, why: string): Refusal => ({
  why,
  advice: reasonAdvice(advice, code),
});

/** A call that is explained. */
interface Explained {
  readonly by: ExplainedBy;
  readonly database: KnownDatabase;
  readonly parameters: readonly unknown[];
}

function readOf(about: Explained, { table, pins }: TableRead): ExplainedTable {
  if (pins === null) return { table: table.name, pin: null };
  const alternatives = pins.map(({ shape, values }) => {
    const parts = shape
      .split(',')
      .map((column, index) =>
        equation(about, table.id, column, values[index] === undefined ? [] : [values[index]]),
      );
    return parts.includes(null) ? null : parts.join(' and ');
  });
  return { table: table.name, pin: alternatives.includes(null) ? null : alternatives.join(', or ') };
}

function writesOf(about: Explained, plan: Plan): 'everything' | readonly ExplainedTable[] {
  if (plan.kind !== 'write') return [];
  if (plan.writes.scope === 'everything') return 'everything';
  return plan.writes.tables.map((write) => writeOf(about, write));
}

function writeOf(about: Explained, { table, pins }: TableWrite): ExplainedTable {
  const parts = pins
    .map(({ column, values }) => equation(about, table.id, column, values))
    .filter((part) => part !== null);
  return { table: table.name, pin: parts.length === 0 ? null : parts.join(' and ') };
}

/** Null where a parameter's value cannot be told apart soundly. */
function equation(
  { by, database, parameters }: Explained,
  tableId: string,
  column: string,
  sources: readonly ValueSource[],
): string | null {
  const values = sources.map((source) => {
    if (source.kind === 'literal') return source.value === NULL_VALUE ? 'null' : source.value;
    if (source.index >= parameters.length)
      return source.kind === 'elements'
        ? `any (${by.parameterName(source.index)})`
        : by.parameterName(source.index);
    const given = parameters[source.index];
    if (source.kind === 'parameter') return wordOf(source.valueClass, given);
    if (!Array.isArray(given)) return null;
    const elements = (given as readonly unknown[]).map((element) => wordOf(source.valueClass, element));
    return elements.includes(null) ? null : elements.join(' or ');
  });
  if (values.includes(null)) return null;
  return `${database.columnName(tableId, column)} = ${values.join(' or ')}`;
}

const wordOf = (valueClass: ValueClass, value: unknown): string | null =>
  value === null || value === undefined ? 'null' : canonicalValue(valueClass, value);

const inWords = (verb: string, { table, pin }: ExplainedTable): string =>
  pin === null ? `${verb} ${table}: any row.` : `${verb} ${table}: only rows with ${pin}.`;
