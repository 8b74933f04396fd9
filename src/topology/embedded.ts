/** Decides how the engine reaches a server in its own process: at once, on the caller's thread. */
import { type Reply, ReplyError, type WatchableExecutor } from '../cache/executor.js';
import type { EmbeddedServer, Value } from '../server/index.js';
import { ErrorReply } from '../server/index.js';

export function embeddedExecutor(server: EmbeddedServer): WatchableExecutor {
  return {
    run: (commands) =>
      server.executeMany(commands as readonly (readonly [string, ...(string | Buffer)[]])[]).map(replyOf),
    voucher: () => server.replicationId,
    watch: (prefix, onTouch) => server.onTouch(prefix, onTouch),
  };
}

/** RESP2's values are all that the engine's commands answer with. */
function replyOf(value: Value): Reply {
  if (value instanceof ErrorReply) return new ReplyError(value.message);
  if (Array.isArray(value)) return value.map(replyOf);
  if (value === null || typeof value === 'number' || typeof value === 'string' || Buffer.isBuffer(value))
    return value;
  return new ReplyError(`an embedded server answered with a ${typeof value}`);
}
