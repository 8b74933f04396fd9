/** Decides whether keys are in the slots that a real server puts them in. */
import { Redis } from 'ioredis';
import { expect, it } from 'vitest';
import { slotOf } from '../../src/topology/slots.js';
import { describeWithRedis, redisServer } from '../support/servers.js';

const keys = [
  'a',
  '',
  'lookaside:t:{default:7:16384:public.products}',
  'lookaside:t:{default:7:16384:public.products}:id:7',
  '{}empty',
  '{open',
  'closed}',
  'x{y}{z}',
  'x{{y}}z',
  'ключ',
  'a{ключ}b',
  'é',
  ...Array.from({ length: 200 }, (_, index) => `lookaside:e:default:${index}`),
];

describeWithRedis('a slot', () => {
  it('is the one that redis-server computes', async () => {
    const server = await redisServer({ args: ['--cluster-enabled', 'yes'] });
    const client = new Redis(server.url);
    try {
      const theirs = await Promise.all(keys.map((key) => client.call('CLUSTER', 'KEYSLOT', key)));
      expect(keys.map(slotOf)).toEqual(theirs);
    } finally {
      client.disconnect();
      await server.stop();
    }
  });
});
