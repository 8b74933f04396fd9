/** The behaviours of a store, over each topology that needs no more than one server. */
import { Redis } from 'ioredis';
import { freePort } from '../../scripts/lib/free-port.js';
import { createServer } from '../../src/server/index.js';
import { describeWithRedis, redisServer } from '../support/servers.js';
import { behavesAsAStore } from './behaviours.js';

behavesAsAStore('the embedded server of another process', async () => {
  const server = createServer();
  const { port } = await server.listen({ host: '127.0.0.1', port: 0 });
  const topology = { kind: 'single', url: `redis://127.0.0.1:${port}` } as const;
  return {
    configs: [{ topology }, { topology }],
    flush: async () => void server.execute('FLUSHALL'),
    stop: () => server.close(),
  };
});

behavesAsAStore('an embedded server that listens, and its owner', async () => {
  const port = await freePort();
  const url = `redis://127.0.0.1:${port}`;
  const client = new Redis(url, { lazyConnect: true });
  return {
    configs: [{ topology: { kind: 'embedded', listen: { port } } }, { topology: { kind: 'single', url } }],
    flush: async () => void (await client.flushall()),
    stop: async () => client.disconnect(),
  };
});

describeWithRedis('on redis-server', () => {
  behavesAsAStore('one server, bounded', async () => {
    const server = await redisServer();
    const config = { topology: { kind: 'single', url: server.url }, consistency: 'bounded' } as const;
    const client = new Redis(server.url);
    return {
      configs: [config, config],

      flush: async () => void (await client.flushall()),
      stop: async () => {
        client.disconnect();
        await server.stop();
      },
    };
  });

  behavesAsAStore('one server', async () => {
    const server = await redisServer();
    const topology = { kind: 'single', url: server.url } as const;
    const client = new Redis(server.url);
    return {
      configs: [{ topology }, { topology: { ...topology, database: 0 } }],
      flush: async () => void (await client.flushall()),
      stop: async () => {
        client.disconnect();
        await server.stop();
      },
    };
  });

  behavesAsAStore('a server that wants a user, in another database', async () => {
    const server = await redisServer({ args: ['--user', 'app', 'on', '>secret', '~lookaside:*', '+@all'] });
    const client = new Redis(server.url);
    const { host, port } = server;
    return {
      configs: [
        { topology: { kind: 'single', url: `redis://app:secret@${host}:${port}/3` } },
        {
          topology: {
            kind: 'single',
            url: `redis://${host}:${port}`,
            username: 'app',
            password: 'secret',
            database: 3,
          },
        },
      ],
      flush: async () => void (await client.flushall()),
      stop: async () => {
        client.disconnect();
        await server.stop();
      },
    };
  });
});
