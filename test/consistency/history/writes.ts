/** Decides what is written and how, and what its writer can know of the outcome. */
import type { Caller } from './caller.js';
import type { Connection, Raise } from './database.js';
import { account } from './reads.js';
import { owners } from './tables.js';
import type { Outcome, WriteWitness } from './witness.js';

export type Write = (caller: Caller) => Promise<void>;

const anAccountRaised: Raise = { table: 'accounts', where: 'id = $1', tells: 'version, owner' };

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

/** In autocommit. */
async function bumpOnce(caller: Caller, id: number): Promise<void> {
  const write = caller.world.history.write([{ row: caller.world.tables.accounts.row(id) }]);
  await raise(caller, write, { what: anAccountRaised, values: [id] });
}

/** One row, in a statement of its own. @param place where it is then, if it moves */
const raise = (
  caller: Caller,
  write: WriteWitness,
  {
    what,
    values,
    place,
  }: { readonly what: Raise; readonly values: readonly unknown[]; readonly place?: string },
): Promise<void> =>
  caller.follow(write, async () => {
    const { database } = caller.world;
    const outcome = database.raised(await caller.send(caller.pick(database.raise(what)), values));
    return () => write.acknowledge([place === undefined ? outcome : { ...outcome, place }]);
  });

export const move: Write = async (caller) => {
  const id = anAccount(caller);
  const owner = caller.pick(owners);
  const write = caller.world.history.write([{ row: caller.world.tables.accounts.row(id), moves: true }]);
  const what: Raise = { ...anAccountRaised, also: 'owner = $2', isMove: true };
  await raise(caller, write, { what, values: [id, owner], place: String(owner) });
};

/** Fails, in the middle or before anything. */
export const failing: Write = async (caller) => {
  const { database, history, tables } = caller.world;
  const id = anAccount(caller);
  const write = history.write([{ row: tables.accounts.row(id) }]);
  const bumped = `update accounts set version = version + 1 where id = ${id}`;
  const text = caller.pick([
    `${bumped} and ${database.failingCondition}`,
    `${bumped}; ${database.failing.text}`,
    `${bumped} and nowhere = 1`,
    `update accounts set version = version + 1 where`,
  ]);
  await caller.follow(write, async () => {
    try {
      await caller.pool().script(text);
    } catch (error) {
      // The first of two has been committed, where each is.
      if (!database.commitsEach || !database.failing.isMeantBy(error)) throw error;
      caller.noteFailure(error);
    }
    return () => write.acknowledge();
  });
};

/** Several statements in one text: visible before the text has ended, some of them before it fails. */
export const multiStatement: Write = async (caller) => {
  const { database, history, tables } = caller.world;
  const id = anAccount(caller);
  const write = history.write([{ row: tables.accounts.row(id) }]);
  const update = database.raiseInScript({ ...anAccountRaised, where: `id = ${id}` });
  const slow = `select count(*) from stones where body like '%zz%'`;
  const fails = caller.chance(0.3);
  try {
    const text = `begin; ${update}; commit; ${slow}${fails ? `; ${database.failing.text}` : ''}`;
    const answers = await caller.pool().script(text);
    write.acknowledge([database.raised(answers[1])]);
  } catch (error) {
    // It fails behind the commit.
    if (database.failing.isMeantBy(error)) write.acknowledge();
    else if (database.saysServer(error)) write.rollBack();
    else write.lose();
    caller.noteFailure(error);
  }
};

/** Runs the statements in a transaction on one connection. What they return becomes the outcome at COMMIT. */
async function transaction(
  caller: Caller,
  write: WriteWitness,
  statements: (connection: Connection) => Promise<readonly Outcome[]>,
): Promise<void> {
  const { database, plain, process } = caller.world;
  let isUnknown = (_error: unknown): boolean => false;
  const run = async (connection: Connection): Promise<() => void> => {
    const open = connection.transaction({
      pick: caller.pick,
      note: caller.noteFailure,
      // What a process that is killed has prepared would be there until somebody asks for it.
      other: process.count === 1 ? plain : null,
    });
    isUnknown = (error) => open.isUnknown(error);
    await open.begin();
    let outcomes: readonly Outcome[];
    try {
      outcomes = await statements(connection);
    } catch (error) {
      if (!database.saysServer(error) || caller.chance(0.5)) throw error; // with the connection
      await open.giveUp();
      caller.noteFailure(error);
      return () => write.rollBack();
    }
    return (await open.end()) ? () => write.acknowledge(outcomes) : () => write.rollBack();
  };
  try {
    (await caller.withConnection(run))();
  } catch (error) {
    if (isUnknown(error)) write.lose();
    else write.rollBack();
    caller.noteFailure(error);
  }
}

/** Two rows, in the order of their keys or in any. */
export const transfer: Write = async (caller) => {
  const { database, history, tables } = caller.world;
  const one = anAccount(caller);
  const other = 1 + (one % tables.accounts.keys.length);
  const inOrder = [Math.min(one, other), Math.max(one, other)] as const;
  const ids = database.toldOfDeadlocks && caller.chance(0.5) ? inOrder.toReversed() : inOrder;
  const amount = 1 + caller.hot(50);
  const write = history.write(ids.map((id) => ({ row: tables.accounts.row(id) })));
  const what: Raise = { ...anAccountRaised, also: 'balance = balance + $2' };
  await transaction(caller, write, async (client) => {
    const outcomes: Outcome[] = [];
    for (const [index, id] of ids.entries())
      outcomes.push(await database.raiseInside(client, what, [id, index === 0 ? -amount : amount]));
    // Within a transaction what it wrote is seen: it must not get into the cache.
    await client.query('select sum(balance) as balance, sum(version) as version from accounts');
    return outcomes;
  });
};

/** Reads a row, writes it, and must see what it wrote before anybody else may. */
export const readThenBump: Write = async (caller) => {
  const { database, history, tables } = caller.world;
  const id = anAccount(caller);
  const row = tables.accounts.row(id);
  const text = 'select version from accounts where id = $1';
  const write = history.write([{ row }]);
  await transaction(caller, write, async (client) => {
    const first = history.read('account before its own write', [row]);
    const before = await client.query(text, [id]);
    first.returned(before.rows.map((seen) => ({ row, version: Number(seen['version']) }))).end();
    const outcome = await database.raiseInside(client, anAccountRaised, [id]);
    const own = history.read('account after its own write', [], false);
    const after = Number((await client.query(text, [id])).rows[0]?.['version']);
    own.expect(after === outcome.version, `it wrote version ${outcome.version} and read ${after}`).end();
    return [outcome];
  });
};

const bumpedDocument: Raise = { table: 'documents', where: 'code = $1', tells: 'version' };

/** A document and all its pages, which become one more or one less now and then. */
export const edit: Write = async (caller) => {
  const { database, history, tables } = caller.world;
  const { keys } = tables.documents;
  const key = keys[caller.hot(keys.length)] as string; // hot() is below the length
  const write = history.write([{ row: tables.documents.row(key) }]);
  await transaction(caller, write, async (client) => {
    const { version } = await database.raiseInside(client, bumpedDocument, [key]);
    await client.query('update pages set version = $2 where document = $1', [key, version]);
    if (caller.chance(0.3)) {
      const { changed } = await client.query('delete from pages where document = $1 and number = 4', [key]);
      if (changed === 0) await client.query('insert into pages values ($1, 4, $2)', [key, version]);
    }
    const { rows } = await client.query(`select ${database.pagesOf('$1')} as place`, [key]);
    const place = rows[0]?.['place'];
    return [{ version, place: typeof place === 'string' ? place : undefined }];
  });
};

export const upsert: Write = async (caller) => {
  const { database, history, tables } = caller.world;
  const key = caller.pick(tables.counters.keys);
  const [name, slot] = key.split('/') as [string, string];
  const write = history.write([{ row: tables.counters.row(key) }]);
  await caller.follow(write, async () => {
    const answer = await caller.send(database.upsertCounter, [name, Number(slot)]);
    return () => write.acknowledge([database.raised(answer)]);
  });
};

export const stack: Write = async (caller) => {
  const { history, tables } = caller.world;
  const id = 1 + caller.hot(tables.crates.keys.length);
  const write = history.write([{ row: tables.crates.row(id) }]);
  const what: Raise = { table: 'crates', where: 'id = $1', tells: 'version' };
  await raise(caller, write, { what, values: [id] });
};

/** By somebody whom the cache does not see, who then invalidates what was tagged. */
export const label: Write = async (caller) => {
  const { database, functions, history, plain, tables } = caller.world;
  const id = 1 + caller.hot(tables.labels.keys.length);
  const write = history.write([{ row: tables.labels.row(id) }]);
  const what: Raise = { table: 'labels', where: 'id = $1', tells: 'version' };
  await caller.follow(write, async () => {
    const answer = await plain.query(caller.pick(database.raise(what)), [id]);
    await functions.invalidateLabel(id);
    return () => write.acknowledge([database.raised(answer)]);
  });
};

/** Notes come and go. Each is written by one caller only, so it can say what the next version is. */
export const writeNotes: Write = async (caller) => {
  const { database, history, process, tables } = caller.world;
  const { notes } = tables;
  const keys = notes.keys.filter((_, place) => (place + 1) % process.count === process.index);
  if (caller.chance(0.03)) {
    const rows = keys.map((key) => notes.row(key));
    const write = history.write(rows.map((row) => ({ row, removes: true })));
    const versions = rows.map((row) => ({ version: row.asked }));
    const own = `delete from notes where cast(substr(code, 6) as int) % ${process.count} = ${process.index}`;
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
  await caller.follow(write, async () => {
    if (removes) await caller.ask('delete from notes where code = $1', [key]);
    else await caller.ask(caller.pick(database.upsertNote), [key, version]);
    return () => write.acknowledge([{ version }]);
  });
};
