/**
 * Decides how one connection to one Redis-compatible server comes to be: socket, greeting, and what the server says
 * about itself before the connection is first used (CONSISTENCY §2, `T.r`). Never reconnects: whoever holds it asks
 * for a new one. Knows no topology.
 */
import { connect as connectSocket, type Socket } from 'node:net';
import { connect as connectSecurely, type ConnectionOptions as SecureOptions } from 'node:tls';
import type { Command, Replies, Reply } from '../cache/executor.js';
import { ReplyError } from '../cache/executor.js';
import type { Clock } from '../clock.js';
import { LookasideError } from '../errors.js';
import { Link } from './link/link.js';
import { factsFrom, type ServerFacts } from './server-facts.js';

export type Address = { readonly host: string; readonly port: number } | { readonly path: string };

/** What every connection of a topology has in common. */
export interface ConnectionSettings {
  /** Null: in the clear. */
  readonly tls: SecureOptions | null;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  readonly database: number;
  readonly connectTimeoutMs: number;
  /** How long a reply may take; one that takes longer ends the connection. */
  readonly commandTimeoutMs: number;
  readonly clock: Clock;
}

export interface ConnectionEvents {
  /** Called once. */
  readonly onEnd?: (error: Error) => void;
  /** What the server sends unasked, for protocol 3. */
  readonly onPush?: (values: readonly Reply[]) => void;
  /** Further error replies after which the connection is of no use. */
  readonly isFatal?: (error: ReplyError) => boolean;
}

/** A connection that has been greeted and judged. Commands of one turn of the event loop go out as one packet. */
export interface Connection {
  readonly address: Address;
  /** As the server was when the connection was made. */
  readonly facts: ServerFacts;
  /** Why it is of no use any more, or null. */
  readonly error: Error | null;
  /** When the last command that was answered was sent, on the monotonic clock: all said by then has arrived. */
  readonly answeredAtMs: number;
  run(commands: readonly Command[]): Promise<Replies>;
  runBinary(commands: readonly Command[]): Promise<Replies>;
  close(): void;
}

/** Commands that wait for their replies on one connection; beyond, reads bypass and writes are told so. */
const PENDING_MAX = 50_000;

/** Redis' own limit for one value, and some more. */
const REPLY_BYTES_MAX = 540_000_000;

/** A server that says one of these has nothing that can be relied on. */
const FATAL = /^(READONLY|LOADING|MASTERDOWN|NOAUTH|UNBLOCKED|BUSY)\b/;

/**
 * Connects and greets. The connection is ready for use when this resolves.
 *
 * @param protocol 3 for what the server sends unasked; 2 is understood by all
 * @throws LookasideError `STORE_AWAY`, with the reason as its cause
 */
export async function openConnection(
  address: Address,
  settings: ConnectionSettings,
  events: ConnectionEvents = {},
  protocol: 2 | 3 = 2,
): Promise<Connection> {
  const socket = await openSocket(address, settings);
  const link = new Link(socket, {
    clock: settings.clock,
    commandTimeoutMs: settings.commandTimeoutMs,
    pendingMax: PENDING_MAX,
    replyBytesMax: REPLY_BYTES_MAX,
    isFatal: (error) => FATAL.test(error.message) || events.isFatal?.(error) === true,
    onPush: events.onPush ?? (() => undefined),
    onEnd: events.onEnd ?? (() => undefined),
  });
  try {
    const facts = await greet(link, settings, protocol);
    return {
      address,
      facts,
      get error() {
        return link.error;
      },
      get answeredAtMs() {
        return link.answeredAtMs;
      },
      run: (commands) => link.request(commands, false),
      runBinary: (commands) => link.request(commands, true),
      close: () => link.end(new LookasideError('STORE_AWAY', 'the connection was closed')),
    };
  } catch (error) {
    link.end(error instanceof Error ? error : new Error(String(error)));
    throw error;
  }
}

/** Bounded by the time limit for connecting, TLS included. */
function openSocket(address: Address, settings: ConnectionSettings): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket =
      settings.tls === null ? connectSocket(address) : connectSecurely({ ...address, ...settings.tls });
    const timer = settings.clock.after(settings.connectTimeoutMs, () =>
      fail(new Error(`no connection within ${settings.connectTimeoutMs} ms`)),
    );
    const fail = (error: Error): void => {
      timer.cancel();
      socket.destroy();
      reject(new LookasideError('STORE_AWAY', `${nameOf(address)}: ${saidBy(error)}`, { cause: error }));
    };
    socket.on('error', fail);
    socket.once('close', () => fail(new Error('the server closed the connection')));
    socket.once(settings.tls === null ? 'connect' : 'secureConnect', () => {
      timer.cancel();
      socket.removeAllListeners('close');
      socket.removeListener('error', fail);
      resolve(socket);
    });
  });
}

/** A refused connection to several addresses of one name has its reasons inside. */
const saidBy = (error: Error): string =>
  error instanceof AggregateError
    ? error.errors.map((each) => (each as Error).message).join('; ')
    : error.message;

async function greet(link: Link, settings: ConnectionSettings, protocol: 2 | 3): Promise<ServerFacts> {
  const { username, password, database } = settings;
  const greeting: Command[] = [];
  if (password !== undefined)
    greeting.push(username === undefined ? ['AUTH', password] : ['AUTH', username, password]);
  if (protocol === 3) greeting.push(['HELLO', '3']);
  if (database !== 0) greeting.push(['SELECT', String(database)]);
  for (const reply of await link.request(greeting, false))
    if (reply instanceof ReplyError) throw new LookasideError('STORE_AWAY', reply.message, { cause: reply });
  const [info] = await link.request([['INFO'], ['CLIENT', 'SETNAME', 'lookaside']], false);
  if (typeof info === 'string') return factsFrom(info);
  if (info instanceof ReplyError && info.message.startsWith('NOPERM')) return factsFrom(''); // judged by what it hides
  const cause = info instanceof ReplyError ? info : undefined;
  throw new LookasideError('STORE_AWAY', cause?.message ?? 'the server answers INFO with something else', {
    cause,
  });
}

export const nameOf = (address: Address): string =>
  'path' in address ? address.path : `${address.host}:${address.port}`;
