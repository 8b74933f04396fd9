/** Decides which files are ours, and what of a text is code, what a comment, what a string. Judges nothing. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Path from the root, with `/` → text. A rule is a function of this, so that it can be tried on invented files. */
export type Sources = ReadonlyMap<string, string>;

export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

const folders = ['src', 'test', 'scripts', 'bench', 'examples'];
const skipped = /(^|\/)(node_modules|dist|results|\.cache)\//;

export function readSources(): Sources {
  const paths = folders
    .flatMap((folder) => filesIn(folder))
    .filter((path) => /\.(ts|mts|cts|mjs|cjs|js)$/.test(path));
  return new Map(paths.sort().map((path) => [path, readFileSync(join(root, path), 'utf8')]));
}

function filesIn(folder: string): string[] {
  try {
    return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .map((path) => posix.join(folder, path.split(sep).join('/')))
      .filter((path) => !skipped.test(path));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/** The files under one of `prefixes`. */
export function under(sources: Sources, ...prefixes: string[]): [path: string, text: string][] {
  return [...sources].filter(([path]) => prefixes.some((prefix) => path.startsWith(prefix)));
}

export const isGenerated = (path: string): boolean => path.includes('/generated/');

/** The text with comments blanked out; every offset and line stays where it was. */
export const withoutComments = (text: string): string => blank(text, (kind) => kind === 'comment');

/** The text with comments and the insides of strings and patterns blanked out. */
export const codeOf = (text: string): string => blank(text, () => true);

export const lineAt = (text: string, offset: number): number => text.slice(0, offset).split('\n').length;

type Kind = 'comment' | 'string';

function blank(text: string, wanted: (kind: Kind) => boolean): string {
  let result = '';
  let copiedTo = 0;
  for (const [kind, start, end] of spans(text)) {
    if (!wanted(kind)) continue;
    result += text.slice(copiedTo, start) + text.slice(start, end).replaceAll(/[^\n]/g, ' ');
    copiedTo = end;
  }
  return result + text.slice(copiedTo);
}

/** What is not code: comments with their marks, strings and patterns without. `${}` inside a template is code. */
function* spans(text: string): Generator<[Kind, start: number, end: number]> {
  /** Open `${`, each with the depth of braces at which its template goes on. */
  const templates: number[] = [];
  let depth = 0;
  let at = 0;
  while (at < text.length) {
    const two = text.slice(at, at + 2);
    const one = text[at];
    let end = at + 1;
    if (two === '//' || two === '/*' || (two === '#!' && at === 0)) {
      end = two === '/*' ? after(text, '*/', at + 2) : lineEnd(text, at);
      yield ['comment', at, end];
    } else if (one === "'" || one === '"') {
      end = closing(text, at + 1, one) + 1;
      yield ['string', at + 1, end - 1];
    } else if (one === '`' || (one === '}' && templates.at(-1) === depth)) {
      if (one === '}') templates.pop();
      end = templateEnd(text, at + 1);
      const opens = text[end - 1] === '{';
      yield ['string', at + 1, end - (opens ? 2 : 1)];
      if (opens) templates.push(depth);
    } else if (one === '/' && startsPattern(text, at)) {
      end = patternEnd(text, at + 1);
      yield ['string', at + 1, end - 1];
    } else if (one === '{') depth += 1;
    else if (one === '}') depth -= 1;
    at = end;
  }
}

function after(text: string, mark: string, from: number): number {
  const found = text.indexOf(mark, from);
  return found === -1 ? text.length : found + mark.length;
}

function lineEnd(text: string, from: number): number {
  const found = text.indexOf('\n', from);
  return found === -1 ? text.length : found;
}

function closing(text: string, from: number, mark: string): number {
  let at = from;
  while (at < text.length && text[at] !== mark) at += text[at] === '\\' ? 2 : 1;
  return at;
}

/** Just behind the closing backtick, or behind the next `${`. */
function templateEnd(text: string, from: number): number {
  let at = from;
  while (at < text.length) {
    if (text[at] === '`') return at + 1;
    if (text[at] === '$' && text[at + 1] === '{') return at + 2;
    at += text[at] === '\\' ? 2 : 1;
  }
  return at;
}

/** A slash divides after a value, and starts a pattern elsewhere. */
function startsPattern(text: string, at: number): boolean {
  const before = text.slice(Math.max(0, at - 40), at).trimEnd();
  return (
    before === '' ||
    /[([{,;=:?!&|+\-*%<>~^]$/.test(before) ||
    /\b(return|case|typeof|in|of|yield|await)$/.test(before)
  );
}

function patternEnd(text: string, from: number): number {
  let inClass = false;
  let at = from;
  while (at < text.length && (inClass || text[at] !== '/')) {
    if (text[at] === '[') inClass = true;
    else if (text[at] === ']') inClass = false;
    at += text[at] === '\\' ? 2 : 1;
  }
  return at + 1;
}
