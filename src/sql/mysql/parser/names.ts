/** Decides how tables, columns and aliases are named. */
import type { ColumnReference, TableName } from '../ast.js';
import type { Cursor } from './cursor.js';
import { mayBeAlias } from './words.js';

/** `table` or `schema.table` */
export function tableName(cursor: Cursor): TableName {
  const first = cursor.name();
  if (!cursor.take('.')) return { kind: 'table-name', schema: null, name: first };
  return { kind: 'table-name', schema: first, name: cursor.name() };
}

/** `table.*` too, as the servers let it stand in DELETE. */
export function tableNameWithStar(cursor: Cursor): TableName {
  const first = cursor.name();
  if (!cursor.take('.') || cursor.take('*')) return { kind: 'table-name', schema: null, name: first };
  const name = cursor.name();
  if (cursor.take('.')) cursor.expect('*');
  return { kind: 'table-name', schema: first, name };
}

/** `column`, `table.column` or `schema.table.column` */
export function columnReference(cursor: Cursor): ColumnReference {
  const names = [cursor.name()];
  while (names.length < 3 && cursor.take('.')) names.push(cursor.name());
  return { kind: 'column', names };
}

/** A name with AS or without. */
export function alias(cursor: Cursor): string | null {
  if (cursor.take('as')) return cursor.name();
  const { kind, word } = cursor.peek();
  return kind === 'name' || (kind === 'word' && mayBeAlias(word)) ? cursor.next().text : null;
}

/** Of what is selected: strings too. */
export function selectAlias(cursor: Cursor): string | null {
  const hasAs = cursor.take('as');
  if (cursor.peek().kind === 'string') return cursor.next().text;
  if (hasAs) return cursor.name();
  const { kind, word } = cursor.peek();
  return kind === 'name' || (kind === 'word' && mayBeAlias(word)) ? cursor.next().text : null;
}
