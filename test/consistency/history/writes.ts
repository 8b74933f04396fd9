/** Decides what is written and how, and what its writer can know of the outcome. */
import type pg from 'pg';
import { type Caller, saysServer } from './caller.js';
import type { Row } from './contenders.js';

import { account } from './reads.js';
import { owners, pagesOf, textOf } from './tables.js';
import type { Outcome, WriteWitness } from './witness.js';

export type Write = (caller: Caller) => Promise<void>;

const outcomeOf = (row: Row | undefined): Outcome => ({
  version: row === undefined ? undefined : Number(row['version']),
  place: row?.['owner'] === undefined ? undefined : textOf(row['owner']),
});

const bumpById = 'update accounts set version = version + 1 where id = $1 returning version, owner';

/** Some more often than others, but not always the same: a row under a write is read past the cache. */
const anAccount = (caller: Caller): number =>
  caller.chance(0.2)
    ? 1 + caller.hot(caller.world.tables.accounts.keys.length)
    : Number(caller.pick(caller.world.tables.accounts.keys));

const AGAIN_SHARE = 0.5;

/** Now and then one account several times: what those ask who pursue it is still under way when the next is written. */
export const bump: Write = async (caller) => {
  const id = anAccount(caller);
  await bumpOnce(caller, id);
  while (caller.chance(AGAIN_SHARE)) {
    await account(caller);
    await bumpOnce(caller, id);
  }
};

/** In autocommit, also from within a WITH. */
async function bumpOnce(caller: Caller, id: number): Promise<void> {
  const write = caller.world.history.write([{ row: caller.world.tables.accounts.row(id) }]);
  const text = caller.chance(0.2) ? `with changed as (${bumpById}) select * from changed` : bumpById;
  await caller.follow(write, async () => {
    const [row] = await caller.ask(text, [id]);
    return () => write.acknowledge([outcomeOf(row)]);
  });
}

export const move: Write = async (caller) => {
  const id = anAccount(caller);
  const write = caller.world.history.write([{ row: caller.world.tables.accounts.row(id), moves: true }]);
  const text = 'update accounts set owner = $2, version = version + 1 where id = $1 returning version, owner';
  await caller.follow(write, async () => {
    const [row] = await caller.ask(text, [id, caller.pick(owners)]);
    return () => write.acknowledge([outcomeOf(row)]);
  });
};

/** Fails, in the middle or before anything. */
export const failing: Write = async (caller) => {
  const id = anAccount(caller);
  const write = caller.world.history.write([{ row: caller.world.tables.accounts.row(id) }]);
  const text = caller.pick([
    `update accounts set version = version + 1 where id = ${id} and 1 / (version * 0) > 0`,
    `update accounts set version = version + 1 where id = ${id}; select 1 / 0`,
    `update accounts set version = version + 1 where id = ${id} and nowhere = 1`,
    `update accounts set version = version + 1 where`,
  ]);
  await caller.follow(write, async () => {
    await caller.pool().query(text);
    return () => write.acknowledge();
  });
};

/** Several statements in one text: visible before the text has ended, some of them before it fails. */
export const multiStatement: Write = async (caller) => {
  const id = anAccount(caller);
  const write = caller.world.history.write([{ row: caller.world.tables.accounts.row(id) }]);
  const update = `update accounts set version = version + 1 where id = ${id} returning version, owner`;
  const slow = `select count(*) from stones where body like '%zz%'`;
  const fails = caller.chance(0.3);
  try {
    const results = (await caller
      .pool()
      .query(
        `begin; ${update}; commit; ${slow}${fails ? '; select 1 / 0' : ''}`,
      )) as unknown as pg.QueryResult<Row>[];
    write.acknowledge([outcomeOf(results[1]?.rows[0])]);
  } catch (error) {
    // Division by zero is raised behind the commit.
    if ((error as { code?: string }).code === '22012') write.acknowledge();
    else if (saysServer(error)) write.rollBack();
    else write.lose();
    caller.noteFailure(error);
  }
};

type Ending = 'commit' | 'rollback' | 'fail';

/** Runs the statements in a transaction on one connection. What they return becomes the outcome at COMMIT. */
async function transaction(
  caller: Caller,
  write: WriteWitness,
  statements: (client: pg.PoolClient) => Promise<readonly Outcome[]>,
): Promise<void> {
  const ending = caller.pick<Ending>(['commit', 'commit', 'commit', 'commit', 'rollback', 'fail']);
  let committing = false;
  const run = async (client: pg.PoolClient): Promise<() => void> => {
    await client.query('begin');
    const outcomes = await statements(client);
    if (ending === 'fail')
      await client.query('select 1 / 0').catch((error: unknown) => caller.noteFailure(error));
    committing = ending === 'commit';
    const { command } = await client.query(ending === 'rollback' ? 'rollback' : 'commit');
    return command === 'COMMIT' ? () => write.acknowledge(outcomes) : () => write.rollBack();
  };
  try {
    (await caller.withClient(run))();
  } catch (error) {
    // Whatever went wrong before COMMIT was sent, the connection is given up and nothing was committed.
    if (committing && !saysServer(error)) write.lose();
    else write.rollBack();
    caller.noteFailure(error);
  }
}

/** Two rows, in the order of their keys. */
export const transfer: Write = async (caller) => {
  const { history, tables } = caller.world;
  const one = anAccount(caller);
  const other = 1 + (one % tables.accounts.keys.length);
  const ids = [Math.min(one, other), Math.max(one, other)] as const;
  const amount = 1 + caller.hot(50);
  const write = history.write(ids.map((id) => ({ row: tables.accounts.row(id) })));
  const text =
    'update accounts set balance = balance + $2, version = version + 1 where id = $1 returning version, owner';
  await transaction(caller, write, async (client) => {
    const outcomes: Outcome[] = [];
    for (const [index, id] of ids.entries()) {
      const { rows } = await client.query<Row>(text, [id, index === 0 ? -amount : amount]);
      outcomes.push(outcomeOf(rows[0]));
    }
    // Within a transaction what it wrote is seen: it must not get into the cache.
    await client.query('select sum(balance) as balance, sum(version) as version from accounts');
    return outcomes;
  });
};

/** Reads a row, writes it, and must see what it wrote before anybody else may. */
export const readThenBump: Write = async (caller) => {
  const { history, tables } = caller.world;
  const id = anAccount(caller);
  const row = tables.accounts.row(id);
  const text = 'select version from accounts where id = $1';
  const write = history.write([{ row }]);
  await transaction(caller, write, async (client) => {
    const first = history.read('account before its own write', [row]);
    const before = await client.query<Row>(text, [id]);
    first.returned(before.rows.map((seen) => ({ row, version: Number(seen['version']) }))).end();
    const { rows } = await client.query<Row>(bumpById, [id]);
    const outcome = outcomeOf(rows[0]);
    const own = history.read('account after its own write', [], false);
    const after = Number((await client.query<Row>(text, [id])).rows[0]?.['version']);
    own.expect(after === outcome.version, `it wrote version ${outcome.version} and read ${after}`).end();
    return [outcome];
  });
};

/** A document and all its pages, which become one more or one less now and then. */
export const edit: Write = async (caller) => {
  const { history, tables } = caller.world;
  const { keys } = tables.documents;
  const key = keys[caller.hot(keys.length)] as string; // hot() is below the length
  const write = history.write([{ row: tables.documents.row(key) }]);
  await transaction(caller, write, async (client) => {
    const bumped = 'update documents set version = version + 1 where key = $1 returning version';
    const { version } = (await client.query<{ version: string }>(bumped, [key])).rows[0] ?? { version: '' };
    await client.query('update pages set version = $2 where document = $1', [key, version]);
    if (caller.chance(0.3)) {
      const { rowCount } = await client.query('delete from pages where document = $1 and number = 4', [key]);
      if (rowCount === 0) await client.query('insert into pages values ($1, 4, $2)', [key, version]);
    }
    const { rows } = await client.query<{ place: string }>(`select ${pagesOf('$1')} as place`, [key]);
    return [{ version: Number(version), place: rows[0]?.place }];
  });
};

export const upsert: Write = async (caller) => {
  const { history, tables } = caller.world;
  const key = caller.pick(tables.counters.keys);
  const [name, slot] = key.split('/') as [string, string];
  const write = history.write([{ row: tables.counters.row(key) }]);
  const text = `insert into counters values ($1, $2, 1)
    on conflict (name, slot) do update set version = counters.version + 1 returning version`;
  await caller.follow(write, async () => {
    const [row] = await caller.ask(text, [name, Number(slot)]);
    return () => write.acknowledge([outcomeOf(row)]);
  });
};

export const stack: Write = async (caller) => {
  const { history, tables } = caller.world;
  const id = 1 + caller.hot(tables.crates.keys.length);
  const write = history.write([{ row: tables.crates.row(id) }]);
  const text = 'update crates set version = version + 1 where id = $1 returning version';
  await caller.follow(write, async () => {
    const [row] = await caller.ask(text, [id]);
    return () => write.acknowledge([outcomeOf(row)]);
  });
};

/** By somebody whom the cache does not see, who then invalidates what was tagged. */
export const label: Write = async (caller) => {
  const { functions, history, plain, tables } = caller.world;
  const id = 1 + caller.hot(tables.labels.keys.length);
  const write = history.write([{ row: tables.labels.row(id) }]);
  const text = 'update labels set version = version + 1 where id = $1 returning version';
  await caller.follow(write, async () => {
    const { rows } = await plain.query<Row>(text, [id]);
    await functions.invalidateLabel(id);
    return () => write.acknowledge([outcomeOf(rows[0])]);
  });
};

/** Notes come and go. Each is written by one caller only, so it can say what the next version is. */
export const writeNotes: Write = async (caller) => {
  const { history, process, tables } = caller.world;
  const { notes } = tables;
  const keys = notes.keys.filter((_, place) => (place + 1) % process.count === process.index);
  if (caller.chance(0.03)) {
    const rows = keys.map((key) => notes.row(key));
    const write = history.write(rows.map((row) => ({ row, removes: true })));
    const versions = rows.map((row) => ({ version: row.asked }));
    const own = `delete from notes where substr(key, 6)::int % ${process.count} = ${process.index}`;
    return caller.follow(write, async () => {
      await caller.pool().query(process.count === 1 ? 'truncate notes' : own);
      return () => write.acknowledge(versions);
    });
  }
  const key = keys[caller.hot(keys.length)] as string; // hot() is below the length
  const row = notes.row(key);
  const removes = caller.chance(0.4);
  const write = history.write([{ row, removes }]);
  const version = row.asked;
  const insert =
    'insert into notes values ($1, $2) on conflict (key) do update set version = excluded.version';
  await caller.follow(write, async () => {
    if (removes) await caller.ask('delete from notes where key = $1', [key]);
    else await caller.ask(insert, [key, version]);
    return () => write.acknowledge([{ version }]);
  });
};
