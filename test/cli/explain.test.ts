/** `lookaside explain` as somebody at a shell runs it, on each kind of database. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import mysql from 'mysql2/promise';
import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Explanation } from '../../src/adapters/pg/index.js';
import { buildPackage } from '../examples/child.js';
import { createMysqlDatabase, describeWithMysql } from '../support/mysql.js';
import { describeWithPostgres, postgres } from '../support/servers.js';

interface Place {
  readonly url: string;
  /** Past the program. */
  query(sql: string): Promise<unknown>;
  drop(): Promise<void>;
}

interface Dialect {
  readonly describe: (name: string, suite: () => void) => void;
  open(): Promise<Place>;
  /** Of the first and only parameter. */
  readonly parameter: string;
  readonly schemes: readonly string[];
}

const dialects: Readonly<Record<string, Dialect>> = {
  Postgres: {
    describe: describeWithPostgres,
    parameter: '$1',
    schemes: ['postgres:', 'postgresql:'],
    open: async () => {
      const { url, config, drop } = await postgres().createDatabase();
      const pool = new pg.Pool(config);
      const end = async (): Promise<void> => {
        await pool.end();
        await drop();
      };
      return { url, query: async (sql) => (await pool.query<object>(sql)).rows, drop: end };
    },
  },
  MariaDB: {
    describe: describeWithMysql,
    parameter: '?',
    schemes: ['mysql:', 'mariadb:'],
    open: async () => {
      const { url, config, drop } = await createMysqlDatabase();
      const pool = mysql.createPool(config);
      const end = async (): Promise<void> => {
        await pool.end();
        await drop();
      };
      return { url, query: async (sql) => (await pool.query(sql))[0], drop: end };
    },
  },
};

for (const [name, { describe, open, parameter, schemes }] of Object.entries(dialects))
  describe(`lookaside explain on ${name}`, () => {
    const folder = mkdtempSync(join(tmpdir(), 'lookaside-explain-'));
    let place: Place;

    beforeAll(async () => {
      buildPackage();
      place = await open();
      await place.query('create table products (id int primary key, name varchar(20))');
    });
    afterAll(async () => {
      await place.drop();
      rmSync(folder, { recursive: true });
    });

    function explainAt(url: string, args: readonly string[], input?: string) {
      const { status, stdout, stderr } = spawnSync(
        process.execPath,
        ['dist/esm/bin.js', 'explain', '--url', url, ...args],
        { encoding: 'utf8', ...(input === undefined ? {} : { input }) },
      );
      return { status, stdout, stderr };
    }
    const explain = (args: readonly string[], input?: string) => explainAt(place.url, args, input);
    const explanationOf = (...args: readonly string[]): Explanation =>
      JSON.parse(explain([...args, '--json']).stdout) as Explanation;

    it('says what a statement depends on, from the command line or standard input', () => {
      const text = `select * from products where id = ${parameter}`;
      const said = explain([text, '--param', '7']);
      expect(said).toMatchObject({ status: 0, stderr: '' });
      expect(said.stdout).toContain('only rows with id = 7');
      expect(explain(['--param', '7'], text).stdout).toBe(said.stdout);
    });

    it('says what a write touches', () => {
      const said = explanationOf(`update products set name = 'x' where id = ${parameter}`, '--param', '7');
      expect(said).toMatchObject({ kind: 'write', cached: false, advice: [] });
      expect(said.writes).toEqual([{ table: expect.stringMatching(/\.products$/) as string, pin: 'id = 7' }]);
      expect(explanationOf("update products set name = 'x'").advice[0]).toContain('by an equality on id');
    });

    it('says why it is not cached, and what would change that', () => {
      const explanation = explanationOf('select now(), name from products');
      expect(explanation.cached).toBe(false);
      expect(explanation.why).toContain('now()');
      expect(explanation.advice[0]).toContain('parameter');
    });

    it('follows the configuration', () => {
      const file = join(folder, 'config.json');
      writeFileSync(file, JSON.stringify({ exclude: ['products'] }));
      const said = explain(['select * from products', '--config', file]);
      expect(said.stdout).toContain('excludes one of its tables');
      expect(said.stdout).toContain('Take the table out of `exclude`');
    });

    it('ends with 1 and a sentence where the database cannot be reached, and runs nothing', async () => {
      for (const scheme of schemes) {
        const away = explainAt(`${scheme}//localhost:1/none`, ['select 1']);
        expect(away.status).toBe(1);
        expect(away.stderr).toMatch(/^lookaside: .*ECONNREFUSED.*\(LOOKASIDE_CATALOG_UNAVAILABLE\)\n$/);
      }
      expect(explainAt('mssql://localhost/none', ['select 1'])).toMatchObject({
        status: 1,
        stderr: expect.stringMatching(/begins with postgres:.*\(LOOKASIDE_INVALID_ARGUMENT\)/) as string,
      });
      const url = place.url.replace(/^\w+:/, schemes.at(-1) ?? '');
      const said = explainAt(url, [`insert into products values (1, ${parameter})`, '--param', 'x']);
      expect(said.stdout).toContain('products');
      expect(await place.query('select * from products')).toStrictEqual([]);
    });
  });
