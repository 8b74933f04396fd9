/**
 * Decides which mutants of the real cache the workload must report, and builds each from its sources with one text
 * changed, adapter included. Most are those of the interleavings, here on a real database.
 */
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { build } from 'esbuild';
import { type Mutant, mutants as ofTheEngine, patched } from '../interleavings/mutants.js';
import type { Package } from './contenders.js';

const root = resolve(import.meta.dirname, '../../..');

export type CacheMutant = Pick<Mutant, 'name' | 'file' | 'changes'>;

const takenOver = [
  'END removes the intent and rotates nothing',
  'a flight is joined without a look-up of one’s own, before it took off or after it landed',
  'a result is stamped after its query',
  'no intent stands around the commit',
  'a moved key drops the old value only',
  'a decoded result is served without looking at its tokens',
  'hits and fills go on under a conflicting intent',
] as const;

export type TakenOver = (typeof takenOver)[number];

export const mutants: readonly CacheMutant[] = [
  ...takenOver.map((name) => mutantNamed(name)),
  {
    name: 'an execution of a function is shared without looking at what its queries depended on',
    file: 'engine.ts',
    changes: [
      {
        from: `if (!(await this.vouches(own.refs, own.vector, landed.dependencies))) return null;`,
        to: `void own;`,
      },
    ],
  },
];

export function mutantNamed(name: TakenOver): CacheMutant {
  const found = ofTheEngine.find((mutant) => mutant.name === name);
  if (found === undefined) throw new Error(`no mutant of the engine is named "${name}"`);
  return found;
}

/** Builds the package with the mutant's change in it. */
export async function mutate(
  mutant: CacheMutant,
): Promise<{ source: Package; dispose: () => Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'lookaside-mutant-'));
  const outfile = join(folder, 'package.cjs');
  await build({
    stdin: {
      contents: `export { createCache } from './src/create-cache.js';
        export { withCache } from './src/adapters/pg/index.js';`,
      resolveDir: root,
    },
    bundle: true,
    platform: 'node',
    format: 'cjs',
    outfile,
    logLevel: 'silent',
    plugins: [
      {
        name: 'mutate',
        setup(builder) {
          builder.onLoad({ filter: /\/src\/cache\/.*\.ts$/ }, ({ path }) => ({
            contents: patched(readFileSync(path, 'utf8'), relative(join(root, 'src/cache'), path), mutant),
            loader: 'ts',
          }));
        },
      },
    ],
  });
  const source = createRequire(import.meta.url)(outfile) as Package;
  return { source, dispose: () => rm(folder, { recursive: true }) };
}
