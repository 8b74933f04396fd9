/** Decides the case of a seed: a database with every hazard, and steps on it. */

import { addCode } from './code.js';
import { type ColumnType, columnTypes, typesSql } from './column-types.js';
import { Dice } from './dice.js';
import { scenesOf } from './hazards/scenes.js';
import { TENANT } from './hazards/sessions.js';
import { drawRead } from './reads.js';
import { addRows, addTables } from './schema.js';
import type { Case, Step } from './script.js';
import { tenant } from './tenant.js';
import { addViews } from './views.js';
import type { Breadth, World } from './world.js';
import { drawWrite } from './writes.js';

const rights = [
  `grant all on schema public, other to ${tenant}`,
  `grant all on all tables in schema public, other to ${tenant}`,
  `grant all on all sequences in schema public to ${tenant}`,
];

/** Where there are few, among them are some whose equal values do not look equal. */
function typesOf(dice: Dice, breadth: Breadth): readonly ColumnType[] {
  if (breadth === 'broad') return columnTypes;
  const ints = columnTypes.filter(({ family }) => family === 'int');
  const texts = columnTypes.filter(({ family }) => family === 'text');
  const loose = texts.filter(({ looksEqual }) => !looksEqual);
  // Of these only a column of text could be taken for one that tells its values apart.
  const collated = loose.filter(({ sql }) => sql.startsWith('text'));
  const confusing = dice.pick(dice.chance(0.5) ? collated : loose);
  return [dice.pick(ints), dice.pick(texts), confusing, dice.pick(columnTypes)];
}

function worldOf(dice: Dice, breadth: Breadth): World {
  return {
    breadth,
    relations: [],
    routines: [],
    otherSession: breadth === 'broad' ? dice.pick(['path', 'zone', 'tenant']) : 'plain',
    types: typesOf(dice, breadth),
    serial: 0,
    setup: ['create schema other', ...typesSql, 'create sequence numbers start 1'],
  };
}

const sessions = { key: [TENANT] };

/**
 * Of four seeds three are scenes, one per hazard; the fourth is a broad world of everything, or a narrow one.
 *
 * @param scene only scenes of this name; absent: any
 */
export function caseOf(seed: number, stepCount: number, scene = ''): Case {
  const dice = new Dice(seed);
  const turn = 3 * Math.floor(seed / 4) + (seed % 4) - 1;
  if (seed % 4 > 0 || scene !== '') return caseOfScenes(seed, dice, { turn, stepCount, scene });
  const breadth = seed % 8 === 0 ? 'broad' : 'narrow';
  const world = worldOf(dice, breadth);
  addTables(world, dice);
  addRows(world, dice);
  addViews(world, dice);
  if (breadth === 'broad' || dice.chance(0.4)) addCode(world, dice);
  world.setup.push(...rights);
  const steps: Step[] = [];
  for (let step = 0; step < stepCount; step++)
    steps.push(
      step < 25 || dice.chance(0.35) ? { kind: 'read', read: drawRead(world, dice) } : drawWrite(world, dice),
    );
  return { seed, setup: world.setup, steps, config: { sessions } };
}

function caseOfScenes(
  seed: number,
  dice: Dice,
  at: { readonly turn: number; readonly stepCount: number; readonly scene: string },
): Case {
  const world = worldOf(dice, 'narrow');
  const { steps, effects } = scenesOf(world, dice, at);
  world.setup.push(...rights);
  return { seed, setup: world.setup, steps, config: { sessions, effects } };
}
