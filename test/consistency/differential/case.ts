/** Decides the case of a seed: a database with every hazard, and steps on it. */

import { addCode } from './code.js';
import { typesSql } from './column-types.js';
import { Dice } from './dice.js';
import { drawRead } from './reads.js';
import { addRows, addTables } from './schema.js';
import type { Case, Step } from './script.js';
import { addViews } from './views.js';
import type { World } from './world.js';
import { drawWrite } from './writes.js';

const rights = [
  'grant all on schema public, other to differential_tenant',
  'grant all on all tables in schema public, other to differential_tenant',
  'grant all on all sequences in schema public to differential_tenant',
];

export function caseOf(seed: number, stepCount: number): Case {
  const dice = new Dice(seed);
  const breadth = seed % 3 === 0 ? 'broad' : 'narrow';
  const world: World = {
    breadth,
    relations: [],
    routines: [],
    otherSession: breadth === 'broad' ? dice.pick(['path', 'zone', 'tenant']) : 'plain',
    serial: 0,
    setup: ['create schema other', ...typesSql, 'create sequence numbers start 1'],
  };
  addTables(world, dice);
  addRows(world, dice);
  addViews(world, dice);
  if (breadth === 'broad') addCode(world, dice);
  world.setup.push(...rights);
  const steps: Step[] = [];
  for (let step = 0; step < stepCount; step++)
    steps.push(
      step < 25 || dice.chance(0.35) ? { kind: 'read', read: drawRead(world, dice) } : drawWrite(world, dice),
    );
  return { seed, setup: world.setup, steps };
}
