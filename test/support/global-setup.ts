/**
 * Decides what runs once for a whole test run: one Postgres for all files, servers of the MySQL family on demand, and
 * where Redis servers will come from. The files reach them through `servers.ts` and `mysql.ts`.
 */
import type { TestProject } from 'vitest/node';
import { type RunningPostgres, startPostgres } from '../../scripts/lib/postgres.js';
import { dockerRuns } from './docker.js';
import { type MysqlOnDemand, mysqlOnDemand } from './mysql-on-demand.js';
import {
  type MysqlSources,
  mysqlSources,
  type PostgresSource,
  postgresSource,
  type RedisSource,
  redisSource,
} from './sources.js';

/** What a test file is told about Postgres: a superuser's URL, or why there is none. */
export type ProvidedPostgres =
  | { readonly available: true; readonly url: string }
  | { readonly available: false; readonly reason: string };

/** What a test file is told about MySQL: what there is, and whom to ask for it. */
export interface ProvidedMysql {
  readonly sources: MysqlSources;
  /** Of `mysqlOnDemand`. */
  readonly port: number;
}

declare module 'vitest' {
  interface ProvidedContext {
    postgres: ProvidedPostgres;
    redis: RedisSource;
    mysql: ProvidedMysql;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const surroundings = { environment: process.env, docker: await dockerRuns() };
  const redis = redisSource(surroundings);
  if (redis.from === 'url' && project.config.maxWorkers !== 1)
    throw new Error('TEST_REDIS_URL names one server that tests empty: run them with --maxWorkers=1.');
  project.provide('redis', redis);

  const mysql = await provideMysql(project, mysqlSources(surroundings));
  const stopPostgres = await startPostgresFor(project, postgresSource(surroundings));
  return async () => void (await Promise.all([mysql.stop(), stopPostgres()]));
}

async function provideMysql(project: TestProject, sources: MysqlSources): Promise<MysqlOnDemand> {
  const onDemand = await mysqlOnDemand(sources);
  project.provide('mysql', { sources, port: onDemand.port });
  return onDemand;
}

async function startPostgresFor(project: TestProject, source: PostgresSource): Promise<() => Promise<void>> {
  if (source.from === 'nowhere') {
    project.provide('postgres', { available: false, reason: source.reason });
    return async () => undefined;
  }
  const server = await providePostgres(source);
  project.provide('postgres', { available: true, url: server.url });
  return server.stop;
}

async function providePostgres(
  source: Exclude<PostgresSource, { from: 'nowhere' }>,
): Promise<Pick<RunningPostgres, 'url' | 'stop'>> {
  switch (source.from) {
    case 'url':
      return { url: source.url, stop: async () => undefined };
    case 'npm':
      return startPostgres();
    case 'docker': {
      // Loaded only where it is used: it takes longer to load than Postgres takes to start.
      const { PostgreSqlContainer } = await import('@testcontainers/postgresql');
      const container = await new PostgreSqlContainer('postgres:18')
        .withCommand(['postgres', '-c', 'wal_level=logical', '-c', 'fsync=off', '-c', 'max_connections=300'])
        .start();
      return { url: container.getConnectionUri(), stop: async () => void (await container.stop()) };
    }
  }
}
