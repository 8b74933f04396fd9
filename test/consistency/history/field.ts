/** Decides when a fault strikes during a round, and what it is told of the round. */
import type { Random } from '../../../src/clock.js';
import { lasting } from '../../support/lasting.js';
import type { Applications } from './applications.js';
import type { Servers } from './topologies.js';

/** Where and during what a fault strikes. */
export interface Field {
  readonly applications: Applications;
  readonly servers: Servers;
  readonly random: Random;
  /** Past everything. */
  readonly query: (sql: string) => Promise<unknown>;
  /** Whether the round's work is done. */
  readonly isOver: () => boolean;
  /** The share of it that is. */
  readonly progress: () => number;
  readonly note: (what: string) => void;
}

export interface Fault {
  readonly name: string;
  /**
   * The store may lose intents: what the database had shown without an acknowledgement may be missed until then
   * (the first half of the promise holds all the same).
   */
  readonly losesIntents?: boolean;
  /** The workload kills connections of the database, too. */
  readonly killsBackends?: boolean;
  /** Begins with the round; everything is mended when it resolves. */
  readonly strike: (field: Field) => Promise<void>;
}

const LOOK_MS = 5;

/** Strikes when so much of the round is done, and in turns after that, as long as there is work. */
export async function during(field: Field, strikes: number, strike: () => Promise<void>): Promise<void> {
  for (let turn = 0; turn < strikes; turn++) {
    const due = (turn + 0.3) / strikes;
    while (field.progress() < due && !field.isOver()) await lasting(LOOK_MS);
    if (field.isOver()) return;
    await strike();
  }
}

export function one<T>(field: Field, among: readonly T[]): T {
  const chosen = among[Math.floor(field.random.fraction() * among.length)];
  if (chosen === undefined) throw new Error('there is nothing that a fault could strike');
  return chosen;
}

export const between = (field: Field, fromMs: number, toMs: number): number =>
  fromMs + field.random.fraction() * (toMs - fromMs);
