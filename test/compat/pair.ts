/** Decides how the two servers of a suite, ours and a real one, are started and stopped. Knows nothing of what they are asked. */
import { afterAll, beforeAll } from 'vitest';
import { createServer, type ServerConfig } from '../../src/server/index.js';
import { type RedisServer, redisServer } from '../support/servers.js';
import { converseInCommands, type Endpoint } from './wire.js';

export interface PairOptions {
  readonly config?: ServerConfig;
  /** For redis-server, as on its command line. */
  readonly args?: readonly string[];
  /**
   * Keys expire only when they are asked for: else each server removes them at moments of its own, and counts of keys
   * differ by chance.
   */
  readonly expiresLazily?: boolean;
}

/** Where they are is known once the tests of the suite run. */
export interface ServerPair {
  /** Of our server. */
  readonly endpoint: Endpoint;
  readonly real: Endpoint;
}

export const debugArgs = ['--enable-debug-command', 'yes'] as const;

export const withDebug: PairOptions = {
  config: { protection: { debugCommand: 'yes' } },
  args: debugArgs,
};

export const lazilyExpiring: PairOptions = { ...withDebug, expiresLazily: true };

/** Called where the hooks of the suite belong. */
export function serverPair({ config = {}, args = [], expiresLazily = false }: PairOptions = {}): ServerPair {
  const mine = createServer(config);
  const endpoint = { host: '127.0.0.1', port: 0 };
  const real = { host: '', port: 0 };
  let server: RedisServer | undefined;

  beforeAll(async () => {
    endpoint.port = (await mine.listen({ port: 0 })).port ?? 0;
    server = await redisServer({ args });
    real.host = server.host;
    real.port = server.port;
    if (!expiresLazily) return;
    for (const side of [endpoint, real]) {
      const [reply] = await converseInCommands(side, [['DEBUG', 'SET-ACTIVE-EXPIRE', '0']]);
      if (reply?.[1] !== 'OK')
        throw new Error(`active expiry could not be turned off: ${JSON.stringify(reply)}`);
    }
  });

  afterAll(async () => {
    await mine.close();
    await server?.stop();
  });

  return { endpoint, real };
}
