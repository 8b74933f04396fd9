/** Decides `lookaside serve`: the embedded server on its own, as a process. Knows nothing of caching. */
import { Command, InvalidArgumentError, Option } from 'commander';
import { createServer, type EvictionPolicy, evictionPolicies, parseMemorySize } from '../server/index.js';

interface ServeOptions {
  port: number;
  host: string;
  unixsocket?: string;
  requirepass?: string;
  maxmemory?: number;
  maxmemoryPolicy: EvictionPolicy;
}

/** `lookaside serve`. Resolves when the server was closed by a signal or by SHUTDOWN. */
export function serveCommand(): Command {
  return new Command('serve')
    .description('run the embedded Redis-compatible server as a process of its own')
    .option('--port <port>', 'TCP port; 0 takes a free one, or none with --unixsocket', parsePort, 6379)
    .option('--host <host>', 'address to listen on; beyond loopback a password is needed', '127.0.0.1')
    .option('--unixsocket <path>', 'unix socket to listen on as well (mode 0600)')
    .option('--requirepass <password>', 'password that clients have to give')
    .option('--maxmemory <size>', 'memory limit of the data, in bytes or like 256mb; 0 is none', parseSize)
    .addOption(
      new Option('--maxmemory-policy <policy>', 'what goes when the limit is reached')
        .choices(evictionPolicies)
        .default('noeviction'),
    )
    .action(serve);
}

async function serve(options: ServeOptions): Promise<void> {
  const server = createServer({
    memory: { maxBytes: options.maxmemory ?? 0, policy: options.maxmemoryPolicy },
    ...(options.requirepass === undefined ? {} : { password: options.requirepass }),
  });
  // A second signal finds nothing to wait for, so the process still ends.
  const stop = (): void => void server.close();
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
  try {
    const where: string[] = [];
    if (options.port > 0 || options.unixsocket === undefined) {
      const { port } = await server.listen({ host: options.host, port: options.port });
      where.push(`${options.host}:${port}`);
    }
    if (options.unixsocket !== undefined) {
      await server.listen({ path: options.unixsocket });
      where.push(options.unixsocket);
    }
    console.log(`Ready to accept connections on ${where.join(' and ')}`);
    await server.closed;
  } finally {
    process.off('SIGTERM', stop);
    process.off('SIGINT', stop);
    await server.close();
  }
}

function parsePort(text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= 65_535) return port;
  throw new InvalidArgumentError('It must be a port, 0 to 65535.');
}

function parseSize(text: string): number {
  const bytes = parseMemorySize(text);
  if (bytes === null) throw new InvalidArgumentError('It must be bytes, or a number with kb, mb or gb.');
  return bytes;
}
