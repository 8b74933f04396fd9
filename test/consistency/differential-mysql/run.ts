/** Decides how seeds are tried on a server of the MySQL family: each on schemas of its own. Knows no test runner. */
import mysql from 'mysql2/promise';
import type { Setting } from '../differential/kept.js';
import { Player } from '../differential/player.js';
import { type Outcome, outcomeOf, triesOf } from '../differential/seeds.js';
import { errorAnswer } from './answer.js';
import { caseOf } from './case.js';
import { type Package, type Place, type Schemas, type Sides, textIn } from './pools.js';
import { type Case, printed, type Step } from './script.js';
import { MysqlSide } from './side.js';

export interface Trial {
  readonly place: Place;
  readonly source: Package;
  readonly setting?: Setting;
  /** Only scenes of this name. */
  readonly scene?: string;
}

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

async function play(
  { place, source, setting }: Trial,
  { setup, steps }: Case,
  isOver?: () => boolean,
): Promise<Outcome> {
  const sides = sidesOf();
  await prepare(place, sides, setup);
  try {
    return await outcomeOf(new Player(new MysqlSide(place, sides, source, setting)), steps, isOver);
  } finally {
    await drop(place, sides);
  }
}

export const tries = triesOf<Trial, Step, Case>({ caseOf, play, printed });
