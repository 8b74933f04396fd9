/** Decides whether a database that went back in time, or was replaced, takes what was cached of it along. */
import pg from 'pg';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { withCache } from '../../../src/adapters/pg/index.js';
import { type Cache, createCache } from '../../../src/index.js';
import { PostgresServer } from '../../support/postgres-server.js';
import { describeWithPostgres } from '../../support/servers.js';
import { forgiving, until } from './fixture.js';

let serial = 0;

describeWithPostgres('a database', () => {
  let primary: PostgresServer;
  let standby: PostgresServer | null;
  let cache: Cache;
  let pool: pg.Pool;
  let place: { port: number };

  beforeEach(async () => {
    primary = await PostgresServer.start({ wal_level: 'replica', wal_writer_delay: '10s' });
    standby = null;
    await primary.query(
      `create table items (id int primary key, name text); insert into items values (1, 'one')`,
    );
    open();
  });
  afterEach(async () => {
    await pool.end();
    await cache.close();
    await Promise.all([primary.stop(), standby?.stop()]);
  });

  const open = (): void => {
    cache = createCache({
      namespace: `standby-${process.pid}-${serial++}`,
      ttl: '1h',
      changes: { kind: 'poll', interval: '100ms' },
    });
    pool = withCache(forgiving(new pg.Pool({ ...primary.place, max: 3 })), cache);
    place = pool.options as { port: number };
  };
  const nameOf = async (): Promise<unknown> =>
    (await pool.query<{ name: string }>('select name from items where id = 1')).rows[0]?.name;
  const hits = (): number => cache.stats().nearHits + cache.stats().storeHits;
  const isHit = async (): Promise<boolean> => {
    const before = hits();
    await nameOf();
    return hits() > before;
  };
  /** A server that is away for a moment fails queries; that is the application's to bear. */
  const answered = async <T>(ask: () => Promise<T>): Promise<T> => {
    for (;;)
      try {
        return await ask();
      } catch (error) {
        if (!(error instanceof Error)) throw error;
        await new Promise((resolve) => setImmediate(resolve));
      }
  };

  it('that crashed without what it had acknowledged does not live on in the cache', async () => {
    await primary.query('alter database postgres set synchronous_commit = off');
    await pool.query(`update items set name = 'lost' where id = 1`);
    expect(await nameOf()).toBe('lost');
    expect(await isHit()).toBe(true);
    const victim = new pg.Client(primary.place);
    victim.on('error', () => undefined);
    await victim.connect();
    const { rows } = await victim.query<{ pid: number }>('select pg_backend_pid() as pid');
    primary.killBackend(rows[0]?.pid as number); // one row
    const truth = (): Promise<unknown> =>
      answered(
        async () => (await primary.query<{ name: string }>('select name from items where id = 1'))[0]?.name,
      );
    await until(async () => (await answered(nameOf)) === (await truth()));
    expect(await truth()).toBe('one');
    await until(() => answered(isHit));
    expect(await nameOf()).toBe('one');
  });

  it('that was restarted is another state of itself', async () => {
    expect(await nameOf()).toBe('one');
    expect(await isHit()).toBe(true);
    await primary.end();
    await primary.startAgain();
    await until(async () => !(await answered(isHit)));
    await until(() => answered(isHit));
  });

  it('that is a standby is read past the cache, and fills nothing', async () => {
    standby = await primary.standby();
    const reader = withCache(forgiving(new pg.Pool({ ...standby.place, max: 1 })), cache);
    for (let again = 0; again < 3; again++) await reader.query('select name from items where id = 1');
    const { fills, bypassed, nearHits } = cache.stats();
    expect([fills, nearHits]).toStrictEqual([0, 0]);
    expect(bypassed['standby']).toBe(3);
    await reader.end();
  });

  it('whose lagging standby was promoted is read anew', async () => {
    standby = await primary.standby();
    await until(async () => (await standby?.query('select from items'))?.length === 1);
    await standby.query(`alter system set primary_conninfo = 'host=127.0.0.1 port=1'`);
    await standby.query('select pg_reload_conf()');
    await until(async () => (await standby?.query('select from pg_stat_wal_receiver'))?.length === 0);
    await pool.query(`update items set name = 'never replicated' where id = 1`);
    expect(await nameOf()).toBe('never replicated');
    expect(await isHit()).toBe(true);
    await primary.end('immediate');
    place.port = standby.place.port;
    await standby.query('select pg_promote()');
    await until(async () => (await answered(nameOf)) === 'one');
    await until(() => answered(isHit));
    expect(await nameOf()).toBe('one');
    await pool.query(`update items set name = 'after' where id = 1`);
    expect(await nameOf()).toBe('after');
  });

  it('that becomes the primary under a connection is written with intents from then on', async () => {
    standby = await primary.standby();
    place.port = standby.place.port;
    const early = await pool.connect();
    await early.query('select name from items where id = 1');
    const later = await pool.connect();
    await later.query('select name from items where id = 1');
    await standby.query('select pg_promote()');
    await until(
      async () => (await early.query<{ r: boolean }>('select pg_is_in_recovery() as r')).rows[0]?.r === false,
    );
    expect(await nameOf()).toBe('one');
    await until(isHit);
    await early.query(`update items set name = 'by the old connection' where id = 1`);
    early.release();
    expect(await nameOf()).toBe('by the old connection');
    expect(await isHit()).toBe(true);
    // The other one has not been heard of since, and writes with its first statement.
    await later.query(`update items set name = 'by the other one' where id = 1`);
    expect(await nameOf()).toBe('by the other one');
    later.release();
  });
});
