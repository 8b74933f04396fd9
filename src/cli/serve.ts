/** Decides `lookaside serve`: the embedded server on its own, with the habits of redis-server. Knows nothing of caching. */
import { spawn } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { Command } from 'commander';
import { systemClock } from '../clock.js';
import { messageOf } from '../errors.js';
import {
  ConfigFileError,
  type ConfigLine,
  createServer,
  type EmbeddedServer,
  ErrorReply,
  isListParameter,
  ParameterError,
  readConfiguration,
  redisSavePoints,
  type ServerConfig,
} from '../server/index.js';
import { ServerLog } from './server-log.js';

const PID_FILE_OF_DAEMON = '/var/run/redis.pid';
const help = `
The options are those of redis.conf, each with two dashes before it; a file may come first, - is standard input:

  lookaside serve
  lookaside serve /etc/redis/redis.conf --port 6380
  lookaside serve --bind 0.0.0.0 --requirepass secret --maxmemory 256mb --maxmemory-policy allkeys-lru
  lookaside serve --port 0 --unixsocket /run/lookaside.sock

Parameters that this version cannot honour are refused, or named when they have no effect. docs/server.md has them.`;

/** `lookaside serve`. Resolves when the server was closed by a signal or by SHUTDOWN. */
export function serveCommand(): Command {
  return new Command('serve')
    .description('run the embedded Redis-compatible server as a process of its own, like redis-server')
    .usage('[/path/to/redis.conf] [--parameter value …]')
    .argument('[arguments...]')
    .allowUnknownOption()
    .addHelpText('after', help)
    .action(serve);
}

async function serve(words: readonly string[]): Promise<void> {
  const hasFile = words[0] !== undefined && (words[0] === '-' || !words[0].startsWith('-'));
  const path = hasFile ? (words[0] ?? null) : null;
  const options = (hasFile ? words.slice(1) : words).map((word) => (word === '--host' ? '--bind' : word));
  try {
    await run(path, options);
  } catch (error) {
    if (error instanceof ConfigFileError) {
      const { line, problem } = error;
      const where =
        line === undefined
          ? []
          : [`Reading the configuration file, at line ${line.number}`, `>>> '${line.text}'`];
      const title = line === undefined ? [] : ['', '*** FATAL CONFIG FILE ERROR (Redis 7.0.15) ***'];
      console.error([...title, ...where, problem].join('\n'));
      process.exitCode = 1;
    } else throw error;
  }
}

async function run(path: string | null, options: readonly string[]): Promise<void> {
  const lines = readConfiguration(path, options);
  const log = new ServerLog(systemClock, valueOf(lines, 'logfile') ?? '');
  const server = serverOf(lines, { path, options, log });
  const parameter = (name: string): string => server.parameter(name) ?? '';
  if (parameter('daemonize') === 'yes') {
    const pidFile = parameter('pidfile');
    await server.close();
    startDaemon(pidFile);
    return;
  }
  log.level = () => parameter('loglevel');
  const pidFile = parameter('pidfile');
  if (pidFile !== '') writePidFile(pidFile, log);
  try {
    await serveUntilClosed(server, log);
  } catch (error) {
    // Nobody sees the standard error of a daemon.
    log.write('warning', `Ended by an error: ${messageOf(error)}`);
    throw error;
  } finally {
    if (pidFile !== '') rmSync(pidFile, { force: true });
    log.write('warning', 'Redis is now ready to exit, bye bye...');
  }
}

/** Without one the server runs all the same, as redis-server does. */
function writePidFile(path: string, log: ServerLog): void {
  try {
    writeFileSync(path, `${process.pid}\n`);
  } catch (error) {
    log.write('warning', `Failed to write PID file: ${messageOf(error)}`);
  }
}

async function serveUntilClosed(server: EmbeddedServer, log: ServerLog): Promise<void> {
  const stop = (signal: NodeJS.Signals): void => {
    log.write('warning', `Received ${signal} scheduling shutdown...`);
    // What cannot be saved is not thrown away: the server goes on, and the next signal tries again.
    const reply = server.execute('SHUTDOWN');
    if (reply instanceof ErrorReply) log.write('warning', `Can't exit: ${reply.message}`);
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  try {
    log.write('warning', `Redis version=7.0.15, bits=64, server=lookaside, pid=${process.pid}, just started`);
    const where = await server.listenAsConfigured();
    if (where.length === 0) {
      log.write('warning', 'Configured to not listen anywhere, exiting.');
      process.exitCode = 1;
      return;
    }
    log.write('notice', `Running mode=standalone, port=${server.parameter('port')}. PID: ${process.pid}`);
    log.write('warning', 'Server initialized');
    // Whoever connects meanwhile is told that the data is being loaded.
    await server.ready();
    log.write('notice', `Ready to accept connections on ${where.join(' and ')}`);
    await server.closed;
    log.write('warning', 'User requested shutdown...');
  } finally {
    process.off('SIGTERM', stop);
    process.off('SIGINT', stop);
    await server.close();
  }
}

/** @throws ConfigFileError */
function serverOf(
  lines: readonly ConfigLine[],
  { path, options, log }: { path: string | null; options: readonly string[]; log: ServerLog },
): EmbeddedServer {
  for (const line of lines)
    if (line.values.length !== 1 && !isListParameter(line.name))
      throw new ConfigFileError('wrong number of arguments', line);
  const databases = valueOf(lines, 'databases');
  const config: ServerConfig = {
    ...(databases !== undefined && /^[1-9]\d{0,8}$/.test(databases) ? { databases: Number(databases) } : {}),
    persistence: { dir: process.cwd(), save: redisSavePoints },
    parametersByOption: options.filter((word) => word.startsWith('--')).map((word) => word.slice(2)),
    parameters: lines.map(({ name, values }) => [name, values.join(' ')]),
    log: (level, message) => log.write(level, message),
    ...(path === null || path === '-' ? {} : { configFile: resolve(path) }),
  };
  try {
    return createServer(config);
  } catch (error) {
    if (!(error instanceof ParameterError)) throw error;
    throw new ConfigFileError(error.problem, lines[error.index]);
  }
}

/** The last one wins. */
function valueOf(lines: readonly ConfigLine[], name: string): string | undefined {
  return lines.findLast((line) => line.name === name)?.values[0];
}

/** The same program again, detached; this process ends at once, as redis-server's does after its fork. */
function startDaemon(pidFile: string): void {
  const options = ['--daemonize', 'no', '--pidfile', pidFile === '' ? PID_FILE_OF_DAEMON : pidFile];
  const child = spawn(process.execPath, [...process.execArgv, ...process.argv.slice(1), ...options], {
    detached: true,
    stdio: 'ignore',
  });
  child.unref();
}
