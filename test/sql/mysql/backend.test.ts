/** Decides whether it is noticed, and not before it is true, that nothing of a write can become visible any more. */
import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import type { RowDataPacket } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  arePreparedGone,
  backendOfName,
  hasWriteEnded,
  nameOfBackend,
  ProxiedWrites,
  type WriteBackend,
} from '../../../src/sql/mysql/backend.js';
import { type Backend, hasBackendEnded, probeConnection } from '../../../src/sql/mysql/database.js';
import {
  createMysqlDatabase,
  describeWithMysql,
  type MysqlFlavour,
  type TestSchema,
} from '../../support/mysql.js';
import { openSession, type TextSession } from './text-session.js';

const flavours: readonly MysqlFlavour[] = ['mariadb', 'mysql57', 'mysql84'];
const backend: Backend = { id: 12, serverStartedAtS: '1795377534', lock: 'lookaside-00ff' };

describe('the name of a write in an intent', () => {
  it.each<WriteBackend>([
    { backend, mark: null, prepares: [] },
    { backend: { ...backend, lock: null }, mark: 'a1', prepares: 'unknown' },
    { backend, mark: null, prepares: ['1:61:', '7:62:ff'] },
    { backend: null, mark: 'a1', prepares: [] },
  ])('tells all of it: %j', (write) => {
    expect(nameOfBackend(write)).not.toContain(' ');
    expect(backendOfName(nameOfBackend(write))).toEqual(write);
  });

  it('is not understood when it is of another version or dialect', () => {
    expect(backendOfName('12@?/1.2//')).toBeNull();
    expect(backendOfName('?///')).toBeNull();
    expect(backendOfName('what')).toBeNull();
  });
});

for (const flavour of flavours)
  describeWithMysql(
    `a session of ${flavour} that is lost`,
    () => {
      let schema: TestSchema;
      let asker: TextSession;
      const opened: TextSession[] = [];
      const open = async (config: object = schema.config): Promise<TextSession> => {
        const one = await openSession(config);
        opened.push(one);
        return one;
      };
      /** With a lock, where a name for it is given. */
      const backendOf = async ({ query, id }: TextSession, lock: string | null = null): Promise<Backend> =>
        (await probeConnection(query, { lock, expectedId: id })).backend;
      const lockName = (): string => `lookaside-${randomBytes(8).toString('hex')}`;

      beforeAll(async () => {
        schema = await createMysqlDatabase(flavour);
        asker = await open();
        await asker.query('create table big (id int primary key auto_increment, v int) engine = innodb');
        await asker.query('insert into big (v) values (1), (2), (3), (4)');
        for (let doubled = 0; doubled < 13; doubled++)
          await asker.query('insert into big (v) select v from big');
      });
      afterAll(async () => {
        for (const { connection } of opened) connection.destroy();
        await schema.drop();
      });

      it('lives until it is killed', async () => {
        const victim = await open();
        const lived = await backendOf(victim, lockName());
        expect(await hasBackendEnded(asker.query, lived)).toBe(false);
        await asker.connection.query(`kill ${victim.id}`);
        await expect.poll(() => hasBackendEnded(asker.query, lived)).toBe(true);
      });

      it.each([
        ['killed', (victim: TextSession) => asker.connection.query(`kill ${victim.id}`)],
        ['cut off', async (victim: TextSession) => void socketOf(victim).destroy()],
      ])('has not ended while it rolls back what it wrote: %s', async (_, end) => {
        const victim = await open();
        const lost = await backendOf(victim, lockName());
        await victim.query('begin');
        await victim.query('update big set v = v + 1');
        const locked = (): Promise<boolean> => isRowLocked(asker);
        expect(await locked()).toBe(true);
        await end(victim);
        let looks = 0;
        while (!(await hasBackendEnded(asker.query, lost))) looks++;
        expect(looks).toBeGreaterThan(0);
        expect(await locked()).toBe(false);
      });

      it('has ended when the server has started anew since, whoever has its number now', async () => {
        const other = await backendOf(asker, lockName());
        const before = String(Number(other.serverStartedAtS) - 60);
        expect(await hasBackendEnded(asker.query, other)).toBe(false);
        expect(await hasBackendEnded(asker.query, { ...other, serverStartedAtS: before })).toBe(true);
      });

      describe('asked after by a user without rights to see sessions of others', () => {
        const user = `u_${randomBytes(6).toString('hex')}`;
        let stranger: TextSession;
        beforeAll(async () => {
          await asker.query(`create user ${user}@'%'`);
          await asker.query(`grant select on ${schema.config.database}.* to ${user}@'%'`);
          stranger = await open({ ...schema.config, user });
        });
        afterAll(() => asker.query(`drop user ${user}@'%'`));

        it('has ended once its lock is free', async () => {
          const victim = await open();
          const lived = await backendOf(victim, lockName());
          expect(await hasBackendEnded(stranger.query, lived)).toBe(false);
          victim.connection.destroy();
          await expect.poll(() => hasBackendEnded(stranger.query, lived)).toBe(true);
        });

        it('has never ended where it has no lock', async () => {
          const victim = await open();
          const lived = await backendOf(victim);
          expect(lived.lock).toBeNull();
          await victim.connection.end();
          await expect.poll(() => hasBackendEnded(asker.query, lived)).toBe(true);
          expect(await hasBackendEnded(stranger.query, lived)).toBe(false);
        });
      });

      it.each([
        [`'order'`, '1:6f72646572:'],
        [`'it''s', X'ff00', 7`, '7:69742773:FF00'],
        [`X'61ff', 'b'`, '1:61ff:62'],
        [`'ü'`, '1:c3bc:'],
      ])('has left a transaction prepared until somebody else ends it: %s', async (xid, gid) => {
        const victim = await open();
        const write = { backend: await backendOf(victim, lockName()), mark: null, prepares: [gid] };
        const ended = (of: WriteBackend): Promise<boolean> =>
          hasWriteEnded(asker.query, of, new ProxiedWrites());
        await victim.query(`xa start ${xid}`);
        await victim.query('insert into big (v) values (0)');
        await victim.query(`xa end ${xid}`);
        await victim.query(`xa prepare ${xid}`);
        victim.connection.destroy();
        await expect.poll(() => ended({ ...write, prepares: [] })).toBe(true);
        expect(await ended(write)).toBe(false);
        expect(await ended({ ...write, prepares: 'unknown' })).toBe(false);
        await asker.query(`xa rollback ${xid}`);
        expect(await ended(write)).toBe(true);
        expect(await arePreparedGone(asker.query, 'unknown')).toBe(true);
      });

      it('has ended behind a proxy when none of its user is at work since before the question', async () => {
        const proxied = new ProxiedWrites();
        const write: WriteBackend = { backend: null, mark: 'a1', prepares: [] };
        const ended = (): Promise<boolean> => hasWriteEnded(asker.query, write, proxied);
        const name = lockName();
        await asker.query(`select get_lock('${name}', 0)`);
        const busy = await open();
        const waiting = busy.query(`select get_lock('${name}', 60)`);
        await expect
          .poll(() =>
            asker.query(`select 1 from information_schema.processlist where info like '%${name}%60%'
            and id = ${busy.id}`),
          )
          .toHaveLength(1);
        const first = await serverTime(asker);
        await expect
          .poll(async () => [await ended(), (await serverTime(asker)) > first + 3], { timeout: 10_000 })
          .toEqual([false, true]);
        await asker.query(`select release_lock('${name}')`);
        await waiting;
        await expect.poll(ended).toBe(true);
      });
    },
    flavour,
  );

const socketOf = ({ connection }: TextSession): Socket =>
  (connection as unknown as { connection: { stream: Socket } }).connection.stream;

const LOCK_TIMEOUT = 1205;

/** Whether a transaction has written a row that the statement wants. */
async function isRowLocked({ connection }: TextSession): Promise<boolean> {
  await connection.query('set innodb_lock_wait_timeout = 1');
  try {
    await connection.query('select id from big where id = 1 for update');
    return false;
  } catch (error) {
    if ((error as { errno?: unknown }).errno === LOCK_TIMEOUT) return true;
    throw error;
  }
}

async function serverTime({ connection }: TextSession): Promise<number> {
  const [rows] = await connection.query<RowDataPacket[]>('select unix_timestamp() as now');
  return Number(rows[0]?.['now']);
}
