/** Decides how one run goes: a fresh copy of the data, an API in front of it, load on the API, figures. Prints nothing. */
import type { Config } from 'lookaside';
import { Child } from './child.js';
import type { DemoDatabase } from './databases.js';
import type {
  ApiArguments,
  ApiFigures,
  Caching,
  FromApi,
  FromLoad,
  LoadArguments,
  LoadFigures,
  ToApi,
  ToLoad,
} from './messages.js';

export interface RunPlan {
  /** Also of its database. */
  readonly name: 'without' | 'with';
  readonly caching: Caching;
  readonly serverUrl: string;
  readonly database: DemoDatabase;
  readonly topology: NonNullable<Config['topology']>;
  /** Processes of the API. */
  readonly apis: number;
}

/** What a run has to show, while it runs and at its end. */
export interface RunFigures {
  readonly requestsPerSecond: number;
  readonly writesPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly databaseQueries: number;
  /** Of the reads the API made, the share that did not reach the database. */
  readonly hitRatio: number;
  readonly invalidations: number;
  readonly staleAfterAck: number;
  readonly readsChecked: number;
  readonly elapsedMs: number;
  readonly examples: readonly string[];
}

/** What a run starts is stopped by whoever holds this, in reverse order. */
export type OnCleanup = (stop: () => Promise<void>) => void;

export interface RunningApi {
  /** Of its processes. */
  readonly urls: readonly string[];
  readonly databaseUrl: string;
}

export type ApiProcess = Child<FromApi, ToApi>;

const readers = 48;
const writers = 4;
const pauseMs = 200;
export const clients = { readers, writers, pauseMs } as const;

export async function startApi(
  { name, caching, serverUrl, database, topology, apis: count }: RunPlan,
  onCleanup: OnCleanup,
): Promise<{ apis: readonly ApiProcess[]; ports: readonly number[]; running: RunningApi }> {
  const databaseUrl = await database.copyTemplate(serverUrl, `run_${name}`);
  const args: ApiArguments = { databaseUrl, caching, topology };
  const program = new URL('./api-process.ts', import.meta.url);
  const apis = Array.from({ length: count }, () => {
    const api: ApiProcess = new Child({ program, name: `The API (${name})`, args });
    onCleanup(() => api.stop({ kind: 'stop' }));
    return api;
  });
  const listening = await Promise.all(apis.map((api) => api.next('listening')));
  const [urls, ports] = [listening.map(({ url }) => url), listening.map(({ port }) => port)];
  return { apis, ports, running: { urls, databaseUrl } };
}

export async function drive(
  apis: readonly ApiProcess[],
  load: LoadArguments,
  { onCleanup, onProgress }: { onCleanup: OnCleanup; onProgress: (figures: RunFigures) => void },
): Promise<RunFigures> {
  const program = new URL('./load-process.ts', import.meta.url);
  const generator = new Child<FromLoad, ToLoad>({ program, name: 'The load generator', args: load });
  onCleanup(() => generator.stop({ kind: 'stop' }));
  let ofLoad: LoadFigures | null = null;
  const ofApis = new Map<ApiProcess, ApiFigures>();
  generator.onMessage((message) => {
    if (message.kind !== 'progress') return;
    ofLoad = message.figures;
    for (const api of apis) api.tell({ kind: 'report' });
  });
  for (const api of apis)
    api.onMessage((message) => {
      if (message.kind !== 'figures') return;
      ofApis.set(api, message.figures);
      if (ofLoad !== null && ofApis.size === apis.length)
        onProgress(combine(ofLoad, sum([...ofApis.values()])));
    });
  const died = Promise.race(apis.map((api) => api.died));
  const { figures } = await Promise.race([generator.next('done'), died]).catch((failure: unknown) =>
    Promise.race(apis.map((api) => api.blame(failure))),
  );
  await generator.expectEnd();
  const last = Promise.all(apis.map((api) => api.next('figures')));
  for (const api of apis) api.tell({ kind: 'report' });
  return combine(figures, sum((await last).map((message) => message.figures)));
}

function sum(figures: readonly ApiFigures[]): ApiFigures {
  const total = (name: keyof ApiFigures): number => figures.reduce((sum, each) => sum + each[name], 0);
  return {
    databaseQueries: total('databaseQueries'),
    hits: total('hits'),
    misses: total('misses'),
    invalidations: total('invalidations'),
  };
}

function combine(load: LoadFigures, api: ApiFigures): RunFigures {
  const seconds = load.elapsedMs / 1_000;
  const reads = api.hits + api.misses;
  return {
    requestsPerSecond: (load.reads + load.writes) / seconds,
    writesPerSecond: load.writes / seconds,
    p50Ms: load.p50Ms,
    p99Ms: load.p99Ms,
    databaseQueries: api.databaseQueries,
    hitRatio: reads === 0 ? 0 : api.hits / reads,
    invalidations: api.invalidations,
    staleAfterAck: load.staleAfterAck,
    readsChecked: load.reads,
    elapsedMs: load.elapsedMs,
    examples: load.examples,
  };
}
