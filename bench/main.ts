/** Decides which benchmarks run and how their command line reads. */
import { parseArgs } from 'node:util';
import { benchChanges } from './changes.js';
import { benchHits, benchHitsMysql2 } from './hits.js';
import { benchHttp } from './http.js';
import { benchInvalidation } from './invalidation.js';
import { Report } from './lib/report.js';
import { benchPersistence } from './persistence.js';
import { benchPlan } from './plan.js';
import { benchServer } from './server.js';
import { benchShared } from './shared.js';

const usage = `npm run bench -- [hits] [hits-mysql2] [http] [shared] [changes] [invalidation] [server] [persistence] [plan] [all] [options]

  hits      a hit, a miss and a write through pool.query (the default; about a minute)
  hits-mysql2  the same through mysql2, on MariaDB (about a minute)
  http      the demo's API with seven caches, or none, in front of its database (about five minutes)
  shared    hits, writes, workers and failovers with one store for several processes (about two minutes)
  changes   how long a write by others stays unseen, on Postgres 18 and 15, MariaDB and MySQL (about seven minutes, mostly waiting)
  invalidation  of what a write takes out of the cache, how much had changed (about a minute)
  server    the embedded server beside redis-server: throughput, memory, stalls (about ten minutes)
  persistence  what saving and loading a million keys costs, beside redis-server (about three minutes)
  plan      what understanding a statement costs, and a hit that depends on rows (a minute)
  --quick   fewer and shorter rounds: a look, not a figure
  --record  also update bench/README.md and bench/charts`;

const benches = {
  hits: benchHits,
  'hits-mysql2': benchHitsMysql2,
  http: benchHttp,
  shared: benchShared,
  changes: benchChanges,
  invalidation: benchInvalidation,
  server: benchServer,
  persistence: benchPersistence,
  plan: benchPlan,
} as const;

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      quick: { type: 'boolean', default: false },
      record: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(`${usage}\n`);
    return;
  }
  const wanted = new Set(positionals.length === 0 ? ['hits'] : positionals);
  for (const name of wanted)
    if (name !== 'all' && !(name in benches))
      throw new TypeError(`There is no benchmark ${name}.\n\n${usage}`);
  for (const [name, bench] of Object.entries(benches))
    if (wanted.has(name) || wanted.has('all')) await bench(new Report(name, values.record), values);
}

/** Servers and children notice the end of this process by themselves, so a signal may simply end it. */
for (const [signal, code] of Object.entries({ SIGINT: 130, SIGTERM: 143, SIGHUP: 129 }))
  process.on(signal, () => process.exit(code));
process.on('disconnect', () => process.exit(129));

main().then(
  () => process.exit(),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exit(1);
  },
);
