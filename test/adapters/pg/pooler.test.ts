/** Decides whether a write behind a transaction-mode pooler, whose outcome nobody was told, is resolved. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type pg from 'pg';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { freePort } from '../../../scripts/lib/free-port.js';
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
