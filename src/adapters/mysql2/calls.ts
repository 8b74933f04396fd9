/** Decides what a command asks for: the text that is planned, and the values of its parameters. Runs nothing. */
import { lex } from '../../sql/mysql/lexer.js';
import { RecentTexts } from '../../sql/recent-texts.js';
import { isQuery } from './driver.js';
import { keyed } from './keys.js';
import type { CallOptions } from './options.js';
import { optionsOfCall } from './options.js';
import type { Protocol } from './payload.js';
import type { ExecuteCommand, MysqlConnection, QueryCommand } from './shapes.js';

/** A statement on its way, understood. */
export interface Call {
  readonly command: QueryCommand | ExecuteCommand;
  readonly protocol: Protocol;
  /** Null: there is none. */
  readonly text: string | null;
  /** Empty where they stand in the text. */
  readonly values: readonly unknown[];
  readonly options: CallOptions;
}

/** The text and the values as the caller gave them, before the driver made one text of both. */
export interface Raw {
  readonly text: string;
  readonly values: unknown;
}

/** Plain lists of values are parameters; whatever else the driver makes a text of is planned as that text. */
export function callOf(
  command: QueryCommand | ExecuteCommand,
  raw: Raw | undefined,
  connection: MysqlConnection,
): Call {
  if (!isQuery(command)) return executionOf(command);
  const parts = { command, protocol: 'text', options: optionsOfCall(command._queryOptions) } as const;
  if (raw !== undefined && mayTakeApart(raw, connection.config.queryFormat)) {
    const values = keyed(raw.values, 'text', (value) => connection.escape(value));
    if (values !== null) return { ...parts, text: raw.text, values: values.values ?? [] };
  }
  return { ...parts, text: typeof command.sql === 'string' ? command.sql : null, values: [] };
}

function executionOf(command: ExecuteCommand): Call {
  const text: unknown = command.statement?.query ?? command.sql;
  const { parameters } = command;
  return {
    command,
    protocol: 'binary',
    text: typeof text === 'string' ? text : null,
    values: Array.isArray(parameters) ? (parameters as readonly unknown[]) : [],
    options: optionsOfCall(command._executeOptions),
  };
}

/** Whether the driver puts each value where the server would put a parameter, and nowhere else. */
export function mayTakeApart({ text, values }: Raw, queryFormat: unknown): boolean {
  if (queryFormat !== undefined && queryFormat !== null) return false;
  const count = values === undefined || values === null ? 0 : Array.isArray(values) ? values.length : -1;
  return count === placeholdersIn(text);
}

/** Texts whose placeholders are remembered. */
const counts = new RecentTexts<number>({ entriesMax: 5_000, charactersMax: 4_000_000 });

/** -1: some may not be placeholders to the driver, or to the server. */
function placeholdersIn(text: string): number {
  if (!text.includes('?')) return 0;
  const known = counts.get(text);
  if (known !== undefined) return known;
  const count = countPlaceholders(text);
  counts.set(text, count);
  return count;
}

/** Where a backslash escapes depends on the session. */
const plainMode = {
  ansiQuotes: false,
  noBackslashEscapes: false,
  pipesAsConcat: false,
  highNotPrecedence: false,
  ignoreSpace: false,
} as const;

function countPlaceholders(text: string): number {
  if (text.includes('??') || text.includes('\\')) return -1;
  const outcome = lex(text, plainMode);
  return outcome.lexed && !outcome.hasQuotedPlaceholder && !outcome.hasVersionComment
    ? outcome.parameters
    : -1;
}
