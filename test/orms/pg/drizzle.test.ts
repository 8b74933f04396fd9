/** Drizzle on a wrapped pool: `drizzle({ client: withCache(pool, cache) })`. */
import { asc, count, eq, gt, inArray, lt, max, relations, sql, sum } from 'drizzle-orm';
import { drizzle, type NodePgDatabase } from 'drizzle-orm/node-postgres';
import { migrate } from 'drizzle-orm/node-postgres/migrator';
import * as core from 'drizzle-orm/pg-core';
import { withDrizzleMigration } from '../drizzle-migration.js';
import type { OpenLibrary, Shelf } from '../library.js';
import { describeOrm } from '../suite.js';
import { poolFor, postgresGround } from './ground.js';

const bytea = core.customType<{ data: Buffer }>({ dataType: () => 'bytea' });

const authors = core.pgTable('authors', {
  id: core.integer().primaryKey(),
  name: core.text().notNull(),
  born: core.date({ mode: 'date' }),
});
const books = core.pgTable('books', {
  id: core.integer().primaryKey().generatedByDefaultAsIdentity(),
  authorId: core.integer('author_id').notNull(),
  title: core.text().notNull(),
  price: core.numeric({ precision: 10, scale: 2 }).notNull().default('9.90'),
  sold: core.bigint({ mode: 'bigint' }).notNull().default(sql`9007199254740993`),
  published: core.timestamp({ withTimezone: true }).notNull().default(sql`'1974-05-01 12:34:56.789Z'`),
  printed: core.timestamp().notNull().default(sql`'1974-05-02'`),
  details: core.jsonb().notNull().default({ pages: 1 }),
  tags: core.text().array().notNull().default([]),
  cover: bytea().notNull().default(Buffer.of(1)),
  number: core.uuid().notNull().default('00000000-0000-4000-8000-000000000002'),
  lent: core.interval().notNull().default('1 day'),
  weight: core.doublePrecision().notNull().default(0.1),
});
const schema = {
  authors,
  books,
  authorsRelations: relations(authors, ({ many }) => ({ books: many(books) })),
  booksRelations: relations(books, ({ one }) => ({
    author: one(authors, { fields: [books.authorId], references: [authors.id] }),
  })),
};

type Database = Pick<NodePgDatabase<typeof schema>, 'select' | 'update'>;

const shelf = (db: Database): Shelf => ({
  nameOf: async (id) =>
    (await db.select({ name: authors.name }).from(authors).where(eq(authors.id, id)))[0]?.name,
  rename: (id, name) => db.update(authors).set({ name }).where(eq(authors.id, id)),
});

const open: OpenLibrary = async (place) => {
  const pool = poolFor(place);
  const db = drizzle({ client: pool, schema });
  const prepared = db
    .select()
    .from(books)
    .where(eq(books.authorId, sql.placeholder('author')))
    .orderBy(asc(books.id))
    .prepare('books_of');
  return {
    ...shelf(db),
    reads: {
      author: () => db.select().from(authors).where(eq(authors.id, 1)),
      book: () => db.select().from(books).where(eq(books.id, 1)),
      list: () => db.select().from(books).where(lt(books.price, '8')).orderBy(asc(books.title)).limit(3),
      prepared: () => prepared.execute({ author: 2 }),
      withBooks: () => db.query.authors.findMany({ with: { books: true }, orderBy: asc(authors.id) }),
      first: () => db.query.books.findFirst({ where: eq(books.id, 3), with: { author: true } }),
      joined: () =>
        db
          .select()
          .from(authors)
          .innerJoin(books, eq(books.authorId, authors.id))
          .where(inArray(authors.id, [1, 2]))
          .orderBy(books.id),
      page: async () => [
        await db.$count(books, gt(books.price, '6')),
        await db.select().from(books).where(gt(books.price, '6')).orderBy(books.id).limit(2).offset(2),
      ],
      totals: () =>
        db
          .select({ author: books.authorId, sum: sum(books.price), last: max(books.published), all: count() })
          .from(books)
          .groupBy(books.authorId)
          .orderBy(books.authorId),
      raw: async () => (await db.execute(sql`select * from books where author_id = ${2} order by id`)).rows,
    },
    addBook: (authorId, title) => db.insert(books).values({ authorId, title }).returning(),
    removeBook: (id) => db.delete(books).where(eq(books.id, id)),
    removeAuthor: (id) => db.delete(authors).where(eq(authors.id, id)),
    putAuthor: (id, name) =>
      db.insert(authors).values({ id, name }).onConflictDoUpdate({ target: authors.id, set: { name } }),
    raisePrices: () => db.update(books).set({ price: sql`${books.price} + 1` }),
    rawRename: (id, name) => db.execute(sql`update authors set name = ${name} where id = ${id}`),
    transaction: (work) =>
      db.transaction((transaction) =>
        work({
          ...shelf(transaction),
          nested: (part) => transaction.transaction((within) => part(shelf(within))),
        }),
      ),
    everythingOfAuthor: async (id) => (await db.execute(sql`select * from authors where id = ${id}`)).rows[0],
    migrate: () =>
      withDrizzleMigration('ALTER TABLE "authors" ADD COLUMN "motto" text;', (migrationsFolder) =>
        migrate(db, { migrationsFolder }),
      ),
    close: () => pool.end(),
  };
};

describeOrm({ name: 'Drizzle', ground: postgresGround, open });
