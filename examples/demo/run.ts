/** Decides how one run goes: a fresh copy of the data, an API in front of it, load on the API, figures. Prints nothing. */
import { Child } from './child.js';
import { copyTemplate } from './database.js';
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
  readonly load: Omit<LoadArguments, 'port'>;
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
  readonly url: string;
  readonly databaseUrl: string;
}

const readers = 48;
const writers = 4;
const pauseMs = 200;
export const clients = { readers, writers, pauseMs } as const;

export async function startApi(
  { name, caching, serverUrl }: RunPlan,
  onCleanup: OnCleanup,
): Promise<{ api: Child<FromApi, ToApi>; port: number; running: RunningApi }> {
  const databaseUrl = await copyTemplate(serverUrl, `run_${name}`);
  const args: ApiArguments = { databaseUrl, caching };
  const program = new URL('./api-process.ts', import.meta.url);
  const api = new Child<FromApi, ToApi>({ program, name: `The API (${name})`, args });
  onCleanup(() => api.stop({ kind: 'stop' }));
  const { url, port } = await api.next('listening');
  return { api, port, running: { url, databaseUrl } };
}

export async function drive(
  api: Child<FromApi, ToApi>,
  load: LoadArguments,
  { onCleanup, onProgress }: { onCleanup: OnCleanup; onProgress: (figures: RunFigures) => void },
): Promise<RunFigures> {
  const program = new URL('./load-process.ts', import.meta.url);
  const generator = new Child<FromLoad, ToLoad>({ program, name: 'The load generator', args: load });
  onCleanup(() => generator.stop({ kind: 'stop' }));
  let ofLoad: LoadFigures | null = null;
  generator.onMessage((message) => {
    if (message.kind !== 'progress') return;
    ofLoad = message.figures;
    api.tell({ kind: 'report' });
  });
  api.onMessage((message) => {
    if (message.kind === 'figures' && ofLoad !== null) onProgress(combine(ofLoad, message.figures));
  });
  const { figures } = await Promise.race([generator.next('done'), api.died]).catch((failure: unknown) =>
    api.blame(failure),
  );
  await generator.expectEnd();
  const last = api.next('figures');
  api.tell({ kind: 'report' });
  return combine(figures, (await last).figures);
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
