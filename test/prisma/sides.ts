/** Decides how Prisma's own adapter, ours and ours with a cache are asked the same, and how their answers are compared. */
import assert from 'node:assert';
import { PrismaMariaDb } from '@prisma/adapter-mariadb';
import mysql from 'mysql2';
import { withCache } from '../../src/adapters/mysql2/index.js';
import { type Cache, createCache } from '../../src/index.js';
import { PrismaMysql2 } from '../../src/prisma/index.js';
import type { TestSchema } from '../support/mysql.js';

export type Official = Awaited<ReturnType<PrismaMariaDb['connect']>>;
export type Query = Parameters<Official['queryRaw']>[0];
export type ArgType = Query['argTypes'][number];
/** What both have: Prisma's interface. */
export type Asked = Pick<Official, 'queryRaw' | 'executeRaw'>;

export const typeOf = (scalarType: ArgType['scalarType'], dbType?: string): ArgType => ({
  scalarType,
  arity: 'scalar',
  ...(dbType === undefined ? {} : { dbType }),
});

export const query = (sql: string, args: unknown[] = [], argTypes?: ArgType[]): Query => ({
  sql,
  args,
  argTypes: argTypes ?? args.map(() => typeOf('unknown')),
});

export interface Sides {
  readonly official: Official;
  readonly ours: Official;
  readonly cached: Official;
  readonly cache: Cache;
  close(): Promise<void>;
}

/** The interface of `@prisma/driver-adapter-utils`, to which ours has to be assignable. */
type Factory = { connect(): Promise<Omit<Official, 'underlyingDriver'>> };

export async function openSides({ config }: TestSchema): Promise<Sides> {
  const cache = createCache({ namespace: `prisma-${process.pid}`, changes: { kind: 'none' } });
  const pool = (): mysql.Pool => mysql.createPool({ ...config, connectionLimit: 2 });
  const official = await new PrismaMariaDb({ ...config, connectionLimit: 2 }).connect();
  const over = async (given: mysql.Pool): Promise<Official> => {
    const factory: Factory = new PrismaMysql2(given, { disposeExternalPool: true });
    return (await factory.connect()) as Official;
  };
  const ours = await over(pool());
  const cached = await over(withCache(pool(), cache));
  return {
    official,
    ours,
    cached,
    cache,
    close: async () => {
      await Promise.all([official.dispose(), ours.dispose(), cached.dispose()]);
      await cache.close();
    },
  };
}

/** Whatever came, an error too, so that it can be compared. */
export async function answerOf(asking: Promise<unknown>): Promise<unknown> {
  try {
    const answer = await asking;
    return typeof answer === 'object' && answer !== null ? { lastInsertId: undefined, ...answer } : answer;
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return { name: error.name, message: error.message, cause: error.cause };
  }
}

/** The same question to all, to ours with a cache three times: a miss, a hit, and one that copies. */
export async function expectSameRead({ official, ours, cached }: Sides, asked: Query): Promise<unknown> {
  const expected = await answerOf(official.queryRaw(asked));
  assert.deepStrictEqual(await answerOf(ours.queryRaw(asked)), expected, asked.sql);
  for (const time of ['first', 'second', 'third'])
    assert.deepStrictEqual(await answerOf(cached.queryRaw(asked)), expected, `${asked.sql}: ${time}`);
  return expected;
}
