/** Decides what is read, and what every snapshot must show: each read is held against the history. */
import type { Caller } from './caller.js';
import type { Row } from './database.js';
import { BALANCE_TOTAL, counterKey, owners, type TrackedTable, textOf } from './tables.js';
import type { ReadWitness, Sighting, TrackedRow } from './witness.js';

export type Read = (caller: Caller) => Promise<void>;

const slowly = (factor: number): string =>
  `(select count(*) from stones s, stones t where t.id <= ${factor} and s.body like '%zz%') as found`;

/** A row that holds its key's version, and its place if it has one. */
function sighting(table: TrackedTable, row: Row, key: unknown, place?: unknown): Sighting {
  const seen = { row: table.row(textOf(key)), version: Number(row['version']) };
  return place === undefined ? seen : { ...seen, place: textOf(place) };
}

const accountsIn = ({ world }: Caller, rows: readonly Row[]): readonly Sighting[] =>
  rows.map((row) => sighting(world.tables.accounts, row, row['id'], row['owner']));

const anAccount = (caller: Caller): number => 1 + caller.hot(caller.world.tables.accounts.keys.length);

const aDocument = (caller: Caller): string => {
  const { keys } = caller.world.tables.documents;
  return keys[caller.hot(keys.length)] as string; // hot() is below the length
};

const aNote = (caller: Caller): string => {
  const { keys } = caller.world.tables.notes;
  return keys[caller.hot(keys.length)] as string; // hot() is below the length
};

/** The columns of the view: one document, all of its pages. */
function judgePages(caller: Caller, read: ReadWitness, rows: readonly Row[]): ReadWitness {
  const { documents } = caller.world.tables;
  const numbers = rows.map((row) => Number(row['number'])).sort((left, right) => left - right);
  const [first] = rows;
  read.returned(first === undefined ? [] : [sighting(documents, first, first['code'], numbers.join(' '))]);
  const versions = new Set(rows.flatMap((row) => [String(row['version']), String(row['page_version'])]));
  return read.expect(
    versions.size === 1,
    `a document and its pages have versions ${[...versions].join(', ')}`,
  );
}

/** By primary key, now and then as part of a slow query. */
export const account = async (caller: Caller, id = anAccount(caller)): Promise<void> => {
  const { slow } = caller.world;
  const columns = caller.chance(slow.share)
    ? `id, owner, version, ${slowly(slow.factor)}`
    : 'id, owner, balance, version';
  const read = caller.world.history.read('account', [caller.world.tables.accounts.row(id)]);
  const rows = await caller.ask(`select ${columns} from accounts where id = $1`, [id]);
  read.returned(accountsIn(caller, rows)).end();
};

/** Several by their keys, in the ways there are to say so, one of them spelt as few would. */
export const severalAccounts = async (caller: Caller, id = anAccount(caller)): Promise<void> => {
  const { history, tables } = caller.world;
  const { accounts } = tables;
  const other = 1 + (id % accounts.keys.length);
  const columns = 'id, owner, balance, version';
  const [condition, values] = caller.pick(caller.world.database.twoAccounts(id, other));
  const read = history.read('several accounts', [accounts.row(id), accounts.row(other)]);
  const rows = await caller.ask(`select ${columns} from accounts where ${condition}`, values);
  read.returned(accountsIn(caller, rows)).end();
};

/** By a column that changes. */
export const accountsOfOwner = async (caller: Caller, owner: number = caller.pick(owners)): Promise<void> => {
  const read = caller.world.history.read('accounts of an owner', caller.world.tables.accounts.rows);
  const rows = await caller.ask('select id, owner, balance, version from accounts where owner = $1', [owner]);
  read.returned(accountsIn(caller, rows), { place: String(owner) }).end();
};

export const allAccounts: Read = async (caller) => {
  const read = caller.world.history.read('all accounts', caller.world.tables.accounts.rows);
  const rows = await caller.ask('select id, owner, balance, version from accounts');
  const balance = rows.reduce((sum, row) => sum + Number(row['balance']), 0);
  read
    .returned(accountsIn(caller, rows))
    .expect(balance === BALANCE_TOTAL, `the balances add up to ${balance}`)
    .end();
};

export const totals: Read = async (caller) => {
  const read = caller.world.history.read('totals', caller.world.tables.accounts.rows);
  const byOwner = caller.chance(0.4);
  const rows = await caller.ask(
    `select sum(balance) as balance, sum(version) as version from accounts${byOwner ? ' group by owner' : ''}`,
  );
  const sumOf = (column: string): number => rows.reduce((sum, row) => sum + Number(row[column]), 0);
  read
    .returnedTotal(sumOf('version'))
    .expect(sumOf('balance') === BALANCE_TOTAL, `the balances add up to ${sumOf('balance')}`)
    .end();
};

/** Through a view that joins two tables. */
export const pages = async (caller: Caller, document = aDocument(caller)): Promise<void> => {
  const { history, tables } = caller.world;
  const read = history.read('pages', [tables.documents.row(document)]);
  judgePages(
    caller,
    read,
    await caller.ask('select * from document_pages where code = $1', [document]),
  ).end();
};

/** By a key of two columns. */
export const page = async (caller: Caller, document = aDocument(caller)): Promise<void> => {
  const { history, tables } = caller.world;
  const read = history.read('page', [tables.documents.row(document)]);
  const rows = await caller.ask('select document, version from pages where document = $1 and number = 2', [
    document,
  ]);
  read.returned(rows.map((row) => sighting(tables.documents, row, row['document']))).end();
};

export const accountWithDocuments = async (
  caller: Caller,
  id = 1 + caller.hot(caller.world.tables.documents.keys.length),
): Promise<void> => {
  const { history, tables } = caller.world;
  const document = `document ${id === 1 ? tables.accounts.keys.length : id - 1}`;
  const known = id === 1 ? [] : [tables.documents.row(document)];
  const read = history.read('account with documents', [tables.accounts.row(id), ...known]);
  const rows = await caller.ask(
    `select a.id, a.owner, a.version, d.code, d.version as document_version
     from accounts a left join documents d on d.account = a.id where a.id = $1`,
    [id],
  );
  const documents = rows.flatMap((row): Sighting[] =>
    row['code'] === null
      ? []
      : [{ row: tables.documents.row(textOf(row['code'])), version: Number(row['document_version']) }],
  );
  read.returned([...accountsIn(caller, rows), ...documents]).end();
};

export const counter = async (
  caller: Caller,
  key = caller.pick(caller.world.tables.counters.keys),
): Promise<void> => {
  const { history, tables } = caller.world;
  const [name, slot] = key.split('/') as [string, string];
  const read = history.read('counter', [tables.counters.row(counterKey(name, Number(slot)))]);
  const rows = await caller.ask('select version from counters where name = $1 and slot = $2', [
    name,
    Number(slot),
  ]);
  read.returned(rows.map((row) => sighting(tables.counters, row, counterKey(name, Number(slot))))).end();
};

/** Pinned to the first column of the key. */
export const countersOfName = async (
  caller: Caller,
  name = caller.pick(caller.world.tables.counters.keys).split('/')[0] as string, // split() gives one at least
): Promise<void> => {
  const { history, tables } = caller.world;
  const scope = tables.counters.keys.filter((key) => key.startsWith(`${name}/`));
  const read = history.read(
    'counters of a name',
    scope.map((key) => tables.counters.row(key)),
  );
  const rows = await caller.ask('select sum(version) as version from counters where name = $1', [name]);
  read.returnedTotal(Number(rows[0]?.['version'] ?? 0)).end();
};

/** May not be there. */
export const note = async (caller: Caller, key = aNote(caller)): Promise<void> => {
  const { history, tables } = caller.world;
  const read = history.read('note', [tables.notes.row(key)]);
  const rows = await caller.ask('select code, version from notes where code = $1', [key]);
  read.returned(rows.map((row) => sighting(tables.notes, row, row['code']))).end();
};

export const allNotes: Read = async (caller) => {
  const { history, tables } = caller.world;
  const read = history.read('all notes', tables.notes.rows);
  const rows = await caller.ask('select code, version from notes');
  read.returned(rows.map((row) => sighting(tables.notes, row, row['code']))).end();
};

/** Large, and too many for a small near tier. */
export const crate = async (
  caller: Caller,
  id = 1 + caller.hot(caller.world.tables.crates.keys.length),
): Promise<void> => {
  const { history, tables } = caller.world;
  const read = history.read('crate', [tables.crates.row(id)]);
  const rows = await caller.ask('select version, body from crates where id = $1', [id]);
  read.returned(rows.map((row) => sighting(tables.crates, row, id))).end();
};

/** Two snapshots, each of them newer than the call. */
export const wrapped = async (
  caller: Caller,
  id = anAccount(caller),
  document = aDocument(caller),
): Promise<void> => {
  const { history, tables, functions } = caller.world;
  const accountRead = history.read('account of a wrapped function', [tables.accounts.row(id)]);
  const pagesRead = history.read('pages of a wrapped function', [tables.documents.row(document)]);
  const result = await functions.accountAndDocument(id, document);
  accountRead.returned(accountsIn(caller, [result.account])).end();
  judgePages(caller, pagesRead, result.pages).end();
};

/** Under a tag. */
export const label = async (
  caller: Caller,
  id = 1 + caller.hot(caller.world.tables.labels.keys.length),
): Promise<void> => {
  const { functions, history, tables } = caller.world;
  const read = history.read('label', [tables.labels.row(id)]);
  const rows = await functions.label(id);
  read.returned(rows.map((row) => sighting(tables.labels, row, row['id']))).end();
};

/** What the database shows to others now, no later read may miss. */
export const shownThenRead: Read = async (caller) => {
  const { history, tables, plain } = caller.world;
  const id = anAccount(caller);
  const row: TrackedRow = tables.accounts.row(id);
  const text = 'select id, owner, balance, version from accounts where id = $1';
  const truth = history.read('the database itself', [row], false);
  const { rows: truly } = await plain.query(text, [id]);
  truth.returned(accountsIn(caller, truly)).end();
  const read = history.read('account, after it was shown', [row]);
  const { rows } = await caller.pool().query(text, [id]);
  read.returned(accountsIn(caller, rows)).end();
};
