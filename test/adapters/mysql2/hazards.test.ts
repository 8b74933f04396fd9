/**
 * Decides, hazard by hazard, whether a wrapped pool says what the database says after a write, and gives nobody another
 * session's result. A second, plain connection is the judge.
 */
import { Readable } from 'node:stream';
import mysql, { type Pool, type PoolConnection } from 'mysql2/promise';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWithMysql, type MysqlFlavour } from '../../support/mysql.js';
import { type Fixture, fixture, until } from './fixture.js';

/** Statements of both servers; a line that one of them does not have is left out there. */
const schema = (flavour: MysqlFlavour): string => `
  create table item (id int primary key, code varchar(9) collate utf8mb4_bin, n int, key (code), key (n));
  create table log (id int auto_increment primary key, n int);
  create table numbered (id int auto_increment primary key, n int);
  create table marked (id int auto_increment primary key, n int);
  create trigger mark before insert on marked for each row set new.id = 100 + new.n;
  create table wide (id bigint primary key, n int);
  create table padded (id binary(4) primary key, n int);
  create table narrow (id varchar(9) character set latin1 collate latin1_bin primary key, n int);
  create table years (id int primary key, y year, key (y));
  create table kinds (id int primary key, e enum('a', 'b', '1'), key (e));
  create table defaults (id int primary key, word varchar(9) collate utf8mb4_bin default 'x', n int default 3, key (word));
  create table parent (id int primary key, n int);
  create table child (id int primary key, parent int,
    foreign key (parent) references parent (id) on delete cascade on update cascade);
  create function writes(a int) returns int deterministic modifies sql data
    begin insert into log (n) values (a); return 1; end;
  create view calling as select id, writes(id) as w from item;
  create view constant as select * from item where id = writes(5);
  create table moments (id int primary key, at timestamp null);
  insert into moments values (1, '2024-05-06 07:08:09');
  create table words (id int primary key, word varchar(20) character set utf8mb4);
  insert into words values (1, 'é'), (2, 'e'), (3, 'a'), (4, 'bb');
  create table secret (id int primary key);
  create table open_to_all (id int primary key);
  insert into secret values (1);
  ${
    flavour === 'mariadb'
      ? `create table chance (id int primary key, u double as (rand()) virtual);
  create table hidden (a int invisible, id int, n int, key (id));
  create table spans (id int auto_increment primary key, n int, s date, e date, period for p (s, e), key (n));`
      : ''
  }
`;

type Asked = string | readonly [text: string, values: readonly unknown[], protocol?: 'execute'];

interface Hazard {
  readonly reads: readonly Asked[];
  /** One after the other; whether a server takes one does not matter. */
  readonly writes: readonly Asked[];
  readonly modes?: string;
}

const hazards: Readonly<Record<string, Hazard>> = {
  'AUTO_INCREMENT makes a key of 0 and of NULL': {
    reads: ['select * from numbered where id = 0', 'select * from numbered where id = 1'],
    writes: [
      'insert into numbered values (0, 1)',
      'insert into numbered values (null, 2)',
      ['insert into numbered values (?, 3)', [0]],
      ['insert into numbered values (?, 4)', [null], 'execute'],
      'update numbered set id = 0 where id = 1',
    ],
  },
  'a trigger gives a row another key than was generated': {
    reads: ['select * from marked where id = 101', 'select * from marked where id = 1'],
    writes: ['insert into marked (n) values (1)'],
  },
  'a number as a text is compared with more digits than a double has': {
    reads: [
      ['select * from wide where id = ?', ['9007199254740993']],
      ['select * from wide where id = ?', ['9007199254740993'], 'execute'],
      ['select * from wide where id = ?', [9_007_199_254_740_992], 'execute'],
      ['select * from wide where id = ?', [9_007_199_254_740_992n], 'execute'],
    ],
    writes: [
      'insert into wide values (9007199254740992, 1), (9007199254740993, 2)',
      'update wide set n = 3 where id = 9007199254740993',
      ['update wide set n = 4 where id = ?', ['9007199254740992'], 'execute'],
    ],
  },
  'BINARY fills up with zero bytes': {
    reads: [
      "select * from padded where id = 'ab\\0\\0'",
      ['select * from padded where id = ?', [Buffer.from('ab\0\0')], 'execute'],
    ],
    writes: ["insert into padded values ('ab', 1)", "update padded set n = 3 where id = 'ab\\0\\0'"],
  },
  'a letter that its column has not becomes another one': {
    reads: ["select * from narrow where id = 'a?'"],
    writes: ["insert into narrow values ('a漢', 1)", ['insert into narrow values (?, 1)', ['b漢']]],
    modes: '',
  },
  'a year of two digits is one of four': {
    reads: ['select id from years where y = 99', 'select id from years where y = 1999'],
    writes: [
      "insert into years values (1, '99')",
      'update years set y = 2000 where y = 99',
      'update years set y = 99 where id = 1',
    ],
  },
  'an ENUM is its label and its number': {
    reads: [
      'select id from kinds where e = 1',
      "select id from kinds where e = 'a'",
      "select id from kinds where e = '1'",
    ],
    writes: [
      "insert into kinds values (1, 'a')",
      "update kinds set e = 'b' where e = 1",
      'update kinds set e = 3',
    ],
  },
  'DEFAULT is a value': {
    reads: ["select id from defaults where word = 'x'", 'select id from defaults where n = 3'],
    writes: [
      "insert into defaults values (1, 'a', 1)",
      'update defaults set word = default, n = default(n)',
      'insert into defaults (id) values (2)',
    ],
  },
  'a column that is set twice has the last value': {
    reads: ['select id from item where n = 5', 'select id from item where n = 6'],
    writes: ["insert into item values (1, 'a', 1)", 'update item set n = 5, n = 6 where id = 1'],
  },
  'REPLACE deletes, and what refers to the row goes with it': {
    reads: ['select * from child where id = 1', 'select count(*) from child'],
    writes: [
      'insert into parent values (1, 1)',
      'insert into child values (1, 1)',
      'replace into parent values (1, 2)',
    ],
  },
  'ON DUPLICATE KEY UPDATE moves a key that others refer to': {
    reads: ['select * from child where id = 2', 'select * from child where parent = 9'],
    writes: [
      'insert into parent values (2, 1)',
      'insert into child values (2, 2)',
      'insert into parent values (2, 2) on duplicate key update id = 9',
    ],
  },
  'EXPLAIN and SHOW run functions that write, in views too': {
    reads: ['select count(*) from log'],
    writes: [
      'explain select * from item where id = writes(1)',
      'show tables where writes(2)',
      'explain select * from constant',
    ],
  },
  'a view calls a function that writes': {
    reads: ['select count(*) from log where n > 0'],
    writes: ['select * from calling', 'select count(*) from calling where w = 1'],
  },
};

/** On MariaDB only. */
const hazardsOfMariadb: Readonly<Record<string, Hazard>> = {
  'a compound statement is no BEGIN': {
    reads: ['select count(*) from log'],
    writes: [
      'begin not atomic insert into log (n) values (1); end',
      'if 1 = 1 then insert into log (n) values (1); end if',
      "execute immediate 'insert into log (n) values (1)'",
    ],
  },
  'an empty text is NULL under EMPTY_STRING_IS_NULL': {
    reads: ['select * from item where code is null', "select * from item where code = ''"],
    writes: [
      "insert into item values (11, '', 1)",
      ['insert into item values (12, ?, 1)', ['']],
      ['insert into item values (13, ?, 1)', [''], 'execute'],
      "update item set code = 'x' where id = 11",
    ],
    modes: 'EMPTY_STRING_IS_NULL',
  },
  'an invisible column is given no value by INSERT': {
    reads: ['select * from hidden where id = 7', 'select count(*) from hidden where n = 8'],
    writes: ['insert into hidden values (7, 8)'],
  },
  'FOR PORTION OF makes rows of what it leaves': {
    reads: ['select * from spans where id = 2', 'select * from spans where n = 1'],
    writes: [
      "insert into spans (n, s, e) values (1, '2000-01-01', '2020-01-01')",
      "delete from spans for portion of p from '2005-01-01' to '2006-01-01' where id = 1",
      "update spans for portion of p from '2007-01-01' to '2008-01-01' set n = 3 where id = 2",
    ],
  },
};

/** Each is a session of its own, whose result is another one. */
const settings: readonly (readonly [name: string, set: string, text: string])[] = [
  ['time_zone', "set time_zone = '+05:00'", 'select at from moments'],
  ['sql_mode', "set sql_mode = 'PIPES_AS_CONCAT'", "select word || 'x' as joined from words where id = 3"],
  ['names', 'set names latin1', "select word, word = 'é' as same from words where id = 1"],
  [
    'collation_connection',
    'set collation_connection = utf8mb4_bin',
    "select id, 'a' = 'A' as same from words where id = 1",
  ],
  [
    'group_concat_max_len',
    'set group_concat_max_len = 4',
    'select group_concat(word) as all_words from words',
  ],
  ['div_precision_increment', 'set div_precision_increment = 9', 'select id / 3 as third from words'],
  ['lc_time_names', "set lc_time_names = 'de_DE'", "select date_format(at, '%M') as month from moments"],
  ['default_week_format', 'set default_week_format = 3', 'select week(at) as week from moments'],
  ['sql_select_limit', 'set sql_select_limit = 1', 'select id from words order by id'],
  ['max_sort_length', 'set max_sort_length = 64', 'select id from words order by word, id'],
  ['character_set_results', 'set character_set_results = latin1', 'select word from words where id = 1'],
];

const suite = (flavour: MysqlFlavour) => (): void => {
  let given: Fixture;
  /** Never wrapped; what it hands out is closed behind whoever changed it. */
  let judges: Pool;
  const failures: string[] = [];
  beforeAll(async () => {
    given = await fixture(schema(flavour), {}, { dateStrings: true, connectionLimit: 4 }, flavour);
    given.cache.on('failure', ({ reason, error }) => failures.push(`${reason}: ${String(error)}`));
    judges = mysql.createPool({ ...given.database.config, dateStrings: true, connectionLimit: 4 });
  });
  afterAll(async () => {
    await judges.end();
    await given.end();
  });

  const ask = async (from: Pick<Pool, 'query' | 'execute'>, asked: Asked): Promise<unknown> => {
    const [text, values, protocol] = typeof asked === 'string' ? [asked, []] : asked;
    const [rows] =
      protocol === undefined
        ? await from.query(text, [...values])
        : await from.execute(text, [...values] as string[]);
    return rows;
  };
  /** A connection of the wrapped pool and one of the judge's, both told to be something else than usual. */
  const beside = async (
    told: string,
    task: (connection: PoolConnection, judge: PoolConnection) => Promise<void>,
  ): Promise<void> => {
    const both = await Promise.all([given.pool.getConnection(), judges.getConnection()]);
    try {
      for (const one of both) await one.query(told);
      await task(...both);
    } finally {
      for (const one of both) one.destroy();
    }
  };

  const played = flavour === 'mariadb' ? { ...hazards, ...hazardsOfMariadb } : hazards;
  it.each(Object.entries(played))('%s', async (_, { reads, writes, modes }) => {
    await beside(modes === undefined ? 'do 1' : `set sql_mode = '${modes}'`, async (connection, judge) => {
      for (const write of writes) {
        for (const read of reads) await ask(connection, read);
        await ask(connection, write);
        for (const read of reads) expect(await ask(connection, read)).toEqual(await ask(judge, read));
      }
    });
  });

  it.each(settings)(
    'a session has results of its own, and the pool those of the pool, after %s',
    async (_, set, text) => {
      const usual = await ask(judges, text);
      await ask(given.pool, text);
      await beside(set, async (connection, judge) => {
        for (let times = 0; times < 3; times++)
          expect(await ask(connection, text)).toEqual(await ask(judge, text));
        expect(await given.isHit(() => ask(connection, text))).toBe(true);
      });
      expect(await ask(given.pool, text)).toEqual(usual);
      expect(await given.isHit(() => ask(given.pool, text))).toBe(true);
    },
  );

  it('a pool that tells each new connection something has results of its own', async () => {
    const told = given.wrappedPool({ dateStrings: true });
    // With the promise API the events of a pool are those of the one below it.
    told.on('connection', (connection) => void connection.query("set time_zone = '+07:00'"));
    const text = 'select at from moments where id = 1';
    for (let times = 0; times < 3; times++) {
      expect(await ask(told, text)).toEqual([{ at: '2024-05-06 14:08:09' }]);
      expect(await ask(given.pool, text)).toEqual([{ at: '2024-05-06 07:08:09' }]);
    }
    expect(await given.isHit(() => ask(told, text))).toBe(true);
  });

  it('a user without the right to a table is not given its rows by the cache, before GRANT and after REVOKE', async () => {
    const user = `stranger_${process.pid}_${flavour}`;
    const { database } = given.database.config;
    const text = 'select * from secret';
    await ask(given.pool, `create user ${user}@'%'`);
    await ask(given.pool, `grant select on ${database}.open_to_all to ${user}@'%'`);
    const stranger = given.wrappedPool({ user });
    try {
      await ask(given.pool, text);
      await expect(ask(stranger, text)).rejects.toMatchObject({ errno: 1142 });
      await ask(given.pool, `grant select on ${database}.secret to ${user}@'%'`);
      await until(() => given.isHit(() => ask(stranger, text)));
      await ask(given.pool, `revoke select on ${database}.secret from ${user}@'%'`);
      await expect(ask(stranger, text)).rejects.toMatchObject({ errno: 1142 });
    } finally {
      await stranger.end(); // or it looks at the catalog as somebody who is no more
      await ask(given.pool, `drop user ${user}@'%'`);
    }
  });

  it.runIf(flavour === 'mariadb')(
    'a column that is computed by chance is another one each time',
    async () => {
      await ask(given.pool, 'insert into chance (id) values (1)');
      const seen = new Set<string>();
      for (let times = 0; times < 3; times++)
        seen.add(JSON.stringify(await ask(given.pool, 'select * from chance where id = 1')));
      expect(seen.size).toBe(3);
    },
  );

  it('LOAD DATA from the client is seen, and a statement under a name', async () => {
    const text = 'select count(*) as count from item where id > 100';
    const written = [
      () =>
        given.pool.query({
          sql: "load data local infile 'any' into table item fields terminated by ','",
          infileStreamFactory: () => Readable.from([Buffer.from('101,a,1\n102,b,2\n')]),
        }),
      () =>
        given.onConnection(async (connection) => {
          await connection.query("set @insert = 'insert into item values (103, null, 3)'");
          await connection.query('prepare inserting from @insert');
          await connection.query('execute inserting');
          await connection.query('deallocate prepare inserting');
        }),
    ];
    for (const [index, write] of written.entries()) {
      await ask(given.pool, text);
      await write();
      expect(await ask(given.pool, text)).toEqual([{ count: index + 2 }]);
    }
  });

  it.runIf(flavour === 'mariadb')('a role that is set and left gives and takes rights', async () => {
    const [user, role] = [`actor_${process.pid}`, `role_${process.pid}`];
    const { database } = given.database.config;
    for (const text of [
      `create role ${role}`,
      `create user ${user}@'%'`,
      `grant select on ${database}.secret to ${role}`,
      `grant select on ${database}.open_to_all to ${user}@'%'`,
      `grant ${role} to ${user}@'%'`,
    ])
      await ask(given.pool, text);
    const pool = given.wrappedPool({ user });
    try {
      const text = 'select * from secret';
      await given.onConnection(async (connection) => {
        await expect(ask(connection, text)).rejects.toMatchObject({ errno: 1142 });
        await connection.query(`set role ${role}`);
        await until(() => given.isHit(() => ask(connection, text)));
        await connection.query('set role none');
        await expect(ask(connection, text)).rejects.toMatchObject({ errno: 1142 });
      }, pool);
    } finally {
      await pool.end(); // or it looks at the catalog that changes, as somebody who is no more
      await ask(given.pool, `drop user ${user}@'%'`);
      await ask(given.pool, `drop role ${role}`);
    }
  });

  it('leaves nothing failed', () => {
    expect(failures).toStrictEqual([]);
  });
};

for (const flavour of ['mariadb', 'mysql57'] as const)
  describeWithMysql(`where it would be easy to be wrong on ${flavour}`, suite(flavour), flavour);
