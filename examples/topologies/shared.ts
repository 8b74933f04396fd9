/** Shows several processes of one machine that share the cache of one of them: nothing to install either. */
import { freePort } from '../../scripts/lib/free-port.js';
import { play } from './stage.js';

play(async () => {
  const port = await freePort();
  return {
    configs: [
      { topology: { kind: 'embedded', listen: { port } } },
      { topology: { kind: 'single', url: `redis://127.0.0.1:${port}` } },
    ],
    stop: async () => undefined,
  };
});
