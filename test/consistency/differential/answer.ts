/** Decides when two answers of pg are the same: rows with their types, field descriptions, command tag; or the error. */
import type pg from 'pg';

type Result = pg.QueryResult<Record<string, unknown>> | pg.QueryArrayResult;

/** One text; equal exactly when a caller cannot tell the answers apart. */
export function answerOf(result: Result, isOrdered: boolean): string {
  const rows = (result.rows as readonly unknown[]).map(textOf);
  // Without ORDER BY the database may give them in any order, and does after an update of a neighbour.
  if (!isOrdered) rows.sort();
  const fields = result.fields.map((field) => textOf({ ...field }));
  return [`${result.command} ${String(result.rowCount)}`, fields.join(' '), ...rows].join('\n');
}

export const errorAnswer = (error: unknown): string => `error ${codeOf(error)}`;

/** @throws what the database has not said: then something is broken. */
function codeOf(error: unknown): string {
  const { code } = error as { code?: unknown };
  if (typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code)) return code;
  throw error;
}

/** With types: a Date is no text that looks like it. */
export function textOf(value: unknown): string {
  if (value === null || value === undefined || typeof value === 'boolean') return String(value);
  if (typeof value === 'number') return `number ${Object.is(value, -0) ? '-0' : value}`;
  if (typeof value === 'bigint') return `bigint ${value}`;
  if (typeof value === 'string') return JSON.stringify(value);
  if (Buffer.isBuffer(value)) return `bytes ${value.toString('hex')}`;
  if (value instanceof Date) return `date ${value.getTime()}`;
  if (Array.isArray(value)) return `[${value.map(textOf).join(', ')}]`;
  const entries = Object.entries(value as Record<string, unknown>);
  return `{${entries.map(([name, item]) => `${name}: ${textOf(item)}`).join(', ')}}`;
}
