/** Decides `lookaside explain`: says of a statement what the cache would do with it, why, and what would change that. */
import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { explain as explainMysql, withCache as withMysqlCache } from '../adapters/mysql2/index.js';
import {
  type Explanation,
  explain as explainPostgres,
  withCache as withPostgresCache,
} from '../adapters/pg/index.js';
import { LookasideError, messageOf } from '../errors.js';
import { type Cache, createCache, loadConfig } from '../index.js';

interface ExplainOptions {
  url?: string;
  config?: string;
  param: string[];
  json?: true;
}

/** The statement is not run: only the catalog of the database is read. */
export function explainCommand(): Command {
  return new Command('explain')
    .description('say what a statement reads or writes, whether it is cached, and why')
    .argument('[sql]', 'the statement; from standard input if it is left out')
    .option('--url <url>', 'postgres://…, mysql://… or mariadb://…; without one, the PG* variables')
    .option(
      '--config <file>',
      'a .json, .js, .cjs or .mjs file: include, exclude, effects and their like count',
    )
    .option('--param <value>', 'a parameter, as a text; once per parameter', collect, [])
    .option('--json', 'as JSON')
    .action(async (sql: string | undefined, options: ExplainOptions) => {
      const explanation = await explained(sql ?? readFileSync(0, 'utf8'), options);
      console.log(options.json === true ? JSON.stringify(explanation, null, 2) : explanation.text);
    });
}

const collect = (value: string, before: readonly string[]): readonly string[] => [...before, value];

/** With a cache that serves nothing: the statement is only looked at. */
async function explained(sql: string, { url, config, param }: ExplainOptions): Promise<Explanation> {
  if (sql.trim() === '') throw new LookasideError('INVALID_ARGUMENT', 'there is no statement to explain');
  const cache = createCache({
    ...(config === undefined ? {} : loadConfig(config)),
    namespace: 'explain',
    mode: 'on',
    topology: { kind: 'embedded' },
    persistence: { kind: 'none' },
    changes: { kind: 'none' },
  });
  try {
    const asked = await askedAt(cache, url);
    try {
      return await asked.explain(sql, param).catch(asUnavailable);
    } finally {
      await asked.end();
    }
  } finally {
    await cache.close();
  }
}

/** A wrapped pool of one connection. */
interface Asked {
  explain(sql: string, parameters: readonly string[]): Promise<Explanation>;
  end(): Promise<void>;
}

function askedAt(cache: Cache, url: string | undefined): Promise<Asked> {
  if (url !== undefined && /^(?:mysql|mariadb):/i.test(url)) return mysqlAt(cache, url);
  // Without a scheme it may be a socket's folder, which pg knows.
  if (url === undefined || /^postgres(?:ql)?:/i.test(url) || !/^[\w+.-]+:\/\//.test(url))
    return postgresAt(cache, url);
  throw new LookasideError('INVALID_ARGUMENT', '--url begins with postgres://, mysql:// or mariadb://');
}

async function postgresAt(cache: Cache, url: string | undefined): Promise<Asked> {
  const { default: pg } = await installed('pg', () => import('pg'));
  const pool = withPostgresCache(
    new pg.Pool({ ...(url === undefined ? {} : { connectionString: url }), max: 1 }),
    cache,
  );
  return {
    explain: (sql, parameters) => explainPostgres(pool, sql, parameters),
    end: () => pool.end(),
  };
}

async function mysqlAt(cache: Cache, url: string): Promise<Asked> {
  const { default: mysql } = await installed('mysql2', () => import('mysql2/promise'));
  const pool = withMysqlCache(mysql.createPool({ uri: url, connectionLimit: 1 }), cache);
  return { explain: (sql, parameters) => explainMysql(pool, sql, parameters), end: () => pool.end() };
}

async function installed<T>(name: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (cause) {
    throw new LookasideError('INVALID_ARGUMENT', `explain needs the driver; npm install ${name}`, { cause });
  }
}

/** What the driver or the server says is told in its words; an error without a code of theirs is a bug of ours. */
function asUnavailable(error: unknown): never {
  const { code } = error as { readonly code?: unknown };
  if (error instanceof LookasideError || typeof code !== 'string') throw error;
  // Of a host with several addresses the message is empty.
  throw new LookasideError('CATALOG_UNAVAILABLE', messageOf(error) || code, { cause: error });
}
