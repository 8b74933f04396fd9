/** Decides what contestants ask of a database, whichever driver answers: rows of a group, and an update of one row. */
import type { Pool as Mysql2Pool, ResultSetHeader, RowDataPacket } from 'mysql2/promise';
import type { Pool } from 'pg';

export interface MeasuredTable {
  readonly name: string;
  /** With one parameter: the group. */
  readonly select: string;
  readonly groups: number;
}

export interface Row {
  readonly id: number;
}

export interface Measured {
  rows(table: MeasuredTable, group: number): Promise<readonly Row[]>;
  /** @returns how many rows it found */
  update(id: number, score: number): Promise<number | null>;
}

export const measuredPg = (pool: Pool, updateRow: string): Measured => ({
  rows: async ({ select }, group) => (await pool.query<Row>(select, [group])).rows,
  update: async (id, score) => (await pool.query(updateRow, [score, id])).rowCount,
});

export const measuredMysql2 = (pool: Mysql2Pool, updateRow: string): Measured => ({
  rows: async ({ select }, group) => (await pool.query<(RowDataPacket & Row)[]>(select, [group]))[0],
  update: async (id, score) => (await pool.query<ResultSetHeader>(updateRow, [score, id]))[0].affectedRows,
});
