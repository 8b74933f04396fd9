/** Decides what a server offers to its process and what it is made with. Knows not how it is done. */
import type { Clock, Random } from '../clock.js';
import type { LogLevel } from './command.js';
import type { CommandArguments, Value } from './in-process.js';
import type { ListenOptions } from './net/listener.js';
import type { Files } from './persistence/files.js';
import type { SettingsInput } from './settings.js';
import type { StartParameter } from './start-parameters.js';

export interface ServerConfig extends SettingsInput {
  clock?: Clock;
  random?: Random;
  /** What INFO reports as `server_name`. Default `lookaside`. */
  name?: string;
  /** Parameters of redis.conf as text, in order: `[['acllog-max-len', '10']]`. Each is honoured or refused. */
  parameters?: readonly StartParameter[];
  /** The file that CONFIG REWRITE writes. */
  configFile?: string;
  /** Those of the parameters that are not, or otherwise, in that file. */
  parametersByOption?: readonly string[];
  /** Hears what the server has to say to whoever runs it. Default: nobody does. */
  log?: (level: LogLevel, message: string) => void;
  /** How files are reached. For tests: each call can be made to fail. */
  files?: Files;
}

export interface ServerStats {
  keys: number;
  usedBytes: number;
  maxBytes: number;
  clients: number;
  commands: number;
  hits: number;
  misses: number;
  expired: number;
  evicted: number;
  /** Clients cut because they did not speak the protocol. */
  protocolErrors: number;
  /** Clients cut because they did not read their replies. */
  outputLimitDisconnections: number;
  /** Connections refused because there were too many. */
  connectionsRejected: number;
}

/** A client in this process with a state of its own: database, MULTI, WATCH, RESP version. */
export interface InProcessClient {
  /** Runs one command; an error reply rejects with a `ReplyError`. */
  execute(...args: CommandArguments): Promise<Value>;
  close(): void;
}

/** A Redis-compatible server in this process. */
export interface EmbeddedServer {
  /** 40 hexadecimal characters, new at each creation: says who vouches for what is stored here. */
  readonly replicationId: string;
  /** Resolves when the server is closed, by `close` or by SHUTDOWN. */
  readonly closed: Promise<void>;
  /**
   * Runs one command at once, for the built-in client (database 0, needs no password). About a microsecond.
   * Errors are returned as `ErrorReply`, not thrown. Buffers that come back must not be changed.
   * @throws LookasideError `LOOKASIDE_SERVER_CLOSED`
   */
  execute(...args: CommandArguments): Value;
  /** The same with bulk strings as text, decoded as UTF-8: several times faster for short ASCII values. */
  executeText(...args: CommandArguments): Value;
  /** Runs several, one after the other, with nothing in between. */
  executeMany(commands: readonly CommandArguments[]): Value[];
  /** @param listener hears what is pushed to this client: messages of what it subscribed to, invalidations. */
  connect(listener?: (push: Value[]) => void): InProcessClient;
  /**
   * Calls `listener` synchronously, before the command's reply is given, for every key of database 0 that starts
   * with `prefix` and is written, deleted, given another expiry, expired or evicted; with null when the database
   * is flushed. The listener must neither throw nor run commands. Free while nobody listens.
   * @returns stops it
   */
  onTouch(prefix: string, listener: (key: string | null) => void): () => void;
  /**
   * Opens a listener: TCP on loopback by default, or a unix socket (0600). Any other address is refused unless a
   * password is set.
   * @throws LookasideError `LOOKASIDE_SERVER_LISTEN`
   */
  listen(options: ListenOptions): Promise<{ port?: number; path?: string }>;
  stats(): ServerStats;
  /** A parameter's value as CONFIG GET tells it. */
  parameter(name: string): string | undefined;
  /**
   * Opens the listeners that its parameters ask for (`port`, `bind`, `unixsocket`, `tls-port` …).
   * @returns where it listens now
   * @throws LookasideError `LOOKASIDE_SERVER_LISTEN`
   */
  listenAsConfigured(): Promise<string[]>;
  /**
   * Resolves when what was on disk is there; until then commands are answered by an error that begins with LOADING.
   * @throws LookasideError `LOOKASIDE_FILE_BROKEN`, `LOOKASIDE_FOLDER_IN_USE`; what the system says. Then it is closed.
   */
  ready(): Promise<void>;
  /**
   * Saves if there are save points, hangs up on everybody and stops every timer.
   * @throws LookasideError `LOOKASIDE_SAVE_FAILED`; it is closed nevertheless
   */
  close(): Promise<void>;
}
