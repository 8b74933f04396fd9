/**
 * Decides the demo's course: start the database, load the cities, drive the API without and then with lookaside, show
 * both, leave nothing behind. Exits with 1 on a stale read or when a part of it dies.
 */
import { databases } from './databases.js';
import { credits, loadCities, loadCountries } from './dataset.js';
import type { Caching } from './messages.js';
import { type DemoOptions, parseOptions, usage } from './options.js';
import { json, progressLine, type Screen, screenOn, table } from './report.js';
import { clients, drive, type OnCleanup, type RunFigures, type RunningApi, startApi } from './run.js';
import { apisOn, type CacheServers, startServers } from './servers.js';

interface Stage {
  readonly options: DemoOptions;
  readonly screen: Screen;
  readonly onCleanup: OnCleanup;
}

async function play({ options, screen, onCleanup }: Stage): Promise<number> {
  const second: Caching = options.naive ? 'map' : 'lookaside';
  const serverUrl = await prepareData({ options, screen, onCleanup });
  const servers = await prepareServers({ options, screen, onCleanup });
  const seconds = options.seconds / 2;
  screen.line(
    `${clients.readers} readers without a pause, ${clients.writers} writers that pause about ${clients.pauseMs} ms, ` +
      `over HTTP, ${seconds} s without and ${seconds} s with ${nameOf(second)}:`,
  );
  const run = (name: 'without' | 'with', caching: Caching): Promise<RunOutcome> =>
    runOnce({ options, screen, onCleanup }, { name, caching, serverUrl, servers });
  const without = await run('without', 'nothing');
  const withCache = await run('with', second);

  const runs = { without: without.figures, with: withCache.figures, withName: nameOf(second) };
  screen.line(`\n${table(runs)}\n`);
  for (const example of [...without.figures.examples, ...withCache.figures.examples])
    screen.line(`  stale: ${example}`);
  screen.line(credits.join('\n'));
  if (options.keep) {
    screen.line(
      `\nLeft running until Ctrl-C:\n${urls(without.api, 'without')}\n${urls(withCache.api, 'with')}`,
    );
    await new Promise((resolve) => setTimeout(resolve, 2_147_483_647));
  }
  if (options.json) process.stdout.write(`${json(runs)}\n`);
  const stale = without.figures.staleAfterAck + withCache.figures.staleAfterAck;
  if (stale > 0) process.stderr.write(`${stale} stale reads after acknowledgement: the promise was broken\n`);
  return stale === 0 ? 0 : 1;
}

const nameOf = (caching: Caching): string => (caching === 'map' ? 'a naive Map' : 'lookaside');

async function prepareData({ options, screen, onCleanup }: Stage): Promise<string> {
  const database = databases[options.database];
  const beganAtMs = performance.now();
  const starting = database.start();
  onCleanup(() =>
    starting.then(
      (server) => server.stop(),
      () => undefined,
    ),
  ); // its failure is thrown below
  const dataset = { cities: loadCities(), countries: loadCountries() };
  const { url } = await starting;
  const startedAtMs = performance.now();
  await database.loadTemplate(url, dataset);
  screen.line(
    `${database.what} started in ${((startedAtMs - beganAtMs) / 1_000).toFixed(1)} s; ` +
      `${dataset.cities.length.toLocaleString('en-US')} cities and ${dataset.countries.length} countries ` +
      `loaded in ${((performance.now() - startedAtMs) / 1_000).toFixed(1)} s.`,
  );
  return url;
}

async function prepareServers({ options, screen, onCleanup }: Stage): Promise<CacheServers> {
  const starting = startServers(options.topology);
  onCleanup(() =>
    starting.then(
      (servers) => servers.stop(),
      () => undefined,
    ),
  ); // its failure is thrown below
  const servers = await starting;
  if (options.topology !== 'embedded')
    screen.line(`Two processes of the API share their cache: ${servers.what}.`);
  return servers;
}

interface RunOutcome {
  readonly figures: RunFigures;
  readonly api: RunningApi;
}

async function runOnce(
  { options, screen, onCleanup }: Stage,
  {
    name,
    caching,
    serverUrl,
    servers,
  }: { name: 'without' | 'with'; caching: Caching; serverUrl: string; servers: CacheServers },
): Promise<RunOutcome> {
  const seconds = options.seconds / 2;
  const load = { ...clients, durationMs: seconds * 1_000 };
  const { topology } = servers;
  const database = databases[options.database];
  const plan = { name, caching, serverUrl, database, topology, apis: apisOn(options.topology) };
  const { apis, ports, running } = await startApi(plan, onCleanup);
  const figures = await drive(
    apis,
    { ...load, ports },
    {
      onCleanup,
      onProgress: (soFar) => screen.progress(progressLine(name, seconds, soFar)),
    },
  );
  screen.progress(progressLine(name, seconds, figures));
  if (!options.keep) await Promise.all(apis.map((api) => api.stop({ kind: 'stop' })));
  return { figures, api: running };
}

const urls = ({ urls: [url = '', ...others], databaseUrl }: RunningApi, name: string): string =>
  [
    `  ${name.padEnd(7)}  ${url}/cities/2988507   ${url}/cities?prefix=par`,
    `           ${url}/countries/FR/top   ${url}/countries/FR/totals`,
    ...others.map((other) => `           ${other}, with the same cache`),
    `           ${databaseUrl}`,
  ].join('\n');

/** What ends the demo from outside, and what the shell is told then. */
const exitCodes = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

/** Resolves with an exit code when somebody wants the demo to end. */
function interrupted(): Promise<number> {
  return new Promise((resolve) => {
    for (const [signal, code] of Object.entries(exitCodes)) process.on(signal, () => resolve(code));
    process.on('disconnect', () => resolve(exitCodes.SIGHUP)); // the process that started us is gone
  });
}

async function main(): Promise<void> {
  const options = parseOptions(process.argv.slice(2));
  if (options.help) {
    process.stdout.write(`${usage}\n`);
    return;
  }
  const stops: (() => Promise<void>)[] = [];
  const stage: Stage = {
    options,
    screen: screenOn(process.stdout),
    onCleanup: (stop) => void stops.unshift(stop),
  };
  try {
    process.exitCode = await Promise.race([play(stage), interrupted()]);
  } finally {
    for (const stop of stops) await stop();
    process.disconnect?.();
  }
}

main().then(
  () => process.exit(), // with the code set above; what was raced against may still be waiting
  (error: unknown) => {
    process.stderr.write(`The demo failed: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  },
);
