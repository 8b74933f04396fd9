/**
 * Decides what of the history check is run for long: one process with its embedded cache, or several on a topology;
 * and what is known to be wrong, each until it is reported, which is the check of the checker. Started by
 * scripts/soak.mjs.
 */
import { parseArgs } from 'node:util';
import { type DatabaseName, databaseNames } from './database.js';
import { type Surroundings, startServer } from './soak-database.js';
import { soakOneProcess, tryTheChecker } from './soak-one-process.js';
import { soakProcesses, tryMutantsOfProcesses } from './soak-processes.js';
import { say } from './soak-report.js';
import { type TopologyName, topologyNames } from './topologies.js';

interface SoakOptions {
  readonly database: DatabaseName;
  readonly topology: 'embedded' | TopologyName;
  readonly minutes: number;
  readonly seed: number;
  readonly isBounded: boolean;
  readonly mutants: 'too' | 'only' | 'none';
  /** Only those with this in their names. */
  readonly named: string;
}

async function main(): Promise<number> {
  const options = optionsOf(process.argv.slice(2));
  const { database, topology, minutes, seed, isBounded, mutants, named } = options;
  const server = await startServer(database);
  const about: Surroundings = { server, seed };
  say(
    `history, ${database}, topology ${topology}, seed ${seed}, ${mutants === 'only' ? 'mutants' : `${minutes} minutes`}`,
  );
  try {
    let right = true;
    if (mutants !== 'only')
      right =
        topology === 'embedded'
          ? await soakOneProcess(about, minutes * 60_000)
          : await soakProcesses(about, { name: topology, durationMs: minutes * 60_000, isBounded });
    if (mutants !== 'none')
      right =
        (topology === 'embedded'
          ? await tryTheChecker(about, named)
          : await tryMutantsOfProcesses(about, topology, named)) && right;
    return right ? 0 : 1;
  } finally {
    await server.stop();
  }
}

function optionsOf(args: readonly string[]): SoakOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      database: { type: 'string', default: 'postgres' },
      topology: { type: 'string', default: 'embedded' },
      minutes: { type: 'string', default: '5' },
      seed: { type: 'string', default: '1' },
      bounded: { type: 'boolean', default: false },
      mutants: { type: 'boolean', default: false },
      named: { type: 'string', default: '' },
      'no-mutants': { type: 'boolean', default: false },
    },
  });
  const topology = (['embedded', ...topologyNames] as const).find((name) => name === values.topology);
  const database = databaseNames.find((name) => name === values.database);
  const minutes = Number(values.minutes);
  const seed = Number(values.seed);
  if (topology === undefined)
    throw new RangeError(`--topology must be embedded, ${topologyNames.join(', ')}`);
  if (database === undefined) throw new RangeError(`--database must be ${databaseNames.join(' or ')}`);
  if (!(minutes > 0)) throw new RangeError('--minutes must be a number above 0');
  if (!Number.isInteger(seed)) throw new RangeError('--seed must be a whole number');
  if (values.bounded && (topology === 'embedded' || topology === 'embedded-listen'))
    throw new RangeError('--bounded needs a store outside of the processes');
  if (values.mutants && values['no-mutants']) throw new RangeError('--mutants or --no-mutants, not both');
  if (values.named !== '' && !values.mutants) throw new RangeError('--named is about --mutants');
  const usual = topology === 'embedded' ? 'too' : 'none';
  return {
    database,
    topology,
    minutes,
    seed,
    isBounded: values.bounded,
    named: values.named,
    mutants: values.mutants ? 'only' : values['no-mutants'] ? 'none' : usual,
  };
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exit(1);
  },
);
