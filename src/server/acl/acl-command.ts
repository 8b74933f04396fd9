/** Decides what permissions need to know of a command and of all commands. Knows no declaration. */
import type { Bytes } from '../byte-string.js';
import type { FoundKey } from '../key-specs.js';
import type { AclCategory } from './categories.js';

/** A channel in a call: a pattern is permitted only if it is spelled out in the rules. */
export interface FoundChannel {
  readonly index: number;
  readonly name: Bytes;
  readonly isPattern: boolean;
}

export interface AclCommand {
  readonly fullName: string;
  readonly parent: AclCommand | null;
  readonly subcommands: ReadonlyMap<string, AclCommand>;
  readonly categories: readonly AclCategory[];
  /** AUTH and its like are for everybody. */
  readonly needsAuthentication: boolean;
  keysOf(args: readonly Bytes[]): readonly FoundKey[];
  channelsOf(args: readonly Bytes[]): readonly FoundChannel[];
}

export interface AclCommands {
  /** By the full name that it was declared with, whatever it is called now. */
  original(name: string): AclCommand | undefined;
  /** Containers and what they contain. */
  readonly withSubcommands: readonly AclCommand[];
}
