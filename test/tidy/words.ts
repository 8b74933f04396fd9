/** Decides what a file may look like: how it opens, how long it is, which calls have a better place. */
import { codeOf, isGenerated, lineAt, type Sources, under } from './sources.js';

interface Ban {
  readonly call: RegExp;
  readonly instead: string;
  readonly within: readonly string[];
  readonly except?: RegExp;
}

const bans: readonly Ban[] = [
  {
    call: /\bDate\.now\(|\bnew Date\(\)|\bperformance\.now\(|\bprocess\.hrtime\b/,
    instead: 'the Clock it is given (src/clock.ts)',
    within: ['src/'],
    except: /^src\/clock\.ts$/,
  },
  {
    call: /\bsetTimeout\(|\bsetInterval\(/,
    instead: 'clock.after (src/clock.ts)',
    within: ['src/'],
    except: /^src\/clock\.ts$/,
  },
  {
    call: /\bMath\.random\(|\brandomBytes\(|\brandomUUID\(|\brandomInt\(/,
    instead: 'the Random it is given (src/clock.ts)',
    within: ['src/'],
    except: /^src\/clock\.ts$/,
  },
  {
    call: /\bconsole\.\w+\(/,
    instead: 'process.emitWarning with a code, or an event: a library is silent',
    within: ['src/'],
    except: /^src\/(bin\.ts|cli\/)/,
  },
  {
    call: /\bprocess\.(on|once|addListener)\(|\bprocess\.exit\(/,
    instead: 'close(), called by the application, which owns its process',
    within: ['src/'],
    except: /^src\/(bin\.ts|cli\/)/,
  },
  {
    call: /\bMath\.random\(/,
    instead: 'seededRandom with a seed that the failure prints (src/clock.ts)',
    within: ['test/'],
  },
  {
    call: /\bnew Promise(<\w+>)?\(\((\w+)\) => (void )?setTimeout\(\2\b|\bawait (sleep|delay|setTimeout)\(/,
    instead: 'manualClock().advance, or waiting for the event itself',
    within: ['test/'],
    except: /^test\/support\//,
  },
];

export function bannedCalls(sources: Sources): string[] {
  return bans.flatMap(({ call, instead, within, except }) =>
    under(sources, ...within)
      .filter(([path]) => except?.test(path) !== true)
      .flatMap(([path, text]) => find(path, codeOf(text), call, (found) => `${found} — use ${instead}`)),
  );
}

/**
 * A failure with no outcome. A block that says in code what the failure means is not empty. A promise whose failure
 * is looked at elsewhere says so in a comment on its line.
 */
export function swallowedErrors(sources: Sources): string[] {
  const block = /\bcatch\s*(\([^)]*\))?\s*\{\s*\}/;
  const handler = /\.catch\(\s*(\(\w*\)|\w+)\s*=>\s*(\{\s*\}|undefined|null|void 0)\s*\)(?!.* \/\/ \w)/;
  const say = (): string => 'swallows an error without an outcome';
  return under(sources, 'src/', 'scripts/', 'test/', 'examples/', 'bench/').flatMap(([path, text]) => {
    const code = codeOf(text);
    return [
      ...find(path, code, block, say),
      ...find(path, text, handler, say).filter(
        (finding) => find(path, code, /\.catch\(/, say).includes(finding), // not inside a string or a comment
      ),
    ];
  });
}

/** The first thing in a file is a comment with a sentence in it. */
export function unopenedFiles(sources: Sources): string[] {
  return [...sources]
    .filter(
      ([, text]) =>
        !/^(#![^\n]*\n)?\s*(\/\*\*?(?:(?!\*\/)[\s\S]){15,}?[.:](?=\s)|\/\/ [^\n]{15,}[.:](?=\s))/.test(text),
    )
    .map(([path]) => `${path} does not open with a sentence that says what it decides`);
}

const linesMax = 500;

/** Files that are longer for a reason. */
export type LongFiles = Readonly<Record<string, string>>;

export function longFiles(sources: Sources, allowed: LongFiles): string[] {
  const long = [...sources]
    .filter(([path]) => !isGenerated(path))
    .map(([path, text]) => ({ path, lines: text.split('\n').length - 1 }))
    .filter(({ lines }) => lines > linesMax);
  const unlisted = long
    .filter(({ path }) => allowed[path] === undefined)
    .map(
      ({ path, lines }) =>
        `${path} has ${lines} lines; above ${linesMax} needs a reason in test/tidy.test.ts`,
    );
  const outdated = Object.keys(allowed)
    .filter((path) => !long.some((file) => file.path === path))
    .map((path) => `${path} is listed as long and is not (any more)`);
  return [...unlisted, ...outdated];
}

function find(path: string, code: string, pattern: RegExp, say: (found: string) => string): string[] {
  return [...code.matchAll(new RegExp(pattern, 'g'))].map(
    (match) => `${path}:${lineAt(code, match.index)} ${say(match[0])}`,
  );
}
