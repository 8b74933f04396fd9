/** Whether this version of mysql2 has what the adapter relies on: a version without it fails here first, by name. */
import mysql, { type Connection, type Pool } from 'mysql2';
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  driverOf,
  factsKey,
  factsOf,
  isExecute,
  isQuery,
  learnFrom,
} from '../../../src/adapters/mysql2/driver.js';
import { placeOf } from '../../../src/adapters/mysql2/own-connection.js';
import type {
  Command,
  ExecuteCommand,
  MysqlConnection,
  MysqlPool,
  Packet,
  PreparedStatement,
  PromiseConnection,
  PromisePool,
  QueryCommand,
} from '../../../src/adapters/mysql2/shapes.js';
import { createMysqlDatabase, describeWithMysql, type TestSchema } from '../../support/mysql.js';

const promised = <T>(call: (done: (error: Error | null, value?: T) => void) => unknown): Promise<T> =>
  new Promise((resolve, reject) => {
    call((error, value) => (error ? reject(error) : resolve(value as T)));
  });

describeWithMysql('mysql2', () => {
  let schema: TestSchema;
  let pool: Pool;
  let connection: MysqlConnection;
  /** In the order in which they were queued. */
  let queued: Command[];
  let packets: { readonly command: Command; readonly packet: Packet; readonly first: number }[];

  beforeAll(async () => {
    schema = await createMysqlDatabase();
    pool = mysql.createPool({ ...schema.config, connectionLimit: 1, flags: ['SESSION_TRACK'] });
    connection = (await promised<Connection>((done) =>
      pool.getConnection(done),
    )) as unknown as MysqlConnection;
    await promised((done) =>
      connection.query('create table t (id int primary key auto_increment, name text)', done),
    );
    queued = [];
    packets = [];
    const { addCommand } = connection;
    connection.addCommand = function <C extends Command>(command: C): C {
      queued.push(command);
      const { execute } = command;
      command.execute = function (this: Command, packet, on) {
        if (packet) packets.push({ command, packet, first: packet.buffer[packet.offset] ?? -1 });
        return execute.call(this, packet, on);
      };
      return addCommand.call(this, command) as C;
    };
  });
  afterAll(async () => {
    connection.release?.();
    await pool.promise().end();
    await schema.drop();
  });

  const seen = async (running: () => Promise<unknown>): Promise<readonly string[]> => {
    queued.length = packets.length = 0;
    await running();
    return queued.map((command) => command.constructor.name);
  };
  const query = (sql: string) => promised((done) => connection.query(sql, done));

  it('hands every statement and control of a connection to addCommand, in the order in which it is sent', async () => {
    expect(await seen(() => query('select 1'))).toStrictEqual(['Query']);
    expect(await seen(() => promised((done) => connection.execute('select ?', [1], done)))).toStrictEqual([
      'Prepare',
      'Execute',
    ]);
    const core = connection as unknown as Connection;
    expect(
      await seen(async () => {
        await promised((done) => core.beginTransaction(done));
        await promised((done) => core.commit(done));
        await promised((done) => core.rollback(done));
      }),
    ).toStrictEqual(['Query', 'Query', 'Query']);
    const control = await seen(async () => {
      await promised((done) => connection.ping(done));
      await promised((done) => connection.changeUser({ database: schema.config.database }, done));
      if ('reset' in connection) await promised((done) => connection.reset(done));
    });
    // The statements of another user are gone; how the driver closes them differs between its versions.
    const others = control.filter((name) => name !== 'CloseStatement');
    const reset = 'reset' in connection ? ['ResetConnection'] : []; // from 3.22 on
    expect(others).toStrictEqual(['Ping', 'ChangeUser', ...reset]);
  });

  it('executes what was prepared through addCommand too, as a command that names its statement', async () => {
    const statement = await promised<PreparedStatement>((done) => connection.prepare('select ? as a', done));
    expect(await seen(() => promised((done) => statement.execute([5], done)))).toStrictEqual(['Execute']);
    const [command] = queued as [ExecuteCommand];
    expect(isExecute(command)).toBe(true);
    expect([command.statement?.query, command.parameters]).toStrictEqual(['select ? as a', [5]]);
    expect(Object.keys(command._executeOptions)).toStrictEqual(['statement', 'values']);
    expect(await seen(async () => statement.close())).toStrictEqual(['CloseStatement']);
  });

  it('tells queries and executions apart by what they have', async () => {
    await seen(() => query('select 1'));
    expect([isQuery(queued[0] as Command), isExecute(queued[0] as Command)]).toStrictEqual([true, false]);
    await seen(() => promised((done) => connection.execute('select 2', done)));
    expect(queued.map(isQuery)).toStrictEqual([false, false]);
    expect(queued.map(isExecute)).toStrictEqual([false, true]);
  });

  it('gives commands one packet at a time through execute, whose bytes begin four bytes behind its start', async () => {
    await seen(() => query('select 7 as seven'));
    expect(packets.map(({ first }) => first)).toStrictEqual([1, 3, 0xfe, 1, 0xfe]);
    for (const { packet } of packets) expect(packet.numPackets).toBe(1);
  });

  it('has the formatted text and its options in a query, and its rows where replays read them', async () => {
    await seen(() =>
      promised((done) => connection.query({ sql: 'select ? as a', rowsAsArray: true }, [5], done)),
    );
    const [command] = queued as [QueryCommand];
    expect([command.sql, command.values]).toStrictEqual(['select 5 as a', [5]]);
    expect(command._queryOptions).toMatchObject({ rowsAsArray: true, sql: 'select ? as a' });
    expect([command._rows, command._resultIndex]).toStrictEqual([[[[5]]], 0]);
    expect(command._fields[0]?.[0]?.name).toBe('a');
    expect(command.resultsetHeader).toBeTypeOf('function');
    expect(command.onResult).toBeTypeOf('function');
  });

  it('makes a command without sending it, of the class that connections queue', async () => {
    const driver = driverOf(connection);
    const made = driver.createQuery('select ?', [1], undefined, connection.config);
    expect([made.sql, made.values, made.onResult]).toStrictEqual(['select ?', [1], undefined]);
    expect(driver.createQuery(made.sql, [], undefined, {}).constructor).toBe(driver.Query);
    await seen(() => promised((done) => connection.execute('select 3', done)));
    const execution = packets.find(({ command }) => isExecute(command));
    learnFrom(driver, execution?.command as Command, execution?.packet as Packet);
    expect([driver.Execute, driver.Packet]).toStrictEqual([
      execution?.command.constructor,
      execution?.packet.constructor,
    ]);
    expect(driverOf(connection)).toBe(driver);
  });

  it('says in each answer whether a transaction is open, what was written and what the session became', async () => {
    const header = async (sql: string) =>
      (await query(sql)) as { serverStatus: number; [name: string]: unknown };
    expect((await header('start transaction')).serverStatus & 3).toBe(3);
    expect((await header('commit')).serverStatus & 3).toBe(2);
    expect((await header('set autocommit = 0')).serverStatus & 3).toBe(0);
    expect((await header('set autocommit = 1')).serverStatus & 3).toBe(2);
    expect(await header("insert into t (name) values ('a'), ('b')")).toMatchObject({
      affectedRows: 2,
      insertId: 1,
    });
    expect(await header("update t set name = 'a'")).toMatchObject({ affectedRows: 2, changedRows: 1 });
    expect((await header(`use ${schema.config.database}`)).serverStatus & 0x4000).toBe(0x4000);
  });

  it('says how packets are read', () => {
    const extendedMetadata = '_mariadbExtendedMetadata' in connection; // later versions
    expect(factsOf(connection)).toStrictEqual({ clientEncoding: 'utf8', extendedMetadata });
    expect(factsKey({ clientEncoding: 'utf8', extendedMetadata: true })).toBe('utf8+');
    expect(factsKey({ clientEncoding: 'latin1', extendedMetadata: false })).toBe('latin1');
  });

  it('has connections of pools that are told from others by what they do, and makes others of a config', async () => {
    expect('_removeFromPool' in connection).toBe(true);
    const { Connection, config } = placeOf(
      connection,
      (pool as unknown as MysqlPool).config.connectionConfig,
    );
    const own = new Connection({ config });
    await promised((done) => own.connect(done));
    expect(['_removeFromPool' in own, placeOf(own, config).Connection]).toStrictEqual([false, Connection]);
    await promised((done) => own.end((error) => done(error ?? null)));
  });

  it('has pools with their connections and configs', () => {
    const core = pool as unknown as MysqlPool;
    expect(core._allConnections.get(0)).toBe(connection);
    expect([core._allConnections.length, core._closed]).toStrictEqual([1, false]);
    expect(core.config.connectionConfig).toMatchObject({
      timezone: 'local',
      trace: true,
      rowsAsArray: false,
    });
    expect({ ...connection.config, pool: null }).toStrictEqual({
      ...core.config.connectionConfig,
      pool: null,
    });
    expect(connection._pool).toBe(core);
    const promises = pool.promise() as unknown as PromisePool;
    expect([promises.pool, promises.Promise]).toStrictEqual([core, Promise]);
    const own = (connection as unknown as Connection).promise() as unknown as PromiseConnection;
    expect([own.connection, own.Promise]).toStrictEqual([connection, Promise]);
  });

  it('has clusters whose nodes have pools', () => {
    const cluster = mysql.createPoolCluster();
    cluster.add('one', schema.config);
    const { _nodes: nodes } = cluster as unknown as {
      readonly _nodes: Record<string, { readonly pool: MysqlPool }>;
    };
    expect(Object.keys(nodes)).toStrictEqual(['one']);
    expect(nodes['one']?.pool.query).toBeTypeOf('function');
    cluster.end();
  });
});

it('what is no connection of mysql2 is refused by name', () => {
  expect(() => driverOf({})).toThrow(expect.objectContaining({ code: 'LOOKASIDE_POOL_UNSUPPORTED' }));
});
