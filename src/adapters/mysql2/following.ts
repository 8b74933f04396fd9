/**
 * Decides how the packets of a command are seen before the driver decodes them, and how what its caller is told passes us.
 * Knows neither what packets say nor who looks.
 *
 * One function stands in for those of all commands, and what differs is kept beside it: a command whose function is
 * replaced by one made for it outlives V8's young generation (Node 20), and its result with it.
 */
import type { Command, MysqlConnection, Packet, ResultCallback } from './shapes.js';

/** Sees each packet before the driver does. */
export interface Watcher {
  see(packet: Packet): void;
}

/** Follows a command from its turn to its end. */
export interface Companion extends Watcher {
  /** Rows of its answer are still to come. */
  readonly expectsRows: boolean;
  /** @param packet the last one; none: it was never sent */
  ended(packet: Packet | null | undefined): void;
}

/** Is called instead of the caller's callback. */
export interface Hearer {
  hear(given: Parameters<ResultCallback>, tell: Tell): void;
}

/** Tells the caller. */
type Tell = (given: Parameters<ResultCallback>) => void;

class Following {
  companion: Companion | null = null;
  watcher: Watcher | null = null;
  hearer: Hearer | null = null;
  onResult: ResultCallback | undefined = undefined;
  /** The driver has done with its answer what it could. */
  isGivenUp = false;

  constructor(readonly execute: Command['execute']) {}
}

const followingSymbol = Symbol('lookaside.following');

interface Followed extends Command {
  [followingSymbol]?: Following;
}

function followingOf(command: Followed): Following {
  const known = command[followingSymbol];
  if (known !== undefined) return known;
  const following = new Following(command.execute);
  command[followingSymbol] = following;
  command.execute = executeFollowed;
  return following;
}

/** To be called before the command gets its turn. It sees a packet before watchers do. */
export function accompany(command: Command, companion: Companion): void {
  followingOf(command).companion = companion;
}

/** To be called before the command gets its turn. One watches at most. */
export function watchPackets(command: Command, watcher: Watcher): void {
  followingOf(command).watcher = watcher;
}

/** Does nothing for a command whose caller listens to its events. */
export function hearResult(command: Command, hearer: Hearer): void {
  if (!command.onResult) return;
  const following = followingOf(command);
  following.hearer = hearer;
  if (command.onResult === tellFollowed) return;
  following.onResult = command.onResult;
  command.onResult = tellFollowed;
}

function executeFollowed(
  this: Followed,
  packet: Packet | null | undefined,
  connection: MysqlConnection,
): boolean {
  const following = this[followingSymbol] as Following; // whoever set this function set it
  const { companion } = following;
  if (packet) {
    companion?.see(packet);
    following.watcher?.see(packet);
  }
  if (!following.isGivenUp && !following.execute.call(this, packet, connection)) return false;
  following.watcher = null;
  // A typeCast has thrown: what is left of the answer would be taken for the next command's.
  following.isGivenUp = companion?.expectsRows === true;
  if (following.isGivenUp) return false;
  following.companion = null;
  companion?.ended(packet);
  return true;
}

function tellFollowed(this: Followed, ...given: Parameters<ResultCallback>): void {
  const { hearer, onResult } = this[followingSymbol] as Following; // as above
  hearer?.hear(given, (told) => onResult?.apply(this, told));
}
