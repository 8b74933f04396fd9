/** Decides that texts of MySQL and MariaDB become trees, or errors as values: the forms, and what they are told as. */
import { expect, test } from 'vitest';
import type { Expression, Query, Select } from '../../../src/sql/mysql/ast.js';
import { parse, parsedLengthMax } from '../../../src/sql/mysql/parser/index.js';
import { readingModeOf } from '../../../src/sql/mysql/reading.js';
import type { Statement } from '../../../src/sql/mysql/statement-ast.js';
import type { ReadingMode } from '../../../src/sql/mysql/tokens.js';
import { laterForms, selectForms, writeForms } from './forms.js';
import { printExpression, printSource } from './printer.js';
import { unusual, usual } from './reading-server.js';
import { printStatement } from './statement-printer.js';

function statementsOf(text: string, mode: ReadingMode = usual): readonly Statement[] {
  const outcome = parse(text, mode);
  if (!outcome.parsed) throw new Error(`${text}: ${outcome.message} at ${outcome.position}`);
  return outcome.statements.map(({ statement }) => statement);
}

function statementOf(text: string, mode: ReadingMode = usual): Statement {
  const [only, ...others] = statementsOf(text, mode);
  if (only === undefined || others.length > 0) throw new Error(`${text} is not one statement`);
  return only;
}

function selectOf(text: string, mode: ReadingMode = usual): Select {
  const { body } = statementOf(text, mode) as Query;
  if (body.kind !== 'select') throw new Error(`${text} is not a SELECT`);
  return body;
}

function expressionOf(text: string, mode: ReadingMode = usual): Expression {
  const [item] = selectOf(`select ${text}`, mode).items;
  if (item?.kind !== 'select-expression') throw new Error(`${text} is not an expression`);
  return item.expression;
}

const bracketed = (text: string, mode: ReadingMode = usual): string =>
  printExpression(expressionOf(text, mode)).replaceAll('`', '').toLowerCase();

const fromOf = (text: string): string =>
  selectOf(`select 1 from ${text}`).from.map(printSource).join(', ').replaceAll('`', '');

test.each([...selectForms, ...writeForms, ...laterForms])('%s', (text) => {
  const statement = statementOf(text);
  const printed = printStatement(statement);
  if (printed === null) throw new Error('It is not written back.');
  // INTERSECT binds tighter than UNION: in brackets it is a query of its own. A backslash is written as its code.
  const isExact = !(text.includes('union') && text.includes('intersect')) && !text.includes('\\');
  if (isExact) expect(statementOf(printed)).toEqual(statement);
  expect(printStatement(statementOf(printed))).toBe(printed);
});

test('operators bind as in the grammar of the servers', () => {
  expect(bracketed('1 + 2 * 3 - 4')).toBe('((1 + (2 * 3)) - 4)');
  expect(bracketed('a or b xor c and not d = e')).toBe('(a or (b xor (c and (not (d = e)))))');
  expect(bracketed('not a between b and c and d')).toBe('((not (a between b and c)) and d)');
  expect(bracketed('a = b = c is null')).toBe('(((a = b) = c) is null)');
  expect(bracketed('a | b & c << d + e * f ^ - g')).toBe('(a | (b & (c << (d + (e * (f ^ (- g)))))))');
  expect(bracketed('- a collate utf8mb4_bin')).toBe('(- (a collate utf8mb4_bin))');
  expect(bracketed('a between 1 and b in (2)')).toBe('(a between 1 and (b in (2)))');
  expect(bracketed('! a + b')).toBe('((not a) + b)');
  expect(bracketed('@a := 1 + 2 and 3')).toBe('(@a := ((1 + 2) and 3))');
  expect(bracketed("d + interval 1 + 1 day - interval '1:1' minute_second")).toBe(
    "((d + interval (1 + 1) day) - interval '1:1' minute_second)",
  );
});

test('chains of AND and OR are flat, so that long ones are not deep', () => {
  const many = Array.from({ length: 3_000 }, (_, index) => `a = ${index}`);
  expect(expressionOf(many.join(' or '))).toMatchObject({ kind: 'logical', operator: 'or' });
  expect(expressionOf('a and b and c')).toMatchObject({ operator: 'and', operands: [{}, {}, {}] });
  expect(expressionOf('(a and b) and c')).toMatchObject({
    operands: [{ kind: 'logical' }, { kind: 'column' }],
  });
});

test('modes change what operators and quotes mean', () => {
  expect(bracketed('a || b and c')).toBe('(a or (b and c))');
  expect(bracketed('a || b and c', unusual)).toBe('((a || b) and c)');
  expect(bracketed('2 ^ a || b', unusual)).toBe('(2 ^ (a || b))');
  expect(bracketed('not a = b', unusual)).toBe('((not a) = b)');
  expect(expressionOf('"a"')).toEqual({ kind: 'string', value: 'a', charset: null });
  expect(expressionOf('"a"', unusual)).toEqual({ kind: 'column', names: ['a'] });
  expect(parse('select count (*) from t', unusual)).toMatchObject({ parsed: false });
  expect(expressionOf('coalesce (1)', unusual)).toMatchObject({ kind: 'call', name: 'coalesce' });
});

test('a mode with a grammar of its own is not understood', () => {
  for (const sqlMode of ['STRICT_ALL_TABLES,ORACLE', 'mssql', 'EMPTY_STRING_IS_NULL'])
    expect(parse('select 1', readingModeOf(sqlMode))).toMatchObject({
      parsed: false,
      message: 'the sql_mode has a grammar of its own',
    });
  expect(parse('select 1', readingModeOf('ANSI_QUOTES,NO_ZERO_DATE'))).toMatchObject({ parsed: true });
});

test('a condition belongs to the last join that has none, and joins without one are from left to right', () => {
  expect(fromOf('a join b join c')).toBe('((a JOIN b) JOIN c)');
  expect(fromOf('a join b on 1 left join c on 2')).toBe('((a JOIN b ON 1) LEFT JOIN c ON 2)');
  expect(fromOf('a join b join c on 1 on 2')).toBe('(a JOIN (b JOIN c ON 1) ON 2)');
  expect(fromOf('a join b left join c on 1')).toBe('((a JOIN b) LEFT JOIN c ON 1)');
  expect(fromOf('a join b right join c on 1 join d')).toBe('(((a JOIN b) RIGHT JOIN c ON 1) JOIN d)');
  expect(fromOf('a join (b left join c on 1)')).toBe('(a JOIN (b LEFT JOIN c ON 1))');
  expect(fromOf('a, b join c, (d, e)')).toBe('a, (b JOIN c), (d JOIN e)');
});

test('literals keep what tells them apart', () => {
  expect(expressionOf("_latin1'x' 'y'")).toEqual({ kind: 'string', value: 'xy', charset: 'latin1' });
  expect(expressionOf("0x4D + x'4d'")).toMatchObject({
    left: { base: 'hex', digits: '4d', isPrefixed: true },
    right: { base: 'hex', digits: '4d', isPrefixed: false },
  });
  expect(expressionOf('1.50')).toEqual({ kind: 'number', form: 'decimal', text: '1.50' });
  expect(expressionOf('-1')).toMatchObject({ kind: 'unary', operator: '-', operand: { text: '1' } });
  expect(expressionOf("date'2020-01-01'")).toEqual({ kind: 'temporal', type: 'date', value: '2020-01-01' });
});

test('parameters are numbered through several statements', () => {
  expect(JSON.stringify(statementsOf('select ?; update t set a = ? where b = ?'))).toMatch(
    /"index":0.*"index":1.*"index":2/,
  );
});

test('a text of several statements is a list, with where each of them stands', () => {
  const text = ' ;begin; select 1 ;; /* end */ commit ; ';
  const outcome = parse(text, usual);
  const found = outcome.parsed ? outcome.statements : [];
  expect(found.map(({ start, end }) => text.slice(start, end))).toEqual(['begin', 'select 1', 'commit']);
  expect(statementsOf('-- nothing')).toEqual([]);
});

test('calls know their own words', () => {
  expect(expressionOf('f(1)')).toMatchObject({ kind: 'call', schema: null, name: 'f' });
  expect(expressionOf('S.F(1)')).toMatchObject({ kind: 'call', schema: 'S', name: 'F' });
  expect(expressionOf('NOW')).toEqual({ kind: 'column', names: ['NOW'] });
  expect(expressionOf('current_timestamp')).toMatchObject({ kind: 'call', name: 'current_timestamp' });
  expect(expressionOf('extract(year from d)')).toMatchObject({ name: 'extract', words: ['year'] });
  expect(expressionOf('count(distinct a, b)')).toMatchObject({ isDistinct: true, isStar: false });
  expect(expressionOf('sum(a) over w')).toMatchObject({ name: 'sum', over: 'w' });
  expect(expressionOf('next value for s.q')).toMatchObject({ kind: 'sequence-value', isNext: true });
  expect(selectOf('select first_value(a) from first').from).toMatchObject([{ table: { name: 'first' } }]);
  // Another function than the built-in one.
  expect(parse('select `count`(a) from t', usual)).toMatchObject({ parsed: false });
});

const told: readonly (readonly [string, object])[] = [
  ['begin work', { kind: 'begin', access: null, hasSnapshot: false }],
  ['start transaction with consistent snapshot, read only', { access: 'read only', hasSnapshot: true }],
  ['start transaction read write', { kind: 'begin', access: 'read write' }],
  ['commit', { kind: 'commit', chain: null, release: null }],
  ['commit work and chain no release', { kind: 'commit', chain: true, release: false }],
  ['rollback and no chain release', { kind: 'rollback', chain: false, release: true }],
  ['savepoint a', { kind: 'savepoint', name: 'a' }],
  ['rollback to savepoint a', { kind: 'rollback-to', name: 'a' }],
  ['rollback work to savepoint', { kind: 'rollback-to', name: 'savepoint' }],
  ['release savepoint `a b`', { kind: 'release-savepoint', name: 'a b' }],
  [
    "xa start 'x'",
    { kind: 'xa', action: 'start', xid: { gtrid: { value: 'x' }, bqual: null, formatId: null } },
  ],
  ["xa begin 'x', 'y', 7 join", { action: 'start', xid: { bqual: { value: 'y' }, formatId: '7' } }],
  ["xa end x'01' suspend for migrate", { action: 'end', xid: { gtrid: { digits: '01' } } }],
  ["xa prepare 'x'", { action: 'prepare' }],
  ["xa commit 'x' one phase", { action: 'commit', isOnePhase: true }],
  ["xa rollback 'x','',0x1", { action: 'rollback', isOnePhase: false, xid: { formatId: '0x1' } }],
  ['xa recover', { action: 'recover', xid: null }],
  ['use `a b`', { kind: 'use', schema: 'a b' }],
  ['truncate table s.t', { kind: 'truncate', table: { schema: 's', name: 't' } }],
  ['truncate t', { kind: 'truncate', table: { schema: null, name: 't' } }],
  ['call p', { kind: 'call-procedure', schema: null, name: 'p', arguments: [] }],
  ['call s.p(1, @a)', { schema: 's', name: 'p', arguments: [{ kind: 'number' }, { kind: 'user-variable' }] }],
  ['do sleep(1), 2', { kind: 'do', expressions: [{ name: 'sleep' }, { text: '2' }] }],
  ['create temporary table t (a int)', { kind: 'other', words: ['create', 'temporary', 'table', 't'] }],
  ["load data infile 'x' into table t", { kind: 'other', words: ['load', 'data', 'infile', 'into'] }],
  ['explain select 1', { kind: 'other', words: ['explain', 'select'] }],
  ["set password = 'x'", { kind: 'other', words: ['set', 'password'] }],
  ['set default role r', { kind: 'other', words: ['set', 'default', 'role', 'r'] }],
];

test.each(told)('%s is told as it is', (text, expected) => {
  expect(statementOf(text)).toMatchObject(expected);
});

const settings: readonly (readonly [string, readonly object[]])[] = [
  ['set sql_mode = ansi', [{ scope: null, names: ['sql_mode'], value: { kind: 'column', names: ['ansi'] } }]],
  [
    'set @@session.time_zone := ?',
    [{ scope: 'session', names: ['time_zone'], value: { kind: 'parameter' } }],
  ],
  [
    'set local a = 1, global b = default',
    [{ scope: 'session' }, { scope: 'global', value: { kind: 'default' } }],
  ],
  ['set @@global.keys.key_buffer_size = 1', [{ scope: 'global', names: ['keys', 'key_buffer_size'] }]],
  ['set autocommit = on', [{ names: ['autocommit'], value: { kind: 'word', word: 'on' } }]],
  ['set binlog_format = row', [{ value: { kind: 'word', word: 'row' } }]],
  [
    'set @a = 1, @b := @a + 1',
    [
      { kind: 'set-user-variable', name: 'a' },
      { kind: 'set-user-variable', name: 'b' },
    ],
  ],
  [
    'set names utf8mb4 collate utf8mb4_bin',
    [{ kind: 'set-names', charset: 'utf8mb4', collation: 'utf8mb4_bin' }],
  ],
  ["set names 'latin1', @a = 1", [{ charset: 'latin1', collation: null }, { kind: 'set-user-variable' }]],
  ['set names default', [{ kind: 'set-names', charset: null }]],
  ['set character set binary', [{ kind: 'set-charset', charset: 'binary' }]],
  ['set charset utf8', [{ kind: 'set-charset', charset: 'utf8' }]],
  [
    'set transaction read only',
    [{ kind: 'set-transaction', scope: null, isolation: null, access: 'read only' }],
  ],
  [
    'set session transaction isolation level read committed, read write',
    [{ scope: 'session', isolation: 'read committed', access: 'read write' }],
  ],
  ['set new.a = 1', [{ scope: null, names: ['new', 'a'] }]],
];

test.each(settings)('%s is told as it is', (text, parts) => {
  expect(statementOf(text)).toMatchObject({ kind: 'set', parts });
});

test('MariaDB sets variables for one statement', () => {
  expect(statementOf("set statement max_statement_time = 1, sql_mode = '' for select 1")).toMatchObject({
    kind: 'set-for-statement',
    settings: [{ names: ['max_statement_time'] }, { names: ['sql_mode'] }],
    statement: { kind: 'query' },
  });
});

test('what stands behind a query is told wherever it stands', () => {
  expect(statementOf('select a into @x from t for update')).toMatchObject({
    locks: [{ strength: 'update' }],
    into: { target: 'variables', variables: ['@x'] },
  });
  expect(
    statementOf("select a from t into outfile '/tmp/x' fields terminated by ',' lines starting by 'y'"),
  ).toMatchObject({
    into: { target: 'file' },
  });
  expect(statementOf('(select a from t for update) union (select b from u)')).toMatchObject({
    body: { left: { kind: 'query', locks: [{}] } },
  });
});

const refused = `
select a from t procedure analyse()
select * from t for system_time all
select * from json_table('[]', '$[*]' columns (a int path '$')) x
select 1 from (select 1)
select 1 where
select a b c from t
select a from t where a in ()
select a from t where a like 'x' like 'y'
select a from t where 1 = not 0
select a from t order by a union select 1
select a from t limit -1
select a from t1 join t2 natural join t3
select * from .t
select .a from t
select ??
begin not atomic select 1; end
insert into t
insert into t values (1) as new on conflict do nothing
update t set
update t set a
delete t where a = 1
select * from t left join u
select sql_cache a from t
select value(a) from t
select /*! 1 */ from
(select 1
select 'a
`
  .split('\n')
  .filter((line) => line !== '');

test.each(refused)('%s is not understood, and that is a value', (text) => {
  const outcome = parse(text, usual);
  expect(outcome.parsed).toBe(false);
  expect(outcome).toMatchObject({
    message: expect.any(String) as unknown,
    position: expect.any(Number) as unknown,
  });
});

test('the place of what is not understood is told', () => {
  expect(parse('select a from t wher a = 1', usual)).toEqual({
    parsed: false,
    message: '"a" is not understood here',
    position: 21,
  });
});

test('neither depth nor length break it', () => {
  const depth = 20_000;
  for (const text of [
    `select ${'('.repeat(depth)}1${')'.repeat(depth)}`,
    `select ${'not '.repeat(depth / 2)}1`,
    `select ${'- '.repeat(depth)}1`,
    `select * from ${'('.repeat(depth)}t${')'.repeat(depth)}`,
    `select ${'f('.repeat(depth)}1${')'.repeat(depth)}`,
    'select (select '.repeat(depth / 10),
    `select ${'case when '.repeat(depth / 4)}`,
    `select 1 between ${'2 and 3 between '.repeat(depth / 10)}`,
    `select ${'1 '.repeat(parsedLengthMax)}`,
  ])
    expect(parse(text, usual).parsed).toBe(false);
  expect(parse(`select ${'1+'.repeat(20_000)}1`, usual).parsed).toBe(true);
  expect(parse(`select 1 from t where a in (${'?,'.repeat(20_000)}?)`, usual).parsed).toBe(true);
});
