/** Decides how Prisma keeps the library: by a generated client, the same on every database. Knows no adapter. */
import type { Client, Model, PrismaClientConstructor, Queries } from '../../examples/orms/prisma/client.js';
import type { Library, Shelf } from './library.js';

export interface PrismaPlace {
  readonly Client: PrismaClientConstructor;
  readonly adapter: { connect(): Promise<unknown> };
  /** How the database writes its parameters. */
  readonly parameter: (number: number) => string;
  /** Ends whatever `$disconnect` leaves. */
  readonly end: () => Promise<unknown>;
  /** What only this database has. */
  readonly reads: (client: Client) => Library['reads'];
}

/** Values of Prisma's own class compare by identity of what they hold. */
const plain = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null || value instanceof Date || value instanceof Uint8Array)
    return value;
  if ('toFixed' in value) return `decimal ${(value as { toFixed(): string }).toFixed()}`;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, plain(inner)]));
};

const allPlain = (reads: Library['reads']): Library['reads'] =>
  Object.fromEntries(Object.entries(reads).map(([name, read]) => [name, async () => plain(await read())]));

/** Those that Prisma has types for: neither intervals, nor a TIME that is longer than a day. */
const columns = 'id, author_id, title, price, sold, published, printed, details, tags, cover, number, weight';

const named = (id: number, name: string) => ({ where: { id }, data: { name } });

const shelf = ({ author }: { readonly author: Model }): Shelf => ({
  nameOf: async (id) => (await author.findUnique({ where: { id } }))?.['name'] as string | undefined,
  rename: (id, name) => author.update(named(id, name)),
});

const inside = (queries: Queries): Parameters<Parameters<Library['transaction']>[0]>[0] => ({
  ...shelf(queries),
  nested: (work) => queries.$transaction((within) => work(shelf(within))),
});

export async function prismaLibrary({
  Client,
  adapter,
  parameter,
  end,
  reads,
}: PrismaPlace): Promise<Library> {
  const client = new Client({ adapter });
  const { author, book } = client;
  await client.$connect();
  return {
    ...shelf(client),
    reads: allPlain({
      author: () => author.findUnique({ where: { id: 1 } }),
      book: () => book.findUnique({ where: { id: 1 } }),
      list: () => book.findMany({ where: { price: { lt: 8 } }, orderBy: { title: 'asc' }, take: 3 }),
      apart: () =>
        author.findMany({ include: { books: { orderBy: { id: 'asc' } } }, orderBy: { id: 'asc' } }),
      its: () => book.findFirst({ where: { title: 'Kindred' }, include: { author: true } }),
      related: () =>
        author.findMany({ where: { books: { some: { price: { gt: 9 } } } }, orderBy: { id: 'asc' } }),
      page: async () => [
        await book.count({ where: { price: { gt: 6 } } }),
        await book.findMany({ where: { price: { gt: 6 } }, orderBy: { id: 'asc' }, skip: 2, take: 2 }),
      ],
      totals: () =>
        book.groupBy({
          by: ['authorId'],
          _sum: { price: true },
          _max: { published: true },
          orderBy: { authorId: 'asc' },
        }),
      raw: () =>
        client.$queryRawUnsafe(
          `select ${columns} from books where author_id = ${parameter(1)} order by id`,
          2,
        ),
      ...reads(client),
    }),
    addBook: (authorId, title) => book.create({ data: { authorId, title } }),
    removeBook: (id) => book.delete({ where: { id } }),
    removeAuthor: (id) => author.delete({ where: { id } }),
    putAuthor: (id, name) => author.upsert({ where: { id }, create: { id, name }, update: { name } }),
    raisePrices: () => book.updateMany({ data: { price: { increment: 1 } } }),
    rawRename: (id, name) =>
      client.$executeRawUnsafe(
        `update authors set name = ${parameter(1)} where id = ${parameter(2)}`,
        name,
        id,
      ),
    transaction: (work) => client.$transaction((queries) => work(inside(queries))),
    everythingOfAuthor: async (id) => {
      const [row] = await client.$queryRawUnsafe(`select * from authors where id = ${parameter(1)}`, id);
      return row;
    },
    migrate: () => client.$executeRawUnsafe('alter table authors add column motto text'),
    close: async () => {
      await client.$disconnect();
      await end();
    },
  };
}
