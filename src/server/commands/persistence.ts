/** Decides SAVE, BGSAVE, LASTSAVE and BGREWRITEAOF. Knows nothing of files. */
import { byteString } from '../byte-string.js';
import { SYNTAX_ERROR } from '../call.js';
import type { Call, CommandDeclaration } from '../command.js';
import { optional, token } from '../command-arguments.js';
import { NOT_KEPT } from '../persistence/persistence.js';
import { ErrorReply, fail, OK, type Reply, Status } from '../resp/reply.js';

export const persistenceCommands: readonly CommandDeclaration[] = [
  {
    name: 'save',
    arity: 1,
    flags: ['admin', 'noscript', 'no_async_loading', 'no_multi'],
    summary: 'Synchronously save the dataset to disk',
    since: '1.0.0',
    group: 'server',
    complexity: 'O(N) where N is the total number of keys in all databases',
    run: save,
  },
  {
    name: 'bgsave',
    arity: -1,
    flags: ['admin', 'noscript', 'no_async_loading'],
    summary: 'Asynchronously save the dataset to disk',
    since: '1.0.0',
    group: 'server',
    complexity: 'O(1)',
    arguments: [token('SCHEDULE', { since: '3.2.2', ...optional })],
    run: bgsave,
  },
  {
    name: 'bgrewriteaof',
    arity: 1,
    flags: ['admin', 'noscript', 'no_async_loading'],
    summary: 'Asynchronously rewrite the append-only file',
    since: '1.0.0',
    group: 'server',
    complexity: 'O(1)',
    run: rewriteAppendOnlyFile,
  },
  {
    name: 'lastsave',
    arity: 1,
    flags: ['loading', 'stale', 'fast'],
    categories: ['admin', 'dangerous'],
    tips: ['nondeterministic_output'],
    summary: 'Get the UNIX time stamp of the last successful save to disk',
    since: '1.0.0',
    group: 'server',
    complexity: 'O(1)',
    run: ({ server }) => Math.floor(server.persistence.rdb.lastSaveMs / 1000),
  },
];

/** Holds everybody up until the file is there, as in Redis. */
function save({ server: { persistence } }: Call): Reply {
  if (!persistence.isOn) return NOT_KEPT;
  if (persistence.rdb.running !== null) return fail('Background save already in progress');
  // Redis says no more either: the log does.
  return persistence.rdb.saveNow() === null ? OK : new ErrorReply('ERR');
}

function bgsave({ args, server: { persistence } }: Call): Reply {
  const isScheduled = args[1] !== undefined && byteString(args[1]).toUpperCase() === 'SCHEDULE';
  if (args.length > 2 || (args.length === 2 && !isScheduled)) return SYNTAX_ERROR;
  if (!persistence.isOn) return NOT_KEPT;
  if (persistence.rdb.running !== null) return fail('Background save already in progress');
  if (persistence.isBusy) {
    if (!isScheduled)
      return fail(
        "Another child process is active (AOF?): can't BGSAVE right now. Use BGSAVE SCHEDULE in order to schedule a BGSAVE whenever possible.",
      );
    persistence.rdb.isScheduled = true;
    return new Status('Background saving scheduled');
  }
  persistence.rdb.begin();
  return new Status('Background saving started');
}

function rewriteAppendOnlyFile({ client, server: { persistence } }: Call): Reply {
  const { log } = persistence;
  if (log === null) return NOT_KEPT;
  switch (client.execReplies === null ? log.rewrite() : log.rewriteLater()) {
    case 'running':
      return fail('Background append only file rewriting already in progress');
    case 'scheduled':
      return new Status('Background append only file rewriting scheduled');
    case 'started':
      return new Status('Background append only file rewriting started');
  }
}
