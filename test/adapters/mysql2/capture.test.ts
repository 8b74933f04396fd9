/** What is kept of what a connection receives, what is not, and that nobody's later use of his rows reaches it. */
import assert from 'node:assert';
import mysql, { type Pool, type RowDataPacket } from 'mysql2';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { captureResult } from '../../../src/adapters/mysql2/capture.js';
import { driverOf } from '../../../src/adapters/mysql2/driver.js';
import { answerInto, canReplay, resultOf } from '../../../src/adapters/mysql2/replay.js';
import type { MysqlConnection, ResultCommand } from '../../../src/adapters/mysql2/shapes.js';
import { payloadCodec } from '../../../src/adapters/mysql2/stored-payload.js';
import { createMysqlDatabase, describeWithMysql, type TestSchema } from '../../support/mysql.js';
import { type Keeping, keep } from './keeping.js';

const tables = `
  create table plain (id int primary key, name varchar(20), bits varbinary(10), doc json, at datetime);
  insert into plain values (1, 'one', x'0102', '{"a": [1]}', '2024-05-06 07:08:09'), (2, 'two', null, null, null);
  create procedure twice() begin select 1 as a; select 2 as b; end;
  create function fail_at(n int) returns int deterministic
    begin if n = 2 then signal sqlstate '45000' set message_text = 'refused'; end if; return n; end;
`;

describeWithMysql('a captured command', () => {
  let schema: TestSchema;
  let pool: Pool;
  let kept: Keeping;

  beforeAll(async () => {
    schema = await createMysqlDatabase();
    const setting = mysql.createConnection({ ...schema.config, multipleStatements: true }).promise();
    await setting.query(tables);
    await setting.end();
    pool = mysql.createPool({ ...schema.config, connectionLimit: 1, multipleStatements: true });
    kept = keep(pool, 100_000);
  });
  afterAll(async () => {
    await pool.promise().end();
    await schema.drop();
  });

  const refusals: readonly (readonly [why: string, sql: string, reason: string])[] = [
    ['a write', "update plain set name = 'one' where id = 1", 'no-rows-described'],
    ['a statement that gives nothing', 'do 1', 'no-rows-described'],
    ['several statements', 'select 1; select 2', 'several-results'],
    ['a read and a write', 'select 1; do 1', 'several-results'],
    ['a write and a read', 'do 1; select 1', 'no-rows-described'],
    ['a procedure', 'call twice()', 'several-results'],
    ['an error', 'select * from missing', 'error'],
    ['an error behind the first row', 'select fail_at(id) from plain order by id', 'error'],
    ['more than is kept', "select repeat('x', 200000)", 'too-large'],
  ];

  it.each(refusals)('keeps nothing of %s', async (_, sql, reason) => {
    await pool
      .promise()
      .query(sql)
      .catch((error: unknown) => expect(reason).toBe(error instanceof Error ? 'error' : ''));
    expect(kept.outcome()).toStrictEqual({ payload: null, reason });
  });

  it('keeps nothing of a row that takes several packets', async () => {
    const wide = mysql.createPool({ ...schema.config, connectionLimit: 1 });
    const all = keep(wide);
    const [rows] = await wide
      .promise()
      .query<RowDataPacket[]>("select repeat('x', 9000000) as a, repeat('y', 9000000) as b");
    expect(rows[0]?.['b']).toHaveLength(9_000_000);
    expect(all.outcome()).toStrictEqual({ payload: null, reason: 'too-large' });
    await wide.promise().end();
  });

  it('keeps nothing once it was refused, and says why', async () => {
    const connection = await pool.promise().getConnection();
    const core = (connection as unknown as { connection: MysqlConnection }).connection;
    const command = driverOf(core).createQuery('select * from plain', [], () => undefined, core.config);
    const capture = captureResult(command, { driver: driverOf(core), bytesMax: 1e6 });
    const ended = new Promise((resolve) => command.once('end', () => resolve(undefined)));
    capture.refuse('queued');
    capture.refuse('later');
    core.addCommand(command);
    await ended;
    expect(capture.outcome()).toStrictEqual({ payload: null, reason: 'queued' });
    connection.release();
  });

  it('keeps what came, whatever a typeCast does to the bytes that it is handed', async () => {
    const typeCast: mysql.TypeCast = (field, next) => {
      if (field.name !== 'bits') return next();
      const bytes = field.buffer();
      bytes?.fill(0);
      return bytes;
    };
    const sql = 'select id, bits, name from plain order by id';
    const [rows] = await pool.promise().query<RowDataPacket[]>({ sql, typeCast });
    expect(rows[0]?.['bits']).toStrictEqual(Buffer.of(0, 0));
    const payload = kept.payload();
    for (let round = 0; round < 2; round++) {
      expect(resultOf(payload, kept.reader(), { typeCast })[0]).toStrictEqual(rows);
      expect(resultOf(payload, kept.reader(), null)[0][0]).toMatchObject({
        bits: Buffer.of(1, 2),
        name: 'one',
      });
    }
  });

  it('gives everybody rows and columns of his own', async () => {
    const [expected] = await pool.promise().query('select * from plain order by id');
    const payload = kept.payload();
    const again = () => resultOf(payload, kept.reader(), null);
    const [rows, fields] = again();
    const [first] = rows as [Record<string, unknown>];
    (first['bits'] as Buffer).fill(9);
    (first['at'] as Date).setFullYear(1999);
    first['name'] = 'mine';
    rows.push('mine');
    (fields[0] as { name: string }).name = 'mine';
    fields.pop();
    assert.deepStrictEqual(again()[0], expected);
    expect(again()[1].map(({ name }) => name)).toStrictEqual(['id', 'name', 'bits', 'doc', 'at']);
  });

  it('throws what decoding throws, so that the database can be asked', async () => {
    await pool.promise().query('select id from plain order by id');
    const typeCast = (): never => {
      throw new TypeError('mine');
    };
    expect(() => resultOf(kept.payload(), kept.reader(), { typeCast })).toThrow('mine');
  });

  it('can be given in a process that has seen the classes it takes, and not before', async () => {
    await pool.promise().execute('select id from plain');
    const payload = kept.payload();
    const { driver } = kept.reader();
    expect(canReplay(payload, driver)).toBe(true);
    expect(canReplay(payload, { ...driver, Execute: null })).toBe(false);
    expect(canReplay({ ...payload, protocol: 'text' }, { ...driver, Execute: null })).toBe(true);
    expect(canReplay({ ...payload, protocol: 'text' }, { ...driver, Packet: null })).toBe(false);
  });

  it.each(['query', 'execute'] as const)(
    'is answered by the events and the callback of %s, in their order',
    async (method) => {
      const events = async (listening: (heard: unknown[]) => ResultCommand): Promise<unknown[]> => {
        const heard: unknown[] = [];
        const command = listening(heard);
        for (const event of ['fields', 'result', 'error', 'end'])
          command.on(event, (...given: unknown[]) => heard.push([event, ...given]));
        await new Promise((resolve) => command.once('end', () => setImmediate(resolve)));
        return heard;
      };
      const connection = await pool.promise().getConnection();
      const core = (connection as unknown as { connection: MysqlConnection }).connection;
      const note =
        (heard: unknown[]) =>
        (...given: unknown[]) =>
          void heard.push(['callback', ...given]);
      const sql = 'select * from plain order by id';
      for (const isCalledBack of [false, true]) {
        const callback = (heard: unknown[]) => (isCalledBack ? note(heard) : undefined);
        const expected = await events((heard) => core[method](sql, [], callback(heard)) as ResultCommand);
        const payload = kept.payload();
        const { driver } = kept.reader();
        const given = await events((heard) => {
          const Command = (method === 'query' ? driver.Query : driver.Execute) as typeof driver.Query;
          const command = new Command({ sql }, callback(heard));
          setImmediate(() => answerInto(command, resultOf(payload, kept.reader(), null), payload.protocol));
          return command;
        });
        assert.deepStrictEqual(given, expected);
      }
      connection.release();
    },
  );

  it('takes no bytes for a result that are none', async () => {
    await pool.promise().query('select id from plain order by id');
    const stored = payloadCodec.encode(kept.payload());
    expect(payloadCodec.decode(stored).layout.rowCount).toBe(2);
    for (const damaged of [
      stored.subarray(0, stored.length - 1),
      stored.subarray(1),
      Buffer.concat([stored, stored]),
      Buffer.alloc(0),
      Buffer.of(0),
      Buffer.of(7, 1, 2, 3),
    ])
      expect(() => payloadCodec.decode(damaged)).toThrow(RangeError);
  });
});
