/** Decides how seeds are tried on Postgres: each on a database of its own. Knows no test runner. */
import pg from 'pg';
import { errorAnswer } from './answer.js';
import type { Package, Place } from './caches.js';
import { caseOf } from './case.js';
import { forgetPrepared, prepare } from './contents.js';
import type { Setting } from './kept.js';
import { Player } from './player.js';
import { type Case, printed, type Step } from './script.js';
import { type Outcome, outcomeOf, triesOf } from './seeds.js';
import { PostgresSide } from './side.js';
import { tenant } from './tenant.js';

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
    `do $$ begin create role ${tenant}; exception when duplicate_object or unique_violation then null; end $$`,
  );

/** When the last case was played. */
export async function dropTenant({ createDatabase }: Server): Promise<void> {
  const database = await createDatabase();
  await administer(database, `drop role if exists ${tenant}`).catch(errorAnswer);
  await database.drop();
}

/** The steps, on the database as it is. */
async function playOn(
  database: Database,
  { source, setting = {} }: Trial,
  { steps, config }: Case,
  isOver?: () => boolean,
): Promise<Outcome> {
  const side = new PostgresSide(database, source, { ...setting, config: { ...setting.config, ...config } });
  try {
    return await outcomeOf(new Player(side), steps, isOver);
  } finally {
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

export const tries = triesOf<Trial, Step, Case>({
  caseOf,
  play,
  onCopies: (trial, { setup }, use) =>
    onDatabase(trial, setup, (made) =>
      use(async (played) => {
        const copy = await trial.server.createDatabase(made.config.database);
        try {
          return await playOn(copy, trial, played);
        } finally {
          await copy.drop();
        }
      }),
    ),
  printed,
});
