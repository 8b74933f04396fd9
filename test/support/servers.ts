/**
 * Decides how a test file gets its servers: a Postgres database of its own, Redis servers of its own, and suites
 * that are skipped loudly, or fail, without them. What runs where was decided by `global-setup.ts`.
 */
import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import { describe, expect, inject, it, vi } from 'vitest';
import type { ServerPlace } from './postgres-server.js';
import { type RedisServer, type RedisServerOptions, startRedis } from './redis.js';

export type { RedisServer, RedisServerOptions } from './redis.js';

/** What is waited for is done by other processes, on a machine that may have more to do. */
vi.setConfig({ expect: { poll: { timeout: 20_000 } } });

export interface TestDatabase {
  readonly url: string;
  /** The same for `new pg.Pool(config)`. */
  readonly config: {
    readonly host: string;
    readonly port: number;
    readonly user: string;
    readonly database: string;
    readonly password?: string;
  };
  /** Disconnects whoever is left and removes it. */
  drop(): Promise<void>;
}

export interface TestPostgres {
  readonly available: boolean;
  /** A new database on the run's shared server, whose user is a superuser: empty, or a copy of another one. */
  createDatabase(like?: string): Promise<TestDatabase>;
}

export function postgres(): TestPostgres {
  const provided = inject('postgres');
  return {
    available: provided.available,
    createDatabase: async (like = 'template0') => {
      if (!provided.available) throw new Error(`No Postgres: ${provided.reason}.`);
      return createDatabase(new URL(provided.url), like);
    },
  };
}

/** The same on a server that a test started for itself, for what all databases of a server share: what roles may do. */
export const postgresAt = ({ host, port, user }: Omit<ServerPlace, 'database'>): TestPostgres => ({
  available: true,
  createDatabase: (like = 'template0') => createDatabase(new URL(`postgres://${user}@${host}:${port}`), like),
});

async function createDatabase(server: URL, like: string): Promise<TestDatabase> {
  const name = `test_${process.pid}_${randomBytes(6).toString('hex')}`;
  // template0 is the one nobody can be connected to, so creations of several files never refuse each other.
  await administer(server, `create database ${name} template ${like}`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  const user = decodeURIComponent(url.username);
  const password = decodeURIComponent(url.password);
  const place = { host: url.hostname, port: Number(url.port || 5432), user, database: name };
  return {
    url: url.href,
    config: password === '' ? place : { ...place, password },
    drop: () => administer(server, `drop database if exists ${name} with (force)`),
  };
}

async function administer(server: URL, statement: string): Promise<void> {
  const client = new Client({ connectionString: server.href });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

/** A Redis server for this call alone: empty, on a free port, without persistence. Stop it. */
export function redisServer(options?: RedisServerOptions): Promise<RedisServer> {
  return startRedis(inject('redis'), options);
}

/** A suite that needs Postgres. Without one it is skipped with a line on stderr, or fails where nothing may be skipped. */
export function describeWithPostgres(name: string, suite: () => void): void {
  const provided = inject('postgres');
  describeWith({ name, suite, server: 'Postgres', missing: provided.available ? null : provided.reason });
}

/** The same for Redis. */
export function describeWithRedis(name: string, suite: () => void): void {
  const source = inject('redis');
  describeWith({
    name,
    suite,
    server: 'redis-server',
    missing: source.from === 'nowhere' ? source.reason : null,
  });
}

export interface ConditionalSuite {
  readonly name: string;
  readonly suite: () => void;
  readonly server: string;
  /** Why the server is not there; null when it is. */
  readonly missing: string | null;
  /** It cannot be had everywhere: skipped even where nothing else may be. */
  readonly optional?: boolean;
}

export function describeWith({ name, suite, server, missing, optional = false }: ConditionalSuite): void {
  if (missing === null) {
    describe(name, suite);
  } else if (process.env['LOOKASIDE_TEST_REQUIRE'] === 'all' && !optional) {
    describe(name, () => {
      it(`needs ${server}`, () => {
        expect.fail(`${server} is required in this run and is not there: ${missing}.`);
      });
    });
  } else {
    process.stderr.write(
      `!! SKIPPED, no ${server}: ${name} (${missing}; see scripts/install-test-servers)\n`,
    );
    describe.skip(name, suite);
  }
}
