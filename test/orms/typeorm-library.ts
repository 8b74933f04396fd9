/** Decides how TypeORM keeps the library, but for the types of columns that only one of the databases has. */
import { once } from 'node:events';
import {
  type DataSource,
  type EntityManager,
  EntitySchema,
  type EntitySchemaColumnOptions,
  LessThan,
  type MigrationInterface,
  MoreThan,
  type QueryRunner,
  TableColumn,
} from 'typeorm';
import type { Library, Shelf } from './library.js';

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

/** @param own columns whose types have other names on each database */
const bookWith = (own: Readonly<Record<string, EntitySchemaColumnOptions>>): EntitySchema<Book> =>
  new EntitySchema<Book>({
    name: 'Book',
    tableName: 'books',
    columns: {
      id: { type: 'integer', primary: true, generated: true },
      title: { type: 'text' },
      price: { type: 'numeric', precision: 10, scale: 2, default: 9.9 },
      sold: { type: 'bigint', default: 7 },
      weight: { type: 'double precision', default: 0.1 },
      ...own,
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

/** What a source is made with beside where it is. */
export const typeormModel = (own: Readonly<Record<string, EntitySchemaColumnOptions>>) => ({
  entities: [Author, bookWith(own)],
  migrations: [Motto1700000000000],
});

/** @param parameter how SQL of one's own names the parameter with this number */
export async function typeormLibrary(
  source: DataSource,
  parameter: (number: number) => string,
): Promise<Library> {
  await source.initialize();
  const Book = source.getRepository<Book>('Book').target;
  const authorById = `select * from authors where id = ${parameter(1)}`;
  const booksOf = `select * from books where author_id = ${parameter(1)} order by id`;
  const renaming = `update authors set name = ${parameter(1)} where id = ${parameter(2)}`;
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
      raw: () => manager.query(booksOf, [2]),
    },
    addBook: (id, title) => manager.save(Book, { title, author: { id } }),
    removeBook: (id) => manager.delete(Book, { id }),
    removeAuthor: async (id) => manager.remove(Author, await manager.findOneByOrFail(Author, { id })),
    putAuthor: (id, name) => manager.save(Author, { id, name }),
    raisePrices: () => manager.increment(Book, { id: MoreThan(0) }, 'price', 1),
    rawRename: (id, name) => manager.query(renaming, [name, id]),
    transaction: (work) =>
      manager.transaction((inside) =>
        work({ ...shelf(inside), nested: (part) => inside.transaction((within) => part(shelf(within))) }),
      ),
    everythingOfAuthor: async (id) => {
      const [row] = await manager.query<unknown[]>(authorById, [id]);
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
}
