/**
 * Decides what callers do, one operation after the other, and how often which. The seed decides; knows nothing of
 * rounds, of processes, or of what is put to the test.
 */
import type { Random } from '../../../src/clock.js';
import type { Caller, Functions } from './caller.js';
import type { Contender } from './contenders.js';
import type { Database, Pool } from './database.js';
import * as reads from './reads.js';
import * as writes from './writes.js';

type Operation = (caller: Caller) => Promise<void>;

type Mixture = readonly (readonly [number, Operation])[];

/** Each with how often. What changes everything, texts of several statements say, is rare: or nothing would be a hit. */
const broad: Mixture = [
  [30, reads.account],
  [7, reads.accountsOfOwner],
  [5, reads.severalAccounts],
  [4, reads.allAccounts],
  [6, reads.totals],
  [8, reads.pages],
  [4, reads.page],
  [4, reads.accountWithDocuments],
  [6, reads.counter],
  [3, reads.countersOfName],
  [6, reads.note],
  [2, reads.allNotes],
  [14, reads.crate],
  [5, reads.wrapped],
  [3, reads.label],
  [4, reads.shownThenRead],
  [4, writes.bump],
  [2, writes.move],
  [0.2, writes.failing],
  [0.3, writes.multiStatement],
  [2, writes.transfer],
  [2, writes.readThenBump],
  [2, writes.edit],
  [1, writes.upsert],
  [1, writes.stack],
  [1, writes.label],
];

/** Few rows, written often: what was written is read by those who pursue it, besides. */
const hot: Mixture = [
  [30, reads.account],
  [6, reads.accountsOfOwner],
  [5, reads.severalAccounts],
  [2, reads.allAccounts],
  [4, reads.totals],
  [6, reads.pages],
  [5, reads.counter],
  [2, reads.note],
  [5, reads.wrapped],
  [4, reads.label],
  [2, reads.shownThenRead],
  [8, writes.bump],
  [3, writes.move],
  [0.05, writes.failing],
  [0.05, writes.multiStatement],
  [2, writes.transfer],
  [2, writes.readThenBump],
  [3, writes.edit],
  [5, writes.upsert],
  [4, writes.label],
];

const mixtures = { broad, hot };

export interface Manners {
  readonly mixture: keyof typeof mixtures;
  /** Of the one caller of a process who alone writes notes and does what happens now and then. */
  readonly leads: boolean;
  readonly writesNotes: boolean;
  /** Connections to the database. */
  readonly kills: boolean;
}

const NOTES_SHARE = 0.2;
const KILLS_SHARE = 0.01;
const CATALOG_CHANGES_SHARE = 0.001;

export async function live(caller: Caller, manners: Manners, take: () => boolean): Promise<void> {
  while (take()) {
    await unlessOutage(
      caller,
      manners.leads ? operationOfLeader(caller, manners) : drawn(caller.random, manners),
    );
  }
}

function drawn(random: Random, manners: Manners): Operation {
  const mixture = mixtures[manners.mixture];
  let left = random.fraction() * mixture.reduce((sum, [weight]) => sum + weight, 0);
  for (const [weight, operation] of mixture) {
    left -= weight;
    if (left < 0) return operation;
  }
  return reads.account;
}

function operationOfLeader(caller: Caller, manners: Manners): Operation {
  let luck = caller.random.fraction();
  if (luck < CATALOG_CHANGES_SHARE) return changeCatalog;
  luck -= CATALOG_CHANGES_SHARE;
  if (luck < KILLS_SHARE && manners.kills) return kill;
  luck -= KILLS_SHARE;
  return luck < NOTES_SHARE && manners.writesNotes ? writes.writeNotes : drawn(caller.random, manners);
}

async function kill({ world, random, pick }: Caller): Promise<void> {
  world.count(await world.database.disturb(world.plain, random.hex(4), pick));
}

async function changeCatalog(caller: Caller): Promise<void> {
  caller.world.count('tables changed');
  await caller.pool().query(`alter table changing add column added_${caller.random.hex(6)} int`);
}

/** Nothing is under way: every read must show exactly what there is. */
export async function readEverything(caller: Caller): Promise<void> {
  for (let times = 0; times < 10; times++)
    await Promise.all(Object.values(reads).map((read) => unlessOutage(caller, read)));
}

/** What the database could not be asked has no result to be judged. */
async function unlessOutage(caller: Caller, operation: Operation): Promise<void> {
  try {
    await operation(caller);
  } catch (error) {
    if (!isOutage(error, caller.world.database)) throw error;
    caller.noteFailure(error);
  }
}

/** Of the database. A cache whose store is away fails no read. */
export function isOutage(error: unknown, database: Database): boolean {
  const { code, message } = error as { readonly code?: string; readonly message?: string };
  if (code?.startsWith('LOOKASIDE_') === true) return code === 'LOOKASIDE_STORE_UNAVAILABLE'; // a write refused
  return database.isOutage(error) || /connect(ion)?/i.test(message ?? '');
}

export function functionsOf(contender: Contender, pools: readonly Pool[], plain: Pool): Functions {
  const [one, other] = pools as [Pool, Pool]; // two are made
  return {
    accountAndDocument: contender.wrap('account and document', async (id: number, document: string) => {
      const accounts = await one.query('select id, owner, balance, version from accounts where id = $1', [
        id,
      ]);
      const pages = await other.query('select * from document_pages where code = $1', [document]);
      return { account: accounts.rows[0] ?? {}, pages: pages.rows };
    }),
    label: (id) =>
      contender.tagged(`label ${id}`, `label-${id}`, async () => {
        const { rows } = await plain.query('select id, version from labels where id = $1', [id]);
        return rows;
      }),
    invalidateLabel: (id) => contender.invalidate(`label-${id}`),
  };
}
