/** Decides whether what goes through a transaction-mode pooler is never served wrong, and what it takes to be cached. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type pg from 'pg';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { freePort } from '../../../scripts/lib/free-port.js';
import type { Config } from '../../../src/index.js';
import { describeWith, describeWithPostgres } from '../../support/servers.js';
import { type Fixture, fixture, until } from './fixture.js';

/** The trigger makes COMMIT wait for an advisory lock that the test holds. */
const schema = `
  create table slow (id int primary key, body text);
  insert into slow values (1, 'old');
  create function wait_for_test() returns trigger language plpgsql as
    $$ begin perform pg_advisory_xact_lock(4711); return null; end $$;
  create constraint trigger waits after update on slow deferrable initially deferred
    for each row execute function wait_for_test();
`;

interface Pooler {
  readonly port: number;
  stop(): Promise<void>;
}

/** Pgbouncer refuses to run as root. */
async function startPooler(database: Fixture['database']['config']): Promise<Pooler> {
  const folder = await mkdtemp(join(tmpdir(), 'lookaside-pooler-'));
  const port = await freePort();
  const file = join(folder, 'pgbouncer.ini');
  await writeFile(
    file,
    `[databases]
${database.database} = host=${database.host} port=${database.port} user=${database.user} dbname=${database.database}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
auth_type = any
pool_mode = transaction
default_pool_size = 3
unix_socket_dir =
ignore_startup_parameters = extra_float_digits
`,
    { mode: 0o644 },
  );
  await chmod(folder, 0o755);
  const { uid, gid } = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};
  const child: ChildProcess = spawn('pgbouncer', [file], {
    cwd: '/',
    stdio: ['ignore', 'ignore', 'pipe'],
    ...(uid === undefined ? {} : { uid, gid }),
  });
  let said = '';
  await new Promise<void>((resolve, reject) => {
    child.once('exit', () => reject(new Error(`pgbouncer did not start: ${said}`)));
    child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
      said += chunk;
      if (said.includes('process up')) resolve();
    });
  });
  return {
    port,
    stop: async () => {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGKILL');
      await ended;
      await rm(folder, { recursive: true });
    },
  };
}

const missing = spawnSync('pgbouncer', ['--version']).status === 0 ? null : 'pgbouncer is not on the PATH';

describeWith({
  name: 'behind pgbouncer in transaction mode',
  server: 'pgbouncer',
  missing,
  suite: () =>
    describeWithPostgres('a write', () => {
      let given: Fixture;
      let pooler: Pooler;
      let pooled: pg.Pool;
      let gate: pg.PoolClient;

      beforeEach(async () => {
        given = await fixture(schema);
        pooler = await startPooler(given.database.config);
        pooled = given.wrappedPool({ host: '127.0.0.1', port: pooler.port });
        gate = await given.plain.connect();
        await gate.query('select pg_advisory_lock(4711)');
      });
      afterEach(async () => {
        gate.release(true);
        await pooled.end();
        await pooler.stop();
        await given.end();
      });

      const read = (pool: pg.Pool) => pool.query<{ body: string }>('select * from slow where id = $1', [1]);
      const isWaiting = async (): Promise<boolean> =>
        (
          await given.plain.query(`select from pg_locks l join pg_database d on d.oid = l.database
          where l.locktype = 'advisory' and not l.granted and d.datname = current_database()`)
        ).rowCount === 1;
      const cut = (client: pg.PoolClient): void =>
        (client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy();

      it('invalidates, and its own reads go past the cache', async () => {
        await gate.query('select pg_advisory_unlock_all()');
        await read(given.pool);
        expect(await given.isHit(() => read(given.pool))).toBe(true);
        await pooled.query(`update slow set body = 'new' where id = 1`);
        expect((await read(given.pool)).rows[0]?.body).toBe('new');
        expect(await given.isHit(() => read(pooled))).toBe(false);
      });

      it('whose connection is lost during COMMIT blocks until its session is done, and no longer', async () => {
        await read(given.pool);
        const client = await pooled.connect();
        client.on('error', () => undefined);
        await client.query('begin');
        await client.query(`update slow set body = 'new' where id = 1`);
        const committing = client.query('commit').catch(() => 'lost');
        await until(isWaiting);
        cut(client);
        expect(await committing).toBe('lost');
        client.release(true);
        expect(await given.isHit(() => read(given.pool))).toBe(false);
        expect(given.cache.stats().unresolved).toBe(1);
        await gate.query('select pg_advisory_unlock_all()');
        await until(() => given.cache.stats().resolved === 1);
        await until(() => given.isHit(() => read(given.pool)));
        const { rows } = await gate.query<{ body: string }>('select body from slow');
        expect((await read(given.pool)).rows[0]?.body).toBe(rows[0]?.body);
      });

      it('of one statement is resolved as well, while other sessions of the user go on working', async () => {
        await read(given.pool);
        await pooled.query('select 1');
        const client = await pooled.connect();
        client.on('error', () => undefined);
        const writing = client.query(`update slow set body = 'new' where id = 1`).catch(() => 'lost');
        await until(isWaiting);
        cut(client);
        expect(await writing).toBe('lost');
        client.release(true);
        await gate.query('select pg_advisory_unlock_all()');
        const load = { isOn: true };
        const busy = (async () => {
          while (load.isOn) await given.plain.query('select pg_sleep(0.01)');
        })();
        await until(() => given.cache.stats().resolved === 1);
        load.isOn = false;
        await busy;
        await until(() => given.isHit(() => read(given.pool)));
      });
    }),
});

const clerk = `clerk_pooler_${process.pid}`;

const tenants = `
  create table moments (id int primary key, at timestamptz);
  insert into moments values (1, '2024-01-01 12:00:00Z');
  create schema other;
  create table other.moments as select 1 as id, timestamptz '1999-01-01 12:00:00Z' as at;
  create table secrets (id int primary key, tenant int, word text);
  insert into secrets values (1, 1, 'one'), (2, 2, 'two');
  alter table secrets enable row level security;
  create policy own on secrets using (tenant = nullif(current_setting('app.tenant_id', true), '')::int);
`;

describeWith({
  name: 'behind pgbouncer in transaction mode',
  server: 'pgbouncer',
  missing,
  suite: () =>
    describeWithPostgres('a session', () => {
      let given: Fixture;
      let pooler: Pooler;
      let pooled: pg.Pool;

      const open = async (config: Config): Promise<void> => {
        given = await fixture(tenants, config, { options: '-c TimeZone=UTC' });
        await given.plain.query(`alter database "${given.database.config.database}" set TimeZone = 'UTC'`);
        await given.plain.query(
          `create role ${clerk} login; grant select, update on all tables in schema public to ${clerk}`,
        );
        pooler = await startPooler({ ...given.database.config, user: clerk });
        pooled = given.wrappedPool({ host: '127.0.0.1', port: pooler.port });
      };
      afterEach(async () => {
        await pooled.end();
        await pooler.stop();
        await given.plain.query(`drop owned by ${clerk}; drop role ${clerk}`);
        await given.end();
      });

      type Asked = Pick<pg.Pool, 'query'>;
      const atOn = (on: Asked) => async (): Promise<unknown> =>
        (await on.query<{ at: string }>('select at::text from moments where id = $1', [1])).rows[0]?.at;

      it('has no part in the cache unless that was asked for', async () => {
        await open({ transactions: 'untilWrite' });
        const client = await pooled.connect();
        for (const begin of [null, 'begin']) {
          if (begin !== null) await client.query(begin);
          for (let round = 0; round < 2; round++) {
            expect(await given.isHit(atOn(client))).toBe(false);
            expect(await given.isHit(atOn(pooled))).toBe(false);
          }
        }
        await client.query('commit');
        client.release();
      });

      it('that was declared hits and fills, and keeps apart what the pooler tracks', async () => {
        await open({ sessions: { pooler: 'transaction' } });
        await atOn(pooled)();
        expect(await given.isHit(atOn(pooled))).toBe(true);
        await given.pool.query(`update moments set at = '2024-06-01 12:00:00Z' where id = 1`);
        expect(await atOn(pooled)()).toBe('2024-06-01 12:00:00+00');
        const clients = [await pooled.connect(), await pooled.connect()] as const;
        await clients[0].query(`set TimeZone = 'Asia/Tokyo'`);
        for (let round = 0; round < 3; round++) {
          expect(await atOn(clients[0])()).toBe('2024-06-01 21:00:00+09');
          expect(await atOn(clients[1])()).toBe('2024-06-01 12:00:00+00');
        }
        expect(await given.isHit(atOn(clients[0]))).toBe(true);
        for (const client of clients) client.release();
      });

      it('that was declared goes past the cache once it has set something that is not tracked', async () => {
        await open({ sessions: { pooler: 'transaction', key: ['app.tenant_id'] } });
        for (const statement of [
          'set search_path = other, public',
          `set app.tenant_id = '1'`,
          `set IntervalStyle = 'iso_8601'`,
        ]) {
          const client = await pooled.connect();
          await atOn(client)();
          expect(await given.isHit(atOn(client))).toBe(true);
          await client.query(statement);
          expect(await given.isHit(atOn(client))).toBe(false);
          await client.query(statement.replace(/ =.*/, '').replace('set', 'reset'));
          expect(await given.isHit(atOn(client))).toBe(false);
          client.release(true);
        }
      });

      it('that was declared serves each tenant its own, where a transaction says whose it is', async () => {
        await open({
          sessions: { pooler: 'transaction', key: ['app.tenant_id'] },
          transactions: 'untilWrite',
        });
        const words = async (tenant: string): Promise<unknown> => {
          const client = await pooled.connect();
          try {
            await client.query('begin');
            await client.query(`select set_config('app.tenant_id', $1, true)`, [tenant]);
            const { rows } = await client.query<{ word: string }>('select word from secrets');
            await client.query('commit');
            return rows.map(({ word }) => word);
          } finally {
            client.release();
          }
        };
        for (let round = 0; round < 3; round++) {
          const hits = given.hits();
          expect(await Promise.all(['1', '2', '3'].map(words))).toStrictEqual([['one'], ['two'], []]);
          if (round > 0) expect(given.hits() - hits).toBe(3);
          expect((await pooled.query('select word from secrets')).rows).toStrictEqual([]);
        }
        await given.pool.query('update secrets set tenant = 3 where id = 2');
        expect(await Promise.all(['1', '2', '3'].map(words))).toStrictEqual([['one'], [], ['two']]);
      });
    }),
});
