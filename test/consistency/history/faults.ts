/** Decides what goes wrong with processes and their networks during a round. Knows nothing of the workload. */
import { lasting } from '../../support/lasting.js';
import type { Direction } from '../../support/tcp-proxy.js';
import type { Application } from './applications.js';
import { between, during, type Fault, one } from './field.js';
import type { Road } from './network.js';
import { faultsOfServers } from './server-faults.js';
import type { Servers } from './topologies.js';

const NEWS_PATIENCE_MS = 1_000;

const calm: Fault = { name: 'none', strike: async () => undefined };

const backendsKilled: Fault = {
  name: 'connections to the database killed',
  killsBackends: true,
  strike: async () => undefined,
};

/** Whatever it is doing; it comes back. */
const processesKilled: Fault = {
  name: 'processes killed',
  strike: (field) =>
    during(field, 4, async () => {
      const application = one(field, field.applications.all);
      field.note('processes killed');
      await application.kill();
      await application.restart();
    }),
};

/** Beyond every deadline there is, then on as if nothing had happened. */
const processesStopped: Fault = {
  name: 'processes stopped and continued',
  strike: (field) =>
    during(field, 2, async () => {
      const application = one(field, field.applications.all);
      field.note('processes stopped');
      application.pause();
      await lasting(between(field, 1_000, 3_000));
      application.resume();
    }),
};

type Way = (road: Road) => void;

const ways: Readonly<Record<string, Way>> = {
  cut: (road) => road.cut(),
  'stalled on the way there': (road) => road.stall('toServer'),
  'stalled on the way back': (road) => road.stall('toClient'),
  'losing what is asked': (road) => road.lose('toServer'),
  'losing what is answered': (road) => road.lose('toClient'),
  slow: (road) => {
    for (const direction of ['toServer', 'toClient'] satisfies Direction[]) road.delay(direction, 20);
  },
};

const roadFault = (where: 'store' | 'database', strikes: number): Fault => ({
  name: `roads to the ${where} cut, stalled, lossy, slow`,
  strike: (field) =>
    during(field, strikes, async () => {
      const application = one(field, field.applications.proxied);
      const how = one(field, Object.keys(ways));
      const road = roadOf(application, where);
      field.note(`road to the ${where} ${how}`);
      ways[how]?.(road);
      await lasting(between(field, 100, 2_500));
      road.mend();
    }),
});

function roadOf(application: Application, where: 'store' | 'database'): Road {
  if (application.network === null) throw new Error(`process ${application.index} has no proxies`);
  return application.network[where];
}

/** By their names, where only some are wanted. */
export function faultsNamed(servers: Servers, names: readonly string[]): readonly Fault[] {
  return names.map((name) => {
    const found = faultsOfBounded(servers).find((fault) => fault.name === name);
    if (found === undefined) throw new Error(`nothing is known of "${name}" there`);
    return found;
  });
}

/** Of a store that tells what changed: its news comes late, everything else in time. */
const newsHeldBack: Fault = {
  name: 'news of changes held back',
  strike: (field) =>
    during(field, 12, async () => {
      const { network } = one(field, field.applications.proxied);
      const held = network?.store.hold({
        direction: 'toClient',
        matches: (bytes) => bytes.includes('invalidate'),
      });
      const packet = await Promise.race([held, lasting(NEWS_PATIENCE_MS)]);
      if (packet === undefined) return; // there was none
      field.note('news held back');
      await lasting(between(field, 50, 400));
      packet.release();
    }),
};

const storeRoads = roadFault('store', 4);
const databaseRoads = roadFault('database', 3);

const ofProcesses: readonly Fault[] = [
  calm,
  backendsKilled,
  processesKilled,
  storeRoads,
  databaseRoads,
  processesStopped,
];

/** Everything that can go wrong there, in an order in which a short run meets most. */
export function faultsOf(servers: Servers): readonly Fault[] {
  return [...ofProcesses, ...faultsOfServers(servers)];
}

/** What else can go wrong where the store tells what changed. */
export function faultsOfBounded(servers: Servers): readonly Fault[] {
  return [newsHeldBack, ...faultsOf(servers)];
}
