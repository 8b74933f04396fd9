/** Decides what clients may ask about clients: the CLIENT command. Knows client state, no data. */
import { byteString } from '../byte-string.js';
import { argumentAt, cString, isPrintable, NAME_INVALID, SYNTAX_ERROR, wordAt } from '../call.js';
import type { Client } from '../client.js';
import { clientType, parseKillFilters, typeOf } from '../client-filters.js';
import { clientLine } from '../client-line.js';
import { caching, getredir, noEvict, tracking, trackinginfo, unblock } from '../client-tracking.js';
import type { Call, CommandDeclaration } from '../command.js';
import { argument, block, multiple, oneOf, optional, token } from '../command-arguments.js';
import { helpOf } from '../command-help.js';
import { integerOf } from '../integers.js';
import { ErrorReply, fail, NO_REPLY, OK, type Reply, VerbatimReply } from '../resp/reply.js';
import { millisecondsTimeout } from '../timeouts.js';

export const clientCommands: readonly CommandDeclaration[] = [
  {
    name: 'client',
    arity: -2,
    flags: [],
    summary: 'A container for client connection commands',
    since: '2.4.0',
    group: 'connection',
    complexity: 'Depends on subcommand.',
    subcommands: [
      {
        name: 'id',
        arity: 2,
        flags: ['noscript', 'loading', 'stale'],
        categories: ['connection'],
        summary: 'Returns the client ID for the current connection',
        since: '5.0.0',
        group: 'connection',
        complexity: 'O(1)',
        run: ({ client }) => client.id,
      },
      {
        name: 'getname',
        arity: 2,
        flags: ['noscript', 'loading', 'stale'],
        categories: ['connection'],
        summary: 'Get the current connection name',
        since: '2.6.9',
        group: 'connection',
        complexity: 'O(1)',
        run: ({ client }) => (client.name === '' ? null : client.name),
      },
      {
        name: 'setname',
        arity: 3,
        flags: ['noscript', 'loading', 'stale'],
        categories: ['connection'],
        summary: 'Set the current connection name',
        since: '2.6.9',
        group: 'connection',
        complexity: 'O(1)',
        arguments: [argument('connection-name', 'string')],
        run: setname,
      },
      {
        name: 'setinfo',
        arity: 4,
        flags: ['noscript', 'loading', 'stale'],
        categories: ['connection'],
        summary: 'Sets information specific to the client or connection',
        since: '7.2.0',
        group: 'connection',
        complexity: 'O(1)',
        arguments: [
          oneOf('attr', [
            argument('libname', 'string', { token: 'LIB-NAME' }),
            argument('libver', 'string', { token: 'LIB-VER' }),
          ]),
        ],
        run: setinfo,
      },
      {
        name: 'list',
        arity: -2,
        flags: ['admin', 'noscript', 'loading', 'stale'],
        categories: ['connection'],
        tips: ['nondeterministic_output'],
        summary: 'Get the list of client connections',
        since: '2.4.0',
        group: 'connection',
        complexity: 'O(N) where N is the number of client connections',
        arguments: [
          oneOf(
            'normal_master_replica_pubsub',
            [token('NORMAL'), token('MASTER'), token('REPLICA'), token('PUBSUB')],
            { token: 'TYPE', since: '5.0.0', ...optional },
          ),
          block('id', [argument('client-id', 'integer', multiple)], {
            token: 'ID',
            since: '6.2.0',
            ...optional,
          }),
        ],
        run: list,
      },
      {
        name: 'kill',
        arity: -3,
        flags: ['admin', 'noscript', 'loading', 'stale'],
        categories: ['connection'],
        summary: 'Kill the connection of a client',
        since: '2.4.0',
        group: 'connection',
        complexity: 'O(N) where N is the number of client connections',
        arguments: [
          oneOf('filter', [
            argument('ip:port', 'string', { deprecatedSince: '2.8.12' }),
            oneOf(
              'new-format',
              [
                argument('client-id', 'integer', { token: 'ID', since: '2.8.12', ...optional }),
                oneOf(
                  'normal_master_slave_pubsub',
                  [
                    token('NORMAL'),
                    token('MASTER', { since: '3.2.0' }),
                    token('SLAVE'),
                    token('REPLICA', { since: '5.0.0' }),
                    token('PUBSUB'),
                  ],
                  { token: 'TYPE', since: '2.8.12', ...optional },
                ),
                argument('username', 'string', { token: 'USER', ...optional }),
                argument('ip:port', 'string', { token: 'ADDR', ...optional }),
                argument('ip:port', 'string', { token: 'LADDR', since: '6.2.0', ...optional }),
                argument('yes/no', 'string', { token: 'SKIPME', ...optional }),
              ],
              multiple,
            ),
          ]),
        ],
        run: kill,
      },

      {
        name: 'unpause',
        arity: 2,
        flags: ['admin', 'noscript', 'loading', 'stale'],
        categories: ['connection'],
        summary: 'Resume processing of clients that were paused',
        since: '6.2.0',
        group: 'connection',
        complexity: 'O(N) Where N is the number of paused clients',
        run: unpause,
      },
      {
        name: 'trackinginfo',
        arity: 2,
        flags: ['noscript', 'loading', 'stale'],
        categories: ['connection'],
        summary: 'Return information about server assisted client side caching for the current connection',
        since: '6.2.0',
        group: 'connection',
        complexity: 'O(1)',
        run: trackinginfo,
      },
      {
        name: 'tracking',
        arity: -3,
        flags: ['noscript', 'loading', 'stale'],
        categories: ['connection'],
        summary: 'Enable or disable server assisted client side caching support',
        since: '6.0.0',
        group: 'connection',
        complexity: 'O(1). Some options may introduce additional complexity.',
        arguments: [
          oneOf('status', [token('ON'), token('OFF')]),
          argument('client-id', 'integer', { token: 'REDIRECT', ...optional }),
          argument('prefix', 'string', { token: 'PREFIX', isTokenRepeated: true, ...optional, ...multiple }),
          token('BCAST', optional),
          token('OPTIN', optional),
          token('OPTOUT', optional),
          token('NOLOOP', optional),
        ],
        run: tracking,
      },
      {
        name: 'unblock',
        arity: -3,
        flags: ['admin', 'noscript', 'loading', 'stale'],
        categories: ['connection'],
        summary: 'Unblock a client blocked in a blocking command from a different connection',
        since: '5.0.0',
        group: 'connection',
        complexity: 'O(log N) where N is the number of client connections',
        arguments: [
          argument('client-id', 'integer'),
          oneOf('timeout_error', [token('TIMEOUT'), token('ERROR')], optional),
        ],
        run: unblock,
      },
      {
        name: 'no-evict',
        arity: 3,
        flags: ['admin', 'noscript', 'loading', 'stale'],
        categories: ['connection'],
        summary: 'Set client eviction mode for the current connection',
        since: '7.0.0',
        group: 'connection',
        complexity: 'O(1)',
        arguments: [oneOf('enabled', [token('ON'), token('OFF')])],
        run: noEvict,
      },
      {
        name: 'pause',
        arity: -3,
        flags: ['admin', 'noscript', 'loading', 'stale'],
        categories: ['connection'],
        summary: 'Stop processing commands from clients for some time',
        since: '2.9.50',
        group: 'connection',
        complexity: 'O(1)',
        arguments: [
          argument('timeout', 'integer'),
          oneOf('mode', [token('WRITE'), token('ALL')], { since: '6.2.0', ...optional }),
        ],
        run: pause,
      },
      {
        name: 'caching',
        arity: 3,
        flags: ['noscript', 'loading', 'stale'],
        categories: ['connection'],
        summary: 'Instruct the server about tracking or not keys in the next request',
        since: '6.0.0',
        group: 'connection',
        complexity: 'O(1)',
        arguments: [oneOf('mode', [token('YES'), token('NO')])],
        run: caching,
      },
      {
        name: 'getredir',
        arity: 2,
        flags: ['noscript', 'loading', 'stale'],
        categories: ['connection'],
        summary: 'Get tracking notifications redirection client ID if any',
        since: '6.0.0',
        group: 'connection',
        complexity: 'O(1)',
        run: getredir,
      },
      {
        name: 'info',
        arity: 2,
        flags: ['noscript', 'loading', 'stale'],
        categories: ['connection'],
        tips: ['nondeterministic_output'],
        summary: 'Returns information about the current client connection.',
        since: '6.2.0',
        group: 'connection',
        complexity: 'O(1)',
        run: info,
      },
      {
        name: 'reply',
        arity: 3,
        flags: ['noscript', 'loading', 'stale'],
        categories: ['connection'],
        summary: 'Instruct the server whether to reply to commands',
        since: '3.2.0',
        group: 'connection',
        complexity: 'O(1)',
        arguments: [oneOf('on_off_skip', [token('ON'), token('OFF'), token('SKIP')])],
        run: reply,
      },
      {
        name: 'help',
        arity: 2,
        flags: ['loading', 'stale'],
        categories: ['connection'],
        summary: 'Show helpful text about the different subcommands',
        since: '5.0.0',
        group: 'connection',
        complexity: 'O(1)',
        run: help,
      },
    ],
  },
];

const NO_SUCH_CLIENT = fail('No such client');

function info({ client, server }: Call): Reply {
  return new VerbatimReply(`${clientLine(client, server)}\n`);
}

function list({ args, server }: Call): Reply {
  let isListed: (client: Client) => boolean = () => true;
  const word = args.length > 2 ? wordAt(args, 2) : '';
  if (word === 'TYPE' && args.length === 4) {
    const type = clientType(argumentAt(args, 3));
    if (type instanceof ErrorReply) return type;
    isListed = (client) => typeOf(client) === type;
  } else if (word === 'ID' && args.length > 3) {
    const ids = new Set<number>();
    for (const arg of args.slice(3)) {
      const id = integerOf(arg);
      if (id === null) return fail('Invalid client ID');
      ids.add(Number(id));
    }
    isListed = (client) => ids.has(client.id);
  } else if (args.length !== 2) return SYNTAX_ERROR;
  const lines = [...server.clients].filter(isListed).map((client) => `${clientLine(client, server)}\n`);
  return new VerbatimReply(lines.join(''));
}

function kill(call: Call): Reply {
  const { args, server } = call;
  if (args.length === 3) {
    const address = byteString(argumentAt(args, 2));
    for (const other of server.clients)
      if (other.origin.address === address) {
        hangUp(call, other);
        return OK;
      }
    return NO_SUCH_CLIENT;
  }
  const filters = parseKillFilters(args, server.acl);
  if (filters instanceof ErrorReply) return filters;
  let killed = 0;
  for (const other of server.clients) {
    if (filters.skipsMe && other === call.client) continue;
    if (!filters.tests.every((test) => test(other))) continue;
    hangUp(call, other);
    killed++;
  }
  return killed;
}

/** The caller still gets its answer. */
function hangUp(call: Call, other: Client): void {
  if (other === call.client) other.closesAfterReply = true;
  else other.origin.transport.destroy();
}

function reply({ args, client }: Call): Reply {
  switch (wordAt(args, 2)) {
    case 'ON':
      client.replyMode = 'on';
      return OK;
    case 'OFF':
      client.replyMode = 'off';
      return NO_REPLY;
    case 'SKIP':
      if (client.replyMode !== 'off') client.replyMode = 'skip-next';
      return NO_REPLY;
    default:
      return SYNTAX_ERROR;
  }
}

function setname({ args, client }: Call): Reply {
  const name = argumentAt(args, 2);
  if (!isPrintable(name)) return NAME_INVALID;
  client.name = byteString(name);
  return OK;
}

/** Redis 7.2: the library's name and version, shown in CLIENT LIST. */
function setinfo({ args, client }: Call): Reply {
  const word = wordAt(args, 2);
  const value = argumentAt(args, 3);
  if (word !== 'LIB-NAME' && word !== 'LIB-VER')
    return fail(`Unrecognized option '${cString(argumentAt(args, 2))}'`);
  if (!isPrintable(value))
    return fail(`${word.toLowerCase()} cannot contain spaces, newlines or special characters.`);
  if (word === 'LIB-NAME') client.libName = byteString(value);
  else client.libVersion = byteString(value);
  return OK;
}

function pause({ args, server }: Call): Reply {
  if (args.length > 4)
    return fail(
      `unknown subcommand or wrong number of arguments for '${cString(argumentAt(args, 1))}'. Try CLIENT HELP.`,
    );
  const word = args.length > 3 ? wordAt(args, 3) : 'ALL';
  if (word !== 'WRITE' && word !== 'ALL') return fail('CLIENT PAUSE mode must be WRITE or ALL');
  const timeoutMs = millisecondsTimeout(argumentAt(args, 2));
  if (timeoutMs instanceof ErrorReply) return timeoutMs;
  server.pause.start(word === 'ALL' ? 'all' : 'writes', timeoutMs);
  return OK;
}

function unpause({ server }: Call): Reply {
  server.pause.stop();
  return OK;
}

function help({ server }: Call): Reply {
  const container = server.commands.find('client');
  return container === undefined ? [] : helpOf(container);
}
