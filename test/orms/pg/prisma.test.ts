/**
 * Prisma on a wrapped pool: `new PrismaClient({ adapter: new PrismaPg(withCache(pool, cache)) })`. Its client is generated
 * by a program that needs an engine from elsewhere, so the adapter is driven as the client drives it: with the statements
 * that Prisma Client 7.10 sends for the same calls.
 */
import { PrismaPg } from '@prisma/adapter-pg';
import type { OpenLibrary, Shelf } from '../library.js';
import { describeOrm } from '../suite.js';
import { poolFor, postgresGround } from './ground.js';

type Adapter = Awaited<ReturnType<PrismaPg['connect']>>;
type Transaction = Awaited<ReturnType<Adapter['startTransaction']>>;

const queryOf = (sql: string, args: unknown[]): Parameters<Adapter['queryRaw']>[0] => ({
  sql,
  args,
  argTypes: args.map((arg) => ({ scalarType: typeof arg === 'number' ? 'int' : 'string', arity: 'scalar' })),
});

const authorColumns = '"public"."authors"."id", "public"."authors"."name", "public"."authors"."born"';
const bookColumns = 'id author_id title price sold published printed details tags cover number weight'
  .split(' ')
  .map((column) => `"public"."books"."${column}"`)
  .join(', ');
const books = `SELECT ${bookColumns} FROM "public"."books"`;

/** What `relationLoadStrategy: 'join'` sends for `include: { books: true }`. */
const lateral = `SELECT "t0"."id", "t0"."name", "t0"."born", "Author_books"."__prisma_data__" AS "books"
  FROM "public"."authors" AS "t0" LEFT JOIN LATERAL (
    SELECT COALESCE(JSONB_AGG("__prisma_data__"), '[]') AS "__prisma_data__" FROM (
      SELECT "t3"."__prisma_data__" FROM (
        SELECT JSONB_BUILD_OBJECT('id', "t2"."id", 'authorId', "t2"."author_id", 'sold', "t2"."sold"::text,
          'published', "t2"."published", 'details', "t2"."details", 'tags', "t2"."tags", 'cover', "t2"."cover")
          AS "__prisma_data__", "t2"."id"
        FROM (SELECT "t1".* FROM "public"."books" AS "t1" WHERE "t0"."id" = "t1"."author_id" /* root select */)
          AS "t2" /* inner select */
      ) AS "t3" ORDER BY "t3"."id" ASC /* middle select */
    ) AS "t4" /* outer select */
  ) AS "Author_books" ON true WHERE "t0"."id" = $1 LIMIT $2`;

const findAuthor = `SELECT ${authorColumns} FROM "public"."authors" WHERE ("public"."authors"."id" = $1 AND 1=1) LIMIT $2 OFFSET $3`;
const allAuthors = `SELECT ${authorColumns} FROM "public"."authors" WHERE 1=1 ORDER BY "public"."authors"."id" ASC OFFSET $1`;
const updateAuthor = `UPDATE "public"."authors" SET "name" = $1 WHERE ("public"."authors"."id" = $2 AND 1=1) RETURNING ${authorColumns}`;
const upsertAuthor = `INSERT INTO "public"."authors" ("id","name") VALUES ($1,$2) ON CONFLICT ("id") DO UPDATE SET "name" = $3 WHERE ("public"."authors"."id" = $4 AND 1=1) RETURNING ${authorColumns}`;

const shelf = (on: Adapter | Transaction): Shelf => ({
  nameOf: async (id) => {
    const { rows } = await on.queryRaw(queryOf(findAuthor, [id, '1', '0']));
    return rows[0]?.[1] as string | undefined;
  },
  rename: (id, name) => on.queryRaw(queryOf(updateAuthor, [name, id])),
});

/** As the client does: it sends COMMIT itself, then gives the connection back. */
async function inTransaction<T>(adapter: Adapter, work: (on: Transaction) => Promise<T>): Promise<T> {
  const transaction = await adapter.startTransaction();
  const end = async (how: 'commit' | 'rollback'): Promise<void> => {
    await transaction.executeRaw(queryOf(how.toUpperCase(), []));
    await transaction[how]();
  };
  let result: T;
  try {
    result = await work(transaction);
  } catch (error) {
    await end('rollback');
    throw error;
  }
  await end('commit');
  return result;
}

async function inSavepoint(transaction: Transaction, work: () => Promise<void>): Promise<void> {
  await transaction.createSavepoint?.('part');
  try {
    await work();
  } catch (error) {
    await transaction.rollbackToSavepoint?.('part');
    throw error;
  }
  await transaction.releaseSavepoint?.('part');
}

const open: OpenLibrary = async (place) => {
  const adapter = await new PrismaPg(poolFor(place), { disposeExternalPool: true }).connect();
  const ask = (sql: string, ...args: unknown[]) => adapter.queryRaw(queryOf(sql, args));
  const run = (sql: string, ...args: unknown[]) => adapter.executeRaw(queryOf(sql, args));
  return {
    ...shelf(adapter),
    reads: {
      author: () => ask(findAuthor, 1, '1', '0'),
      book: () => ask(`${books} WHERE "public"."books"."id" = $1 LIMIT $2 OFFSET $3`, 1, '1', '0'),
      list: () =>
        ask(
          `${books} WHERE "public"."books"."price" < $1 ORDER BY "public"."books"."title" ASC LIMIT $2 OFFSET $3`,
          '8',
          '3',
          '0',
        ),
      apart: async () => [
        await ask(allAuthors, '0'),
        await ask(
          `${books} WHERE "public"."books"."author_id" IN ($1,$2,$3) ORDER BY "public"."books"."id" ASC OFFSET $4`,
          1,
          2,
          3,
          '0',
        ),
      ],
      joined: () => ask(lateral, 1, '1'),
      page: async () => [
        await ask(
          `SELECT COUNT(*) AS "_count$_all" FROM (SELECT "public"."books"."id" FROM "public"."books" WHERE "public"."books"."price" > $1 OFFSET $2) AS "sub"`,
          '6',
          '0',
        ),
        await ask(
          `${books} WHERE "public"."books"."price" > $1 ORDER BY "public"."books"."id" ASC LIMIT $2 OFFSET $3`,
          '6',
          '2',
          '2',
        ),
      ],
      totals: () =>
        ask(
          `SELECT SUM("public"."books"."price") AS "_sum$price", MAX("public"."books"."published") AS "_max$published", "public"."books"."author_id" FROM "public"."books" WHERE 1=1 GROUP BY "public"."books"."author_id" ORDER BY "public"."books"."author_id" ASC OFFSET $1`,
          '0',
        ),
      raw: () => ask(`${books} where author_id = $1 order by id`, 2),
    },
    addBook: (author, title) =>
      ask(
        `INSERT INTO "public"."books" ("author_id","title","price") VALUES ($1,$2,$3) RETURNING ${bookColumns}`,
        author,
        title,
        '9.9',
      ),
    removeBook: (id) =>
      ask(
        `DELETE FROM "public"."books" WHERE ("public"."books"."id" = $1 AND 1=1) RETURNING ${bookColumns}`,
        id,
      ),
    removeAuthor: (id) =>
      ask(
        `DELETE FROM "public"."authors" WHERE ("public"."authors"."id" = $1 AND 1=1) RETURNING ${authorColumns}`,
        id,
      ),
    putAuthor: (id, name) => ask(upsertAuthor, id, name, name, id),
    raisePrices: () =>
      run('UPDATE "public"."books" SET "price" = ("public"."books"."price" + $1) WHERE 1=1', '1'),
    rawRename: (id, name) => run('update authors set name = $1 where id = $2', name, id),
    transaction: (work) =>
      inTransaction(adapter, (transaction) =>
        work({
          ...shelf(transaction),
          nested: (part) => inSavepoint(transaction, () => part(shelf(transaction))),
        }),
      ),
    everythingOfAuthor: async (id) => {
      const { columnNames, rows } = await ask('select * from authors where id = $1', id);
      return Object.fromEntries(columnNames.map((column, index) => [column, rows[0]?.[index]]));
    },
    migrate: () => adapter.executeScript('ALTER TABLE "authors" ADD COLUMN "motto" TEXT;'),
    close: () => adapter.dispose(),
  };
};

describeOrm({ name: 'Prisma', ground: postgresGround, open });
