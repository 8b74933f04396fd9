/** Shows several processes on Redis under three sentinels, and the death of the primary. */
import { eventually } from '../../scripts/lib/redis-process.js';
import { startSentinels } from '../../scripts/lib/redis-sentinel.js';
import { play } from './stage.js';

play(async () => {
  const servers = await startSentinels();
  const config = { topology: servers.topology }; // { kind: 'sentinel', name: 'main', sentinels: […] }
  return {
    configs: [config, config],
    harm: {
      what: 'the primary is killed',
      run: async () => {
        const primary = await servers.primary();
        await primary.kill();
        await eventually('a replica is promoted', async () => (await servers.primary()) !== primary);
      },
    },
    stop: () => servers.stop(),
  };
});
