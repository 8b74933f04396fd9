/** Decides how the server's tests reach a server. */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  createServer,
  type EmbeddedServer,
  ErrorReply,
  type ServerConfig,
  type Value,
} from '../../src/server/index.js';

export interface ListeningServer {
  readonly server: EmbeddedServer;
  readonly port: number;
}

export async function listeningServer(config?: ServerConfig): Promise<ListeningServer> {
  const server = createServer(config);
  const { port = 0 } = await server.listen({ port: 0 });
  return { server, port };
}

/** A path for a unix socket, in a folder of its own. */
export function socketPath(): string {
  return join(mkdtempSync(join(tmpdir(), 'lookaside-')), 'server.sock');
}

/** A value that reads well in an expectation: buffers as text, errors by their message. */
export function plain(value: Value): unknown {
  if (Buffer.isBuffer(value)) return value.toString();
  if (value instanceof ErrorReply) return `-${value.message}`;
  return Array.isArray(value) ? value.map(plain) : value;
}
