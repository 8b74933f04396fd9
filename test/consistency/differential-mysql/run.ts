/** Decides how seeds are tried on a server of the MySQL family: each on schemas of its own, and made short if it fails. Knows no test runner. */
import mysql from 'mysql2/promise';
import type { Setting } from '../differential/kept.js';
import { type Outcome as AnyOutcome, triesOf } from '../differential/seeds.js';
import { shrunk } from '../differential/shrink.js';
import { errorAnswer } from './answer.js';
import { caseOf } from './case.js';
import { Mismatch, Player, type Sides } from './player.js';
import { type Package, type Place, type Schemas, textIn } from './pools.js';
import { type Case, printed } from './script.js';

export interface Trial {
  readonly place: Place;
  readonly source: Package;
  readonly setting?: Setting;
  /** Only scenes of this name. */
  readonly scene?: string;
}

export type Outcome = AnyOutcome<Mismatch>;

let serial = 0;

/** Of one length, so that texts with them are. */
function sidesOf(): Sides {
  const own = `${process.pid}_${String(serial++).padStart(5, '0')}`;
  const named = (side: string): Schemas => ({ schema: `dm_${own}_${side}`, other: `dm_${own}_${side}o` });
  return { cached: named('c'), twin: named('t') };
}

async function onServer<T>(place: Place, task: (connection: mysql.Connection) => Promise<T>): Promise<T> {
  const connection = await mysql.createConnection({ ...place, multipleStatements: true });
  try {
    return await task(connection);
  } finally {
    await connection.end();
  }
}

/** Makes the schemas; what the server refuses is left out. */
const prepare = (place: Place, { cached, twin }: Sides, setup: readonly string[]): Promise<void> =>
  onServer(place, async (connection) => {
    for (const side of [cached, twin]) {
      await connection.query(
        `set session sql_mode = default; create database ${side.schema}; create database ${side.other}; use ${side.schema}`,
      );
      for (const text of setup) await connection.query(textIn(text, side)).catch(errorAnswer);
    }
  });

const drop = (place: Place, { cached, twin }: Sides): Promise<void> =>
  onServer(place, async (connection) => {
    await connection.query('set lock_wait_timeout = 20');
    await endPrepared(connection, [cached.schema, twin.schema]);
    for (const { schema, other } of [cached, twin])
      await connection.query(`drop database if exists ${schema}; drop database if exists ${other}`);
  });

/** Where a case ended in the middle of one, it holds its locks. */
async function endPrepared(connection: mysql.Connection, schemas: readonly string[]): Promise<void> {
  const [rows] = await connection.query<mysql.RowDataPacket[]>('xa recover');
  for (const row of rows) {
    const xid = String(row['data']);
    if (schemas.some((schema) => xid.startsWith(`${schema} `)))
      await connection.query(`xa rollback '${xid}'`).catch(errorAnswer);
  }
}

export async function play(
  { place, source, setting = {} }: Trial,
  { setup, steps }: Case,
  isOver = (): boolean => false,
): Promise<Outcome> {
  const sides = sidesOf();
  await prepare(place, sides, setup);
  const player = new Player(place, sides, source, setting);
  try {
    for (const step of steps) if (!isOver()) await player.play(step);
    return { counts: player.counts, mismatch: null };
  } catch (error) {
    if (!(error instanceof Mismatch)) throw error;
    return { counts: player.counts, mismatch: error };
  } finally {
    await player.close();
    await drop(place, sides);
  }
}

/** The shortest case found that fails, for people. */
export async function explained(trial: Trial, failed: Case, { counts }: Outcome): Promise<string> {
  const fails = async (made: Case): Promise<boolean> => (await play(trial, made)).mismatch !== null;
  const steps = await shrunk(failed.steps.slice(0, counts.steps), (left) =>
    fails({ ...failed, steps: left }),
  );
  const setup = await shrunk(failed.setup, (left) => fails({ ...failed, steps, setup: left }));
  const short = { ...failed, steps, setup };
  const { mismatch } = await play(trial, short);
  return `${printed(short)}\n${mismatch?.message ?? 'and now it does not fail'}`;
}

export const tries = triesOf<Trial, Case, Mismatch>({ caseOf, play });

export const { trySeeds, reported } = tries;
