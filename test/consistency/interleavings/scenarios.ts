/** Decides which scenarios are played: small ones, since every race needs only few to run it. */
import fc from 'fast-check';
import type { Interleaving } from './scheduler.js';
import { type Fate, type ReadKind, readKinds, type Scenario, type WriteKind, writeKinds } from './world.js';

const write = fc.record({
  kind: fc.constantFrom(...(Object.keys(writeKinds) as WriteKind[])),
  fate: fc.constantFrom<Fate>('commits', 'commits', 'fails', 'orphaned'),
});

const reader = fc.record({
  kind: fc.constantFrom(...(Object.keys(readKinds) as ReadKind[])),
  times: fc.integer({ min: 1, max: 4 }),
});

export const scenarios: fc.Arbitrary<Scenario> = fc.record({
  store: fc.constantFrom<Scenario['store']>('private', 'mirrored', 'remote'),
  writes: fc.array(write, { minLength: 1, maxLength: 3 }),
  readers: fc.array(reader, { minLength: 1, maxLength: 4 }),
  losses: fc.oneof(
    { weight: 2, arbitrary: fc.constant([]) },
    {
      weight: 1,
      arbitrary: fc.array(fc.constantFrom<Scenario['losses'][number]>('table', 'values', 'everything'), {
        minLength: 1,
        maxLength: 2,
      }),
    },
  ),
  room: fc.constantFrom(1, 2, 100),
  outage: fc.option(
    fc.record({ from: fc.integer({ min: 0, max: 30 }), commands: fc.integer({ min: 1, max: 6 }) }),
    {
      freq: 5,
    },
  ),
});

export const interleavings: fc.Arbitrary<Interleaving> = fc.record({
  seed: fc.integer({ min: 0, max: 2 ** 31 - 1 }),
  strategy: fc.constantFrom<Interleaving['strategy']>('any', 'priorities'),
});
