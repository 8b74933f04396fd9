/** Decides when two answers of mysql2 are the same: rows with their types, columns, what a write says of itself; or the error. */
import type { FieldPacket } from 'mysql2';
import { textOf } from '../differential/answer.js';

const columnWords = [
  'name',
  'table',
  'orgTable',
  'orgName',
  'schema',
  'columnType',
  'flags',
  'columnLength',
  'decimals',
  'characterSet',
] as const;

/** One text; equal exactly when a caller cannot tell the answers apart. */
export function answerOf([result, fields]: readonly [unknown, unknown], isOrdered: boolean): string {
  const columns = Array.isArray(fields) ? (fields as readonly unknown[]).map(columnsText) : ['-'];
  return [columns.join(' '), resultText(result, isOrdered)].join('\n');
}

function columnsText(field: unknown): string {
  if (Array.isArray(field)) return `[${(field as readonly unknown[]).map(columnsText).join(' ')}]`;
  if (field === undefined || field === null) return '-';
  const column = field as FieldPacket & Readonly<Record<string, unknown>>;
  return columnWords.map((word) => String(column[word])).join('/');
}

function resultText(result: unknown, isOrdered: boolean): string {
  if (!Array.isArray(result)) return saidOf(result);
  const rows = (result as readonly unknown[]).map((row) =>
    isSaid(row)
      ? saidOf(row)
      : Array.isArray(row) && row.some((cell) => isSaid(cell) || isRow(cell))
        ? `result ${resultText(row, isOrdered)}`
        : textOf(row),
  );
  // Without ORDER BY the database may give them in any order.
  if (!isOrdered && !rows.some((row) => /^(?:said|result) /.test(row))) rows.sort();
  return rows.join('\n');
}

const isSaid = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && 'affectedRows' in value;

const isRow = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && value.constructor?.name === 'TextRow';

function saidOf(result: unknown): string {
  const said = (result ?? {}) as Readonly<Record<string, unknown>>;
  const words = ['fieldCount', 'affectedRows', 'changedRows', 'insertId', 'info', 'warningStatus'];
  return `said ${words.map((word) => `${word} ${String(said[word])}`).join(', ')}`;
}

/** Said instead of waiting for a lock, or because of one; OPTIMIZE says it in its result. */
export const isLocked = (answer: string): boolean =>
  /^error (?:1205|1213)$|Lock wait timeout exceeded/.test(answer);

/** @throws what the database has not said: then something is broken. */
export function errorAnswer(error: unknown): string {
  const { errno, sqlState } = error as { errno?: unknown; sqlState?: unknown };
  if (typeof errno === 'number' && errno >= 1_000 && typeof sqlState === 'string') return `error ${errno}`;
  throw error;
}
