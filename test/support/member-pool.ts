/** Decides how an application process asks through a wrapped pool, whichever driver it is of. */
import mysql from 'mysql2/promise';
import pg from 'pg';
import { withCache as withMysqlCache } from '../../src/adapters/mysql2/index.js';
import { withCache } from '../../src/adapters/pg/index.js';
import type { Cache } from '../../src/index.js';
import type { MemberSettings } from './member.js';

interface Rows {
  rows(text: string, values: unknown[]): Promise<unknown>;
}
export interface MemberClient extends Rows {
  release(destroy: boolean): void;
}
export interface MemberPool extends Rows {
  connect(): Promise<MemberClient>;
  end(): Promise<void>;
}

export const poolOf = ({ driver, pool }: MemberSettings, cache: Cache): MemberPool =>
  driver === 'mysql2' ? ofMysql2(pool as mysql.PoolOptions, cache) : ofPg(pool as pg.PoolConfig, cache);

function ofPg(config: pg.PoolConfig, cache: Cache): MemberPool {
  const pool = withCache(new pg.Pool(config), cache);
  pool.on('error', () => undefined);
  const rowsOf =
    (from: pg.Pool | pg.PoolClient): Rows['rows'] =>
    async (text, values) =>
      (await from.query(text, values)).rows as unknown;
  return {
    rows: rowsOf(pool),
    connect: async () => {
      const client = await pool.connect();
      client.on('error', () => undefined);
      return { rows: rowsOf(client), release: (destroy) => client.release(destroy) };
    },
    end: () => pool.end(),
  };
}

function ofMysql2(config: mysql.PoolOptions, cache: Cache): MemberPool {
  const pool = withMysqlCache(mysql.createPool(config), cache);
  const rowsOf =
    (from: Pick<mysql.Pool, 'query'>): Rows['rows'] =>
    async (text, values) =>
      (await from.query(text, values))[0];
  return {
    rows: rowsOf(pool),
    connect: async () => {
      const connection = await pool.getConnection();
      connection.on('error', () => undefined);
      return {
        rows: rowsOf(connection),
        release: (destroy) => (destroy ? connection.destroy() : connection.release()),
      };
    },
    end: () => pool.end(),
  };
}
