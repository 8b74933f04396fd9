/** Decides how a configuration file and the options behind it are read: lines, quotes, includes. Knows no parameter. */
import { readFileSync } from 'node:fs';
import { byteStringOfText, textOf } from '../byte-string.js';
import { splitInline } from '../resp/inline.js';

/** One directive as it was written. */
export interface ConfigLine {
  /** In lower case. */
  readonly name: string;
  readonly values: readonly string[];
  readonly text: string;
  /** Counted over the file and the options behind it. */
  readonly number: number;
}

/** Something is wrong with a line, or with a file as a whole. */
export class ConfigFileError extends Error {
  override readonly name = 'ConfigFileError';

  constructor(
    readonly problem: string,
    readonly line?: ConfigLine,
  ) {
    super(line === undefined ? problem : `line ${line.number}: '${line.text}': ${problem}`);
  }
}

/** Most files inside each other: more are taken for a circle. */
const INCLUDES_MAX = 16;

/**
 * The lines of a file, if any, and of options: `['--port', '0', '--save', '']`. What comes later wins.
 * @throws ConfigFileError
 */
export function readConfiguration(path: string | null, options: readonly string[]): ConfigLine[] {
  const file = path === null ? '' : contentOf(path);
  return linesOf(`${file}\n${optionText(options)}`, 0);
}

function linesOf(text: string, depth: number): ConfigLine[] {
  return text.split('\n').flatMap((raw, index) => {
    const trimmed = raw.replace(/^[ \t\r\n]+|[ \t\r\n]+$/g, '');
    if (trimmed === '' || trimmed.startsWith('#')) return [];
    const words = splitInline(byteStringOfText(trimmed))?.map(textOf);
    const [name = '', ...values] = words ?? [];
    const line: ConfigLine = { name: name.toLowerCase(), values, text: trimmed, number: index + 1 };
    if (words === undefined) throw new ConfigFileError('Unbalanced quotes in configuration line', line);
    if (name === '') return [];
    return line.name === 'include' && values[0] !== undefined && values.length === 1
      ? linesOf(contentOf(values[0]), deeper(depth, line))
      : [line];
  });
}

function deeper(depth: number, line: ConfigLine): number {
  if (depth < INCLUDES_MAX) return depth + 1;
  throw new ConfigFileError('files include each other too deeply', line);
}

function contentOf(path: string): string {
  try {
    return readFileSync(path === '-' ? 0 : path, 'utf8');
  } catch (error) {
    const reason =
      error instanceof Error ? error.message.replace(/^[A-Z]+: /, '').replace(/, .*$/, '') : error;
    throw new ConfigFileError(`Fatal error, can't open config file '${path}': ${String(reason)}`);
  }
}

/** Each option begins a line; its values are quoted, so that they are one word each. */
function optionText(options: readonly string[]): string {
  let text = '';
  for (const option of options)
    text += option.startsWith('--') ? `${text === '' ? '' : '\n'}${option.slice(2)}` : ` ${quoted(option)}`;
  return text;
}

/** As a word that `splitInline` reads back. */
export function quoted(text: string): string {
  const escaped = byteStringOfText(text).replace(/[\\"]|[^ -~]/g, (char) =>
    char === '\\' || char === '"' ? `\\${char}` : `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
  return `"${escaped}"`;
}
