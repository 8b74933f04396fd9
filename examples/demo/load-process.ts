/** Decides nothing: the process that drives one API for a while. What it does is in `load/`; it ends with its parent. */
import { loadCities } from './dataset.js';
import { Clients } from './load/clients.js';
import { Requests } from './load/requests.js';
import type { FromLoad, LoadArguments, ToLoad } from './messages.js';
import { argumentsFromParent, endWithParent, failed, tellParent } from './parent.js';

const progressEveryMs = 250;

async function main(): Promise<void> {
  endWithParent();
  const clients = new Clients(argumentsFromParent() as LoadArguments, new Requests(loadCities()));
  process.on('message', (message: ToLoad) => {
    if (message.kind === 'stop') clients.stop();
  });
  const running = clients.run();
  const progress = setInterval(
    () => tellParent({ kind: 'progress', figures: clients.figures() } satisfies FromLoad),
    progressEveryMs,
  );
  const figures = await running;
  clearInterval(progress);
  tellParent({ kind: 'done', figures } satisfies FromLoad);
  process.disconnect();
}

main().catch(failed);
