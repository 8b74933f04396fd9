/**
 * Decides where each kind of test server comes from: a URL in the environment, a container, or a local binary; and
 * what to say when there is none. Starts nothing.
 */
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
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

export function findOnPath(name: string, environment: NodeJS.ProcessEnv): string | null {
  const candidates = (environment['PATH'] ?? '').split(delimiter).map((folder) => join(folder, name));
  return candidates.find(isExecutable) ?? null;
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false; // the question asked, not a failure
  }
}
