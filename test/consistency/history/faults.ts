/** Decides what goes wrong during a round, when, and which promises hold meanwhile. Knows nothing of the workload. */
import type { Random } from '../../../src/clock.js';
import { lasting } from '../../support/lasting.js';
import type { Direction } from '../../support/tcp-proxy.js';
import type { Application, Applications } from './applications.js';
import type { Road } from './network.js';
import type { Servers } from './topologies.js';

/** Where and during what a fault strikes. */
export interface Field {
  readonly applications: Applications;
  readonly servers: Servers;
  readonly random: Random;
  /** Past everything. */
  readonly query: (sql: string) => Promise<unknown>;
  /** Whether the round's work is done. */
  readonly isOver: () => boolean;
  /** The share of it that is. */
  readonly progress: () => number;
  readonly note: (what: string) => void;
}

export interface Fault {
  readonly name: string;
  /**
   * The store may lose intents: what the database had shown without an acknowledgement may be missed until then
   * (the first half of the promise holds all the same).
   */
  readonly losesIntents?: boolean;
  /** The workload kills connections of the database, too. */
  readonly killsBackends?: boolean;
  /** Begins with the round; everything is mended when it resolves. */
  readonly strike: (field: Field) => Promise<void>;
}

const LOOK_MS = 5;

/** Strikes when so much of the round is done, and in turns after that, as long as there is work. */
async function during(field: Field, strikes: number, strike: () => Promise<void>): Promise<void> {
  for (let turn = 0; turn < strikes; turn++) {
    const due = (turn + 0.3) / strikes;
    while (field.progress() < due && !field.isOver()) await lasting(LOOK_MS);
    if (field.isOver()) return;
    await strike();
  }
}

function one<T>(field: Field, among: readonly T[]): T {
  const chosen = among[Math.floor(field.random.fraction() * among.length)];
  if (chosen === undefined) throw new Error('there is nothing that a fault could strike');
  return chosen;
}

const between = (field: Field, fromMs: number, toMs: number): number =>
  fromMs + field.random.fraction() * (toMs - fromMs);

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

/** Everything that can go wrong there. */
export function faultsOf(_servers: Servers): readonly Fault[] {
  return ofProcesses;
}
