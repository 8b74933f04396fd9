/** Prisma on a pool of pg: `new PrismaClient({ adapter: new PrismaPg(withCache(pool, cache)) })`. */
import { PrismaPg } from '@prisma/adapter-pg';
import { PrismaClient } from '../../../examples/orms/prisma/client.js';
import { prismaLibrary } from '../prisma-library.js';
import { describeOrm } from '../suite.js';
import { poolFor, postgresGround } from './ground.js';

describeOrm({
  name: 'Prisma',
  ground: postgresGround,
  open: (place) => {
    const pool = poolFor(place);
    return prismaLibrary({
      Client: PrismaClient,
      adapter: new PrismaPg(pool),
      parameter: (number) => `$${number}`,
      end: () => pool.end(),
      reads: ({ author }) => ({
        joined: () =>
          author.findUnique({ where: { id: 1 }, include: { books: true }, relationLoadStrategy: 'join' }),
        queried: () =>
          author.findUnique({ where: { id: 1 }, include: { books: true }, relationLoadStrategy: 'query' }),
      }),
    });
  },
});
