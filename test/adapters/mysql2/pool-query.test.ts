/** How a query of a wrapped pool comes to a connection and back: as one of the driver's own pool, at less cost. */
import type { Connection, Pool as CorePool } from 'mysql2';
import mysql, { type Pool, type RowDataPacket } from 'mysql2/promise';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { withCache } from '../../../src/adapters/mysql2/index.js';
import type { MysqlConnection, ResultCommand } from '../../../src/adapters/mysql2/shapes.js';
import { describeWithMysql } from '../../support/mysql.js';
import { type Fixture, fixture, rowsOf } from './fixture.js';

const schema = `
  create table words (id int primary key, word varchar(20));
  insert into words values (1, 'one'), (2, 'two'), (3, 'three');
`;

const coreOf = (pool: Pool): CorePool => (pool as unknown as { readonly pool: CorePool }).pool;

describeWithMysql('a query of a pool of mysql2', () => {
  let given: Fixture;

  beforeAll(async () => {
    given = await fixture(schema);
  });
  afterAll(() => given.end());

  it('is followed by the same functions as any other: V8 keeps commands that were given their own, and their results', async () => {
    const pool = given.wrappedPool({ connectionLimit: 1 });
    const commands: ResultCommand[] = [];
    await given.onConnection(async (taken) => {
      const connection = (taken as unknown as { readonly connection: MysqlConnection }).connection;
      const { addCommand } = connection;
      connection.addCommand = (command) => {
        commands.push(command as unknown as ResultCommand);
        return addCommand.call(connection, command) as typeof command;
      };
    }, pool);
    const before = given.cache.stats();
    for (let id = 1; id <= 3; id++) {
      expect(await rowsOf(pool, 'select word from words where id = ?', [id])).toHaveLength(1);
      await pool.query('update words set word = ? where id = ?', [`word ${id}`, id]);
    }
    const after = given.cache.stats();
    expect([after.misses - before.misses, after.writes - before.writes]).toStrictEqual([3, 3]);
    const reads = commands.filter(({ sql }) => sql.startsWith('select word'));
    const writes = commands.filter(({ sql }) => sql.startsWith('update'));
    expect([reads.length, writes.length]).toStrictEqual([3, 3]);
    expect(new Set([...reads, ...writes].map(({ execute }) => execute)).size).toBe(1);
    expect(new Set(writes.map(({ onResult }) => onResult)).size).toBe(1);
  });

  it('passes whoever has replaced the method of the pool before it was wrapped', async () => {
    const pool = mysql.createPool({ ...given.database.config, connectionLimit: 1 });
    const core = coreOf(pool);
    const query = core.query.bind(core) as (...asked: unknown[]) => unknown;
    const heard: unknown[] = [];
    Object.assign(core, {
      query: (...asked: unknown[]) => {
        heard.push(asked[0]);
        return query(...asked);
      },
    });
    withCache(pool, given.cache);
    await given.cache.ready();
    const read = 'select word from words where id = 2';
    for (let time = 0; time < 3; time++) await rowsOf(pool, read);
    await pool.query('update words set word = word where id = 2');
    await pool.end();
    expect(heard).toStrictEqual([read, 'update words set word = word where id = 2']);
  });

  it('takes its connection out of the pool where the server is read only, as with the driver alone', async () => {
    const idOf = async (pool: Pool): Promise<unknown> =>
      (await pool.query<RowDataPacket[]>('select connection_id() as id'))[0][0]?.['id'];
    const isReplaced = async (pool: Pool): Promise<boolean> => {
      coreOf(pool).on('connection', (connection: Connection) => {
        connection.query('set session transaction read only');
      });
      await rowsOf(pool, 'select word from words where id = 1');
      const before = await idOf(pool);
      await expect(pool.query("update words set word = 'never' where id = 1")).rejects.toMatchObject({
        errno: 1792,
      });
      return (await idOf(pool)) !== before;
    };
    const plain = mysql.createPool({ ...given.database.config, connectionLimit: 1 });
    const wrapped = given.wrappedPool({ connectionLimit: 1 });
    expect(await isReplaced(wrapped)).toBe(await isReplaced(plain));
    await plain.end();
  });
});
