/** Shows several processes on a Redis Cluster of six nodes, and the death of each primary, one after the other. */
import { startCluster } from '../../scripts/lib/redis-cluster.js';
import { eventually } from '../../scripts/lib/redis-process.js';
import { play } from './stage.js';

/** One in each third. */
const slots = [0, 8_000, 16_000];

play(async () => {
  const cluster = await startCluster();
  const config = { topology: cluster.topology }; // { kind: 'cluster', nodes: […] }
  return {
    configs: [config, config],
    harm: {
      what: 'each primary is killed, and started again as a replica of its successor',
      run: async () => {
        for (const slot of slots) {
          const owner = await cluster.ownerOf(slot);
          await owner.kill();
          await eventually('a replica is promoted', async () => (await cluster.ownerOf(slot)) !== owner);
          await owner.restart();
        }
      },
    },
    stop: () => cluster.stop(),
  };
});
