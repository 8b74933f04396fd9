/**
 * Decides whether a server reads a text as the parser does: what it answers to the text has to be what it answers to the
 * tree, written with every name in quotes and every operation in brackets.
 */
import { createConnection } from 'mysql2/promise';
import { parse } from '../../../src/sql/mysql/parser/index.js';
import type { Statement } from '../../../src/sql/mysql/statement-ast.js';
import type { ReadingMode } from '../../../src/sql/mysql/tokens.js';
import { createMysqlDatabase } from '../../support/mysql.js';
import type { MysqlFlavour } from '../../support/sources.js';
import { makeTables, tableNames } from './forms.js';
import { printStatement } from './statement-printer.js';

/** As mysql2 connects: its flags add IGNORE_SPACE. */
export const usual: ReadingMode = {
  ansiQuotes: false,
  noBackslashEscapes: false,
  pipesAsConcat: false,
  highNotPrecedence: false,
  ignoreSpace: true,
};

/** Every mode that changes how a text is read. */
export const unusual: ReadingMode = {
  ansiQuotes: true,
  noBackslashEscapes: true,
  pipesAsConcat: true,
  highNotPrecedence: true,
  ignoreSpace: false,
};

const sqlMode = (mode: ReadingMode): string =>
  [
    mode.ansiQuotes && 'ANSI_QUOTES',
    mode.noBackslashEscapes && 'NO_BACKSLASH_ESCAPES',
    mode.pipesAsConcat && 'PIPES_AS_CONCAT',
    mode.highNotPrecedence && 'HIGH_NOT_PRECEDENCE',
    mode.ignoreSpace && 'IGNORE_SPACE',
  ]
    .filter((word) => word !== false)
    .join(',');

/**
 * - `other`: the parser did not understand it, or it is of a kind that is not written back.
 * - `refused`: the server does not take the text.
 */
export type Reading =
  | { readonly read: 'same' | 'refused'; readonly code: number }
  | { readonly read: 'other' }
  | { readonly read: 'different'; readonly printed: string; readonly answers: readonly string[] };

export interface ReadingServer {
  compare(text: string, mode: ReadingMode, print?: typeof printStatement): Promise<Reading>;
  /** The words of the language, as far as the server tells them. */
  words(): Promise<readonly string[]>;
  close(): Promise<void>;
}

interface Answer {
  readonly text: string;
  /** 0: none. */
  readonly code: number;
}

export async function openReadingServer(flavour: MysqlFlavour): Promise<ReadingServer> {
  const database = await createMysqlDatabase(flavour);
  const connection = await createConnection({ ...database.config, rowsAsArray: true, dateStrings: true });
  for (const text of makeTables) await connection.query(text);
  let current = '';

  const ask = async (text: string): Promise<Answer> => {
    try {
      const [rows] = await connection.query(text, text.includes('?') ? [1, 2, 3, 4, 5, 6] : undefined);
      const isRows = Array.isArray(rows);
      const lines = isRows ? rows.map((row) => JSON.stringify(row)).sort() : [`${rows.affectedRows} rows`];
      return { text: lines.join('\n'), code: 0 };
    } catch (error) {
      if (!(error instanceof Error && 'errno' in error)) throw error;
      return { text: '', code: Number(error.errno) };
    }
  };
  /** Without the numbers that AUTO_INCREMENT gives: they go on after a rollback. */
  const content = async (): Promise<string> => {
    const columns = (name: string): string => (name === 't1' ? 'if(id > 5, 0, id), a, b, c, d' : '*');
    const answers: string[] = [];
    for (const name of tableNames) answers.push((await ask(`select ${columns(name)} from ${name}`)).text);
    return answers.join('\n');
  };
  const effect = async (text: string, statement: Statement): Promise<Answer> => {
    if (statement.kind === 'query') return ask(text);
    await connection.query('begin');
    const { code } = await ask(text);
    const result = code === 0 ? await content() : '';
    await connection.query('rollback');
    return { text: result, code };
  };

  return {
    async compare(text, mode, print = printStatement) {
      const parsed = parse(text, mode);
      const statement =
        parsed.parsed && parsed.statements.length === 1 ? parsed.statements[0]?.statement : null;
      const printed = statement === null || statement === undefined ? null : print(statement);
      if (statement === null || statement === undefined || printed === null) return { read: 'other' };
      if (current !== sqlMode(mode)) {
        current = sqlMode(mode);
        await connection.query('set sql_mode = ?', [current]);
      }
      const own = await effect(text, statement);
      if (own.code !== 0) return { read: 'refused', code: own.code };
      const back = await effect(printed, statement);
      if (back.code === 0 && own.text === back.text) return { read: 'same', code: 0 };
      return {
        read: 'different',
        printed,
        answers: [own.text, back.code === 0 ? back.text : `error ${back.code}`],
      };
    },
    async words() {
      const [rows] = await connection.query('select word from information_schema.keywords');
      return (rows as unknown as string[][]).flat().map((word) => word.toLowerCase());
    },
    async close() {
      await connection.end();
      await database.drop();
    },
  };
}
