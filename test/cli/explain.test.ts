/** `lookaside explain` as somebody at a shell runs it. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { buildPackage } from '../examples/child.js';
import { describeWithPostgres, postgres, type TestDatabase } from '../support/servers.js';

describeWithPostgres('lookaside explain', () => {
  const folder = mkdtempSync(join(tmpdir(), 'lookaside-explain-'));
  let database: TestDatabase;
  let url: string;

  beforeAll(async () => {
    buildPackage();
    database = await postgres().createDatabase();
    url = database.url;
    const pool = new pg.Pool(database.config);
    await pool.query('create table products (id int primary key, name text)');
    await pool.end();
  });
  afterAll(async () => {
    await database.drop();
    rmSync(folder, { recursive: true });
  });

  function explain(args: readonly string[], input?: string) {
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      ['dist/esm/bin.js', 'explain', '--url', url, ...args],
      { encoding: 'utf8', ...(input === undefined ? {} : { input }) },
    );
    return { status, stdout, stderr };
  }

  it('says what a statement depends on, from the command line or standard input', () => {
    const said = explain(['select * from products where id = $1', '--param', '7']);
    expect(said).toMatchObject({ status: 0, stderr: '' });
    expect(said.stdout).toContain('only rows with id = 7');
    expect(explain(['--param', '7'], 'select * from products where id = $1').stdout).toBe(said.stdout);
  });

  it('says why it is not cached, and what would change that', () => {
    const said = explain(['select now(), name from products', '--json']);
    const explanation = JSON.parse(said.stdout) as { cached: boolean; why: string; advice: string[] };
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
    const away = spawnSync(
      process.execPath,
      ['dist/esm/bin.js', 'explain', '--url', 'postgres://localhost:1/none', 'select 1'],
      { encoding: 'utf8' },
    );
    expect(away.status).toBe(1);
    expect(away.stderr).toContain('ECONNREFUSED');
    expect(explain(['insert into products values (1, $1)', '--param', 'x']).stdout).toContain('products');
    const pool = new pg.Pool(database.config);
    expect((await pool.query('select * from products')).rows).toStrictEqual([]);
    await pool.end();
  });
});
