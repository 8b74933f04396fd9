/** Decides what can be asked and changed about users: the ACL command. Knows no data. */
import { readAclFile, writeAclFile } from '../acl/acl-file.js';
import { aclCategories } from '../acl/categories.js';
import { describeChannels, describeCommands, describeKeys, flagsOf } from '../acl/describe.js';
import type { Selector } from '../acl/selector.js';
import type { User } from '../acl/user.js';
import { byteString } from '../byte-string.js';
import { argumentAt, cString, keyAt, NOT_AN_INTEGER, wordAt } from '../call.js';
import type { Call, CommandDeclaration, ServerContext } from '../command.js';
import { argument, multiple, oneOf, optional, token } from '../command-arguments.js';
import { helpOf } from '../command-help.js';
import { integerOf } from '../integers.js';
import { DoubleReply, fail, MapReply, OK, type Reply, SetReply } from '../resp/reply.js';

export const aclCommands: readonly CommandDeclaration[] = [
  {
    name: 'acl',
    arity: -2,
    flags: [],
    summary: 'A container for Access List Control commands ',
    since: '6.0.0',
    group: 'server',
    complexity: 'Depends on subcommand.',
    subcommands: [
      {
        name: 'dryrun',
        arity: -4,
        flags: ['admin', 'noscript', 'loading', 'stale'],
        summary: 'Returns whether the user can execute the given command without executing the command.',
        since: '7.0.0',
        group: 'server',
        complexity: 'O(1).',
        arguments: [
          argument('username', 'string'),
          argument('command', 'string'),
          argument('arg', 'string', { ...optional, ...multiple }),
        ],
        run: dryrun,
      },
      {
        name: 'help',
        arity: 2,
        flags: ['loading', 'stale'],
        summary: 'Show helpful text about the different subcommands',
        since: '6.0.0',
        group: 'server',
        complexity: 'O(1)',
        run: help,
      },
      {
        name: 'setuser',
        arity: -3,
        flags: ['admin', 'noscript', 'loading', 'stale'],
        summary: 'Modify or create the rules for a specific ACL user',
        since: '6.0.0',
        group: 'server',
        complexity: 'O(N). Where N is the number of rules provided.',
        arguments: [argument('username', 'string'), argument('rule', 'string', { ...optional, ...multiple })],
        run: setuser,
      },
      {
        name: 'getuser',
        arity: 3,
        flags: ['admin', 'noscript', 'loading', 'stale'],
        summary: 'Get the rules for a specific ACL user',
        since: '6.0.0',
        group: 'server',
        complexity: 'O(N). Where N is the number of password, command and pattern rules that the user has.',
        arguments: [argument('username', 'string')],
        run: getuser,
      },
      {
        name: 'users',
        arity: 2,
        flags: ['admin', 'noscript', 'loading', 'stale'],
        summary: 'List the username of all the configured ACL rules',
        since: '6.0.0',
        group: 'server',
        complexity: 'O(N). Where N is the number of configured users.',
        run: users,
      },
      {
        name: 'whoami',
        arity: 2,
        flags: ['noscript', 'loading', 'stale'],
        summary: 'Return the name of the user associated to the current connection',
        since: '6.0.0',
        group: 'server',
        complexity: 'O(1)',
        run: whoami,
      },
      {
        name: 'list',
        arity: 2,
        flags: ['admin', 'noscript', 'loading', 'stale'],
        summary: 'List the current ACL rules in ACL config file format',
        since: '6.0.0',
        group: 'server',
        complexity: 'O(N). Where N is the number of configured users.',
        run: list,
      },
      {
        name: 'genpass',
        arity: -2,
        flags: ['noscript', 'loading', 'stale'],
        summary: 'Generate a pseudorandom secure password to use for ACL users',
        since: '6.0.0',
        group: 'server',
        complexity: 'O(1)',
        arguments: [argument('bits', 'integer', optional)],
        run: genpass,
      },
      {
        name: 'deluser',
        arity: -3,
        flags: ['admin', 'noscript', 'loading', 'stale'],
        summary: 'Remove the specified ACL users and the associated rules',
        since: '6.0.0',
        group: 'server',
        complexity: 'O(1) amortized time considering the typical user.',
        arguments: [argument('username', 'string', multiple)],
        run: deluser,
      },
      {
        name: 'load',
        arity: 2,
        flags: ['admin', 'noscript', 'loading', 'stale'],
        summary: 'Reload the ACLs from the configured ACL file',
        since: '6.0.0',
        group: 'server',
        complexity: 'O(N). Where N is the number of configured users.',
        run: load,
      },
      {
        name: 'save',
        arity: 2,
        flags: ['admin', 'noscript', 'loading', 'stale'],
        summary: 'Save the current ACL rules in the configured ACL file',
        since: '6.0.0',
        group: 'server',
        complexity: 'O(N). Where N is the number of configured users.',
        run: save,
      },
      {
        name: 'cat',
        arity: -2,
        flags: ['noscript', 'loading', 'stale'],
        summary: 'List the ACL categories or the commands inside a category',
        since: '6.0.0',
        group: 'server',
        complexity: 'O(1) since the categories and commands are a fixed set.',
        arguments: [argument('categoryname', 'string', optional)],
        run: cat,
      },
      {
        name: 'log',
        arity: -2,
        flags: ['admin', 'noscript', 'loading', 'stale'],
        summary: 'List latest events denied because of ACLs in place',
        since: '6.0.0',
        group: 'server',
        complexity: 'O(N) with N being the number of entries shown.',
        arguments: [oneOf('operation', [argument('count', 'integer'), token('RESET')], optional)],
        run: log,
      },
    ],
  },
];

const LOG_LENGTH_DEFAULT = 10;
const PASSWORD_BITS_DEFAULT = 256;
const PASSWORD_BITS_MAX = 4096;
const NO_FILE = fail(
  'This Redis instance is not configured to use an ACL file. You may want to specify users via the ACL SETUSER command and then issue a CONFIG REWRITE (assuming you have a Redis configuration file set) in order to store users in the Redis configuration.',
);

function cat({ args, server }: Call): Reply {
  if (args.length > 3) return wrongCount(args);
  if (args.length === 2) return [...aclCategories];
  const name = byteString(argumentAt(args, 2)).toLowerCase();
  const category = aclCategories.find((known) => known === name);
  if (category === undefined) return fail(`Unknown category '${cString(argumentAt(args, 2))}'`);
  return server.commands.withSubcommands
    .filter(({ categories }) => categories.includes(category))
    .map(({ fullName }) => fullName);
}

function setuser({ args, server }: Call): Reply {
  const change = server.acl.change(keyAt(args, 2), args.slice(3).map(byteString));
  if ('problem' in change) return fail(change.problem);
  if (change.old !== null && hasLostChannels(change.user, change.old))
    hangUpOnSubscribers(server, change.user);
  return OK;
}

/** Only then anybody is looked at: who was let in by what a user may not do goes on while that stays as it is. */
function hasLostChannels(user: User, old: User): boolean {
  if (user.selectors.some(({ allowsAllChannels }) => allowsAllChannels)) return false;
  const patterns = new Set(user.selectors.flatMap(({ channels }) => channels.map(({ pattern }) => pattern)));
  return old.selectors.some(
    ({ allowsAllChannels, channels }) =>
      allowsAllChannels || channels.some(({ pattern }) => !patterns.has(pattern)),
  );
}

/** Nobody goes on hearing what he may no longer subscribe to. */
function hangUpOnSubscribers({ clients }: ServerContext, user: User): void {
  for (const client of clients) {
    if (client.user !== user || client.subscriptionCount === 0) continue;
    const { channel, shard, pattern } = client.subscriptions;
    const isAllowed =
      [...channel, ...shard].every((name) => user.allowsChannel(name, false)) &&
      [...pattern].every((name) => user.allowsChannel(name, true));
    if (!isAllowed) client.origin.transport.destroy();
  }
}

function deluser({ args, client, server }: Call): Reply {
  let deleted = 0;
  for (const arg of args.slice(2)) {
    const name = byteString(arg);
    if (name === 'default') return fail("The 'default' user cannot be removed");
    const user = server.acl.delete(name);
    if (user === null) continue;
    deleted++;
    hangUpOn(server, client, user);
  }
  return deleted;
}

/** The caller still gets its answer. */
function hangUpOn({ clients, acl }: ServerContext, caller: Call['client'], user: User): void {
  for (const client of clients) {
    if (client.user !== user) continue;
    client.user = acl.defaultUser;
    client.isAuthenticated = false;
    if (client === caller) client.closesAfterReply = true;
    else client.origin.transport.destroy();
  }
}

function getuser({ args, server }: Call): Reply {
  const user = server.acl.find(keyAt(args, 2));
  if (user === undefined) return null;
  const [root, ...others] = user.selectors;
  return new MapReply([
    'flags',
    new SetReply(flagsOf(user)),
    'passwords',
    [...user.passwords],
    ...permissionsOf(root, server),
    'selectors',
    others.map((selector) => new MapReply(permissionsOf(selector, server))),
  ]);
}

function permissionsOf(selector: Selector, { commands }: ServerContext): Reply[] {
  return [
    'commands',
    describeCommands(selector, commands.withSubcommands),
    'keys',
    describeKeys(selector),
    'channels',
    describeChannels(selector),
  ];
}

function users({ server }: Call): Reply {
  return server.acl.names;
}

function list({ server }: Call): Reply {
  return server.acl.lines;
}

function whoami({ client }: Call): Reply {
  return client.user?.name ?? 'default';
}

function genpass({ args, server }: Call): Reply {
  if (args.length > 3) return wrongCount(args);
  const bits = args.length === 3 ? integerOf(argumentAt(args, 2)) : PASSWORD_BITS_DEFAULT;
  if (bits === null) return NOT_AN_INTEGER;
  if (bits <= 0 || bits > PASSWORD_BITS_MAX)
    return fail(
      'ACL GENPASS argument must be the number of bits for the output password, a positive number up to 4096',
    );
  const digits = Math.ceil(Number(bits) / 4);
  return server.random.hex(Math.ceil(digits / 2)).slice(0, digits);
}

/** The object it is about is told, unlike to the user himself. */
function dryrun({ args, server }: Call): Reply {
  const user = server.acl.find(keyAt(args, 2));
  if (user === undefined) return fail(`User '${cString(argumentAt(args, 2))}' not found`);
  const call = args.slice(3);
  const found = server.commands.find(keyAt(call, 0));
  const command = found?.subcommands.get(byteString(call[1] ?? '').toLowerCase()) ?? found;
  if (command === undefined) return fail(`Command '${cString(argumentAt(call, 0))}' not found`);
  if (!command.acceptsCount(call.length))
    return fail(`wrong number of arguments for '${command.fullName}' command`);
  const denial = user.denial(command, call);
  if (denial === null) return OK;
  if (denial.reason === 'command')
    return `This user has no permissions to run the '${command.fullName}' command`;
  const object = byteString(call[denial.index] ?? '');
  return `This user has no permissions to access the '${object}' ${denial.reason}`;
}

function log({ args, server }: Call): Reply {
  if (args.length > 3) return wrongCount(args);
  if (args.length === 3 && wordAt(args, 2) === 'RESET') {
    server.acl.log.clear();
    return OK;
  }
  const count = args.length === 3 ? integerOf(argumentAt(args, 2)) : LOG_LENGTH_DEFAULT;
  if (count === null) return NOT_AN_INTEGER;
  return server.acl.log
    .latest(Math.max(0, Number(count)))
    .map(
      (entry) =>
        new MapReply([
          'count',
          entry.count,
          'reason',
          entry.reason,
          'context',
          entry.context,
          'object',
          entry.object,
          'username',
          entry.username,
          'age-seconds',
          new DoubleReply(entry.ageMs / 1000),
          'client-info',
          entry.clientInfo,
        ]),
    );
}

function load({ client, server }: Call): Reply {
  const { aclFile } = server.settings;
  if (aclFile === null) return NO_FILE;
  const text = readAclFile(aclFile);
  if ('problem' in text) return fail(text.problem);
  const loaded = server.acl.load(text.text, aclFile);
  if ('problem' in loaded) return fail(loaded.problem);
  for (const user of loaded.old) hangUpOn(server, client, user);
  return OK;
}

function save({ server }: Call): Reply {
  const { aclFile } = server.settings;
  if (aclFile === null) return NO_FILE;
  const problem = writeAclFile(aclFile, server.acl.lines);
  if (problem === null) return OK;
  server.log('warning', `Saving the ACL file ${aclFile}: ${problem}`);
  return fail(
    'There was an error trying to save the ACLs. Please check the server logs for more information',
  );
}

function wrongCount(args: Call['args']): Reply {
  return fail(
    `unknown subcommand or wrong number of arguments for '${cString(argumentAt(args, 1))}'. Try ACL HELP.`,
  );
}

function help({ server }: Call): Reply {
  const container = server.commands.find('acl');
  return container === undefined ? [] : helpOf(container);
}
