/**
 * Decides which mutants of the real cache the workload must report, and builds each from its sources with one text
 * changed, adapter included. Most are those of the interleavings, here on a real database.
 */
import { createRequire } from 'node:module';
import type { Config } from '../../../src/index.js';
import { mutants as ofTheEngine } from '../interleavings/mutants.js';
import { bundle, type CacheMutant } from './bundle.js';
import type { Package } from './contenders.js';

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
  const contents = `export { createCache } from './src/create-cache.js';
    export { withCache } from './src/adapters/pg/index.js';`;
  const { file, dispose } = await bundle({ contents }, mutant);
  return { source: createRequire(import.meta.url)(file) as Package, dispose };
}

/** On several processes: with the configuration that it takes. */
export interface ProcessesMutant extends CacheMutant {
  readonly config?: Config;
}

export const mutantsOfProcesses: readonly ProcessesMutant[] = mutants;
