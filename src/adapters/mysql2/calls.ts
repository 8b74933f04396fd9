/** Decides what a command asks for: the text that is planned, and the values of its parameters. Runs nothing. */
import { lex } from '../../sql/mysql/lexer.js';
import { RecentTexts } from '../../sql/recent-texts.js';
import { isQuery } from './driver.js';
import { keyed } from './keys.js';
import { type CallOptions, optionsOfCall } from './options.js';
import type { Protocol } from './payload.js';
import type { ExecuteCommand, QueryCommand } from './shapes.js';

/** A statement on its way, understood. */
export interface Call {
  readonly command: QueryCommand | ExecuteCommand;
  readonly protocol: Protocol;
  /** Null: there is none. */
  readonly text: string | null;
  /** Empty where they stand in the text. */
  readonly values: readonly unknown[];
  /** Of the values; null where nobody can tell two of them apart. */
  readonly key: string | null;
  readonly options: CallOptions;
}

/** The text and the values as the caller gave them, before the driver made one text of both. */
export interface Raw {
  readonly text: string;
  readonly values: unknown;
}

/** What the text of a query is made of. */
export interface Parts {
  readonly text: string;
  readonly values: readonly unknown[];
  readonly key: string;
}

type Escape = (value: unknown) => string;

/** Null where only the text that the driver makes can be planned. */
export function partsOf({ text, values }: Raw, queryFormat: unknown, escape: Escape): Parts | null {
  if (!mayTakeApart({ text, values }, queryFormat)) return null;
  const found = keyed(values, 'text', escape);
  return found === null ? null : { text, values: found.values ?? [], key: found.key };
}

/** @param parts of a query, where they are known; else the text is planned as the driver has made it */
export function callOf(command: QueryCommand | ExecuteCommand, parts: Parts | null, escape: Escape): Call {
  if (!isQuery(command)) return executionOf(command, escape);
  return {
    command,
    protocol: 'text',
    text: parts === null ? (typeof command.sql === 'string' ? command.sql : null) : parts.text,
    values: parts === null ? [] : parts.values,
    key: parts === null ? '' : parts.key,
    options: optionsOfCall(command._queryOptions),
  };
}

function executionOf(command: ExecuteCommand, escape: Escape): Call {
  const text: unknown = command.statement?.query ?? command.sql;
  const { parameters } = command;
  const found = keyed(parameters, 'binary', escape);
  const given = Array.isArray(parameters) ? (parameters as unknown[]).slice() : [];
  return {
    command,
    protocol: 'binary',
    text: typeof text === 'string' ? text : null,
    values: found?.values ?? given,
    key: found?.key ?? null,
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
