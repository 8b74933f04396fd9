/**
 * Decides which mutants of the real cache the workload must report, and builds each from its sources with one text
 * changed, adapter included. Most are those of the interleavings, here on a real database.
 */
import { createRequire } from 'node:module';
import { mutants as ofTheEngine } from '../interleavings/mutants.js';
import { bundle, type CacheMutant } from './bundle.js';
import type { Slow } from './caller.js';
import type { DatabaseName, Package } from './database.js';
import type { TopologyName } from './topologies.js';
import type { Manners } from './workload.js';

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

/** Where they are in a store, of pins. */
const ofShapes = ['a write that is not pinned for a shape leaves the shape alone'] as const;

export type TakenOver =
  | (typeof ofTheFlow)[number]
  | (typeof ofOneProcess)[number]
  | (typeof ofAStore)[number]
  | (typeof ofShapes)[number];

const ofFunctions: CacheMutant = {
  name: 'an execution of a function is shared without looking at what its queries depended on',
  file: 'engine.ts',
  changes: [
    {
      from: `if (!(await this.vouching.mayTake(own, dependencies))) return null;`,
      to: `void own;`,
    },
  ],
};

export const ofTransactions: CacheMutant = {
  name: 'reads of a transaction use the cache after its first write, too',
  file: '../adapters/transaction-reads.ts',
  changes: [
    {
      from: `if (this.state !== 'none' && !isHarmless(statement)) this.state = 'closed';`,
      to: `void isHarmless;`,
    },
  ],
};

/** What is wrong with rows that are told apart, wherever tokens are kept. */
const ofPins: readonly CacheMutant[] = [
  {
    name: 'of a key that moves the old value is not rotated',
    file: 'protocol/refs.ts',
    changes: [
      { from: `  return combinations.map(pinValue);`, to: `  return combinations.slice(-1).map(pinValue);` },
    ],
  },
  {
    name: 'however a number is spelt, the spelling is its name',
    file: '../sql/values.ts',
    changes: [
      {
        from: `  else if (typeof value === 'string' && integerText.test(value) && value !== '-0') exact = BigInt(value);`,
        to: `  else if (typeof value === 'string') return value;`,
      },
    ],
  },
];

const ofPinsInOneProcess: readonly CacheMutant[] = [
  {
    name: 'END in this process does not go through the shapes',
    file: 'tokens/local.ts',
    changes: [
      {
        from: `    if (values === null) shape.epoch++;`,
        to: `    if (values === null && shape.name !== WHOLE && pins !== null) continue;
    if (values === null) shape.epoch++;`,
      },
    ],
  },
  {
    name: 'a shape in this process is registered late',
    file: 'tokens/local.ts',
    changes: [
      {
        from: `if (shape === undefined) table.shapes.set(name, (shape = new LocalShape(name)));`,
        to: `if (shape === undefined) {
      const late = (shape = new LocalShape(name));
      setTimeout(() => table.shapes.set(name, late), 5);
    }`,
      },
    ],
  },
];

const ofPinsInAStore: readonly CacheMutant[] = [
  ...ofShapes.map((name) => mutantNamed(name)),
  {
    name: 'a shape is not registered',
    file: 'protocol/table.ts',
    changes: [
      {
        from: `  const shape = state.shapes.get(ref.pin.shape);
  if (state.wild === null || shape === undefined || valueToken === null) return null;`,
        to: `  const shape = state.shapes.get(ref.pin.shape) ?? '';
  if (state.wild === null || valueToken === null) return null;`,
      },
      {
        from: `  const shape = state.shapes.get(ref.pin.shape);
  if (state.wild === null || shape === undefined || valueToken === null) return false;`,
        to: `  const shape = state.shapes.get(ref.pin.shape) ?? '';
  if (state.wild === null || valueToken === null) return false;`,
      },
      {
        file: 'protocol/lookup.ts',
        from: `if (!shapes.has(ref.pin.shape)) commands.push(`,
        to: `if (shapes.size > 99) commands.push(`,
      },
    ],
  },
];

export const mutants: readonly CacheMutant[] = [
  ofTransactions,
  ...ofTheFlow.map((name) => mutantNamed(name)),
  ...ofOneProcess.map((name) => mutantNamed(name)),
  ofFunctions,
  ...ofPins,
  ...ofPinsInOneProcess,
];

const spelling: CacheMutant = {
  name: 'however a number is spelt, the spelling is its name, of MariaDB',
  file: '../sql/limited-values.ts',
  changes: [
    {
      from: `    const exact = integerOf(value);`,
      to: `    if (typeof value === 'string') return value;
    const exact = integerOf(value);`,
    },
  ],
};

/** There, reads of a transaction never use the cache, and numbers have names of their own. */
const notOnMariadb = [ofTransactions.name, ...ofPins.slice(1).map(({ name }) => name)];

const asOn = <T extends CacheMutant>(
  database: DatabaseName,
  all: readonly T[],
): readonly (T | CacheMutant)[] =>
  database === 'postgres' ? all : [...all.filter(({ name }) => !notOnMariadb.includes(name)), spelling];

export const mutantsOn = (database: DatabaseName): readonly CacheMutant[] => asOn(database, mutants);

export function mutantNamed(name: TakenOver): CacheMutant {
  const found = ofTheEngine.find((mutant) => mutant.name === name);
  if (found === undefined) throw new Error(`no mutant of the engine is named "${name}"`);
  return found;
}

/** Those with this in their names. */
export function thoseNamed<T extends CacheMutant>(all: readonly T[], named: string): readonly T[] {
  const found = all.filter(({ name }) => name.includes(named));
  if (found.length === 0) throw new RangeError(`no mutant has "${named}" in its name`);
  return found;
}

/** Builds the package with the mutant's change in it. */
export async function mutate(
  mutant: CacheMutant,
): Promise<{ source: Package; dispose: () => Promise<void> }> {
  const contents = `export { createCache } from './src/create-cache.js';
    export { withCache } from './src/adapters/pg/index.js';
    export { withCache as withMysqlCache } from './src/adapters/mysql2/index.js';`;
  const { file, dispose } = await bundle({ contents }, mutant);
  return { source: createRequire(import.meta.url)(file) as Package, dispose };
}

/** On several processes: where and with which faults it shows, if not everywhere and without. */
export interface ProcessesMutant extends CacheMutant {
  readonly topology?: TopologyName;
  readonly faults?: readonly string[];
  readonly mixture?: Manners['mixture'];
  readonly isBounded?: boolean;
  readonly slow?: Slow;
}

/** What only a store that others share, and that can be lost, brings about. */
const ofProcesses: readonly ProcessesMutant[] = [
  {
    name: 'tokens are counters, which begin anew where they were lost',
    file: 'protocol/lookup.ts',
    changes: [
      { from: `(): string => context.random.hex(TOKEN_BYTES);`, to: `(): string => String(TOKEN_BYTES);` },
    ],
  },
  {
    name: 'what everything depends on is not written by a write of everything',
    file: 'bind.ts',
    changes: [
      {
        from: `[{ table: rootOf(names), pins: null }];`,
        to: `[{ table: keyOfTable(names, 'roof'), pins: null }];`,
      },
    ],
    mixture: 'broad',
  },
  {
    name: 'nobody asks who vouches for the tokens',
    file: '../topology/sentinel.ts',
    changes: [{ from: `    return this.replicationId;`, to: `    return 'anybody';` }],
    topology: 'sentinel',
    faults: ['failovers that lose what was written last'],
  },
  {
    name: 'a primary is trusted without a lease',
    file: '../topology/sentinel.ts',
    changes: [
      {
        from: `      nowMs < watch.confirmedAtMs(connection) + LEASE_MS &&
      this.witnesses.confirms(primary.named)`,
        to: `      (primary !== null || watch !== null || nowMs + LEASE_MS > 0)`,
      },
    ],
    topology: 'sentinel',
    faults: ['a process that reaches only a deposed primary'],
  },
];

const ofBounded: readonly ProcessesMutant[] = [
  {
    name: 'own writes do not drop what is known without asking',
    file: 'tokens/bounded.ts',
    changes: [
      { from: `    return doing.finally(() => this.forgetTargets(targets));`, to: `    return doing;` },
    ],
    faults: ['news of changes held back'],
    isBounded: true,
  },
];

export const mutantsOfProcesses: readonly ProcessesMutant[] = [
  // An execution has to last for a write and its rotation.
  ...ofTheFlow.map((name) => ({ ...mutantNamed(name), slow: { share: 0.2, factor: 5 } })),
  ...ofAStore.map((name) => mutantNamed(name)),
  ofFunctions,
  ...ofPins,
  ...ofPinsInAStore,
  ...ofProcesses,
  ...ofBounded,
];

export const mutantsOfProcessesOn = (database: DatabaseName): readonly ProcessesMutant[] =>
  asOn(database, mutantsOfProcesses);
