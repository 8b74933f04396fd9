/** Decides `lookaside explain`: says of a statement what the cache would do with it, why, and what would change that. */
import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { type Explanation, explain, withCache } from '../adapters/pg/index.js';
import { LookasideError } from '../errors.js';
import { createCache, loadConfig } from '../index.js';

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
    .option('--url <url>', 'postgres://…; without one, the PG* variables')
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
  const { default: pg } = await import('pg').catch((cause: unknown) => {
    throw new LookasideError('INVALID_ARGUMENT', 'explain needs the driver; npm install pg', { cause });
  });
  const cache = createCache({
    ...(config === undefined ? {} : loadConfig(config)),
    namespace: 'explain',
    mode: 'on',
    topology: { kind: 'embedded' },
    persistence: { kind: 'none' },
    changes: { kind: 'none' },
  });
  const pool = withCache(
    new pg.Pool({ ...(url === undefined ? {} : { connectionString: url }), max: 1 }),
    cache,
  );
  try {
    return await explain(pool, sql, param);
  } finally {
    await pool.end();
    await cache.close();
  }
}
