/** Decides where a server listens and how accepted sockets are read. Knows nothing of requests. */
import { chmodSync, lstatSync, unlinkSync } from 'node:fs';
import { connect, createServer, type ListenOptions as NetListenOptions, type Server, Socket } from 'node:net';
import { createServer as createTlsServer, type TLSSocket, type TlsOptions } from 'node:tls';
import { LookasideError } from '../../errors.js';
import type { ListenAddress } from '../command.js';

export type ListenOptions =
  | {
      host?: string;
      port?: number;
      /** Speaks TLS. */
      tls?: TlsOptions;
      /** Only this machine is let in while there is no password; without it, such an address is not listened on. */
      isProtected?: boolean;
      /** Connections waiting to be accepted. */
      backlog?: number;
      /** Silence after which the peer is asked whether it is still there; 0 is never. */
      keepAliveMs?: number;
    }
  | {
      path: string;
      /** Who may use the socket. Default 0600. */
      mode?: number;
    };

/** What is done with an accepted socket. */
export interface AcceptedSocket {
  readonly socket: Socket;
  readonly address: string;
  readonly localAddress: string;
  readonly isUnix: boolean;
}

export interface ReadHandler {
  readable(chunk: Buffer, length: number): void;
}

/** All sockets are read into this one buffer: a handler that keeps bytes copies them. */
const READ_BUFFER_BYTES = 64 * 1024;
const BACKLOG = 511;
const KEEPALIVE_MS = 300_000;

export class Listener {
  private readonly server: Server;
  private constructor(
    readonly address: ListenAddress,
    server: Server,
  ) {
    this.server = server;
  }

  static async open(
    options: ListenOptions,
    accept: (accepted: AcceptedSocket) => ReadHandler | null,
  ): Promise<Listener> {
    const isUnix = 'path' in options;
    const readBuffer = Buffer.allocUnsafeSlow(READ_BUFFER_BYTES);
    // Paused: the socket is built anew on the same handle, with our buffer, before it reads anything.
    const keepAliveMs = isUnix ? 0 : (options.keepAliveMs ?? KEEPALIVE_MS);
    const server =
      !isUnix && options.tls !== undefined
        ? createTlsServer(options.tls, (accepted) => adoptTls(accepted, keepAliveMs, accept))
        : createServer({ pauseOnConnect: true }, (accepted) =>
            adopt(accepted, isUnix ? options.path : null, keepAliveMs, readBuffer, accept),
          );
    if (isUnix) await removeStaleSocket(options.path);
    const where = isUnix
      ? { path: options.path }
      : {
          host: options.host ?? '127.0.0.1',
          port: options.port ?? 0,
          backlog: options.backlog ?? BACKLOG,
          ipv6Only: options.host === '::',
        };
    await listenOn(server, where, isUnix ? options.path : `${where.host}:${where.port}`);
    if (isUnix) {
      chmodSync(options.path, options.mode ?? 0o600);
      return new Listener({ kind: 'unix', path: options.path }, server);
    }
    const bound = server.address();
    if (bound === null || typeof bound === 'string')
      throw new LookasideError('SERVER_LISTEN', `the address of ${where.host} is unknown`);
    const isLoopback = isLoopbackAddress(bound.address);
    const isTls = !isUnix && options.tls !== undefined;
    return new Listener({ kind: 'tcp', host: bound.address, port: bound.port, isLoopback, isTls }, server);
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.server.close(() => resolve());
    });
  }
}

function listenOn(server: Server, where: NetListenOptions, name: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const refuse = (cause: Error): void => reject(new LookasideError('SERVER_LISTEN', name, { cause }));
    server.once('error', refuse);
    server.listen({ backlog: BACKLOG, ...where }, () => {
      server.off('error', refuse);
      // From here on it is one connection that could not be accepted: the server goes on.
      server.on('error', (error) => process.emitWarning(error));
      resolve();
    });
  });
}

/** Only an address nobody else can reach, or a name that stands for one. */
export function isLoopbackAddress(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^(::ffff:)?127\.\d+\.\d+\.\d+$/.test(host);
}

/** Node has no public way to hand a socket over; the handle is what `net.Socket` is documented to be built on. */
interface WithHandle {
  _handle: unknown;
}

/** What Node decrypts has a buffer of its own for each piece. */
function adoptTls(
  socket: TLSSocket,
  keepAliveMs: number,
  accept: (accepted: AcceptedSocket) => ReadHandler | null,
): void {
  // Who need not show a certificate may still not show one that nobody vouches for.
  if (!socket.authorized && Object.keys(socket.getPeerCertificate()).length > 0) {
    socket.destroy();
    return;
  }
  const { address, localAddress } = addressesOf(socket);
  const handler = accept({ socket, address, localAddress, isUnix: false });
  if (handler === null) return;
  socket.on('data', (chunk: Buffer) => handler.readable(chunk, chunk.length));
  socket.setNoDelay(true);
  if (keepAliveMs > 0) socket.setKeepAlive(true, keepAliveMs);
}

function addressesOf({ remoteAddress = '', remotePort = 0, localAddress = '', localPort = 0 }: Socket): {
  address: string;
  localAddress: string;
} {
  const from = (address: string, port: number): string =>
    address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
  return { address: from(remoteAddress, remotePort), localAddress: from(localAddress, localPort) };
}

function adopt(
  accepted: Socket,
  path: string | null,
  keepAliveMs: number,
  readBuffer: Buffer,
  accept: (accepted: AcceptedSocket) => ReadHandler | null,
): void {
  const { address, localAddress } = addressesOf(accepted);
  const source = accepted as unknown as WithHandle;
  const handle = source._handle;
  source._handle = null;
  // Else the server would count it as connected for ever and never close.
  accepted.destroy();
  let handler: ReadHandler | null = null;
  const options = {
    handle,
    readable: true,
    writable: true,
    onread: {
      buffer: readBuffer,
      callback: (length: number, chunk: Uint8Array): boolean => {
        handler?.readable(chunk as Buffer, length);
        return true;
      },
    },
  };
  const socket = new Socket(options);
  handler = accept({
    socket,
    address: path === null ? address : `${path}:0`,
    localAddress: path === null ? localAddress : `${path}:0`,
    isUnix: path !== null,
  });
  if (handler === null) return;
  if (path === null) {
    socket.setNoDelay(true);
    if (keepAliveMs > 0) socket.setKeepAlive(true, keepAliveMs);
  }
  socket.resume();
  socket.read(0);
}

/**
 * Removes a socket file that a killed process left behind. One that somebody answers at is not ours to take, and
 * anything else at that path is left alone and fails to bind.
 */
async function removeStaleSocket(path: string): Promise<void> {
  if (lstatSync(path, { throwIfNoEntry: false })?.isSocket() !== true) return;
  const isAnswered = await new Promise<boolean>((resolve) => {
    const probe = connect({ path });
    probe.on('connect', () => {
      probe.destroy();
      resolve(true);
    });
    probe.on('error', (error: NodeJS.ErrnoException) => resolve(error.code !== 'ECONNREFUSED'));
  });
  if (isAnswered) throw new LookasideError('SERVER_LISTEN', `somebody else listens at ${path}`);
  unlinkSync(path);
}
