/** Prisma on a pool of mysql2: `new PrismaClient({ adapter: new PrismaMysql2(withCache(pool, cache)) })`. */
import { PrismaClientForMysql } from '../../../examples/orms/prisma/client.js';
import { PrismaMysql2 } from '../../../src/prisma/index.js';
import { prismaLibrary } from '../prisma-library.js';
import { describeOrm } from '../suite.js';
import { closing, mariadbGround, poolFor } from './ground.js';

describeOrm({
  name: 'Prisma',
  ground: mariadbGround,
  open: (place) => {
    const pool = poolFor(place);
    return prismaLibrary({
      Client: PrismaClientForMysql,
      adapter: new PrismaMysql2(pool),
      parameter: () => '?',
      end: closing(pool),
      reads: () => ({}),
    });
  },
});
