/** What an account of MySQL or MariaDB has to be shown, what happens where it is not, and that roles count. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { explain } from '../../../src/adapters/mysql2/index.js';
import { LookasideError } from '../../../src/errors.js';
import { describeWithMysql } from '../../support/mysql.js';
import { type Fixture, fixture } from './fixture.js';

const schemaSql = `
  create table products (id int primary key, price int);
  create table carts (id int primary key, total int);
  insert into products values (1, 1); insert into carts values (1, 1);
  create view dear as select * from products where price > 9;
`;

describeWithMysql('an account that is not shown triggers', () => {
  const name = `p_${process.pid}`;
  let f: Fixture;
  let schema: string;
  const run = async (...texts: readonly string[]): Promise<void> => {
    for (const text of texts) await f.plain.query(text);
  };

  beforeAll(async () => {
    f = await fixture(schemaSql);
    schema = f.database.config.database;
    await run(
      `create role ${name}_role`,
      `create user ${name}@'%'`,
      `create user ${name}_r@'%'`,
      `grant select, insert, update, delete on ${schema}.* to ${name}@'%'`,
      `grant select, insert, update, delete on ${schema}.* to ${name}_r@'%'`,
      `grant trigger on ${schema}.* to ${name}_role`,
      `grant ${name}_role to ${name}_r@'%'`,
      `set default role ${name}_role for ${name}_r@'%'`,
    );
  });
  afterAll(async () => {
    await run(`drop user ${name}@'%'`, `drop user ${name}_r@'%'`, `drop role ${name}_role`);
    await f.end();
  });

  /** Whether a write of one table leaves a result of another one. */
  const leaves = async (pool: ReturnType<Fixture['wrappedPool']>): Promise<boolean> => {
    const read = (): Promise<unknown> => pool.query('select * from carts where id = 1');
    await read();
    expect(await f.isHit(read)).toBe(true);
    await pool.query('update products set price = price + 1 where id = 1');
    return f.isHit(read);
  };

  it('has each write count as one of everything, and is told what to grant', async () => {
    const failures: { readonly reason: string; readonly error: unknown }[] = [];
    f.cache.on('failure', (failure) => failures.push(failure));
    const pool = f.wrappedPool({ user: name });
    expect(await leaves(pool)).toBe(false);
    const told = failures.flatMap(({ reason, error }) =>
      reason === 'triggers' && error instanceof LookasideError ? [error] : [],
    );
    expect(told.map(({ code }) => code)).toEqual(['LOOKASIDE_TRIGGERS_HIDDEN']);
    expect(told[0]?.message).toContain(`GRANT TRIGGER ON \`${schema}\`.* TO`);
    const { writes, advice } = await explain(pool, 'update products set price = 2 where id = 1');
    expect(writes).toBe('everything');
    expect(advice[0]).toContain('TRIGGER');
  });

  it('hears of a view that it is not shown what to grant', async () => {
    const pool = f.wrappedPool({ user: name });
    const read = await explain(pool, 'select * from dear');
    expect(read).toMatchObject({ cached: false, why: expect.stringContaining('SHOW VIEW') as string });
    expect(read.advice[0]).toContain('grant show view');
    const write = await explain(pool, 'update dear set price = 10');
    expect(write).toMatchObject({
      writes: 'everything',
      why: expect.stringContaining('SHOW VIEW') as string,
    });
    expect((await explain(f.pool, 'select * from dear')).cached).toBe(true);
  });

  it('has them shown by a role that is set, and nothing to be told', async () => {
    const failures: string[] = [];
    f.cache.on('failure', ({ reason }) => failures.push(reason));
    expect(await leaves(f.wrappedPool({ user: `${name}_r` }))).toBe(true);
    expect(failures).not.toContain('triggers');
  });

  it('is not told of it where it may not write', async () => {
    const failures: string[] = [];
    f.cache.on('failure', ({ reason }) => failures.push(reason));
    await run(`create user ${name}_s@'%'`, `grant select on ${schema}.* to ${name}_s@'%'`);
    try {
      const pool = f.wrappedPool({ user: `${name}_s` });
      const read = (): Promise<unknown> => pool.query('select * from carts where id = 1');
      await read();
      expect(await f.isHit(read)).toBe(true);
      expect(failures).toEqual([]);
    } finally {
      await run(`drop user ${name}_s@'%'`);
    }
  });
});
