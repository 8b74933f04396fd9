/** Decides what the demo can be told on its command line. */
import { parseArgs } from 'node:util';
import { type DatabaseName, databaseNames } from './databases.js';
import { type TopologyName, topologyNames } from './servers.js';

export interface DemoOptions {
  /** Of both runs together. */
  readonly seconds: number;
  readonly keep: boolean;
  readonly json: boolean;
  readonly naive: boolean;
  /** Where the cache lives. */
  readonly topology: TopologyName;
  readonly database: DatabaseName;
  readonly help: boolean;
}

export const usage = `npm run demo -- [options]

  --seconds N   how long the load lasts, both runs together (default 30)
  --database D  postgres (default) from npm, or mariadb from the PATH
  --keep        leave the database and both APIs running, until Ctrl-C
  --json        print the figures as one last line of JSON
  --naive       a Map that no write invalidates in the place of lookaside, to see stale reads being counted
  --topology T  where the cache lives: embedded (default), or single, sentinel, cluster: real servers, and two
                processes of the API that share them
  --help        this text`;

const defaultSeconds = 30;

/** @throws TypeError in words for the user */
export function parseOptions(args: readonly string[]): DemoOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seconds: { type: 'string', default: String(defaultSeconds) },
      keep: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      naive: { type: 'boolean', default: false },
      topology: { type: 'string', default: 'embedded' },
      database: { type: 'string', default: 'postgres' },
      help: { type: 'boolean', default: false },
    },
  });
  const seconds = Number(values.seconds);
  if (!(seconds >= 1 && seconds <= 86_400))
    throw new TypeError(`--seconds is a number from 1 to 86400, not ${JSON.stringify(values.seconds)}`);
  const topology = topologyNames.find((name) => name === values.topology);
  if (topology === undefined)
    throw new TypeError(
      `--topology is one of ${topologyNames.join(', ')}, not ${JSON.stringify(values.topology)}`,
    );
  const database = databaseNames.find((name) => name === values.database);
  if (database === undefined)
    throw new TypeError(
      `--database is one of ${databaseNames.join(', ')}, not ${JSON.stringify(values.database)}`,
    );
  if (topology !== 'embedded' && values.naive)
    throw new TypeError('--naive is a Map in one process: it has no --topology');
  return { ...values, seconds, topology, database };
}
