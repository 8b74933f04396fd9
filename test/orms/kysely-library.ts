/** Decides how Kysely keeps the library, but for upserts, which each database has in words of its own. */
import { type Generated, type Kysely, Migrator, sql } from 'kysely';
import { expect } from 'vitest';
import type { Library, Shelf } from './library.js';

export interface Tables {
  authors: { id: number; name: string; born: Date | null };
  books: {
    id: Generated<number>;
    author_id: number;
    title: string;
    price: Generated<string>;
    sold: Generated<string>;
    published: Generated<Date>;
  };
}

const shelf = (db: Kysely<Tables>): Shelf => ({
  nameOf: async (id) =>
    (await db.selectFrom('authors').select('name').where('id', '=', id).executeTakeFirst())?.name,
  rename: (id, name) => db.updateTable('authors').set({ name }).where('id', '=', id).execute(),
});

export function kyselyLibrary(db: Kysely<Tables>, putAuthor: Library['putAuthor']): Library {
  const page = db.selectFrom('books').where('price', '>', '6');
  return {
    ...shelf(db),
    reads: {
      author: () => db.selectFrom('authors').selectAll().where('id', '=', 1).executeTakeFirst(),
      book: () => db.selectFrom('books').selectAll().where('id', '=', 1).executeTakeFirst(),
      list: () =>
        db.selectFrom('books').selectAll().where('price', '<', '8').orderBy('title').limit(3).execute(),
      withBooks: () =>
        db
          .selectFrom('authors')
          .leftJoin('books', 'books.author_id', 'authors.id')
          .select(['authors.id', 'authors.name', 'books.title', 'books.published'])
          .where('authors.id', 'in', [1, 2])
          .orderBy('books.id')
          .execute(),
      nested: () =>
        db
          .selectFrom('authors')
          .select((of) => [
            'authors.name',
            of
              .selectFrom('books')
              .whereRef('books.author_id', '=', 'authors.id')
              .select(({ fn }) => fn.countAll().as('count'))
              .as('count'),
          ])
          .orderBy('authors.id')
          .execute(),
      page: async () => [
        await page.select(({ fn }) => fn.countAll<string>().as('count')).executeTakeFirst(),
        await page.selectAll().orderBy('id').limit(2).offset(2).execute(),
      ],
      totals: () =>
        db
          .selectFrom('books')
          .select(({ fn }) => ['author_id', fn.sum('price').as('sum'), fn.max('published').as('last')])
          .groupBy('author_id')
          .orderBy('author_id')
          .execute(),
      raw: async () => (await sql`select * from books where author_id = ${2} order by id`.execute(db)).rows,
    },
    addBook: (author_id, title) => db.insertInto('books').values({ author_id, title }).execute(),
    removeBook: (id) => db.deleteFrom('books').where('id', '=', id).execute(),
    removeAuthor: (id) => db.deleteFrom('authors').where('id', '=', id).execute(),
    putAuthor,
    raisePrices: () => db.updateTable('books').set({ price: sql`price + 1` }).execute(),
    rawRename: (id, name) => sql`update authors set name = ${name} where id = ${id}`.execute(db),
    transaction: async (work) => {
      const transaction = await db.startTransaction().execute();
      try {
        await work({
          ...shelf(transaction),
          nested: async (part) => {
            const within = await transaction.savepoint('part').execute();
            try {
              await part(shelf(within));
            } catch (error) {
              await within.rollbackToSavepoint('part').execute();
              throw error;
            }
          },
        });
        await transaction.commit().execute();
      } catch (error) {
        await transaction.rollback().execute();
        throw error;
      }
    },
    everythingOfAuthor: (id) =>
      db.selectFrom('authors').selectAll().where('id', '=', id).executeTakeFirstOrThrow(),
    migrate: async () => {
      const up = (kysely: Kysely<never>): Promise<void> =>
        kysely.schema.alterTable('authors').addColumn('motto', 'text').execute();
      const migrator = new Migrator({
        db,
        provider: { getMigrations: async () => ({ '1-motto': { up } }) },
      });
      const { error } = await migrator.migrateToLatest();
      expect(error).toBeUndefined();
    },
    stream: async () => {
      const names: string[] = [];
      for await (const { name } of db.selectFrom('authors').select('name').orderBy('id').stream(2))
        names.push(name);
      return names;
    },
    close: () => db.destroy(),
  };
}
