/** Decides who may import whom (DESIGN: "Who may import whom"), and finds cycles and files that nothing reaches. */
import { posix } from 'node:path';
import { codeOf, isGenerated, type Sources, under, withoutComments } from './sources.js';

interface Layer {
  /** Which files; the first layer that holds a file is the file's layer. */
  readonly holds: RegExp;
  /** What they may import besides themselves. `$1` is what the first group of `holds` matched. */
  readonly mayImport: readonly string[];
  /** Packages: only these, of those that are not Node's own. Absent: any dependency of the package. */
  readonly packages?: readonly string[];
  readonly because: string;
}

const ground = ['src/errors.ts', 'src/clock.ts'];
const engine = [...ground, 'src/config/', 'src/cache/', 'src/sql/'];
/** Files directly in src/server that import nothing but the ground and each other's like: integers, patterns. */
const plainServerFiles = 'plain server files';

const layers: readonly Layer[] = [
  { holds: /^src\/(errors|clock)\.ts$/, mayImport: [], packages: [], because: 'everything rests on them' },
  {
    holds: /^src\/config\//,
    mayImport: [...ground, 'src/config/'],
    because: 'the configuration knows nobody',
  },
  {
    holds: /^src\/server\/(resp|keyspace)\//,
    mayImport: [...ground, 'src/server/$1/', plainServerFiles],
    packages: [],
    because: 'resp and keyspace are leaves of the server',
  },
  {
    holds: /^src\/server\/commands\/index\.ts$/,
    mayImport: [...ground, 'src/server/'],
    packages: [],
    because: 'it gathers the declarations',
  },
  {
    holds: /^src\/server\/commands\//,
    mayImport: [...ground, 'src/server/(?!commands/|net/|dispatch|server\\.ts|index\\.ts)'],
    packages: [],
    because: 'a command is a declaration: no socket, no sibling',
  },
  {
    holds: /^src\/server\//,
    mayImport: [...ground, 'src/server/'],
    packages: [],
    because: 'the server knows nothing of SQL or caching',
  },
  {
    holds: /^src\/sql\/(?:(\w+)\/|)/,
    mayImport: [...ground, 'src/sql/[^/]+$', 'src/sql/rows/', 'src/sql/$1/'],
    packages: [],
    because: 'sql knows no cache, and one dialect not another',
  },
  {
    holds: /^src\/cache\//,
    mayImport: [
      ...ground,
      'src/config/',
      'src/cache/',
      'src/sql/(plan|values|statistics|transaction-set).ts',
    ],
    packages: [],
    because: 'the engine knows no driver, no dialect and no server',
  },
  {
    holds: /^src\/topology\//,
    mayImport: [...ground, 'src/config/', 'src/topology/', 'src/server/', 'src/cache/executor.ts'],
    because: 'a topology joins a server to the Executor, and nothing else',
  },
  {
    holds: /^src\/adapters\/(?:(\w+)\/|)/,
    mayImport: [...engine, 'src/adapters/[^/]+$', 'src/adapters/$1/'],
    packages: ['$1', 'pg', 'pg-types', 'postgres-array'],
    because: 'an adapter translates: never another adapter, never the server',
  },
  {
    holds: /^src\/prisma\//,
    mayImport: [...ground, 'src/prisma/', 'src/adapters/mysql2/(options|shapes|with-cache).ts'],
    packages: ['mysql2'],
    because: 'a driver adapter of Prisma runs statements on a pool: it knows nothing of caching',
  },
  {
    holds: /^src\/changes\//,
    mayImport: [...engine, 'src/changes/'],
    because: 'changes reach the cache only',
  },
  {
    holds: /^src\/middleware\//,
    mayImport: [...engine, 'src/middleware/', 'src/create-cache.ts'],
    because: 'middleware reaches the cache, never the server or an adapter',
  },
  {
    holds: /^src\/create-cache\.ts$/,
    mayImport: [...engine, 'src/topology/', 'src/server/', 'src/changes/'],
    because: 'the composition root joins the parts, and knows no adapter',
  },
  {
    holds: /^src\/index\.ts$/,
    mayImport: [...engine, 'src/create-cache.ts'],
    packages: [],
    because: 'it holds the public names, nothing else',
  },
  {
    holds: /^src\/(cli\/|dashboard\/|bin\.ts)/,
    mayImport: [
      ...ground,
      'src/config/',
      'src/(cli|dashboard)/',
      'src/index.ts',
      'src/server/index.ts',
      'src/adapters/\\w+/index.ts',
    ],
    because: 'the command line and the dashboard use public faces only',
  },
  {
    holds: /^src\/testing\//,
    mayImport: [...engine, 'src/testing/', 'src/index.ts', 'src/create-cache.ts', 'src/server/index.ts'],
    because: 'what is published for tests goes in by the public faces',
  },
];

/** Module specifiers as written: static, `export from`, dynamic, `typeof import()`. */
export function importsOf(text: string): string[] {
  const bare = withoutComments(text);
  const code = codeOf(text);
  const pattern =
    /\b(?:import|export)\s+(?:type\s+)?(?:[\w*{}\s,$]+?\s+from\s+)?['"]([^'"\n]+)['"]|\bimport\(\s*['"]([^'"\n]+)['"]/g;
  return [...bare.matchAll(pattern)]
    .filter((match) => /^(import|export)/.test(code.slice(match.index, match.index + 6)))
    .map((match) => match[1] ?? match[2] ?? '');
}

/** Our own files that each of our files imports. */
export function graphOf(sources: Sources): Map<string, string[]> {
  return new Map(
    [...sources].map(([path, text]) => [
      path,
      importsOf(text)
        .filter((specifier) => specifier.startsWith('.'))
        .map((specifier) => resolveImport(sources, path, specifier)),
    ]),
  );
}

function resolveImport(sources: Sources, from: string, specifier: string): string {
  const target = posix.join(posix.dirname(from), specifier);
  const source = target.replace(/\.([mc]?)js$/, '.$1ts');
  return sources.has(source) ? source : target;
}

export function wrongDirections(sources: Sources): string[] {
  const graph = graphOf(sources);
  return under(sources, 'src/').flatMap(([path, text]) => {
    const layer = layers.find(({ holds }) => holds.test(path));
    if (layer === undefined) return [`${path} is in no layer that test/tidy/imports.ts knows`];
    const own = layer.holds.exec(path)?.[1] ?? ' none ';
    const wrong = (graph.get(path) ?? []).filter((target) => !mayImport(graph, layer, own, target));
    return [...wrong, ...foreignPackages(layer, own, text)].map(
      (target) => `${path} must not import ${target}: ${layer.because}`,
    );
  });
}

function mayImport(graph: Map<string, string[]>, layer: Layer, own: string, target: string): boolean {
  return layer.mayImport.some((allowed) =>
    allowed === plainServerFiles
      ? isPlain(graph, target)
      : new RegExp(`^${allowed.replace('$1', own)}`).test(target),
  );
}

function isPlain(graph: Map<string, string[]>, path: string): boolean {
  const imported = graph.get(path);
  if (imported === undefined || !/^src\/server\/[^/]+$/.test(path)) return false;
  return imported.every((next) => ground.includes(next) || isPlain(graph, next));
}

const packageOf = (specifier: string): string => /^(@[^/]+\/)?[^/]+/.exec(specifier)?.[0] ?? specifier;

const packagesOf = (text: string): string[] =>
  importsOf(text)
    .filter((specifier) => !specifier.startsWith('.') && !specifier.startsWith('node:'))
    .map(packageOf);

function foreignPackages(layer: Layer, own: string, text: string): string[] {
  if (layer.packages === undefined) return [];
  const allowed = layer.packages.map((name) => name.replace('$1', own));
  return packagesOf(text).filter((name) => !allowed.includes(name));
}

/** Each cycle once, as the path around it. Imports of types count: they say who knows whom. */
export function cycles(sources: Sources): string[] {
  const graph = graphOf(sources);
  const done = new Set<string>();
  const found: string[] = [];
  const visit = (path: string, trail: readonly string[]): void => {
    const start = trail.indexOf(path);
    if (start !== -1) found.push([...trail.slice(start), path].join(' -> '));
    if (start !== -1 || done.has(path)) return;
    for (const next of graph.get(path) ?? []) visit(next, [...trail, path]);
    done.add(path);
  };
  for (const [path] of under(sources, 'src/')) visit(path, []);
  return found;
}

/** Files of src/ that no entry reaches. */
export function deadFiles(sources: Sources, entries: readonly string[]): string[] {
  const graph = graphOf(sources);
  const alive = new Set<string>();
  const waiting = [...entries];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (alive.has(path)) continue;
    alive.add(path);
    waiting.push(...(graph.get(path) ?? []));
  }
  return under(sources, 'src/')
    .filter(([path]) => !alive.has(path))
    .map(([path]) => `${path} is reached from no entry of the package`);
}

export interface Manifest {
  readonly exports: Readonly<Record<string, unknown>>;
  readonly bin?: Readonly<Record<string, string>>;
  readonly scripts?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

/** The source of each file the package offers. */
export function entriesOf(manifest: Manifest): string[] {
  const offered = [...leaves(manifest.exports), ...Object.values(manifest.bin ?? {})];
  const sources = offered
    .filter((path) => /\.[mc]?js$/.test(path))
    .map((path) => path.replace(/^(\.\/)?dist\/(esm|cjs)\//, 'src/').replace(/\.js$/, '.ts'));
  return [...new Set(sources)];
}

const leaves = (node: unknown): string[] =>
  typeof node === 'string' ? [node] : Object.values(node ?? {}).flatMap(leaves);

export function entriesWithoutSource(sources: Sources, manifest: Manifest): string[] {
  return entriesOf(manifest)
    .filter((path) => !sources.has(path))
    .map((path) => `package.json offers ${path}, which does not exist`);
}

/** src/ imports what users get installed; and nothing is declared that nobody uses. */
export function wrongDependencies(sources: Sources, manifest: Manifest, otherTexts: string): string[] {
  const installed = new Set([...keys(manifest.dependencies), ...keys(manifest.peerDependencies)]);
  const shipped = under(sources, 'src/').filter(([path]) => !isGenerated(path));
  const missing = shipped.flatMap(([path, text]) =>
    packagesOf(text)
      .filter((name) => !installed.has(name))
      .map((name) => `${path} imports ${name}, which package.json does not install for users`),
  );
  const imported = new Set(shipped.flatMap(([, text]) => packagesOf(text)));
  const anyText = [...sources.values(), otherTexts, Object.values(manifest.scripts ?? {}).join('\n')].join(
    '\n',
  );
  const idle = [
    ...keys(manifest.dependencies).filter((name) => !imported.has(name)),
    ...keys(manifest.devDependencies).filter((name) => !isUsed(anyText, name)),
  ].map((name) => `package.json installs ${name}, which nothing uses`);
  return [...missing, ...idle];
}

const keys = (record: Readonly<Record<string, string>> = {}): string[] => Object.keys(record);

const mentions = (text: string, name: string): boolean =>
  new RegExp(`(^|['"\`/\\s])${name.replace(/[/.]/g, '\\$&')}(?=['"\`/\\s]|$)`, 'm').test(text);

/** Types serve the package they describe; `node` stands for the platform. */
function isUsed(text: string, name: string): boolean {
  const described = /^@types\/(.+)$/.exec(name)?.[1];
  return (
    mentions(text, name) || (described !== undefined && (described === 'node' || mentions(text, described)))
  );
}
