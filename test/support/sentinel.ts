/** Decides how tests get real Redis under real Sentinels, and what they can do to it. */
import type { Redis } from 'ioredis';
import { inject } from 'vitest';
import { eventually, type RedisProcess } from '../../scripts/lib/redis-process.js';
import type { RunningSentinels } from '../../scripts/lib/redis-sentinel.js';
import { describeWith } from './servers.js';
import { findOnPath } from './sources.js';

export { eventually, type RedisProcess } from '../../scripts/lib/redis-process.js';
export {
  type RunningSentinels,
  type StartSentinelOptions,
  startSentinels,
} from '../../scripts/lib/redis-sentinel.js';

/** A suite that starts processes of redis-server and redis-sentinel itself. Without them it is skipped loudly, or fails. */
export function describeWithSentinel(name: string, suite: () => void): void {
  const missing = missingPrograms(['redis-server', 'redis-sentinel']);
  describeWith({ name, suite, server: 'redis-sentinel', missing });
}

export function missingPrograms(programs: readonly string[]): string | null {
  if (inject('redis').from === 'url') return 'TEST_REDIS_URL names one server, and this needs several';
  const missing = programs.filter((program) => findOnPath(program, process.env) === null);
  return missing.length === 0 ? null : `${missing.join(' and ')} not on the PATH`;
}

/** As an operator asks for it: the old primary is alive, and is told some seconds later. Resolves with the new one. */
export async function sentinelFailover(running: RunningSentinels): Promise<RedisProcess> {
  const before = await running.primary();
  const [sentinel] = running.sentinels;
  if (sentinel === undefined) throw new Error('there is no sentinel');
  await ask(running.client(sentinel), (client) => client.call('SENTINEL', 'FAILOVER', running.name));
  return promotedInstead(running, before);
}

/** Waits until a majority of the sentinels names another primary, and that one knows. */
export async function promotedInstead(
  running: RunningSentinels,
  before: RedisProcess,
): Promise<RedisProcess> {
  let promoted = before;
  await eventually('another node is primary', async () => {
    promoted = await running.primary();
    return promoted !== before && (await isPrimary(running.client(promoted)));
  });
  return promoted;
}

async function isPrimary(client: Redis): Promise<boolean> {
  return (await ask(client, (asked) => asked.info('replication'))).includes('role:master');
}

/** Waits until so many replicas follow a primary closely. */
export async function followed(
  client: (process: RedisProcess) => Redis,
  primary: RedisProcess,
  replicas: number,
): Promise<void> {
  await eventually(`${replicas} replicas follow`, async () => {
    const info = await ask(client(primary), (asked) => asked.info('replication'));
    return (info.match(/state=online/g) ?? []).length >= replicas;
  });
}

/**
 * From now on no replica hears of what is written to this primary, until `resumeReplication`: it forgets them and
 * refuses them. Both sides stay alive and can be promoted.
 */
export async function pauseReplication(client: Redis): Promise<void> {
  await ask(client, async (asked) => {
    await asked.call('ACL', 'SETUSER', 'default', '-psync', '-sync');
    await asked.call('CLIENT', 'KILL', 'TYPE', 'replica');
  });
}

export async function resumeReplication(client: Redis): Promise<void> {
  await ask(client, (asked) => asked.call('ACL', 'SETUSER', 'default', '+psync', '+sync'));
}

/** Uses a connection once. */
export async function ask<T>(client: Redis, use: (client: Redis) => Promise<T>): Promise<T> {
  client.on('error', () => undefined); // what is asked of it fails with it
  try {
    return await use(client);
  } finally {
    client.disconnect();
  }
}
