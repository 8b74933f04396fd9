/** Decides MULTI, EXEC, DISCARD, WATCH and UNWATCH. Knows nothing of the commands in the queue. */
import { keyAt } from '../call.js';
import type { Call, CommandDeclaration } from '../command.js';
import { keyArgument, multiple } from '../command-arguments.js';
import { allKeys } from '../key-specs.js';
import {
  ErrorReply,
  fail,
  InterspersedReply,
  NULL_ARRAY,
  OK,
  PackedArrayReply,
  type Reply,
  type RespVersion,
} from '../resp/reply.js';
import { ReplyWriter } from '../resp/writer.js';

export const transactionCommands: readonly CommandDeclaration[] = [
  {
    name: 'multi',
    arity: 1,
    flags: ['noscript', 'loading', 'stale', 'fast', 'allow_busy'],
    categories: ['transaction'],
    summary: 'Mark the start of a transaction block',
    since: '1.2.0',
    group: 'transactions',
    complexity: 'O(1)',
    runsInMulti: true,
    run: multi,
  },
  {
    name: 'exec',
    arity: 1,
    flags: ['noscript', 'loading', 'stale', 'skip_slowlog'],
    categories: ['transaction'],
    summary: 'Execute all commands issued after MULTI',
    since: '1.2.0',
    group: 'transactions',
    complexity: 'Depends on commands in the transaction',
    runsInMulti: true,
    run: exec,
  },
  {
    name: 'discard',
    arity: 1,
    flags: ['noscript', 'loading', 'stale', 'fast', 'allow_busy'],
    categories: ['transaction'],
    summary: 'Discard all commands issued after MULTI',
    since: '2.0.0',
    group: 'transactions',
    complexity: 'O(N), when N is the number of queued commands',
    runsInMulti: true,
    run: discard,
  },
  {
    name: 'watch',
    arity: -2,
    flags: ['noscript', 'loading', 'stale', 'fast', 'allow_busy'],
    categories: ['transaction'],
    keys: allKeys(['RO']),
    summary: 'Watch the given keys to determine execution of the MULTI/EXEC block',
    since: '2.2.0',
    group: 'transactions',
    complexity: 'O(1) for every key.',
    arguments: [keyArgument(multiple)],
    runsInMulti: true,
    run: watch,
  },
  {
    name: 'unwatch',
    arity: 1,
    flags: ['noscript', 'loading', 'stale', 'fast', 'allow_busy'],
    categories: ['transaction'],
    summary: 'Forget about all watched keys',
    since: '2.2.0',
    group: 'transactions',
    complexity: 'O(1)',
    run: unwatch,
  },
];

const ABORTED = new ErrorReply('EXECABORT Transaction discarded because of previous errors.');

function multi({ client }: Call): Reply {
  if (client.transaction !== null) return fail('MULTI calls can not be nested');
  client.transaction = { queue: [], bytes: 0, hasError: false, needsMemory: false, hasWrite: false };
  return OK;
}

function exec({ client, server }: Call): Reply {
  const { transaction } = client;
  if (transaction === null) return fail('EXEC without MULTI');
  const isBroken = client.isWatchBroken || server.watches.hasExpired(client);
  client.transaction = null;
  server.watches.unwatch(client);
  if (transaction.hasError) return ABORTED;
  if (isBroken) return NULL_ARRAY;
  const replies: Reply[] = [];
  const stretches: Stretch[] = [{ from: 0, version: client.respVersion }];
  client.execReplies = replies;
  try {
    for (const args of transaction.queue) {
      replies.push(server.runQueued(client, args));
      // Of a HELLO, which is answered in the version that it asks for.
      if (client.respVersion !== stretches.at(-1)?.version)
        stretches.push({ from: replies.length - 1, version: client.respVersion });
    }
  } finally {
    client.execReplies = null;
  }
  const { length } = transaction.queue;
  if (stretches.length > 1 && !client.origin.transport.isInProcess)
    return new PackedArrayReply(length, writtenInStretches(replies, stretches));
  return replies.length === length ? replies : new InterspersedReply(length, replies);
}

/** Replies from here on were made for this version of the protocol. */
interface Stretch {
  readonly from: number;
  readonly version: RespVersion;
}

function writtenInStretches(replies: readonly Reply[], stretches: readonly Stretch[]): Buffer {
  const writer = new ReplyWriter();
  for (const [index, { from, version }] of stretches.entries())
    for (const reply of replies.slice(from, stretches[index + 1]?.from)) writer.write(reply, version);
  return Buffer.concat(writer.take());
}

function discard({ client, server }: Call): Reply {
  if (client.transaction === null) return fail('DISCARD without MULTI');
  client.transaction = null;
  server.watches.unwatch(client);
  return OK;
}

function watch({ args, client, server }: Call): Reply {
  if (client.transaction !== null) return fail('WATCH inside MULTI is not allowed');
  // Nothing can un-break it but EXEC, DISCARD or UNWATCH, so nothing more is remembered.
  if (client.isWatchBroken) return OK;
  for (let index = 1; index < args.length; index++) server.watches.watch(client, keyAt(args, index));
  return OK;
}

function unwatch({ client, server }: Call): Reply {
  server.watches.unwatch(client);
  return OK;
}
