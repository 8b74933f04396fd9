/** Decides how the engine reaches a server in its own process: at once, on the caller's thread. */
import {
  type Command,
  type CommandArgument,
  type Reply,
  ReplyError,
  type Session,
  type WatchableStore,
} from '../cache/executor.js';
import { LookasideError } from '../errors.js';
import type { EmbeddedServer, Value } from '../server/index.js';
import { ErrorReply } from '../server/index.js';

/** @param isLoaded whether everything is there that was on disk */
export function embeddedStore(server: EmbeddedServer, isLoaded: () => boolean = () => true): WatchableStore {
  const replies = (run: (...args: Call) => Value) => (commands: readonly Command[]) =>
    commands.map((command) => replyOf(run(...(command as Call))));
  const session: Session = {
    run: replies((...args) => server.executeText(...args)),
    runBinary: replies((...args) => server.execute(...args)),
    voucher: () => server.replicationId,
    isTrusted: () => true,
  };
  return {
    session: () => session,
    trouble: () => (isLoaded() ? null : new LookasideError('STORE_AWAY', 'its data is being loaded')),
    watch: (prefix, onTouch) => server.onTouch(prefix, onTouch),
  };
}

/** A command is never empty. */
type Call = [string, ...CommandArgument[]];

/** RESP2's values are all that the engine's commands answer with. */
function replyOf(value: Value): Reply {
  if (value instanceof ErrorReply) return new ReplyError(value.message);
  if (Array.isArray(value)) return value.map(replyOf);
  if (value === null || typeof value === 'number' || typeof value === 'string' || Buffer.isBuffer(value))
    return value;
  return new ReplyError(`an embedded server answered with a ${typeof value}`);
}
