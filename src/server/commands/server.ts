/** Decides what concerns the whole server: INFO, DBSIZE, FLUSHALL, TIME, SHUTDOWN. Knows no client state. */
import { type Bytes, byteString } from '../byte-string.js';
import { SYNTAX_ERROR, wordAt } from '../call.js';
import type { Call, CommandDeclaration } from '../command.js';
import { argument, multiple, oneOf, optional, token } from '../command-arguments.js';
import { infoText } from '../info.js';
import { type ErrorReply, fail, NO_REPLY, OK, type Reply, VerbatimReply } from '../resp/reply.js';

export const serverCommands: readonly CommandDeclaration[] = [
  {
    name: 'dbsize',
    arity: 1,
    flags: ['readonly', 'fast'],
    categories: ['keyspace'],
    tips: ['request_policy:all_shards', 'response_policy:agg_sum'],
    summary: 'Return the number of keys in the selected database',
    since: '1.0.0',
    group: 'server',
    complexity: 'O(1)',
    run: dbsize,
  },
  {
    name: 'flushdb',
    arity: -1,
    flags: ['write'],
    categories: ['keyspace', 'dangerous'],
    tips: ['request_policy:all_shards', 'response_policy:all_succeeded'],
    summary: 'Remove all keys from the current database',
    since: '1.0.0',
    group: 'server',
    complexity: 'O(N) where N is the number of keys in the selected database',
    arguments: [
      oneOf('async', [token('ASYNC', { since: '4.0.0' }), token('SYNC', { since: '6.2.0' })], optional),
    ],
    run: flushdb,
  },
  {
    name: 'flushall',
    arity: -1,
    flags: ['write'],
    categories: ['keyspace', 'dangerous'],
    tips: ['request_policy:all_shards', 'response_policy:all_succeeded'],
    summary: 'Remove all keys from all databases',
    since: '1.0.0',
    group: 'server',
    complexity: 'O(N) where N is the total number of keys in all databases',
    arguments: [
      oneOf('async', [token('ASYNC', { since: '4.0.0' }), token('SYNC', { since: '6.2.0' })], optional),
    ],
    run: flushall,
  },
  {
    name: 'info',
    arity: -1,
    flags: ['loading', 'stale'],
    categories: ['dangerous'],
    tips: ['nondeterministic_output', 'request_policy:all_shards', 'response_policy:special'],
    summary: 'Get information and statistics about the server',
    since: '1.0.0',
    group: 'server',
    complexity: 'O(1)',
    arguments: [argument('section', 'string', { ...optional, ...multiple })],
    run: info,
  },
  {
    name: 'time',
    arity: 1,
    flags: ['loading', 'stale', 'fast'],
    tips: ['nondeterministic_output'],
    summary: 'Return the current server time',
    since: '2.6.0',
    group: 'server',
    complexity: 'O(1)',
    run: time,
  },
  {
    name: 'shutdown',
    arity: -1,
    flags: ['admin', 'noscript', 'loading', 'stale', 'no_multi', 'allow_busy'],
    summary: 'Synchronously save the dataset to disk and then shut down the server',
    since: '1.0.0',
    group: 'server',
    complexity:
      'O(N) when saving, where N is the total number of keys in all databases when saving data, otherwise O(1)',
    arguments: [
      oneOf('nosave_save', [token('NOSAVE'), token('SAVE')], optional),
      token('NOW', { since: '7.0.0', ...optional }),
      token('FORCE', { since: '7.0.0', ...optional }),
      token('ABORT', { since: '7.0.0', ...optional }),
    ],
    run: shutdown,
  },
];

function dbsize({ db }: Call): Reply {
  return db.size;
}

/** ASYNC and SYNC are the same here: dropping the references is all there is to do. */
function flushMode(args: readonly Bytes[]): ErrorReply | null {
  if (args.length === 1) return null;
  const word = wordAt(args, 1);
  return args.length === 2 && (word === 'ASYNC' || word === 'SYNC') ? null : SYNTAX_ERROR;
}

function flushdb({ args, db }: Call): Reply {
  const problem = flushMode(args);
  if (problem !== null) return problem;
  db.flush();
  return OK;
}

function flushall({ args, server }: Call): Reply {
  const problem = flushMode(args);
  if (problem !== null) return problem;
  server.keyspace.flushAll();
  return OK;
}

function info({ args, server }: Call): Reply {
  return new VerbatimReply(
    infoText(
      server,
      args.slice(1).map((arg) => byteString(arg).toLowerCase()),
    ),
  );
}

function time({ server }: Call): Reply {
  const micros = Math.floor(server.clock.wallMs() * 1000);
  return [String(Math.floor(micros / 1_000_000)), String(micros % 1_000_000)];
}

/** Closes the server, never the process. There are no replicas to wait for. */
function shutdown({ args, server }: Call): Reply {
  const words = new Set(args.slice(1).map((_arg, index) => wordAt(args, index + 1)));
  for (const word of words) if (!SHUTDOWN_WORDS.includes(word)) return SYNTAX_ERROR;
  const isAbort = words.has('ABORT');
  if ((isAbort && words.size > 1) || (words.has('SAVE') && words.has('NOSAVE'))) return SYNTAX_ERROR;
  if (isAbort) return fail('No shutdown in progress.');
  if (words.has('SAVE') && !server.persistence.isOn)
    return fail('SHUTDOWN SAVE is not supported: this server keeps nothing on disk');
  const saves = words.has('SAVE') ? true : words.has('NOSAVE') ? false : undefined;
  const problem = server.shutdown({
    ...(saves === undefined ? {} : { saves }),
    isForced: words.has('FORCE'),
  });
  return problem === null ? NO_REPLY : fail('Errors trying to SHUTDOWN. Check logs.');
}

const SHUTDOWN_WORDS = ['NOSAVE', 'SAVE', 'NOW', 'FORCE', 'ABORT'];
