/** Decides what becomes of the intents of processes that died or stopped: others ask the server, and end them. */
import { Redis } from 'ioredis';
import mysql, { type Connection, type RowDataPacket } from 'mysql2/promise';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type Member, Members } from '../../support/member.js';
import { createMysqlDatabase, describeWithMysql, type TestSchema } from '../../support/mysql.js';
import { type RedisServer, redisServer } from '../../support/servers.js';
import { until } from './fixture.js';

const statements = [
  'create table slow (id int primary key, body varchar(20))',
  'create table unread (id int primary key, body varchar(20))',
  `insert into slow values (1, 'old')`,
  `insert into unread values (1, 'old')`,
];

const NO_SUCH_XID = 1397;

for (const flavour of ['mariadb', 'mysql57'] as const)
  describeWithMysql(
    `an intent of another process on ${flavour}`,
    () => {
      let schema: TestSchema;
      let redis: RedisServer;
      let store: Redis;
      /** Not wrapped. Whoever wants to write the row waits for it. */
      let gate: Connection;

      beforeEach(async () => {
        [schema, redis] = await Promise.all([createMysqlDatabase(flavour), redisServer()]);
        store = new Redis(redis.url);
        gate = await mysql.createConnection(schema.config);
        for (const statement of statements) await gate.query(statement);
      });
      afterEach(async () => {
        await members.killAll();
        store.disconnect();
        await gate.end();
        await Promise.all([schema.drop(), redis.stop()]);
      });

      const members = new Members(() => ({
        driver: 'mysql2',
        cache: {
          ttl: '1h',
          namespace: 'shared',
          topology: { kind: 'single', url: redis.url },
          changes: { kind: 'none' },
        },
        pool: { ...schema.config, connectionLimit: 2 },
      }));
      const read = (member: Member): Promise<{ rows: { body: string }[]; isHit: boolean }> =>
        member.query('select body from slow where id = ?', [1]);
      const close = async (): Promise<void> => {
        await gate.query('begin');
        await gate.query('select * from slow for update');
      };
      const open = (): Promise<unknown> => gate.query('rollback');
      const isWaiting = async (): Promise<boolean> => {
        const [rows] = await gate.query<RowDataPacket[]>(
          `select 1 from information_schema.processlist where db = database() and info like 'update slow%'`,
        );
        return rows.length === 1;
      };
      const standing = async (): Promise<number> => {
        const keys = await store.keys('lookaside:t:*}');
        const fields = await Promise.all(keys.map((key) => store.hkeys(key)));
        return fields.flat().filter((name) => name.startsWith('i:')).length;
      };
      /** It waits for the gate, and the test does not for it: it may not live to tell. */
      const beginWrite = async (member: Member): Promise<void> => {
        await close();
        const text = `update slow set body = 'new' where id = 1`;
        void Promise.allSettled([member.tell({ do: 'query', text })]);
        await until(isWaiting);
      };

      it('blocks as long as the server may still commit for a process that was killed, and is ended by others then', async () => {
        const [owner, other] = [await members.start(), await members.start()];
        await until(async () => (await read(other)).isHit);
        await beginWrite(owner);
        await owner.kill();
        for (let again = 0; again < 3; again++)
          expect(await read(other)).toStrictEqual({ rows: [{ body: 'old' }], isHit: false });
        expect(await standing()).toBe(1);
        await open();
        await until(async () => (await read(other)).isHit);
        expect((await read(other)).rows).toStrictEqual([{ body: 'new' }]);
        expect(await standing()).toBe(0);
        expect((await other.stats()).resolved).toBe(1);
      });

      it('stands while an XA transaction is prepared, and is ended by others when somebody has committed it', async () => {
        const [owner, other] = [await members.start(), await members.start()];
        const xid = `'left behind', '${schema.config.database.slice(-12)}'`;
        await until(async () => (await read(other)).isHit);
        await owner.tell({ do: 'connect' });
        await owner.query(`xa start ${xid}`);
        await owner.query(`update slow set body = 'new' where id = 1`);
        await owner.query(`xa end ${xid}`);
        await owner.query(`xa prepare ${xid}`);
        await owner.kill();
        for (let again = 0; again < 3; again++)
          expect(await read(other)).toStrictEqual({ rows: [{ body: 'old' }], isHit: false });
        await until(() => commitsXa(gate, xid));
        await until(async () => (await read(other)).isHit);
        expect((await read(other)).rows).toStrictEqual([{ body: 'new' }]);
      });

      // What follows asks the server in no other way on MySQL.
      if (flavour !== 'mariadb') return;

      it('stands while its process is stopped, though the write is visible, and is ended by it when that goes on', async () => {
        const [owner, other] = [await members.start(), await members.start()];
        await until(async () => (await read(other)).isHit);
        await beginWrite(owner);
        owner.process.pause();
        await open();
        await until(async () => (await read(other)).rows[0]?.body === 'new');
        expect((await read(other)).isHit).toBe(false);
        expect(await standing()).toBe(1);
        owner.process.resume();
        await until(async () => (await read(other)).isHit);
        expect((await read(other)).rows).toStrictEqual([{ body: 'new' }]);
      });

      it('is ended by a user who may not see the sessions of others', async () => {
        const user = `clerk_${process.pid}`;
        await gate.query(`create user ${user}@'%'`);
        await gate.query(`grant all on ${schema.config.database}.* to ${user}@'%'`);
        try {
          const [owner, other] = [await members.start(), await members.start({ user })];
          await until(async () => (await read(other)).isHit);
          await beginWrite(owner);
          await owner.kill();
          expect((await read(other)).isHit).toBe(false);
          await open();
          await until(async () => (await read(other)).isHit);
          expect((await read(other)).rows).toStrictEqual([{ body: 'new' }]);
        } finally {
          await members.killAll();
          await gate.query(`drop user ${user}@'%'`);
        }
      });

      it('leaves no trace in tables that nobody reads, once another process has started', async () => {
        const owner = await members.start();
        await owner.tell({ do: 'connect' });
        await owner.query('begin');
        await owner.query(`update unread set body = 'new'`);
        await close();
        owner.tell({ do: 'query', text: 'alter table slow add more int' }).catch(() => undefined); // it commits
        await until(async () => (await standing()) > 0);
        await owner.kill();
        await open();
        await members.start();
        await until(async () => (await standing()) === 0);
      });
    },
    flavour,
  );

/** False while the session that prepared it is not gone for the server. */
async function commitsXa(connection: Connection, xid: string): Promise<boolean> {
  try {
    await connection.query(`xa commit ${xid}`);
    return true;
  } catch (error) {
    if ((error as { errno?: unknown }).errno === NO_SUCH_XID) return false;
    throw error;
  }
}
