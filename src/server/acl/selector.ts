/**
 * Decides what one set of permissions lets through: commands, keys and channels. Knows neither users nor how rules are
 * written. (Redis: `acl.c`, https://redis.io/docs/management/security/acl)
 */
import { type Bytes, byteString } from '../byte-string.js';
import { globMatcher } from '../glob.js';
import type { KeyFlag } from '../key-specs.js';
import type { AclCommand } from './acl-command.js';

export interface KeyPattern {
  readonly pattern: string;
  canRead: boolean;
  canWrite: boolean;
  readonly matches: (key: string) => boolean;
}

export interface ChannelPattern {
  readonly pattern: string;
  readonly matches: (channel: string) => boolean;
}

/** What was not permitted. The later in this list, the closer the call was to being permitted. */
export const deniedReasons = ['command', 'key', 'channel'] as const;

export type DeniedReason = (typeof deniedReasons)[number];

export interface Denial {
  readonly reason: DeniedReason;
  /** Which argument it was about. */
  readonly index: number;
}

const WRITING: readonly KeyFlag[] = ['insert', 'delete', 'update'];

export class Selector {
  allowsAllKeys = false;
  allowsAllChannels = false;
  /** Everything, also what a later version brings. False once anything was taken away. */
  allowsAllCommands = false;
  /** Rules began with everything. */
  allowsFutureCommands = false;
  keys: KeyPattern[] = [];
  channels: ChannelPattern[] = [];
  commands = new Set<AclCommand>();
  /** `+select|0`: a command that is permitted only with these first arguments, in lower case. */
  firstArguments = new Map<AclCommand, string[]>();

  copy(): Selector {
    const copy = new Selector();
    copy.allowsAllKeys = this.allowsAllKeys;
    copy.allowsAllChannels = this.allowsAllChannels;
    copy.allowsAllCommands = this.allowsAllCommands;
    copy.allowsFutureCommands = this.allowsFutureCommands;
    copy.keys = this.keys.map((key) => ({ ...key }));
    copy.channels = [...this.channels];
    copy.commands = new Set(this.commands);
    copy.firstArguments = new Map([...this.firstArguments].map(([command, list]) => [command, [...list]]));
    return copy;
  }

  /** The command and all of its subcommands. */
  setCommand(command: AclCommand, isAllowed: boolean): void {
    this.firstArguments.delete(command);
    for (const each of [command, ...command.subcommands.values()])
      if (isAllowed) this.commands.add(each);
      else this.commands.delete(each);
    if (!isAllowed) this.allowsAllCommands = false;
  }

  setAllCommands(all: Iterable<AclCommand>): void {
    this.commands = new Set(all);
    this.allowsAllCommands = true;
    this.allowsFutureCommands = true;
    this.firstArguments.clear();
  }

  clearCommands(): void {
    this.commands.clear();
    this.allowsAllCommands = false;
    this.allowsFutureCommands = false;
    this.firstArguments.clear();
  }

  addKeyPattern(pattern: string, access: { canRead: boolean; canWrite: boolean }): void {
    const known = this.keys.find((key) => key.pattern === pattern);
    if (known === undefined) this.keys.push({ pattern, ...access, matches: globMatcher(pattern) });
    else {
      known.canRead ||= access.canRead;
      known.canWrite ||= access.canWrite;
    }
    this.allowsAllKeys = false;
  }

  addChannelPattern(pattern: string): void {
    if (!this.channels.some((channel) => channel.pattern === pattern))
      this.channels.push({ pattern, matches: globMatcher(pattern) });
    this.allowsAllChannels = false;
  }

  /** Null when the call is permitted. */
  denial(command: AclCommand, args: readonly Bytes[]): Denial | null {
    if (!this.allowsCommand(command, args)) return { reason: 'command', index: 0 };
    if (!this.allowsAllKeys)
      for (const { key, flags } of command.keysOf(args))
        if (!this.allowsKey(byteString(key), flags)) return { reason: 'key', index: args.indexOf(key) };
    if (!this.allowsAllChannels)
      for (const { index, name, isPattern } of command.channelsOf(args))
        if (!this.allowsChannel(byteString(name), isPattern)) return { reason: 'channel', index };
    return null;
  }

  allowsChannel(channel: string, isPattern: boolean): boolean {
    if (this.allowsAllChannels) return true;
    return this.channels.some(({ pattern, matches }) => (isPattern ? pattern === channel : matches(channel)));
  }

  private allowsCommand(command: AclCommand, args: readonly Bytes[]): boolean {
    if (this.allowsAllCommands || !command.needsAuthentication || this.commands.has(command)) return true;
    const first = args[command.parent === null ? 1 : 2];
    const allowed = this.firstArguments.get(command);
    return first !== undefined && allowed?.includes(byteString(first).toLowerCase()) === true;
  }

  private allowsKey(key: string, flags: readonly KeyFlag[]): boolean {
    const reads = flags.includes('access');
    const writes = WRITING.some((flag) => flags.includes(flag));
    return this.keys.some(
      ({ canRead, canWrite, matches }) => (!reads || canRead) && (!writes || canWrite) && matches(key),
    );
  }
}
