/** Drizzle on a wrapped pool of mysql2: `drizzle({ client: withCache(pool, cache) })`. */
import { asc, count, eq, gt, inArray, lt, max, relations, sql, sum } from 'drizzle-orm';
import * as core from 'drizzle-orm/mysql-core';
import { drizzle, type MySql2Database } from 'drizzle-orm/mysql2';
import { migrate } from 'drizzle-orm/mysql2/migrator';
import type { ResultSetHeader } from 'mysql2';
import { withDrizzleMigration } from '../drizzle-migration.js';
import type { OpenLibrary, Shelf } from '../library.js';
import { describeOrm } from '../suite.js';
import { closing, mariadbGround, poolFor } from './ground.js';

const authors = core.mysqlTable('authors', {
  id: core.int().primaryKey(),
  name: core.varchar({ length: 100 }).notNull(),
  born: core.date({ mode: 'date' }),
});
const books = core.mysqlTable('books', {
  id: core.int().primaryKey().autoincrement(),
  authorId: core.int('author_id').notNull(),
  title: core.varchar({ length: 100 }).notNull(),
  price: core.decimal({ precision: 10, scale: 2 }).notNull().default('9.90'),
  sold: core.bigint({ mode: 'bigint' }).notNull().default(sql`9007199254740993`),
  published: core.timestamp({ fsp: 3 }).notNull().default(sql`'1974-05-01 12:34:56.789'`),
  printed: core.datetime({ fsp: 3 }).notNull().default(sql`'1974-05-02'`),
  details: core.json().notNull().default({ pages: 1 }),
  tags: core.varchar({ length: 100 }).notNull().default('sf'),
  cover: core.varbinary({ length: 20 }).notNull().default('\u0001'),
  number: core.char({ length: 36 }).notNull().default('00000000-0000-4000-8000-000000000002'),
  lent: core.time().notNull().default('01:00:00'),
  weight: core.double().notNull().default(0.1),
});
const schema = {
  authors,
  books,
  authorsRelations: relations(authors, ({ many }) => ({ books: many(books) })),
  booksRelations: relations(books, ({ one }) => ({
    author: one(authors, { fields: [books.authorId], references: [authors.id] }),
  })),
};

type Database = Pick<MySql2Database<typeof schema>, 'select' | 'update'>;

const shelf = (db: Database): Shelf => ({
  nameOf: async (id) =>
    (await db.select({ name: authors.name }).from(authors).where(eq(authors.id, id)))[0]?.name,
  rename: (id, name) => db.update(authors).set({ name }).where(eq(authors.id, id)),
});

/** Of what `execute` gives: rows and fields. */
const rowsOf = ([rows]: readonly [ResultSetHeader, unknown]): readonly unknown[] =>
  rows as unknown as readonly unknown[];

const open: OpenLibrary = async (place) => {
  const pool = poolFor(place);
  const db = drizzle({ client: pool, schema, mode: 'planetscale' });
  const prepared = db
    .select()
    .from(books)
    .where(eq(books.authorId, sql.placeholder('author')))
    .orderBy(asc(books.id))
    .prepare();
  return {
    ...shelf(db),
    reads: {
      author: () => db.select().from(authors).where(eq(authors.id, 1)),
      book: () => db.select().from(books).where(eq(books.id, 1)),
      list: () => db.select().from(books).where(lt(books.price, '8')).orderBy(asc(books.title)).limit(3),
      prepared: () => prepared.execute({ author: 2 }),
      withBooks: () =>
        db.query.authors.findMany({
          with: { books: { columns: { lent: false } } },
          orderBy: asc(authors.id),
        }),
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
      raw: async () => rowsOf(await db.execute(sql`select * from books where author_id = ${2} order by id`)),
    },
    addBook: (authorId, title) => db.insert(books).values({ authorId, title }).$returningId(),
    removeBook: (id) => db.delete(books).where(eq(books.id, id)),
    removeAuthor: (id) => db.delete(authors).where(eq(authors.id, id)),
    putAuthor: (id, name) => db.insert(authors).values({ id, name }).onDuplicateKeyUpdate({ set: { name } }),
    raisePrices: () => db.update(books).set({ price: sql`${books.price} + 1` }),
    rawRename: (id, name) => db.execute(sql`update authors set name = ${name} where id = ${id}`),
    transaction: (work) =>
      db.transaction((transaction) =>
        work({
          ...shelf(transaction),
          nested: (part) => transaction.transaction((within) => part(shelf(within))),
        }),
      ),
    everythingOfAuthor: async (id) =>
      rowsOf(await db.execute(sql`select * from authors where id = ${id}`))[0],
    migrate: () =>
      withDrizzleMigration('ALTER TABLE authors ADD COLUMN motto text;', (migrationsFolder) =>
        migrate(db, { migrationsFolder }),
      ),
    stream: async () => {
      const names: unknown[] = [];
      const all = db.select({ name: authors.name }).from(authors).orderBy(authors.id).prepare();
      for await (const { name } of all.iterator()) names.push(name);
      return names;
    },
    close: closing(pool),
  };
};

describeOrm({ name: 'Drizzle', ground: mariadbGround, open });
