/** Decides `lookaside check-dump` and `lookaside dump-info`: what is told of an RDB file. Knows nothing of its form. */
import { Command } from 'commander';
import { systemClock } from '../clock.js';
import { LookasideError } from '../errors.js';
import { examineRdb, type FileReport, type Share } from '../server/index.js';

/** `lookaside check-dump`. Ends with 1 and the place of the fault where the file is not whole. */
export function checkDumpCommand(): Command {
  return new Command('check-dump')
    .description('say whether an RDB file is whole: read all of it, compare its checksum')
    .argument('<file>', 'an RDB file, of this server or of Redis up to 7.0')
    .action(async (path: string) => {
      const report = await examined(path, 10);
      console.log(
        `${path} is whole: version ${report.version}, ${report.fileBytes} bytes, ${checksumOf(report)}`,
      );
      console.log(
        `${report.keys} keys, ${report.volatileKeys} of which expire, ${report.expiredKeys} have expired already`,
      );
      for (const line of remarksOn(report)) console.log(line);
    });
}

/** `lookaside dump-info`. */
export function dumpInfoCommand(): Command {
  return new Command('dump-info')
    .description('say what is in an RDB file: keys and sizes by type, database and prefix')
    .argument('<file>', 'an RDB file, of this server or of Redis up to 7.0')
    .option('--top <count>', 'how many prefixes and keys are listed', '10')
    .option('--json', 'as JSON')
    .action(async (path: string, options: { top: string; json?: true }) => {
      const listed = Number(options.top);
      if (!Number.isInteger(listed) || listed < 1)
        throw new LookasideError(
          'INVALID_ARGUMENT',
          `--top is ${options.top}; it must be a whole number of at least 1`,
        );
      const report = await examined(path, listed);
      console.log(options.json === true ? jsonOf(report) : textOf(report));
    });
}

async function examined(path: string, listed: number): Promise<FileReport> {
  try {
    return await examineRdb(path, { nowMs: systemClock.wallMs(), listed });
  } catch (error) {
    if (error instanceof LookasideError || !(error instanceof Error && 'code' in error)) throw error;
    throw new LookasideError('INVALID_ARGUMENT', `${path} cannot be read: ${error.message}`, {
      cause: error,
    });
  }
}

function textOf(report: FileReport): string {
  const { databases, types, prefixes, largest, facts } = report;
  return [
    `${report.path}: version ${report.version}, ${report.fileBytes} bytes, ${checksumOf(report)}`,
    [...facts].map(([name, value]) => `${name}=${value}`).join(' '),
    `${report.keys} keys, ${report.volatileKeys} of which expire, ${report.expiredKeys} have expired already`,
    ...remarksOn(report),
    '',
    ...table('type', types, String),
    '',
    ...table('database', databases, String),
    '',
    ...table('prefix', prefixes, String),
    '',
    'largest keys',
    ...largest.map(
      ({ database, key, type, bytes, parts }) =>
        `${String(bytes).padStart(14)}  ${type}${parts === null ? '' : ` of ${parts}`}  ${JSON.stringify(key)} in ${database}`,
    ),
  ].join('\n');
}

/** Sizes are what names and values weigh in a server. */
function table<Key>(title: string, shares: ReadonlyMap<Key, Share>, name: (key: Key) => string): string[] {
  const width = Math.max(title.length, ...[...shares.keys()].map((key) => name(key).length));
  const head = `${title.padEnd(width)}  ${'keys'.padStart(12)}  ${'bytes'.padStart(14)}`;
  const lines = [...shares].map(
    ([key, { keys, bytes }]) =>
      `${name(key).padEnd(width)}  ${String(keys).padStart(12)}  ${String(bytes).padStart(14)}`,
  );
  return [head, ...lines];
}

function checksumOf({ checksum }: FileReport): string {
  return checksum === 'right' ? 'checksum right' : 'without a checksum';
}

function remarksOn({ functions, bytesBehind }: FileReport): string[] {
  return [
    ...(functions > 0
      ? [`${functions} libraries of functions, which this version keeps and does not run`]
      : []),
    ...(bytesBehind > 0 ? [`${bytesBehind} bytes behind its end, which nobody reads`] : []),
  ];
}

function jsonOf(report: FileReport): string {
  return JSON.stringify(
    report,
    (_name, value: unknown): unknown =>
      value instanceof Map ? Object.fromEntries(value as Map<string, unknown>) : value,
    2,
  );
}
