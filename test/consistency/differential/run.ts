/** Decides how seeds are tried: each on a database of its own, and made short if it fails. Knows no test runner. */
import pg from 'pg';
import { errorAnswer } from './answer.js';
import type { Package, Place } from './caches.js';
import { caseOf } from './case.js';
import { forgetPrepared, prepare } from './contents.js';
import type { Setting } from './kept.js';
import { Mismatch, Player } from './player.js';
import { type Case, type CaseConfig, printed, type Step } from './script.js';
import { type Outcome as AnyOutcome, triesOf } from './seeds.js';
import { shrunk } from './shrink.js';

export interface Server {
  /** A new database: empty, or as the one that it is copied from. */
  createDatabase(like?: string): Promise<Database>;
}

export interface Database extends Place {
  readonly config: { readonly database: string };
  drop(): Promise<void>;
}

export interface Trial {
  readonly server: Server;
  readonly source: Package;
  readonly setting?: Setting;
  /** Only scenes of this name. */
  readonly scene?: string;
}

export type Outcome = AnyOutcome<Mismatch>;

/** A role is there for all of a server. */
async function administer(place: Place, statement: string): Promise<void> {
  const client = new pg.Client(place.config);
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

const createTenant = (place: Place): Promise<void> =>
  administer(
    place,
    `do $$ begin create role differential_tenant; exception when duplicate_object or unique_violation then null; end $$`,
  );

/** When the last case was played; where others still use the role it stays, for them to drop. */
export async function dropTenant({ createDatabase }: Server): Promise<void> {
  const database = await createDatabase();
  await administer(database, 'drop role if exists differential_tenant').catch(errorAnswer);
  await database.drop();
}

/** The steps, on the database as it is. */
async function playOn(
  database: Database,
  { source, setting = {} }: Trial,
  { steps, config }: { readonly steps: readonly Step[]; readonly config: CaseConfig },
  isOver = (): boolean => false,
): Promise<Outcome> {
  const player = new Player(database, source, { ...setting, config: { ...setting.config, ...config } });
  try {
    for (const step of steps) if (!isOver()) await player.play(step);
    return { counts: player.counts, mismatch: null };
  } catch (error) {
    if (!(error instanceof Mismatch)) throw error;
    return { counts: player.counts, mismatch: error };
  } finally {
    await player.close();
    await forgetPrepared(database);
  }
}

async function onDatabase<T>(
  { server }: Trial,
  setup: readonly string[],
  use: (database: Database) => Promise<T>,
): Promise<T> {
  const database = await server.createDatabase();
  try {
    await createTenant(database);
    await prepare(database, setup);
    return await use(database);
  } finally {
    await database.drop();
  }
}

const play = (trial: Trial, played: Case, isOver?: () => boolean): Promise<Outcome> =>
  onDatabase(trial, played.setup, (database) => playOn(database, trial, played, isOver));

/** The shortest case found that fails, for people. */
export async function explained(trial: Trial, failed: Case, { counts }: Outcome): Promise<string> {
  const { setup, steps } = failed;
  const needed = await onDatabase(trial, setup, (made) =>
    shrunk(steps.slice(0, counts.steps), async (left) => {
      const copy = await trial.server.createDatabase(made.config.database);
      try {
        return (await playOn(copy, trial, { ...failed, steps: left })).mismatch !== null;
      } finally {
        await copy.drop();
      }
    }),
  );
  const made = await shrunk(
    setup,
    async (left) => (await play(trial, { ...failed, setup: left, steps: needed })).mismatch !== null,
  );
  const short = { ...failed, setup: made, steps: needed };
  const { mismatch } = await play(trial, short);
  return `${printed(short)}\n${mismatch?.message ?? 'and now it does not fail'}`;
}

export const tries = triesOf<Trial, Case, Mismatch>({ caseOf, play });

export const { trySeeds, reported } = tries;
