/** Shows the default: a cache in the process, with nothing to install. */
import { play } from './stage.js';

play(async () => ({
  configs: [{}],
  stop: async () => undefined,
}));
