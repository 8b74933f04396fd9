/** TypeORM, which builds its own pool: `new DataSource({ type: 'postgres', driver: cachedDriver(pg, cache) })`. */
import { once } from 'node:events';
import pg from 'pg';
import {
  DataSource,
  type EntityManager,
  EntitySchema,
  LessThan,
  type MigrationInterface,
  MoreThan,
  type QueryRunner,
  TableColumn,
} from 'typeorm';
import { cachedDriver } from '../../../src/adapters/pg/index.js';
import type { OpenLibrary, Shelf } from '../library.js';
import { describeOrm } from '../suite.js';
import { postgresGround } from './ground.js';

interface Author {
  id: number;
  name: string;
  born: string | null;
  books?: Book[];
}
interface Book {
  id: number;
  title: string;
  price: string;
  author?: Author;
  sold?: string;
  published?: Date;
  printed?: Date;
  details?: object;
  tags?: string[];
  cover?: Buffer;
  number?: string;
  lent?: object;
  weight?: number;
}

const Author = new EntitySchema<Author>({
  name: 'Author',
  tableName: 'authors',
  columns: {
    id: { type: 'integer', primary: true },
    name: { type: 'text', unique: true },
    born: { type: 'date', nullable: true },
  },
  relations: { books: { type: 'one-to-many', target: 'Book', inverseSide: 'author' } },
});

const Book = new EntitySchema<Book>({
  name: 'Book',
  tableName: 'books',
  columns: {
    id: { type: 'integer', primary: true, generated: true },
    title: { type: 'text' },
    price: { type: 'numeric', precision: 10, scale: 2, default: 9.9 },
    sold: { type: 'bigint', default: 7 },
    published: { type: 'timestamptz', default: '2001-01-01' },
    printed: { type: 'timestamp', default: '2001-01-01' },
    details: { type: 'jsonb', default: {} },
    tags: { type: 'text', array: true, default: [] },
    cover: { type: 'bytea', default: '\\x00' },
    number: { type: 'uuid', default: '00000000-0000-4000-8000-000000000003' },
    lent: { type: 'interval', default: '1 day' },
    weight: { type: 'double precision', default: 0.1 },
  },
  relations: {
    author: {
      type: 'many-to-one',
      target: 'Author',
      joinColumn: { name: 'author_id' },
      inverseSide: 'books',
      onDelete: 'CASCADE',
    },
  },
});

/** Its name ends with the time at which it was written. */
class Motto1700000000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.addColumn('authors', new TableColumn({ name: 'motto', type: 'text', isNullable: true }));
  }
  async down(): Promise<void> {}
}

const shelf = (manager: EntityManager): Shelf => ({
  nameOf: async (id) => (await manager.findOneBy(Author, { id }))?.name,
  rename: (id, name) => manager.update(Author, { id }, { name }),
});

const open: OpenLibrary = async ({ config, cache }) => {
  const { user, ...rest } = config;
  const source = new DataSource({
    type: 'postgres',
    ...rest,
    username: user,
    poolSize: 3,
    extra: { idleTimeoutMillis: 0 },
    driver: cache === null ? pg : cachedDriver(pg, cache),
    entities: [Author, Book],
    migrations: [Motto1700000000000],
  });
  await source.initialize();
  const { manager } = source;
  return {
    ...shelf(manager),
    reads: {
      author: () => manager.findOneBy(Author, { id: 1 }),
      book: () => manager.findOneBy(Book, { id: 1 }),
      list: () => manager.find(Book, { where: { price: LessThan('8') }, order: { title: 'ASC' }, take: 3 }),
      withBooks: () =>
        manager.find(Author, { relations: { books: true }, order: { id: 'ASC', books: { id: 'ASC' } } }),
      apart: () =>
        manager.find(Author, {
          relations: { books: true },
          relationLoadStrategy: 'query',
          order: { id: 'ASC' },
        }),
      first: () => manager.findOne(Book, { where: { id: 3 }, relations: { author: true } }),
      page: () =>
        manager.findAndCount(Book, {
          where: { price: MoreThan('6') },
          order: { id: 'ASC' },
          take: 2,
          skip: 2,
        }),
      pageOfJoined: () =>
        manager.findAndCount(Author, {
          relations: { books: true },
          order: { id: 'ASC', books: { id: 'ASC' } },
          take: 2,
        }),
      totals: () =>
        manager
          .createQueryBuilder(Book, 'book')
          .select(['book.author_id', 'sum(book.price)', 'max(book.published)'])
          .groupBy('book.author_id')
          .orderBy('book.author_id')
          .getRawMany(),
      raw: () => manager.query('select * from books where author_id = $1 order by id', [2]),
    },
    addBook: (id, title) => manager.save(Book, { title, author: { id } }),
    removeBook: (id) => manager.delete(Book, { id }),
    removeAuthor: async (id) => manager.remove(Author, await manager.findOneByOrFail(Author, { id })),
    putAuthor: (id, name) => manager.save(Author, { id, name }),
    raisePrices: () => manager.increment(Book, { id: MoreThan(0) }, 'price', 1),
    rawRename: (id, name) => manager.query('update authors set name = $2 where id = $1', [id, name]),
    transaction: (work) =>
      manager.transaction((inside) =>
        work({ ...shelf(inside), nested: (part) => inside.transaction((within) => part(shelf(within))) }),
      ),
    everythingOfAuthor: async (id) => {
      const [row] = await manager.query<unknown[]>('select * from authors where id = $1', [id]);
      return row;
    },
    migrate: () => source.runMigrations(),
    stream: async () => {
      const names: unknown[] = [];
      const stream = await manager.createQueryBuilder(Author, 'author').orderBy('author.id').stream();
      stream.on('data', (row: unknown) => names.push(row));
      await once(stream, 'end');
      return names;
    },
    close: () => source.destroy(),
  };
};

describeOrm({ name: 'TypeORM', ground: postgresGround, open });
