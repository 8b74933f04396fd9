/** Decides whether what is declared is documented and tested, and whether what is documented is declared. */
import { type Sources, under } from './sources.js';

/** Headings of the second level that are nothing but a code: `## LOOKASIDE_CLOSED`. */
const codesIn = (text: string): string[] =>
  [...text.matchAll(/^## `?(LOOKASIDE_[A-Z_]+)`?$/gm)].map((match) => match[1] ?? '');

/** Each code has its section, which opens with the code's sentence; and each section its code. */
export function errorDocumentation(table: Readonly<Record<string, string>>, text: string): string[] {
  const documented = codesIn(text);
  const declared = Object.entries(table).map(([suffix, sentence]) => ({
    code: `LOOKASIDE_${suffix}`,
    sentence,
  }));
  return [
    ...declared
      .filter(({ code }) => !documented.includes(code))
      .map(({ code }) => `docs/errors.md lacks ${code}`),
    ...declared
      .filter(
        ({ code, sentence }) =>
          documented.includes(code) && !sectionOf(text, code).startsWith(`${sentence}.`),
      )
      .map(({ code, sentence }) => `docs/errors.md: ${code} must open with "${sentence}."`),
    ...documented
      .filter((code) => !declared.some((error) => error.code === code))
      .map((code) => `docs/errors.md documents ${code}, which src/errors.ts does not declare`),
  ];
}

function sectionOf(text: string, code: string): string {
  const [, section = ''] = text.split(new RegExp(`^## \`?${code}\`?$`, 'm'));
  return section.trimStart();
}

/**
 * A command is tested when a test writes it as a command: `'get'`, `"SET key"`, `GET` in a test's name. A subcommand
 * also by an argument list that begins with it, `['GETNAME']`, beside its container.
 */
export function untestedCommands(names: readonly string[], sources: Sources): string[] {
  const tests = under(sources, 'test/server/', 'test/compat/', 'test/persistence/')
    .map(([, text]) => text)
    .join('\n');
  return names
    .filter((name) => !isNamed(tests, name.split('|')))
    .map((name) => `the command ${name.toUpperCase()} is named in no test of the server`);
}

/** `client|kill` is `client kill` or `'client', 'kill'`. */
function isNamed(tests: string, words: readonly string[]): boolean {
  const written = words.join(`(?:\\s+|['"\`]\\s*,\\s*['"\`])`);
  if (new RegExp(`['"\`]${written}(?=['"\`\\s\\\\])`, 'i').test(tests)) return true;
  if (new RegExp(`\\b${words.join(' ').toUpperCase()}\\b`).test(tests)) return true;
  const [container = '', subcommand] = words;
  if (subcommand === undefined) return false;
  return isNamed(tests, [container]) && new RegExp(`\\[\\s*['"\`]${subcommand}['"\`]`, 'i').test(tests);
}

/** A code that nothing raises promises what does not happen. */
export function unraisedErrors(table: Readonly<Record<string, string>>, sources: Sources): string[] {
  const source = under(sources, 'src/')
    .filter(([path]) => path !== 'src/errors.ts')
    .map(([, text]) => text)
    .join('\n');
  return Object.keys(table)
    .filter((suffix) => !new RegExp(`LookasideError\\(\\s*'${suffix}'`).test(source))
    .map((suffix) => `src/errors.ts declares ${suffix}, which nothing raises`);
}
