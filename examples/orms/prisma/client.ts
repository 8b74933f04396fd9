/**
 * Decides what of a client that `prisma generate` has made is kept here: all that runs, without its types. The two files
 * beside it are its configuration, word for word as it generates it from the schemas.
 */
import { createRequire } from 'node:module';
import { type GetPrismaClientConfig, getPrismaClient } from '@prisma/client/runtime/client';
import mysql from './mysql.json' with { type: 'json' };
import postgresql from './postgresql.json' with { type: 'json' };

type Row = Record<string, unknown>;

/** Of a model of the schemas. */
export interface Model {
  findUnique(query: object): Promise<Row | null>;
  findFirst(query: object): Promise<Row | null>;
  findMany(query?: object): Promise<Row[]>;
  count(query?: object): Promise<number>;
  groupBy(query: object): Promise<Row[]>;
  create(query: object): Promise<Row>;
  update(query: object): Promise<Row>;
  updateMany(query: object): Promise<{ count: number }>;
  upsert(query: object): Promise<Row>;
  delete(query: object): Promise<Row>;
}

export interface Queries {
  readonly author: Model;
  readonly book: Model;
  readonly product: Model;
  $queryRawUnsafe(sql: string, ...values: unknown[]): Promise<Row[]>;
  $executeRawUnsafe(sql: string, ...values: unknown[]): Promise<number>;
  $transaction<Result>(work: (inside: Queries) => Promise<Result>): Promise<Result>;
}

export interface Client extends Queries {
  $connect(): Promise<void>;
  $disconnect(): Promise<void>;
}

/** What its adapter is to be: anything that has the interface of `@prisma/driver-adapter-utils`. */
export type PrismaClientConstructor = new (options: {
  readonly adapter: { connect(): Promise<unknown> };
}) => Client;

const require = createRequire(import.meta.url);
/** No types of Node's say that it is one of its globals. */
const { WebAssembly: wasm } = globalThis as unknown as {
  readonly WebAssembly: { compile(bytes: Uint8Array): Promise<unknown> };
};

function clientFor(provider: 'mysql' | 'postgresql', generated: object): PrismaClientConstructor {
  const compiler = `@prisma/client/runtime/query_compiler_fast_bg.${provider}`;
  const config = {
    ...generated,
    compilerWasm: {
      getRuntime: async () => require(`${compiler}.js`) as unknown,
      getQueryCompilerWasmModule: async () => {
        const { wasm: text } = require(`${compiler}.wasm-base64.js`) as { readonly wasm: string };
        return wasm.compile(Buffer.from(text, 'base64'));
      },
      importName: './query_compiler_fast_bg.js',
    },
  };
  return getPrismaClient(config as unknown as GetPrismaClientConfig) as unknown as PrismaClientConstructor;
}

/** Of mysql.prisma: for MySQL and MariaDB. */
export const PrismaClientForMysql = clientFor('mysql', mysql);

/** Of postgresql.prisma. */
export const PrismaClient = clientFor('postgresql', postgresql);
