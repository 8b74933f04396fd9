/**
 * Decides which mutants of the real cache the workload must report, and builds each from its sources with one text
 * changed, adapter included. Most are those of the interleavings, here on a real database.
 */
import { createRequire } from 'node:module';
import type { Config } from '../../../src/index.js';
import { mutants as ofTheEngine } from '../interleavings/mutants.js';
import { bundle, type CacheMutant } from './bundle.js';
import type { Package } from './contenders.js';

/** Wherever tokens and intents are kept. */
const ofTheFlow = [
  'a flight is joined without a look-up of one’s own, before it took off or after it landed',
  'a result is stamped after its query',
  'a moved key drops the old value only',
  'a decoded result is served without looking at its tokens',
] as const;

/** Where they are objects of the one process. */
const ofOneProcess = [
  'END in this process removes the intent and rotates nothing',
  'no intent of this process stands around the commit',
  'hits in this process go on under a conflicting intent',
] as const;

/** Where they are in a store. */
const ofAStore = [
  'END removes the intent and rotates nothing',
  'no intent stands around the commit',
  'hits and fills go on under a conflicting intent',
] as const;

export type TakenOver =
  | (typeof ofTheFlow)[number]
  | (typeof ofOneProcess)[number]
  | (typeof ofAStore)[number];

const ofFunctions: CacheMutant = {
  name: 'an execution of a function is shared without looking at what its queries depended on',
  file: 'engine.ts',
  changes: [
    {
      from: `if (!(await this.vouches(own, dependencies))) return null;`,
      to: `void own;`,
    },
  ],
};

export const mutants: readonly CacheMutant[] = [
  ...ofTheFlow.map((name) => mutantNamed(name)),
  ...ofOneProcess.map((name) => mutantNamed(name)),
  ofFunctions,
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

export const mutantsOfProcesses: readonly ProcessesMutant[] = [
  ...ofTheFlow.map((name) => mutantNamed(name)),
  ...ofAStore.map((name) => mutantNamed(name)),
  ofFunctions,
];
