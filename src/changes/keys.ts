/** Decides how what is known of writes by others is named in the store: beside the tables, in their slots. */
import { keyOfTable, rootOf, type TableNames } from '../cache/bind.js';

const beside = (tableKey: string, letter: string): string =>
  tableKey.replace(/^lookaside:t:/, `lookaside:${letter}:`);

/** Counts the rows of a table that were written through the cache and may show in the statistics. */
export const ownKey = (names: TableNames, tableId: string): string => beside(keyOfTable(names, tableId), 'o');

/** What the last look at a database's statistics showed. */
export const baselineKey = (names: TableNames): string => beside(rootOf(names), 'p');

/** Who looks. */
export const leaseKey = (names: TableNames): string => `${baselineKey(names)}:lease`;

/** What the last look at a database's log showed. */
export const logKey = (names: TableNames): string => beside(rootOf(names), 'g');

/** Transactions that were made through the cache, until somebody who looks takes them. */
export const ownLogKey = (names: TableNames): string => `${logKey(names)}:own`;
