/**
 * Decides how a command is declared and what derives from a declaration. Knows no particular command, no socket.
 */

import type { Clock, Random } from '../clock.js';
import type { AccessControl } from './acl/access-control.js';
import type { FoundChannel } from './acl/acl-command.js';
import { type AclCategory, categoriesOf } from './acl/categories.js';
import type { BlockingTable } from './blocking.js';
import { type Bytes, latin1Text } from './byte-string.js';
import type { Client, ClientRegistry } from './client.js';
import type { ClientMemory } from './client-memory.js';
import type { ClientPause } from './client-pause.js';
import type { ArgumentDoc } from './command-arguments.js';
import type { CommandFlag } from './command-flags.js';
import type { EncodingLimits } from './encoding-limits.js';
import type { IdleCheck } from './idle-check.js';
import { CommandCounters } from './introspection/command-counters.js';
import type { Journal } from './introspection/journal.js';
import { type FoundKey, findKeys, type KeySpec } from './key-specs.js';
import type { Database } from './keyspace/database.js';
import type { Keyspace } from './keyspace/keyspace.js';
import type { LogLevel } from './log-level.js';
import type { EventClass, Notifications } from './notifications.js';
import type { Persistence } from './persistence/persistence.js';
import type { Effects, Propagation } from './propagation.js';
import type { PubSub } from './pubsub.js';
import type { Reply, RespVersion } from './resp/reply.js';
import type { RequestSlices } from './resp/request.js';
import type { ShortcutSink } from './resp/writer.js';
import type { Settings } from './settings.js';
import type { Statistics } from './statistics.js';
import type { Tracking } from './tracking.js';
import type { WatchTable } from './watch.js';

export type { LogLevel } from './log-level.js';

export type CommandGroup =
  | 'generic'
  | 'string'
  | 'hash'
  | 'list'
  | 'set'
  | 'sorted-set'
  | 'stream'
  | 'hyperloglog'
  | 'geo'
  | 'bitmap'
  | 'pubsub'
  | 'connection'
  | 'server'
  | 'transactions';

/** Everything there is to say about a command, once. */
export interface CommandDeclaration {
  /** Lower case. */
  readonly name: string;
  /** How many arguments with the name; negative: at least. */
  readonly arity: number;
  readonly flags: readonly CommandFlag[];
  /** Categories that do not follow from the flags. */
  readonly categories?: readonly AclCategory[];
  readonly tips?: readonly string[];
  readonly keys?: readonly KeySpec[];
  /** Channels among the arguments that a user needs permission for. */
  readonly channels?: { readonly isPattern: boolean; readonly last: number };
  /** Where `keys` cannot say it. Null: the arguments make no sense. */
  readonly findKeys?: (args: readonly Bytes[]) => FoundKey[] | null;
  readonly summary: string;
  readonly since: string;
  readonly group: CommandGroup;
  readonly complexity: string;
  readonly deprecated?: { readonly since: string; readonly replacedBy: string };
  /** Not for applications: COMMAND DOCS says so. */
  readonly isSystemCommand?: boolean;
  readonly arguments?: readonly ArgumentDoc[];
  /** A container runs nothing itself when called with a subcommand. */
  readonly subcommands?: readonly CommandDeclaration[];
  /** Synchronous: nothing can interleave. Absent for a container that needs a subcommand. */
  readonly run?: (call: Call) => Reply;
  /** For commands that are called most; taken while nothing but the command itself has to be thought of. */
  readonly shortcut?: Shortcut;
  /** Only where the parameter says `yes`, or `local` and the client is on this machine. */
  readonly needsParameter?: 'enable-debug-command' | 'enable-module-command';
  /** Runs at once inside MULTI instead of being queued. */
  readonly runsInMulti?: boolean;
  /** For one that does something else when it is repeated: what to repeat instead. */
  readonly propagate?: Effects;
}

/**
 * Answers the plainest form of a request straight from where it was read to where it leaves, without an object for
 * anything. False, with nothing done and nothing written, for any other form.
 */
export type Shortcut = (
  request: RequestSlices,
  db: Database,
  out: ShortcutSink,
  version: RespVersion,
  limits: EncodingLimits,
) => boolean;

/** One request being run. `args` live as long as the call: what is kept is copied. */
export class Call {
  constructor(
    readonly args: readonly Bytes[],
    readonly db: Database,
    readonly client: Client,
    readonly server: ServerContext,
  ) {}

  /** Tells those who subscribed that something happened to a key. Call it after the change; nearly free while off. */
  notify(eventClass: EventClass, event: string, key: Bytes, db: Database = this.db): void {
    this.server.notifications.notify(eventClass, event, key, db.index);
  }
}

/** What a command may ask of the server it runs in. */
export interface ServerContext {
  readonly clock: Clock;
  readonly random: Random;
  readonly keyspace: Keyspace;
  readonly clients: ClientRegistry;
  readonly commands: CommandTable;
  readonly settings: Settings;
  readonly statistics: Statistics;
  readonly watches: WatchTable;
  readonly notifications: Notifications;
  readonly blocking: BlockingTable;
  readonly tracking: Tracking;
  readonly acl: AccessControl;
  readonly journal: Journal;
  readonly idleCheck: IdleCheck;
  readonly pause: ClientPause;
  readonly clientMemory: ClientMemory;
  readonly pubsub: PubSub;
  readonly identity: ServerIdentity;
  /** Null while nobody is told of changes. */
  readonly propagation: Propagation | null;
  /** Runs a command that EXEC takes from the queue. */
  runQueued(client: Client, args: readonly Bytes[]): Reply;
  /** Where the server listens now. */
  addresses(): readonly ListenAddress[];
  /** One line for whoever runs the server. */
  log(level: LogLevel, message: string): void;
  /** From now on something else vouches for the data. */
  changeReplicationId(): void;
  /** Tells the process, the first time only. */
  warnOnce(code: string, message: string): void;
  readonly persistence: Persistence;
  /**
   * Closes this server, never the process.
   * @returns null, or what could not be saved: then, unless it is forced, the server goes on
   */
  shutdown(how: ShutdownOptions): string | null;
}

export interface ShutdownOptions {
  /** Whether the data is saved; absent: if there are save points. */
  readonly saves?: boolean;
  /** Also if it cannot be. */
  readonly isForced?: boolean;
}

export type ListenAddress =
  | {
      readonly kind: 'tcp';
      readonly host: string;
      readonly port: number;
      readonly isLoopback: boolean;
      readonly isTls: boolean;
    }
  | { readonly kind: 'unix'; readonly path: string };

export interface ServerIdentity {
  readonly name: string;
  readonly runId: string;
  replicationId: string;
  readonly startedMonotonicMs: number;
}

/** A declaration, made ready to be called. */
export class Command {
  readonly fullName: string;
  readonly arity: number;
  readonly categories: readonly AclCategory[];
  readonly subcommands: ReadonlyMap<string, Command>;
  readonly run: ((call: Call) => Reply) | undefined;
  readonly shortcut: Shortcut | undefined;
  readonly needsMemory: boolean;
  readonly needsAuthentication: boolean;
  readonly isAllowedInMulti: boolean;
  readonly runsInMulti: boolean;
  readonly isWrite: boolean;
  readonly isRead: boolean;
  readonly isFast: boolean;
  /** Takes no longer than reading a clock. */
  readonly isShort: boolean;
  readonly runsWhileLoading: boolean;
  readonly isHiddenFromSlowLog: boolean;
  readonly isHiddenFromMonitors: boolean;
  readonly counters = new CommandCounters();

  constructor(
    readonly declaration: CommandDeclaration,
    readonly parent: Command | null = null,
  ) {
    const { name, flags } = declaration;
    this.fullName = parent === null ? name : `${parent.fullName}|${name}`;
    this.arity = declaration.arity;
    this.categories = categoriesOf(declaration.categories ?? [], flags);
    this.run = declaration.run;
    this.shortcut = declaration.shortcut;
    this.needsMemory = flags.includes('denyoom');
    this.needsAuthentication = !flags.includes('no_auth');
    this.isAllowedInMulti = !flags.includes('no_multi');
    this.runsInMulti = declaration.runsInMulti === true;
    this.isWrite = flags.includes('write');
    this.isRead = flags.includes('readonly');
    this.isFast = flags.includes('fast');
    this.isShort = this.isFast || declaration.shortcut !== undefined;
    this.runsWhileLoading = flags.includes('loading');
    this.isHiddenFromSlowLog = flags.includes('skip_slowlog');
    this.isHiddenFromMonitors = flags.includes('skip_monitor') || flags.includes('admin');
    this.subcommands = new Map(
      (declaration.subcommands ?? []).map((sub) => [sub.name, new Command(sub, this)]),
    );
  }

  /** The keys of a call, none when its arguments make no sense. */
  keysOf(args: readonly Bytes[]): readonly FoundKey[] {
    const { keys, findKeys: own } = this.declaration;
    if (own !== undefined) return own(args) ?? [];
    return keys === undefined ? [] : (findKeys(keys, args) ?? []);
  }

  channelsOf(args: readonly Bytes[]): readonly FoundChannel[] {
    const { channels } = this.declaration;
    if (channels === undefined) return [];
    const { isPattern, last } = channels;
    const end = last < 0 ? args.length : last + 1;
    return args.slice(1, end).map((name, index) => ({ index: index + 1, name, isPattern }));
  }

  acceptsCount(count: number): boolean {
    return this.arity >= 0 ? count === this.arity : count >= -this.arity;
  }
}

/** As sent: upper case and lower case are two. */
interface RecentName {
  readonly name: string;
  readonly command: Command;
}

/** A power of two. */
const RECENT_NAMES_MAX = 512;
const RECENT_LENGTH_MAX = 24;

export class CommandTable {
  /** Also under the upper-case name, the way most clients write it. */
  private readonly byName = new Map<string, Command>();
  /** The same command is often asked for many times in a row. */
  private last = '';
  private lastCommand: Command | undefined;
  private readonly recent: (RecentName | undefined)[] = Array.from({ length: RECENT_NAMES_MAX });
  readonly all: readonly Command[];
  /** Containers and what they contain. */
  readonly withSubcommands: readonly Command[];
  private readonly byOriginalName: ReadonlyMap<string, Command>;

  constructor(declarations: readonly CommandDeclaration[]) {
    this.all = declarations.map((declaration) => new Command(declaration));
    for (const command of this.all) {
      this.byName.set(command.fullName, command);
      this.byName.set(command.fullName.toUpperCase(), command);
    }
    this.withSubcommands = this.all.flatMap((command) => [command, ...command.subcommands.values()]);
    this.byOriginalName = new Map(this.withSubcommands.map((command) => [command.fullName, command]));
  }

  /** `rename-command`: an empty name takes the command away. Null, or what was in the way. */
  rename(name: string, to: string): string | null {
    const command = this.find(name);
    if (command === undefined) return 'No such command in rename-command';
    if (to !== '' && this.find(to) !== undefined) return 'Target command name already exists';
    const own = name.toLowerCase();
    this.byName.delete(own);
    this.byName.delete(own.toUpperCase());
    this.recent.fill(undefined);
    this.last = '';
    if (to === '') return null;
    this.byName.set(to.toLowerCase(), command);
    this.byName.set(to.toUpperCase(), command);
    return null;
  }

  /** By the full name it was declared with, whatever it is called now. */
  original(name: string): Command | undefined {
    return this.byOriginalName.get(name.toLowerCase());
  }

  find(name: string): Command | undefined {
    if (name === this.last) return this.lastCommand;
    const command = this.byName.get(name) ?? this.byName.get(name.toLowerCase());
    if (command !== undefined) {
      this.last = name;
      this.lastCommand = command;
    }
    return command;
  }

  /** By its name's bytes. Names that were asked for lately are recognised without making strings of them. */
  findIn(bytes: Buffer, start: number, end: number): Command | undefined {
    const length = end - start;
    if (length === this.last.length && isName(this.last, bytes, start)) return this.lastCommand;
    if (length === 0 || length > RECENT_LENGTH_MAX) return this.find(latin1Text(bytes, start, end));
    let sum = length;
    for (let at = start; at < end; at++) sum = (sum * 31 + (bytes[at] as number)) | 0;
    const slot = (sum ^ (sum >>> 7)) & (RECENT_NAMES_MAX - 1);
    const recent = this.recent[slot];
    if (recent?.name.length === length && isName(recent.name, bytes, start)) {
      this.last = recent.name;
      return (this.lastCommand = recent.command);
    }
    const name = latin1Text(bytes, start, end);
    const command = this.find(name);
    if (command !== undefined) this.recent[slot] = { name, command };
    return command;
  }
}

function isName(name: string, bytes: Buffer, start: number): boolean {
  const { length } = name;
  for (let index = 0; index < length; index++)
    if (name.charCodeAt(index) !== bytes[start + index]) return false;
  return length > 0;
}
