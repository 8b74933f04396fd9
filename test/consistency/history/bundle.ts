/** Decides how the application of the history check becomes one file that Node runs, with a mutant's change or none. */
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { build, type Plugin } from 'esbuild';
import { type Mutant, patched } from '../interleavings/mutants.js';

const root = resolve(import.meta.dirname, '../../..');

/** A change of the sources below `src/cache`, or of others when `file` says so from there. */
export type CacheMutant = Pick<Mutant, 'name' | 'file' | 'changes'>;

export interface Bundle {
  readonly file: string;
  dispose(): Promise<void>;
}

export type BundleSource = { readonly entry: string } | { readonly contents: string };

/** One CommonJS file in a folder of its own. */
export async function bundle(source: BundleSource, mutant: CacheMutant | null): Promise<Bundle> {
  const folder = await mkdtemp(join(tmpdir(), 'lookaside-bundle-'));
  const file = join(folder, 'bundle.cjs');
  await build({
    ...('entry' in source
      ? { entryPoints: [join(root, source.entry)] }
      : { stdin: { contents: source.contents, resolveDir: root } }),
    bundle: true,
    platform: 'node',
    format: 'cjs',
    outfile: file,
    external: ['pg-native'],
    logLevel: 'silent',
    plugins: mutant === null ? [] : [mutating(mutant)],
  });
  return { file, dispose: () => rm(folder, { recursive: true }) };
}

function mutating(mutant: CacheMutant): Plugin {
  const below = join(root, 'src/cache');
  return {
    name: 'mutate',
    setup(builder) {
      builder.onLoad({ filter: /\/src\/.*\.ts$/ }, ({ path }) => ({
        contents: patched(readFileSync(path, 'utf8'), relative(below, path), mutant),
        loader: 'ts',
      }));
    },
  };
}

export const bundleApplication = (mutant: CacheMutant | null): Promise<Bundle> =>
  bundle({ entry: 'test/consistency/history/application.ts' }, mutant);
