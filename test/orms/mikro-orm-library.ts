/** Decides how MikroORM keeps the library, on whichever database. */
import { EntitySchema, raw, wrap } from '@mikro-orm/core';
import type { EntityManager } from '@mikro-orm/knex';
import type { Library, Shelf } from './library.js';

interface AuthorRow {
  id: number;
  name: string;
  born?: string | null;
  books?: BookRow[];
}
interface BookRow {
  id: number;
  title: string;
  price: string;
  author: AuthorRow;
  sold?: string | null;
  published?: Date | null;
  printed?: Date | null;
  details?: object | null;
  tags?: string[] | null;
  cover?: Buffer | null;
  number?: string | null;
  weight?: number | null;
}

const Author = new EntitySchema<AuthorRow>({
  name: 'Author',
  tableName: 'authors',
  properties: {
    id: { type: 'integer', primary: true },
    name: { type: 'text', unique: true },
    born: { type: 'date', nullable: true },
    books: { kind: '1:m', entity: () => 'Book', mappedBy: 'author' },
  },
});

const Book = new EntitySchema<BookRow>({
  name: 'Book',
  tableName: 'books',
  properties: {
    id: { type: 'integer', primary: true },
    title: { type: 'text' },
    price: { type: 'decimal', precision: 10, scale: 2, default: '9.90' },
    author: { kind: 'm:1', entity: () => 'Author', fieldName: 'author_id', deleteRule: 'cascade' },
    sold: { type: 'bigint', nullable: true },
    published: { type: 'datetime', nullable: true },
    printed: { type: 'datetime', columnType: 'timestamp(6)', nullable: true },
    details: { type: 'json', nullable: true },
    tags: { type: 'array', nullable: true },
    cover: { type: 'blob', nullable: true },
    number: { type: 'uuid', nullable: true },
    weight: { type: 'double', nullable: true },
  },
});

/** A fresh identity map each time, so that the database is asked. */
const shelf = (fork: () => EntityManager): Shelf => ({
  nameOf: async (id) => (await fork().findOne(Author, { id }))?.name,
  rename: (id, name) => fork().nativeUpdate(Author, { id }, { name }),
});

/** Within the transaction that the manager is in. */
const within = (em: EntityManager): Shelf => shelf(() => em.fork({ keepTransactionContext: true }));

const plain = async (found: Promise<object | readonly object[] | null>): Promise<unknown> => {
  const value = await found;
  if (value === null) return null;
  return Array.isArray(value)
    ? value.map((one: object) => wrap(one).toObject() as unknown)
    : wrap(value).toObject();
};

export const mikroOrmEntities = [Author, Book];

export function mikroOrmLibrary(orm: { readonly em: EntityManager; close(): Promise<void> }): Library {
  /** Past the transaction that the caller may be in. */
  const fork = (): EntityManager => orm.em.fork({ disableContextResolution: true });
  return {
    ...shelf(fork),
    reads: {
      author: () => plain(fork().findOne(Author, { id: 1 })),
      book: () => plain(fork().findOne(Book, { id: 1 })),
      list: () => plain(fork().find(Book, { price: { $lt: '8' } }, { orderBy: { title: 'asc' }, limit: 3 })),
      joined: () =>
        plain(fork().find(Author, {}, { populate: ['books'], strategy: 'joined', orderBy: { id: 'asc' } })),
      apart: () =>
        plain(
          fork().find(Author, {}, { populate: ['books'], strategy: 'select-in', orderBy: { id: 'asc' } }),
        ),
      page: async () => {
        const [books, count] = await fork().findAndCount(
          Book,
          { price: { $gt: '6' } },
          { populate: ['author'], orderBy: { id: 'asc' }, limit: 2, offset: 2 },
        );
        return [count, await plain(Promise.resolve(books))];
      },
      totals: () =>
        fork()
          .createQueryBuilder(Book)
          .select(['author', raw('sum(price) as total')])
          .groupBy('author')
          .orderBy({ author: 'asc' })
          .execute(),
      raw: () => fork().execute('select * from books where author_id = ? order by id', [2]),
    },
    addBook: async (author, title) => {
      const em = fork();
      await em.persist(em.create(Book, { author, title } as never)).flush();
    },
    removeBook: (id) => fork().nativeDelete(Book, { id }),
    removeAuthor: async (id) => {
      const em = fork();
      await em.remove(await em.findOneOrFail(Author, { id })).flush();
    },
    putAuthor: (id, name) => fork().upsert(Author, { id, name }),
    raisePrices: () => fork().nativeUpdate(Book, {}, { price: raw<object, string>('price + 1') }),
    rawRename: (id, name) => fork().execute('update authors set name = ? where id = ?', [name, id]),
    transaction: (work) =>
      fork().transactional((em) =>
        work({ ...within(em), nested: (part) => em.transactional((inner) => part(within(inner))) }),
      ),
    everythingOfAuthor: async (id) => (await fork().execute('select * from authors where id = ?', [id]))[0],
    migrate: () => fork().execute('alter table authors add column motto text'),
    close: () => orm.close(),
  };
}
