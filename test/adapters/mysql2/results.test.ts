/** Whether a kept result, however it is decoded and whatever way it took, is deeply what a plain pool gives. */
import assert from 'node:assert';
import { inspect } from 'node:util';
import mysql, { type Pool, type PoolOptions, type QueryOptions } from 'mysql2';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { optionsOfCall } from '../../../src/adapters/mysql2/options.js';
import { resultOf } from '../../../src/adapters/mysql2/replay.js';
import { payloadCodec } from '../../../src/adapters/mysql2/stored-payload.js';
import {
  createMysqlDatabase,
  describeWithMysql,
  type MysqlFlavour,
  type TestSchema,
} from '../../support/mysql.js';
import { differences, visibleFields } from './comparable.js';
import { type Keeping, keep } from './keeping.js';
import { kindsSchema } from './kinds.js';

/** What a pool may be made with, each with its name. */
const pools: readonly (readonly [string, PoolOptions])[] = [
  ['nothing', {}],
  ['rowsAsArray', { rowsAsArray: true }],
  ['nestTables', { nestTables: true }],
  ['dateStrings', { dateStrings: true }],
  ['some dateStrings', { dateStrings: ['DATE', 'TIMESTAMP'] }],
  ['a timezone', { timezone: '+05:30' }],
  ['UTC', { timezone: 'Z' }],
  ['decimalNumbers', { decimalNumbers: true }],
  ['supportBigNumbers', { supportBigNumbers: true }],
  ['bigNumberStrings', { supportBigNumbers: true, bigNumberStrings: true }],
  ['jsonStrings', { jsonStrings: true }],
  ['disableEval', { disableEval: true }],
  ['a charset', { charset: 'LATIN1_SWEDISH_CI' }],
  ['a typeCast', { typeCast: (field, next) => (field.type === 'BLOB' ? field.buffer() : next()) }],
];

type CallOptions = Omit<QueryOptions, 'sql'>;

/** What a call may say itself. */
const calls: readonly (readonly [string, CallOptions])[] = [
  ['nothing', {}],
  ['rowsAsArray', { rowsAsArray: true }],
  ['nestTables', { nestTables: true }],
  ['nestTables with a separator', { nestTables: '_' }],
  ['arrays of nested tables', { nestTables: true, rowsAsArray: true }],
  ['a typeCast', { typeCast: (field, next) => [field.type, field.table, field.name, next()] }],
  ['its own dateStrings', { dateStrings: true }],
];

const texts = [
  'select * from kinds order by id',
  'select k.*, m.id, m.name from kinds k join many m on m.id = k.id order by k.id',
  'select id as a, tiny as b, dt as a, dat as a from kinds order by id',
  'select * from odd',
  'select * from nothing',
  "select count(*), sum(deci), max(dt), min(dou), group_concat(vc), null, 1, -1.5, 't' as t, '' as `` from kinds",
];

/** Arrives in several pieces. */
const long = 'select * from many order by id';

const fromDriver = (
  pool: Pool,
  protocol: 'query' | 'execute',
  given: QueryOptions,
): Promise<[unknown, unknown]> =>
  new Promise((resolve, reject) => {
    pool[protocol](given, (error: Error | null, rows: unknown, fields: unknown) =>
      error ? reject(error) : resolve([rows, fields]),
    );
  });

interface Pools {
  readonly plain: Pool;
  readonly keeping: Pool;
  readonly kept: Keeping;
}

/** What a plain pool gives, and what came while it was kept, out of memory, and out of the store. */
async function compared({ plain, keeping, kept }: Pools, protocol: 'query' | 'execute', call: QueryOptions) {
  const expected = await fromDriver(plain, protocol, call);
  const given = [await fromDriver(keeping, protocol, call)];
  const payload = kept.payload();
  const { overrides } = optionsOfCall(call);
  const read = payloadCodec.decode(payloadCodec.encode(payload));
  expect(payloadCodec.same(read, payload)).toBe(true);
  for (const one of [payload, payload, read, read, read]) given.push(resultOf(one, kept.reader(), overrides));
  return { expected, given };
}

const flavours: readonly MysqlFlavour[] = ['mariadb', 'mysql57'];

for (const flavour of flavours)
  describeWithMysql(
    `a kept result on ${flavour}`,
    () => {
      let schema: TestSchema;

      beforeAll(async () => {
        schema = await createMysqlDatabase(flavour);
        const setting = mysql.createConnection({ ...schema.config, multipleStatements: true }).promise();
        await setting.query(kindsSchema(flavour));
        await setting.end();
      });
      afterAll(() => schema.drop());

      const some = pools.filter(
        ([name]) => flavour === 'mariadb' || ['nothing', 'jsonStrings'].includes(name),
      );
      describe.each(some)('of a pool with %s', (poolName, options) => {
        const isPlainest = poolName === 'nothing' || poolName === 'disableEval';
        let plain: Pool;
        let keeping: Pool;
        let kept: Keeping;

        beforeAll(() => {
          plain = mysql.createPool({ ...schema.config, ...options, connectionLimit: 1 });
          keeping = mysql.createPool({ ...schema.config, ...options, connectionLimit: 1 });
          kept = keep(keeping);
        });
        afterAll(async () => {
          await Promise.all([plain.promise().end(), keeping.promise().end()]);
        });

        const own = flavour === 'mariadb' ? [...texts, 'select * from own_kinds order by id'] : texts;
        for (const protocol of ['query', 'execute'] as const) {
          it(`is what ${protocol} gives, whatever the call says`, async () => {
            for (const sql of own)
              for (const [name, call] of isPlainest ? calls : calls.slice(0, 1)) {
                const what = `${sql} with ${name}`;
                const { expected, given } = await compared({ plain, keeping, kept }, protocol, {
                  sql,
                  ...call,
                });
                for (const one of given) expect(differences(one, expected), what).toEqual([]);
              }
          });

          it(`has the dates that are none that ${protocol} gives`, async () => {
            const { expected, given } = await compared({ plain, keeping, kept }, protocol, {
              sql: 'select * from zeros order by id',
            });
            for (const [rows] of given) assert.deepStrictEqual(inspect(rows), inspect(expected[0]));
          });

          it(`is what ${protocol} gives when it is long`, async () => {
            const { expected, given } = await compared({ plain, keeping, kept }, protocol, { sql: long });
            const [rows, fields] = expected;
            for (const [ownRows, ownFields] of given) {
              expect(differences(ownRows, rows)).toEqual([]);
              assert.deepStrictEqual(visibleFields(ownFields), visibleFields(fields));
            }
          });
        }
      });
    },
    flavour,
  );
