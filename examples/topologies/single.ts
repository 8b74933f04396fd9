/** Shows several processes on one redis-server, and what its restart does to them. */
import { startRedisProcess } from '../../scripts/lib/redis-process.js';
import { play } from './stage.js';

play(async () => {
  const server = await startRedisProcess({
    program: 'redis-server',
    config: () => ['save ""', 'appendonly no'],
  });
  const config = { topology: { kind: 'single', url: server.url } } as const;
  return {
    configs: [config, config],
    harm: {
      what: 'redis-server is killed, and started again',
      run: async () => {
        await server.kill();
        await server.restart();
      },
    },
    stop: () => server.stop(),
  };
});
