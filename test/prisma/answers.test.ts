/** Our adapter for Prisma beside Prisma's own for MariaDB: every type of column, argument and error, deeply equal. */
import assert from 'node:assert';
import { createConnection } from 'mysql2/promise';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import {
  createMysqlDatabase,
  describeWithMysql,
  type MysqlFlavour,
  type TestSchema,
} from '../support/mysql.js';
import {
  type ArgType,
  answerOf,
  expectSameRead,
  openSides,
  type Query,
  query,
  type Sides,
  typeOf,
} from './sides.js';

/** A type, and values of it as SQL. */
const columns: Readonly<Record<string, readonly string[]>> = {
  boolean: ['true', 'false'],
  tinyint: ['-128', '127'],
  'tinyint unsigned': ['255', '0'],
  smallint: ['-32768'],
  'smallint unsigned': ['65535'],
  mediumint: ['-8388608', '8388607'],
  'mediumint unsigned': ['16777215'],
  int: ['-2147483648', '2147483647'],
  'int unsigned': ['4294967295'],
  'int(5) zerofill': ['7'],
  bigint: ['-9223372036854775808', '9007199254740993', '1'],
  'bigint unsigned': ['18446744073709551615'],
  float: ['0.1', '-1.5e30'],
  'float(7,3)': ['1234.567'],
  double: ['0.1', '1e300', '-0.0'],
  'decimal(10,2)': ['1.50', '-99999999.99'],
  'decimal(65,0)': ['12345678901234567890123456789012345678901234567890'],
  'decimal(30,30)': ['0.000000000000000000000000000001'],
  date: ["'1969-12-31'", "'9999-12-31'", "'0001-01-01'"],
  time: ["'12:34:56'", "'-838:59:59'", "'00:00:00'", "'76:05:06'"],
  'time(3)': ["'12:34:56.5'", "'-00:00:00.001'", "'01:02:03'"],
  'time(6)': ["'12:34:56.123456'", "'12:34:56.100000'"],
  datetime: ["'1974-05-01 12:34:56'", "'1974-05-01'"],
  'datetime(3)': ["'1974-05-01 12:34:56.789'", "'1974-05-01 12:34:56.700'", "'1974-05-01 00:00:00'"],
  'datetime(6)': ["'1974-05-01 12:34:56.123456'", "'9999-12-31 23:59:59.999999'"],
  'timestamp null': ["'1974-05-01 12:34:56'"],
  'timestamp(3) null': ["'2038-01-19 03:14:07.5'"],
  year: ['1901', '2155', '0'],
  'char(5)': ["'ab'", "''"],
  'varchar(50)': ["'Stanisław 😀'", "'it''s'"],
  'varchar(50) character set latin1': ["'äöü'"],
  'varchar(50) collate utf8mb4_bin': ["'Ab'"],
  tinytext: ["'t'"],
  text: ["repeat('x', 300)"],
  mediumtext: ["repeat('ä', 70000)"],
  longtext: [`'{"a": 1}'`],
  'binary(4)': ["x'00ff'"],
  'varbinary(20)': ["x'0001ff'", "''"],
  tinyblob: ["x'ff'"],
  blob: ["repeat(x'fe', 300)"],
  longblob: ["x''"],
  'bit(1)': ["b'1'", "b'0'"],
  'bit(64)': ["b'1010101010101'"],
  json: [
    `'{"pages": 341, "price": 1.50, "big": 12345678901234567890, "in": ["de", null]}'`,
    "'null'",
    '\'"x"\'',
  ],
  "enum('red','blue')": ["'blue'"],
  "set('a','b','c')": ["'a,c'", "''"],
  geometry: ["st_geomfromtext('LINESTRING(0 0,1 2)')"],
  point: ["st_geomfromtext('POINT(1 2)')"],
};
const onMariadb: typeof columns = { uuid: ["'00000000-0000-4000-8000-00000000000a'"], inet6: ["'::1'"] };

/** As Prisma Client gives them, and a column that keeps them. */
const values: readonly (readonly [value: unknown, type: ArgType, into: string])[] = [
  [null, typeOf('string'), 'varchar(50)'],
  [undefined, typeOf('unknown'), 'varchar(50)'],
  ['text', typeOf('string'), 'varchar(50)'],
  ["it's \\ ? 😀", typeOf('string'), 'varchar(50)'],
  ['', typeOf('string'), 'varchar(50)'],
  [0, typeOf('int'), 'int'],
  [-2147483648, typeOf('int'), 'int'],
  [2147483646, typeOf('int'), 'int'],
  [2147483647, typeOf('int'), 'int'],
  [4294967295, typeOf('int'), 'bigint'],
  [9007199254740991, typeOf('int'), 'bigint'],
  ['9007199254740993', typeOf('bigint'), 'bigint'],
  [9223372036854775807n, typeOf('bigint'), 'bigint'],
  ['-9223372036854775808', typeOf('bigint'), 'bigint'],
  ['9223372036854775808', typeOf('bigint'), 'bigint unsigned'],
  ['no number', typeOf('bigint'), 'bigint'],
  [0.1, typeOf('float'), 'double'],
  [1e21, typeOf('float'), 'double'],
  [-0, typeOf('float'), 'double'],
  ['1.50', typeOf('decimal'), 'decimal(10,2)'],
  [true, typeOf('boolean'), 'boolean'],
  [false, typeOf('boolean'), 'boolean'],
  ['blue', typeOf('enum'), "enum('red','blue')"],
  ['00000000-0000-4000-8000-00000000000a', typeOf('uuid'), 'char(36)'],
  ['{"a": [1, 2.50]}', typeOf('json'), 'json'],
  [{ a: [1, 'b'] }, typeOf('json'), 'json'],
  [[1, 2], typeOf('unknown'), 'varchar(50)'],
  ['1974-05-01T12:34:56.789Z', typeOf('datetime'), 'datetime(3)'],
  ['1974-05-01T12:34:56.000Z', typeOf('datetime', 'DATETIME'), 'datetime(3)'],
  ['1974-05-01T12:34:56.789Z', typeOf('datetime', 'DATE'), 'date'],
  ['1974-05-01T12:34:56.789Z', typeOf('datetime', 'TIME'), 'time(3)'],
  ['1974-05-01T12:34:56.000Z', typeOf('datetime', 'TIME'), 'time'],
  ['0099-05-01T12:34:56.789Z', typeOf('datetime'), 'varchar(50)'],
  ['no date', typeOf('datetime'), 'varchar(50)'],
  [new Date('1974-05-01T12:34:56.789Z'), typeOf('unknown'), 'datetime(3)'],
  [Buffer.from([0, 1, 255]), typeOf('bytes'), 'blob'],
  [new Uint8Array([0, 1, 255]), typeOf('bytes'), 'blob'],
  ['AAH/', typeOf('bytes'), 'blob'],
];

/** The catalog is read again after DDL, which nobody waits for. */
const isServed = ({ cached, cache }: Sides, asked: Query): Promise<void> =>
  expect
    .poll(async () => {
      await cached.queryRaw(asked);
      const { nearHits } = cache.stats();
      await cached.queryRaw(asked);
      return cache.stats().nearHits - nearHits;
    })
    .toBe(1);

function describeAnswers(flavour: MysqlFlavour): void {
  describeWithMysql(
    `Prisma over mysql2, beside Prisma's own adapter, on ${flavour}`,
    () => {
      let schema: TestSchema;
      let sides: Sides;
      const everywhere = flavour === 'mariadb' ? { ...columns, ...onMariadb } : columns;

      beforeAll(async () => {
        schema = await createMysqlDatabase(flavour);
        sides = await openSides(schema);
        const { official } = sides;
        const run = (sql: string): Promise<number> => official.executeRaw(query(sql));
        await run(
          'create table people (id int auto_increment primary key, name varchar(10) not null unique, born date) character set utf8mb4',
        );
        await run(
          'create table pets (id int primary key, owner int not null, weight tinyint unsigned, foreign key (owner) references people (id))',
        );
      });
      beforeEach(async () => {
        const { official, cache } = sides;
        await official.executeRaw(query('delete from pets'));
        await official.executeRaw(query('delete from people'));
        await official.executeRaw(
          query("insert into people values (1, 'Ursula', '1929-10-21'), (2, 'Octavia', null)"),
        );
        await official.executeRaw(query('insert into pets values (1, 1, 9)'));
        await cache.invalidate({ all: true });
      });
      afterAll(async () => {
        expect(sides.cache.stats().failures).toStrictEqual({});
        await sides.close();
        await schema.drop();
      });

      it('gives the same for a column of every type', async () => {
        const { official, cached, cache } = sides;
        const names = Object.keys(everywhere).map((_, index) => `c${index}`);
        const described = Object.keys(everywhere).map((type, index) => `c${index} ${type}`);
        await cached.executeRaw(
          query(`create table every (id int primary key, ${described.join(', ')}) character set utf8mb4`),
        );
        const rows = Math.max(...Object.values(everywhere).map(({ length }) => length));
        for (let row = 0; row < rows; row++) {
          const cells = Object.values(everywhere).map((all) => all[row] ?? 'null');
          await official.executeRaw(query(`insert into every values (${[row, ...cells].join(', ')})`));
        }
        await isServed(sides, query('select id from every'));
        for (const name of names)
          await expectSameRead(sides, query(`select ${name}, id from every order by id`));
        const { nearHits } = cache.stats();
        const expected = (await expectSameRead(sides, query('select * from every order by id'))) as {
          rows: unknown[];
        };
        expect(expected.rows).toHaveLength(rows);
        expect(cache.stats().nearHits).toBe(nearHits + 2);
      });

      it('gives the same for expressions, names, and no rows', async () => {
        const texts = [
          "select 1, 1.5, 1e0, 'a', null, true, 18446744073709551615, now() is null, x'ff', cast(1 as json)",
          'select id, id, id + 1 as `odd name`, count(*) over () from people',
          'select count(*), sum(id), avg(id), max(name), min(born) from people',
          'select * from people where id = 99',
          "select json_object('a', id), json_extract('[1.50]', '$[0]') from people",
          'select id as a, name as a from people',
          'select sec_to_time(id), date_add(born, interval 1 hour), timediff(now(), now()) from people',
          'select cast(0.5 as time(6)), cast(id as signed), cast(id as unsigned) from people',
          'select people.*, pets.* from people left join pets on pets.owner = people.id',
          'values (1)',
          'show warnings',
          'set @a = 1',
        ];
        for (const text of texts) await expectSameRead(sides, query(text));
      });

      it('throws where Prisma throws', async () => {
        const connection = await createConnection(schema.config);
        await connection.query("set session sql_mode = ''");
        await connection.query('create table zero (moment datetime)');
        await connection.query("insert into zero values ('0000-00-00')");
        await connection.end();
        expect(await expectSameRead(sides, query('select * from zero'))).toMatchObject({
          name: 'RangeError',
        });
      });

      it('sends arguments as Prisma does', async () => {
        const { official, ours, cached } = sides;
        const into = [...new Set(values.map(([, , column]) => column))];
        const described = into.map((type, index) => `c${index} ${type}`);
        await cached.executeRaw(
          query(`create table given (id int primary key, ${described.join(', ')}) character set utf8mb4`),
        );
        await isServed(sides, query('select id from given'));
        for (const [value, type, column] of values) {
          const name = `c${into.indexOf(column)}`;
          await expectSameRead(sides, query('select ?', [value], [type]));
          await expectSameRead(sides, query('select 1.50 + ?, coalesce(?, 1)', [value, value], [type, type]));
          const written = [];
          for (const [index, side] of [official, ours, cached].entries()) {
            const insert = query(
              `insert into given (id, ${name}) values (?, ?)`,
              [index, value],
              [typeOf('int'), type],
            );
            written.push(await answerOf(side.executeRaw(insert)));
          }
          assert.deepStrictEqual(written[1], written[0]);
          assert.deepStrictEqual(written[2], written[0]);
          const { rows } = await official.queryRaw(query('select * from given order by id'));
          for (const row of rows) assert.deepStrictEqual(row.slice(1), rows[0]?.slice(1));
          await cached.executeRaw(query('update given set id = id'));
          await expectSameRead(sides, query(`select * from given where ${name} = ?`, [value], [type]));
          await cached.executeRaw(query('delete from given'));
        }
      });

      it('tells the same of writes', async () => {
        const { official, ours, cached } = sides;
        const restore = async (): Promise<void> => {
          await official.executeRaw(query('delete from people where id > 2'));
          await official.executeRaw(query('alter table people auto_increment = 3'));
          await official.executeRaw(query("update people set name = 'Octavia' where id = 2"));
        };
        const writes = [
          query('insert into people (name) values (?)', ['Lem']),
          query('insert into people (name) values (?), (?)', ['Lem', 'Le Guin']),
          query('insert ignore into people (id, name) values (1, ?)', ['x']),
          query('update people set name = ? where id = ?', ['Butler', 2]),
          query('update people set name = name where id = 2'),
          query('update people set name = ? where id = 99', ['x']),
          query('delete from people where id = 99'),
          query("insert into people (id, name) values (1, 'x') on duplicate key update born = born"),
          query('select * from people'),
        ];
        for (const write of writes)
          for (const method of ['executeRaw', 'queryRaw'] as const) {
            const told = [];
            for (const side of [official, ours, cached]) {
              await restore();
              told.push(await answerOf(side[method](write)));
            }
            assert.deepStrictEqual(told[1], told[0], `${method} ${write.sql}`);
            assert.deepStrictEqual(told[2], told[0], `${method} ${write.sql}, cached`);
          }
      });

      it('tells the same of errors', async () => {
        const wrong = [
          query("insert into people (id, name) values (1, 'x')"),
          query("insert into people (name) values ('Ursula')"),
          query('insert into pets values (2, 99, 1)'),
          query('delete from people where id = 1'),
          query('insert into people (name) values (null)'),
          query('insert into people (born) values (null)'),
          query('insert into people (name) values (?)', ['much too long a name']),
          query('insert into pets values (2, 1, 999)'),
          query('insert into pets values (2, 1, ?)', ['no number']),
          query("insert into people (name, born) values ('x', ?)", ['no date']),
          query('select * from nothing'),
          query('select nothing from people'),
          query('select'),
          query('create table people (id int)'),
          query(`create database ${schema.config.database}`),
          query('use nowhere_at_all'),
          query("select * from people where match (name) against ('x')"),
          query("signal sqlstate '45000' set message_text = 'of my own'"),
          query("signal sqlstate '40001' set mysql_errno = 1213, message_text = 'Deadlock found'"),
          query("signal sqlstate '08004' set mysql_errno = 1040, message_text = 'Too many connections'"),
          query(
            "signal sqlstate '28000' set mysql_errno = 1045, message_text = 'Access denied for user ''me''@''here'' (using password: YES)'",
          ),
          query(
            "signal sqlstate '42000' set mysql_errno = 1044, message_text = 'Access denied for user ''me''@''here'' to database ''theirs'''",
          ),
          query(
            "signal sqlstate '22004' set mysql_errno = 1263, message_text = 'Column set to default value; NULL supplied to NOT NULL column ''a'''",
          ),
        ];
        for (const asked of wrong) {
          const expected = await expectSameRead(sides, asked);
          expect(expected, asked.sql).toMatchObject({ name: 'DriverAdapterError' });
        }
      });

      it('says the same of the connection', () => {
        const { official, ours } = sides;
        expect({ schemaName: undefined, ...ours.getConnectionInfo() }).toStrictEqual(
          official.getConnectionInfo(),
        );
        expect(ours.provider).toBe(official.provider);
      });
    },
    flavour,
  );
}

describeAnswers('mariadb');
describeAnswers('mysql57');
