/** Holds that sharing makes nobody wait for himself: what the workload found, as small as it gets. */
import { expect, it } from 'vitest';
import { fixture } from '../../adapters/pg/fixture.js';
import { describeWithPostgres } from '../../support/servers.js';

describeWithPostgres('a read on a connection in hand', () => {
  it('is answered although the same read waits for that connection', async () => {
    const given = await fixture(
      'create table accounts (id int primary key); insert into accounts values (1)',
    );
    try {
      const pool = given.wrappedPool({ max: 1 });
      await given.pool.query('select 1');
      await pool.query('select count(*) from accounts');
      const client = await pool.connect();
      const waiting = pool.query('select * from accounts');
      expect((await client.query('select * from accounts')).rows).toEqual([{ id: 1 }]);
      client.release();
      expect((await waiting).rows).toEqual([{ id: 1 }]);
    } finally {
      await given.end();
    }
  });
});

describeWithPostgres('a read that fails', () => {
  it('is told to its caller and to nobody else, where executions are not shared', async () => {
    const given = await fixture(
      'create table accounts (id int primary key); insert into accounts values (0)',
      {
        limits: { flights: 0 },
      },
    );
    const unhandled: unknown[] = [];
    const note = (reason: unknown): void => void unhandled.push(reason);
    process.on('unhandledRejection', note);
    try {
      await given.pool.query('select id from accounts');
      await expect(given.pool.query('select 1 / id from accounts')).rejects.toThrow('division by zero');
      await given.plain.query('select 1'); // Node tells of rejections between two turns of its loop
      expect(unhandled).toEqual([]);
    } finally {
      process.off('unhandledRejection', note);
      await given.end();
    }
  });
});
