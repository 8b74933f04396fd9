/** Whether the rights that docs/topologies.md asks for are all that a cache needs on its server. */
import { readFileSync } from 'node:fs';
import { Redis } from 'ioredis';
import { expect, it } from 'vitest';
import type { Config } from '../../src/index.js';
import { describeWithRedis, redisServer } from '../support/servers.js';
import { Sharer } from './sharer.js';

const documented = readFileSync(new URL('../../docs/topologies.md', import.meta.url), 'utf8');
const line = /^ACL SETUSER app (.*) # nodes$/m.exec(documented)?.[1] ?? '';
const query = (): string => 'from the database';

describeWithRedis('a user with the rights that are documented', () => {
  it.each([
    ['strict', {}],
    ['nothing kept', { near: { max: 0 } }],
    ['bounded', { consistency: 'bounded' }],
  ] satisfies [string, Config][])('is enough: %s', async (name, config) => {
    const server = await redisServer();
    const client = new Redis(server.url);
    try {
      await client.call('ACL', 'SETUSER', 'app', ...line.split(' '));
      const url = server.url.replace('redis://', 'redis://app:secret@');
      const sharer = Sharer.open(`rights-${name}`, { topology: { kind: 'single', url }, ...config });
      await sharer.cache.ready();
      const values = Array.from({ length: 3 }, (_, index) => String(index));
      const readAll = (): Promise<readonly (readonly [string, string])[]> =>
        Promise.all(values.map((value) => sharer.read({ value, query })));
      await readAll();
      await sharer.engine.stored();
      for (const [from] of await readAll()) expect(from).not.toBe('database');
      await (await sharer.write('a', { 1: ['1'] })).end();
      expect((await readAll()).map(([from]) => from === 'database')).toEqual([false, true, false]);
      await sharer.cache.clear();
      expect(sharer.failures).toEqual([]);
      await sharer.cache.close();
    } finally {
      client.disconnect();
      await server.stop();
    }
  });
});
