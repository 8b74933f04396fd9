/**
 * Decides where each kind of test server comes from: a URL in the environment, a container, or a local binary; and
 * what to say when there is none. Starts nothing.
 */
import { findOnPath } from '../../scripts/lib/find-on-path.js';
import { findMariadb } from '../../scripts/lib/mariadb.js';
import { canRunMysql57, findMysql57, mysql57PackageName } from '../../scripts/lib/mysql57.js';
import { findPostgresPackage, postgresPackageName } from '../../scripts/lib/postgres-binaries.js';

export type PostgresSource =
  | { readonly from: 'url'; readonly url: string }
  | { readonly from: 'docker' }
  | { readonly from: 'npm' }
  | { readonly from: 'nowhere'; readonly reason: string };

export type RedisSource =
  | { readonly from: 'url'; readonly url: string }
  | { readonly from: 'docker' }
  | { readonly from: 'path'; readonly program: string }
  | { readonly from: 'nowhere'; readonly reason: string };

/** The servers of the MySQL family that suites run on; `mariadb` is the one that every suite for MySQL runs on. */
export type MysqlFlavour = 'mariadb' | 'mysql57' | 'mysql84';

export type MysqlSource =
  | { readonly from: 'url'; readonly url: string }
  | { readonly from: 'docker'; readonly image: string }
  | { readonly from: 'launcher' }
  /** `required`: it could be here, so that a run in which nothing may be skipped fails. */
  | { readonly from: 'nowhere'; readonly reason: string; readonly required: boolean };

export type MysqlSources = Readonly<Record<MysqlFlavour, MysqlSource>>;

export interface Surroundings {
  readonly environment: NodeJS.ProcessEnv;
  readonly docker: boolean;
}

export function postgresSource({ environment, docker }: Surroundings): PostgresSource {
  const url = environment['TEST_POSTGRES_URL'];
  if (url) return { from: 'url', url };
  if (docker) return { from: 'docker' };
  if (findPostgresPackage() !== null) return { from: 'npm' };
  return {
    from: 'nowhere',
    reason: `TEST_POSTGRES_URL is not set, Docker does not run, ${postgresPackageName()} is not installed`,
  };
}

export function redisSource({ environment, docker }: Surroundings): RedisSource {
  const url = environment['TEST_REDIS_URL'];
  if (url) return { from: 'url', url };
  if (docker) return { from: 'docker' };
  const program = findOnPath('redis-server', environment);
  if (program !== null) return { from: 'path', program };
  return {
    from: 'nowhere',
    reason: 'TEST_REDIS_URL is not set, Docker does not run, redis-server is not on the PATH',
  };
}

export const mysqlSources = (surroundings: Surroundings): MysqlSources => ({
  mariadb: mariadbSource(surroundings),
  mysql57: mysql57Source(),
  mysql84: mysql84Source(surroundings),
});

/** A program goes before a container here: it starts in two seconds. */
function mariadbSource({ environment, docker }: Surroundings): MysqlSource {
  const url = environment['TEST_MYSQL_URL'];
  if (url) return { from: 'url', url };
  if (findMariadb(environment) !== null) return { from: 'launcher' };
  if (docker) return { from: 'docker', image: 'mariadb:10.11' };
  const reason = 'TEST_MYSQL_URL is not set, mariadbd is not on the PATH, Docker does not run';
  return { from: 'nowhere', reason, required: true };
}

function mysql57Source(): MysqlSource {
  if (!canRunMysql57())
    return { from: 'nowhere', reason: 'npm has it for Linux on x64 only', required: false };
  if (findMysql57() !== null) return { from: 'launcher' };
  return { from: 'nowhere', reason: `${mysql57PackageName} is not installed`, required: true };
}

function mysql84Source({ docker }: Surroundings): MysqlSource {
  if (docker) return { from: 'docker', image: 'mysql:8.4' };
  return { from: 'nowhere', reason: 'Docker does not run', required: false };
}
