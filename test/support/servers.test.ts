/** Decides whether test files get servers of their own, and whether missing ones are told about. */
import { createServer } from 'node:net';
import { Redis } from 'ioredis';
import { Client } from 'pg';
import { expect, inject, it } from 'vitest';
import { dockerRuns } from './docker.js';
import { valueOf } from './query.js';
import { describeWithPostgres, describeWithRedis, postgres, redisServer } from './servers.js';
import { postgresSource, redisSource } from './sources.js';

describeWithPostgres('a database for a test', () => {
  it('is another one on each call, and is gone after drop even while somebody is connected', async () => {
    const [one, two] = await Promise.all([postgres().createDatabase(), postgres().createDatabase()]);
    expect(await valueOf(one.url, 'select current_database()')).toBe(one.config.database);
    expect(await valueOf(two.url, 'select current_database()')).toBe(two.config.database);
    expect(one.config.database).not.toBe(two.config.database);
    const lingering = new Client({ connectionString: one.url });
    await lingering.connect();
    const disconnected = new Promise((resolve) => lingering.on('error', resolve));
    await one.drop();
    await disconnected;
    await expect(valueOf(one.url, 'select 1')).rejects.toThrow(/does not exist/);
    await two.drop();
  });
});

describeWithRedis('a Redis server for a test', () => {
  it('is empty, does not persist, and is gone after stop', async () => {
    const server = await redisServer();
    const client = new Redis(server.url, { retryStrategy: () => null });
    expect(await client.dbsize()).toBe(0);
    expect(await client.config('GET', 'save')).toEqual(['save', '']);
    expect(await client.config('GET', 'appendonly')).toEqual(['appendonly', 'no']);
    const closed = new Promise((resolve) => client.once('end', resolve));
    await server.stop();
    // The server of a URL is borrowed, not ours to stop.
    if (inject('redis').from !== 'url') await closed;
    client.disconnect();
  });
});

const nothing = { environment: { PATH: '' }, docker: false };

it('a URL in the environment goes before Docker, and Docker before local binaries', () => {
  const urls = { TEST_POSTGRES_URL: 'postgres://there', TEST_REDIS_URL: 'redis://there' };
  expect(postgresSource({ environment: urls, docker: true })).toEqual({
    from: 'url',
    url: urls.TEST_POSTGRES_URL,
  });
  expect(redisSource({ environment: urls, docker: true })).toEqual({ from: 'url', url: urls.TEST_REDIS_URL });
  expect(postgresSource({ environment: {}, docker: true })).toEqual({ from: 'docker' });
  expect(redisSource({ environment: {}, docker: true })).toEqual({ from: 'docker' });
});

it('a missing redis-server is told with everything that was looked for', () => {
  expect(redisSource(nothing)).toEqual({
    from: 'nowhere',
    reason: 'TEST_REDIS_URL is not set, Docker does not run, redis-server is not on the PATH',
  });
});

it('a Docker socket that nobody answers counts as no Docker', async () => {
  expect(await dockerRuns({ DOCKER_HOST: 'unix:///nowhere/docker.sock' })).toBe(false);
  const silent = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => silent.once('listening', resolve));
  const address = silent.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  expect(await dockerRuns({ DOCKER_HOST: `tcp://127.0.0.1:${address.port}` })).toBe(false);
  silent.close();
});
