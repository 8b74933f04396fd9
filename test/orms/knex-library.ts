/** Decides how Knex keeps the library, on whichever database and however it came to its connections. */
import { once } from 'node:events';
import type { Knex } from 'knex';
import type { Library, Shelf } from './library.js';

interface Row {
  id: number;
  name: string;
}

/** What the driver gives: pg a result, mysql2 the rows and their fields. */
type RawResult = { readonly rows: unknown } | readonly [rows: unknown, fields: unknown];

const rowsOf = (result: RawResult): unknown => ('rows' in result ? result.rows : result[0]);

const isPostgres = (db: Knex): boolean =>
  (db.client as { readonly dialect: string }).dialect === 'postgresql';

const shelf = (db: Knex): Shelf => ({
  nameOf: async (id) => {
    const author = await db<Row>('authors').where({ id }).first('name');
    return author?.name;
  },
  rename: async (id, name) => db('authors').where({ id }).update({ name }),
});

/** @param close beside `destroy` */
export const knexLibrary = (db: Knex, close: () => Promise<unknown> = async () => undefined): Library => ({
  ...shelf(db),
  reads: {
    author: async () => db<Row>('authors').where({ id: 1 }).first(),
    book: async () => db('books').where('id', 1),
    list: async () => db('books').where('price', '<', 8).orderBy('title').limit(3),
    withBooks: async () =>
      db('authors')
        .leftJoin('books', 'books.author_id', 'authors.id')
        .whereIn('authors.id', [1, 2])
        .orderBy('books.id')
        .select('authors.name', 'books.*'),
    plucked: async () => db('authors').orderBy('id').pluck('name'),
    page: async () => [
      await db('books').where('price', '>', 6).count({ all: '*' }).first(),
      await db('books').where('price', '>', 6).orderBy('id').limit(2).offset(2),
    ],
    totals: async () =>
      db('books').groupBy('author_id').orderBy('author_id').sum({ sum: 'price' }).max({ last: 'published' }),
    raw: async () =>
      rowsOf(await db.raw<RawResult>('select * from books where author_id = ? order by id', [2])),
  },
  addBook: async (author_id, title) => {
    const insert = db('books').insert({ author_id, title });
    return isPostgres(db) ? insert.returning('id') : insert;
  },
  removeBook: async (id) => db('books').where({ id }).delete(),
  removeAuthor: async (id) => db('authors').where({ id }).delete(),
  putAuthor: async (id, name) => db('authors').insert({ id, name }).onConflict('id').merge(['name']),
  raisePrices: async () => db('books').increment('price', 1),
  rawRename: async (id, name): Promise<unknown> =>
    db.raw('update authors set name = ? where id = ?', [name, id]),
  transaction: async (work) =>
    db.transaction(async (transaction) =>
      work({
        ...shelf(transaction),
        nested: async (part) => transaction.transaction(async (within) => part(shelf(within))),
      }),
    ),
  everythingOfAuthor: async (id) => db<Row>('authors').where({ id }).first(),
  migrate: async (): Promise<unknown> =>
    db.migrate.latest({
      migrationSource: {
        getMigrations: async () => ['1-motto'],
        getMigrationName: (name: string) => name,
        getMigration: async () => ({
          up: async (knex: Knex) => knex.schema.alterTable('authors', (table) => void table.text('motto')),
          down: async () => undefined,
        }),
      },
    }),
  stream: async () => {
    const names: unknown[] = [];
    const stream = db('authors').orderBy('id').select('name').stream();
    stream.on('data', (row: unknown) => names.push(row));
    await once(stream, 'end');
    return names;
  },
  close: async () => {
    await db.destroy();
    await close();
  },
});
