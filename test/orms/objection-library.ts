/** Decides how Objection keeps the library, on whichever database its Knex is. */
import type { Knex } from 'knex';
import { Model, raw } from 'objection';
import { knexLibrary } from './knex-library.js';
import type { Library, Shelf } from './library.js';

class Book extends Model {
  static override tableName = 'books';
  id!: number;
  author_id!: number;
  title!: string;
  price!: string;
  static override relationMappings = {
    author: {
      relation: Model.BelongsToOneRelation,
      modelClass: () => Author,
      join: { from: 'books.author_id', to: 'authors.id' },
    },
  };
}

class Author extends Model {
  static override tableName = 'authors';
  id!: number;
  name!: string;
  static override relationMappings = {
    books: {
      relation: Model.HasManyRelation,
      modelClass: Book,
      join: { from: 'authors.id', to: 'books.author_id' },
    },
  };
}

const shelf = (authors: typeof Author, transaction?: Knex.Transaction): Shelf => ({
  nameOf: async (id) => (await authors.query(transaction).findById(id))?.name,
  rename: async (id, name) => authors.query(transaction).findById(id).patch({ name }),
});

/** @param close beside the Knex that is given */
export function objectionLibrary(db: Knex, close: () => Promise<unknown>): Library {
  const authors = Author.bindKnex(db);
  const books = Book.bindKnex(db);
  const plain = async (found: PromiseLike<unknown>): Promise<unknown> => {
    const value = await found;
    if (Array.isArray(value)) return value.map((one: Model) => one.toJSON({ shallow: false }));
    return value instanceof Model ? value.toJSON() : value;
  };
  return {
    ...knexLibrary(db, close),
    ...shelf(authors),
    reads: {
      author: () => plain(authors.query().findById(1)),
      book: () => plain(books.query().findById(1)),
      list: () => plain(books.query().where('price', '<', 8).orderBy('title').limit(3)),
      fetched: () => plain(authors.query().orderBy('id').withGraphFetched('books.author')),
      joined: () => plain(authors.query().withGraphJoined('books').orderBy(['authors.id', 'books.id'])),
      related: () => plain(books.relatedQuery('author').for([1, 3]).orderBy('id')),
      page: async () => {
        const { results, total } = await books.query().where('price', '>', 6).orderBy('id').page(1, 2);
        return { total, results: await plain(Promise.resolve(results)) };
      },
      totals: () =>
        plain(books.query().select('author_id').sum('price').groupBy('author_id').orderBy('author_id')),
      size: () => plain(books.query().resultSize()),
    },
    addBook: async (author_id, title) => books.query().insert({ author_id, title }),
    removeBook: async (id) => books.query().deleteById(id),
    removeAuthor: async (id) => authors.query().deleteById(id),
    putAuthor: async (id, name) => authors.query().upsertGraph({ id, name }, { insertMissing: true }),
    raisePrices: async () => books.query().patch({ price: raw('price + 1') }),
    transaction: async (work) =>
      authors.transaction(async (transaction) =>
        work({
          ...shelf(authors, transaction),
          nested: async (part) =>
            authors.transaction(transaction, async (within) => part(shelf(authors, within))),
        }),
      ),
  };
}
