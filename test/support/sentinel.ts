/** Decides how tests get real Redis under real Sentinels. What they can do to it is in `failovers.ts`. */
import { inject } from 'vitest';
import { findOnPath } from '../../scripts/lib/find-on-path.js';
import { describeWith } from './servers.js';

export { eventually, type RedisProcess } from '../../scripts/lib/redis-process.js';
export {
  type RunningSentinels,
  type StartSentinelOptions,
  startSentinels,
} from '../../scripts/lib/redis-sentinel.js';
export {
  ask,
  followed,
  pauseReplication,
  promotedInstead,
  resumeReplication,
  sentinelFailover,
} from './failovers.js';

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
