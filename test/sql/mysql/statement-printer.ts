/** Decides how statements that write are written from their trees. */
import type { Query } from '../../../src/sql/mysql/ast.js';
import type { Assignment, Delete, Insert, Statement, Update } from '../../../src/sql/mysql/statement-ast.js';
import {
  printExpression,
  printItem,
  printLimit,
  printName,
  printOrder,
  printQuery,
  printSource,
  printTable,
  printWith,
} from './printer.js';

/** Null: of another kind. */
export function printStatement(statement: Statement): string | null {
  switch (statement.kind) {
    case 'query':
      return printQuery(statement);
    case 'insert':
      return printInsert(statement);
    case 'update':
      return printUpdate(statement);
    case 'delete':
      return printDelete(statement);
    default:
      return null;
  }
}

const comma = (texts: readonly string[]): string => texts.join(', ');

const printAssignment = ({ column, value }: Assignment): string =>
  `${printExpression(column)} = ${value.kind === 'default' ? printDefault(value) : printExpression(value)}`;

const printDefault = (value: Extract<Assignment['value'], { kind: 'default' }>): string =>
  value.column === null ? 'DEFAULT' : printExpression(value);

function printInsert(insert: Insert): string {
  const { rowAlias, onDuplicate, returning } = insert;
  const columns = insert.columns === null ? '' : ` (${comma(insert.columns.map(printExpression))})`;
  const partitions =
    insert.partitions === null ? '' : ` PARTITION (${comma(insert.partitions.map(printName))})`;
  return [
    insert.isReplace ? 'REPLACE' : 'INSERT',
    ...insert.options.map((option) => ` ${option.toUpperCase()}`),
    insert.isIgnore ? ' IGNORE' : '',
    ` INTO ${printTable(insert.table)}${partitions}${columns} `,
    printSourceOf(insert.source),
    rowAlias === null ? '' : ` AS ${printName(rowAlias.name)}`,
    rowAlias?.columns === undefined || rowAlias.columns === null
      ? ''
      : ` (${comma(rowAlias.columns.map(printName))})`,
    onDuplicate === null ? '' : ` ON DUPLICATE KEY UPDATE ${comma(onDuplicate.map(printAssignment))}`,
    returning === null ? '' : ` RETURNING ${comma(returning.map(printItem))}`,
  ].join('');
}

function printSourceOf(source: Insert['source'] | Query): string {
  if (source.kind === 'query') return printQuery(source);
  const value = (node: Assignment['value']): string =>
    node.kind === 'default' ? printDefault(node) : printExpression(node);
  return `VALUES ${comma(source.rows.map((row) => `(${comma(row.map(value))})`))}`;
}

function printRestriction({ where, orderBy, limit }: Update | Delete): string {
  return `${where === null ? '' : ` WHERE ${printExpression(where)}`}${printOrder(orderBy)}${printLimit(limit)}`;
}

const printOptions = ({ options, isIgnore }: Update | Delete): string =>
  [...options.map((option) => ` ${option.toUpperCase()}`), isIgnore ? ' IGNORE' : ''].join('');

function printUpdate(update: Update): string {
  const sources = comma(update.from.map(printSource));
  const assignments = comma(update.assignments.map(printAssignment));
  return `${printWith(update.with)}UPDATE${printOptions(update)} ${sources} SET ${assignments}${printRestriction(update)}`;
}

function printDelete(remove: Delete): string {
  const sources = comma(remove.from.map(printSource));
  const targets = remove.targets === null ? '' : ` ${comma(remove.targets.map(printTable))}`;
  const returning = remove.returning === null ? '' : ` RETURNING ${comma(remove.returning.map(printItem))}`;
  return `${printWith(remove.with)}DELETE${printOptions(remove)}${targets} FROM ${sources}${printRestriction(remove)}${returning}`;
}
