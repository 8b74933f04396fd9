/** Decides whether a connection to MySQL or MariaDB is told apart from others as it must be. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  type ConnectionProbe,
  type MysqlSession,
  probeConnection,
  readSession,
} from '../../../src/sql/mysql/database.js';
import {
  createMysqlDatabase,
  describeWithMysql,
  type MysqlFlavour,
  ownMysql,
  type TestSchema,
} from '../../support/mysql.js';
import { openSession, type TextSession } from './text-session.js';

const flavours: readonly MysqlFlavour[] = ['mariadb', 'mysql57', 'mysql84'];

for (const flavour of flavours)
  describeWithMysql(
    `a connection to ${flavour}`,
    () => {
      let schema: TestSchema;
      let session: TextSession;
      const opened: TextSession[] = [];

      const open = async (config: object = schema.config): Promise<TextSession> => {
        const one = await openSession(config);
        opened.push(one);
        return one;
      };
      const probe = (of: TextSession, lock: string | null = null): Promise<ConnectionProbe> =>
        probeConnection(of.query, { lock, expectedId: of.id });

      /** What a session is after a statement that another one has not run. */
      async function after(statement: string): Promise<{ before: MysqlSession; now: MysqlSession }> {
        const one = await open();
        const before = await readSession(one.query, {});
        await one.connection.query(statement);
        return { before, now: await readSession(one.query, {}) };
      }

      beforeAll(async () => {
        schema = await createMysqlDatabase(flavour);
        session = await open();
      });
      afterAll(async () => {
        for (const { connection } of opened) connection.destroy();
        await schema.drop();
      });

      it('is of the same server and has the same session as another one like it', async () => {
        const [one, two] = [await probe(session), await probe(await open())];
        expect(one).toMatchObject({ standby: false, multiPrimary: false, pooled: false, mark: '' });
        expect(two).toMatchObject({ identity: one.identity, lineage: one.lineage });
        expect(two.session).toEqual(one.session);
        expect(one.backend.id).toBe(session.id);
        expect(one.session).toMatchObject({
          schema: schema.config.database,
          isolation: 'repeatable read',
          autocommit: true,
          temporary: false,
        });
      });

      it('is behind a proxy when another session answers than the protocol named', async () => {
        const asked = await probeConnection(session.query, { lock: 'of-nobody', expectedId: session.id + 1 });
        expect(asked).toMatchObject({ pooled: true, backend: { lock: null } });
      });

      it('holds the lock it was given until it ends', async () => {
        const one = await open();
        expect((await probe(one, 'held-for-a-while')).backend.lock).toBe('held-for-a-while');
        const holder = (): Promise<unknown> => session.query(`select is_used_lock('held-for-a-while') as id`);
        expect(await holder()).toEqual([{ id: String(one.id) }]);
        await one.connection.end();
        await expect.poll(holder).toEqual([{ id: null }]);
      });

      it.each([
        `set time_zone = '+05:00'`,
        `set sql_mode = 'ANSI_QUOTES'`,
        'set names latin1',
        'set group_concat_max_len = 7',
        'set div_precision_increment = 9',
        'set sql_select_limit = 3',
        `set lc_time_names = 'de_DE'`,
        'set default_week_format = 3',
        'set session transaction isolation level read uncommitted',
        'use information_schema',
      ])('is another session after %s', async (statement) => {
        const { before, now } = await after(statement);
        expect(now.digest).not.toBe(before.digest);
      });

      it.each([
        'set autocommit = 0',
        'set @mine = 5',
        'set foreign_key_checks = 0',
        'set session transaction isolation level read committed',
        'set lock_wait_timeout = 3',
        'set timestamp = 1',
        'select last_insert_id(5)',
        'select rand()',
      ])('is the same session after %s', async (statement) => {
        const { before, now } = await after(statement);
        expect(now.digest).toBe(before.digest);
      });

      it('reads names and texts in another way after what says so, and only then', async () => {
        const mode = await after(`set sql_mode = 'ANSI_QUOTES'`);
        expect(mode.now.view).not.toBe(mode.before.view);
        expect(mode.now.sqlMode).toBe('ANSI_QUOTES');
        const charset = await after('set character_set_connection = utf16');
        expect(charset.now.view).not.toBe(charset.before.view);
        expect(charset.now.hasAsciiTexts).toBe(false);
        const zone = await after(`set time_zone = '+05:00'`);
        expect(zone.now.view).toBe(zone.before.view);
        const level = await after('set session transaction isolation level serializable');
        expect(level.now.isolation).toBe('serializable');
        expect((await after('set autocommit = 0')).now.autocommit).toBe(false);
      });

      it('says the settings that it is asked for by name', async () => {
        const one = await open();
        await one.connection.query(`set @tenant = 'a''b', time_zone = '+02:00'`);
        const names = ['@tenant', '@other', 'time_zone', '@@session.sql_auto_is_null', 'no_such', `it's`];
        const { declared } = await readSession(one.query, { declared: names });
        expect([...declared]).toEqual([
          ['@tenant', `a'b`],
          ['@other', null],
          ['time_zone', '+02:00'],
          ['@@session.sql_auto_is_null', 'OFF'],
          ['no_such', null],
          [`it's`, null],
        ]);
      });

      it('may have temporary tables once it was told to create one, and after plain ones not if those are counted', async () => {
        const one = await open();
        await one.connection.query('create table plain (id int primary key)');
        expect((await readSession(one.query, { plainTablesCreated: 1 })).temporary).toBe(false);
        await one.connection.query('create temporary table plain (id int primary key)');
        expect((await readSession(one.query, { plainTablesCreated: 1 })).temporary).toBe(true);
        await one.connection.query('set sql_select_limit = 1');
        expect((await readSession(one.query, { plainTablesCreated: 1 })).temporary).toBe(true);
        await one.connection.query('drop temporary table plain');
        await one.connection.reset();
        expect((await readSession(one.query, {})).temporary).toBe(false);
      });

      it('needs no rights but those on its schema', async () => {
        const { database } = schema.config;
        const user = `u_${database.slice(-12)}`;
        const host = `'%'`;
        await session.connection.query(`create user ${user}@${host}`);
        await session.connection.query(`grant select, insert, create on ${database}.* to ${user}@${host}`);
        try {
          const one = await open({ ...schema.config, user });
          const seen = await probe(one, 'of-a-user');
          const root = await probe(session);
          expect(seen).toMatchObject({ identity: root.identity, standby: false, multiPrimary: false });
          expect(seen.backend).toMatchObject({ id: one.id, lock: 'of-a-user' });
          expect(seen.session.digest).not.toBe(root.session.digest);
        } finally {
          await session.connection.query(`drop user ${user}@${host}`);
        }
      });
    },
    flavour,
  );

for (const flavour of ['mariadb', 'mysql57'] as const)
  describeWithMysql(
    `a server of ${flavour}`,
    () => {
      it('is another state of the same one after a restart, and a standby while it may not be written', async () => {
        const server = await ownMysql(flavour);
        try {
          const over = async <T>(task: (session: TextSession) => Promise<T>): Promise<T> => {
            const session = await openSession({ uri: server.url });
            try {
              return await task(session);
            } finally {
              session.connection.destroy();
            }
          };
          const probeOnce = (): Promise<ConnectionProbe> =>
            over(({ query, id }) => probeConnection(query, { lock: null, expectedId: id }));
          const before = await probeOnce();
          // Starts are told in seconds.
          const now = (): Promise<string | null | undefined> =>
            over(async ({ query }) => (await query('select unix_timestamp() as now'))[0]?.['now']);
          await expect.poll(now, { timeout: 5_000 }).not.toBe(before.backend.serverStartedAtS);
          await server.restart('crash', { read_only: '1' });
          const then = await probeOnce();
          expect(then.lineage).toBe(before.lineage);
          expect(then.identity).not.toBe(before.identity);
          expect([before.standby, then.standby]).toEqual([false, true]);
        } finally {
          await server.stop();
        }
      });
    },
    flavour,
  );
