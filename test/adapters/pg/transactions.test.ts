/** Decides whether writes in transactions invalidate exactly when the database shows them, however they are sent. */

import type pg from 'pg';
import Cursor from 'pg-cursor';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import type { PgClient } from '../../../src/adapters/pg/shapes.js';
import { describeWithPostgres } from '../../support/servers.js';
import { type Fixture, fixture } from './fixture.js';

const schema = `
  create table accounts (id int primary key, balance int);
  create table notes (id int primary key, body text);
`;

describeWithPostgres('transactions through a wrapped pool', () => {
  let given: Fixture;
  let client: pg.PoolClient;

  beforeAll(async () => {
    given = await fixture(schema);
  });
  afterAll(() => given.end());

  beforeEach(async () => {
    await given.pool.query('delete from accounts');
    await given.pool.query('insert into accounts select g, 100 from generate_series(1, 5) g');
    await given.pool.query('delete from notes');
    await given.pool.query(`insert into notes values (1, 'one')`);
  });

  const balance = async (id = 1): Promise<unknown> =>
    (await given.pool.query<{ balance: number }>('select balance from accounts where id = $1', [id])).rows[0]
      ?.balance;
  const notes = () => given.pool.query('select * from notes');
  const onClient = async (task: () => Promise<void>): Promise<void> => {
    client = await given.pool.connect();
    try {
      await task();
    } finally {
      client.release();
    }
  };

  it('keeps serving the old rows until COMMIT, and never after', async () => {
    await balance();
    await onClient(async () => {
      await client.query('begin');
      await client.query('update accounts set balance = 1 where id = 1');
      expect(await given.isHit(() => balance())).toBe(true);
      expect(await balance()).toBe(100);
      await client.query('commit');
      expect(await balance()).toBe(1);
    });
  });

  it('invalidates nothing when the transaction is rolled back', async () => {
    await balance();
    const { writes } = given.cache.stats();
    await onClient(async () => {
      await client.query('begin');
      await client.query('update accounts set balance = 2 where id = 1');
      await client.query('rollback');
    });
    expect(await given.isHit(() => balance())).toBe(true);
    expect(given.cache.stats().writes).toBe(writes);
  });

  it('counts what was written before a savepoint was rolled back to', async () => {
    await Promise.all([balance(), notes()]);
    await onClient(async () => {
      await client.query('begin');
      await client.query('update accounts set balance = 3 where id = 1');
      await client.query('savepoint a');
      await client.query(`update notes set body = 'x'`);
      await expect(client.query('select 1 / 0')).rejects.toThrow('division by zero');
      await client.query('rollback to savepoint a');
      await client.query('commit');
    });
    expect(await balance()).toBe(3);
    expect((await notes()).rows).toStrictEqual([{ id: 1, body: 'one' }]);
  });

  it('reads what the transaction wrote, and lets nobody else have it', async () => {
    await onClient(async () => {
      await client.query('begin');
      await client.query('update accounts set balance = 4 where id = 1');
      const read = () => client.query('select balance from accounts where id = $1', [1]);
      expect((await read()).rows).toStrictEqual([{ balance: 4 }]);
      expect(await given.isHit(read)).toBe(false);
      expect(await balance()).toBe(100);
      await client.query('rollback');
    });
    expect(await balance()).toBe(100);
  });

  it('treats COMMIT of a failed transaction as the rollback that it is', async () => {
    await balance();
    await onClient(async () => {
      await client.query('begin');
      await client.query('update accounts set balance = 5 where id = 1');
      await expect(client.query('select 1 / 0')).rejects.toThrow();
      // Called before the server said that it is ready again, COMMIT would count as one that may commit.
      await expect.poll(() => (client as unknown as PgClient).getTransactionStatus?.()).toBe('E');
      expect((await client.query('commit')).command).toBe('ROLLBACK');
    });
    expect(await given.isHit(() => balance())).toBe(true);
  });

  it('sees each transaction of a chain', async () => {
    await onClient(async () => {
      await client.query('begin');
      for (const amount of [6, 7]) {
        await balance();
        await client.query('update accounts set balance = $1 where id = 1', [amount]);
        await client.query('commit and chain');
        expect(await balance()).toBe(amount);
      }
      await client.query('rollback');
    });
  });

  it('sees a transaction inside one text', async () => {
    await balance();
    await given.pool.query('begin; update accounts set balance = 8 where id = 1; commit');
    expect(await balance()).toBe(8);
  });

  it('sees a COMMIT hidden behind a read', async () => {
    await balance();
    await onClient(async () => {
      await client.query('begin');
      await client.query('update accounts set balance = 9 where id = 1');
      await client.query('select 1; commit');
      expect(await balance()).toBe(9);
    });
  });

  it('counts what was committed before a later statement of the text failed', async () => {
    await balance();
    await onClient(async () => {
      await expect(
        client.query('begin; update accounts set balance = 10 where id = 1; commit; select 1 / 0'),
      ).rejects.toThrow('division by zero');
    });
    expect(await balance()).toBe(10);
  });

  it('counts a transaction that was begun and failed in one text, and saved by a savepoint', async () => {
    await balance();
    await onClient(async () => {
      await expect(
        client.query('begin; update accounts set balance = 11 where id = 1; savepoint a; select 1 / 0'),
      ).rejects.toThrow('division by zero');
      await balance();
      await client.query('rollback to a');
      await client.query('commit');
    });
    expect(await balance()).toBe(11);
  });

  it('is right when nothing is awaited', async () => {
    await balance();
    await onClient(async () => {
      const sent = [
        client.query('begin'),
        client.query('update accounts set balance = 12 where id = 1'),
        client.query('commit'),
        client.query('begin'),
        client.query('update accounts set balance = 13 where id = 2'),
        client.query('rollback'),
        client.query('select balance from accounts where id = 1'),
      ];
      const results = await Promise.all(sent);
      expect(results.at(-1)?.rows).toStrictEqual([{ balance: 12 }]);
    });
    expect(await balance(1)).toBe(12);
    expect(await balance(2)).toBe(100);
  });

  it('keeps the order of a read and a write that nobody awaited', async () => {
    await onClient(async () => {
      const [before, , after] = await Promise.all([
        client.query('select balance from accounts where id = 3'),
        client.query('update accounts set balance = 14 where id = 3'),
        client.query('select balance from accounts where id = 3'),
      ]);
      expect(before.rows).toStrictEqual([{ balance: 100 }]);
      expect(after.rows).toStrictEqual([{ balance: 14 }]);
    });
  });

  it('is right when BEGIN is sent through the pool', async () => {
    const single = given.wrappedPool({ max: 1 });
    const own = async (): Promise<unknown> =>
      (await single.query<{ balance: number }>('select balance from accounts where id = 1')).rows[0]?.balance;
    await own();
    await single.query('begin');
    await single.query('update accounts set balance = 15 where id = 1');
    await balance();
    await single.query('commit');
    expect(await own()).toBe(15);
    expect(await balance()).toBe(15);
  });

  it('fills nothing from a connection that was given back in a transaction', async () => {
    const single = given.wrappedPool({ max: 1 });
    const leaking = await single.connect();
    await leaking.query('begin');
    await leaking.query('update accounts set balance = 16 where id = 1');
    leaking.release();
    const seen = await single.query('select balance from accounts where id = $1', [1]);
    expect(seen.rows).toStrictEqual([{ balance: 16 }]);
    expect(await balance()).toBe(100);
    await single.query('rollback');
    expect(await balance()).toBe(100);
  });

  it('sees what cursors write', async () => {
    await balance();
    await onClient(async () => {
      const cursor = client.query(new Cursor('update accounts set balance = 17 where id = 1 returning id'));
      expect(await cursor.read(10)).toStrictEqual([{ id: 1 }]);
      await cursor.close();
    });
    expect(await balance()).toBe(17);
  });

  it('sees what DO blocks and procedures commit by themselves', async () => {
    await balance();
    await given.pool.query(`do $$ begin update accounts set balance = 18 where id = 1; commit; end $$`);
    expect(await balance()).toBe(18);
  });

  it('sees what a CALL committed before it raised', async () => {
    await given.plain.query(`create procedure half(told int) language plpgsql as $$ begin
      update accounts set balance = told where id = 1; commit; raise exception 'too late'; end $$`);
    await balance();
    await expect(given.pool.query('call half(19)')).rejects.toThrow('too late');
    expect(await balance()).toBe(19);
  });

  it('leaves nothing unresolved and nothing failed', () => {
    expect(given.cache.stats()).toMatchObject({ unresolved: 0, failures: {} });
  });
});
