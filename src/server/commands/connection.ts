/** Decides who a client is and how it talks: HELLO, AUTH, SELECT, PING … Knows client state, no data. */

import { type Bytes, byteString, copyOf } from '../byte-string.js';
import { argumentAt, cString, int32Of, isPrintable, NAME_INVALID, SYNTAX_ERROR, wordAt } from '../call.js';
import { clientLine } from '../client-line.js';
import type { Call, CommandDeclaration } from '../command.js';
import { argument, block, optional } from '../command-arguments.js';
import { integerOf } from '../integers.js';
import { ErrorReply, fail, MapReply, OK, type Reply, type RespVersion, Status } from '../resp/reply.js';
import { REDIS_VERSION } from '../version.js';

export const connectionCommands: readonly CommandDeclaration[] = [
  {
    name: 'hello',
    arity: -1,
    flags: ['noscript', 'loading', 'stale', 'fast', 'no_auth', 'allow_busy'],
    categories: ['connection'],
    summary: 'Handshake with Redis',
    since: '6.0.0',
    group: 'connection',
    complexity: 'O(1)',
    arguments: [
      block(
        'arguments',
        [
          argument('protover', 'integer'),
          block('username_password', [argument('username', 'string'), argument('password', 'string')], {
            token: 'AUTH',
            ...optional,
          }),
          argument('clientname', 'string', { token: 'SETNAME', ...optional }),
        ],
        optional,
      ),
    ],
    run: hello,
  },
  {
    name: 'auth',
    arity: -2,
    flags: ['noscript', 'loading', 'stale', 'fast', 'no_auth', 'allow_busy'],
    categories: ['connection'],
    summary: 'Authenticate to the server',
    since: '1.0.0',
    group: 'connection',
    complexity: 'O(N) where N is the number of passwords defined for the user',
    arguments: [
      argument('username', 'string', { since: '6.0.0', ...optional }),
      argument('password', 'string'),
    ],
    run: auth,
  },
  {
    name: 'ping',
    arity: -1,
    flags: ['fast'],
    categories: ['connection'],
    tips: ['request_policy:all_shards', 'response_policy:all_succeeded'],
    summary: 'Ping the server',
    since: '1.0.0',
    group: 'connection',
    complexity: 'O(1)',
    arguments: [argument('message', 'string', optional)],
    run: ping,
  },
  {
    name: 'echo',
    arity: 2,
    flags: ['loading', 'stale', 'fast'],
    categories: ['connection'],
    summary: 'Echo the given string',
    since: '1.0.0',
    group: 'connection',
    complexity: 'O(1)',
    arguments: [argument('message', 'string')],
    run: echo,
  },
  {
    name: 'select',
    arity: 2,
    flags: ['loading', 'stale', 'fast'],
    categories: ['connection'],
    summary: 'Change the selected database for the current connection',
    since: '1.0.0',
    group: 'connection',
    complexity: 'O(1)',
    arguments: [argument('index', 'integer')],
    run: select,
  },
  {
    name: 'quit',
    arity: -1,
    flags: ['noscript', 'loading', 'stale', 'fast', 'no_auth', 'allow_busy'],
    categories: ['connection'],
    summary: 'Close the connection',
    since: '1.0.0',
    group: 'connection',
    complexity: 'O(1)',
    runsInMulti: true,
    run: quit,
  },
  {
    name: 'reset',
    arity: 1,
    flags: ['noscript', 'loading', 'stale', 'fast', 'no_auth', 'allow_busy'],
    categories: ['connection'],
    summary: 'Reset the connection',
    since: '6.2.0',
    group: 'connection',
    complexity: 'O(1)',
    runsInMulti: true,
    run: reset,
  },
];

const PONG = new Status('PONG');
const RESET = new Status('RESET');
const WRONG_PASSWORD = new ErrorReply('WRONGPASS invalid username-password pair or user is disabled.');
const MUST_AUTHENTICATE = new ErrorReply(
  'NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO AUTH <user> <pass> option can be used to authenticate the client and select the RESP protocol version at the same time',
);

function hello(call: Call): Reply {
  const { args, client, server } = call;
  const version = args[1] === undefined ? client.respVersion : helloVersion(args[1]);
  if (version instanceof ErrorReply) return version;
  const problem = helloOptions(call);
  if (problem !== null) return problem;
  if (!client.isAuthenticated && server.acl.needsLogin) return MUST_AUTHENTICATE;
  client.respVersion = version;
  return new MapReply([
    'server',
    'redis',
    'version',
    REDIS_VERSION,
    'proto',
    client.respVersion,
    'id',
    client.id,
    'mode',
    'standalone',
    'role',
    'master',
    'modules',
    [],
  ]);
}

function helloVersion(arg: Bytes): RespVersion | ErrorReply {
  const version = integerOf(arg);
  if (version === null) return fail('Protocol version is not an integer or out of range');
  return version === 2 || version === 3 ? version : new ErrorReply('NOPROTO unsupported protocol version');
}

/** Each option takes effect as it is read, so that of two mistakes the first is told. */
function helloOptions(call: Call): ErrorReply | null {
  const { args, client } = call;
  for (let index = 2; index < args.length; index++) {
    const word = wordAt(args, index);
    const [first, second] = [args[index + 1], args[index + 2]];
    if (word === 'AUTH' && first !== undefined && second !== undefined) {
      if (!login(call, first, second)) return WRONG_PASSWORD;
      index += 2;
    } else if (word === 'SETNAME' && first !== undefined) {
      if (!isPrintable(first)) return NAME_INVALID;
      client.name = byteString(first);
      index++;
    } else return fail(`Syntax error in HELLO option '${cString(argumentAt(args, index))}'`);
  }
  return null;
}

function auth(call: Call): Reply {
  const { args, server } = call;
  if (args.length > 3) return SYNTAX_ERROR;
  if (args.length === 2 && server.acl.defaultUser.hasNoPassword)
    return fail(
      'AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?',
    );
  const user = args.length === 3 ? argumentAt(args, 1) : 'default';
  return login(call, user, argumentAt(args, args.length - 1)) ? OK : WRONG_PASSWORD;
}

/** A failed attempt is remembered, and changes nothing. */
function login({ args, client, server }: Call, name: Bytes, password: Bytes): boolean {
  const username = byteString(name);
  const user = server.acl.login(username, password);
  if (user !== null) {
    client.user = user;
    client.isAuthenticated = true;
    return true;
  }
  server.acl.log.add({
    reason: 'auth',
    context: client.transaction === null && client.execReplies === null ? 'toplevel' : 'multi',
    object: byteString(argumentAt(args, 0)),
    username,
    clientInfo: clientLine(client, server),
  });
  return false;
}

function ping({ args, client }: Call): Reply {
  if (args.length > 2) return fail("wrong number of arguments for 'ping' command");
  const message = args[1];
  if (client.isLimitedToSubscribing) return ['pong', message === undefined ? '' : copyOf(message)];
  return message === undefined ? PONG : copyOf(message);
}

function echo({ args }: Call): Reply {
  return copyOf(argumentAt(args, 1));
}

function select({ args, client, server }: Call): Reply {
  const index = int32Of(argumentAt(args, 1));
  if (index instanceof ErrorReply) return index;
  const db = server.keyspace.databases[index];
  if (db === undefined) return fail('DB index is out of range');
  client.db = db;
  return OK;
}

function quit({ client }: Call): Reply {
  client.closesAfterReply = true;
  return OK;
}

function reset({ client, server }: Call): Reply {
  const first = server.keyspace.databases[0];
  if (first !== undefined) client.db = first;
  client.transaction = null;
  server.watches.unwatch(client);
  server.pubsub.forget(client);
  server.tracking.stop(client);
  client.isEvictable = true;
  client.isMonitor = false;
  server.journal.monitors.delete(client);
  client.name = '';
  client.respVersion = 2;
  client.replyMode = 'on';
  if (client.origin.transport.isInProcess) client.user = null;
  else {
    client.user = server.acl.defaultUser;
    client.isAuthenticated = !server.acl.needsLogin;
  }
  return RESET;
}
