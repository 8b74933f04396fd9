/** Decides CONFIG GET and SET over the table of parameters. Knows no parameter. */
import { byteString, byteStringOfText, textOf } from '../byte-string.js';
import { argumentAt, SYNTAX_ERROR } from '../call.js';
import type { Client } from '../client.js';
import type { Call, CommandDeclaration } from '../command.js';
import { argument, block, multiple } from '../command-arguments.js';
import { helpOf } from '../command-help.js';
import { rewriteFile } from '../conf-file/rewrite.js';
import { wishesOf } from '../conf-file/wishes.js';
import { configParameters, findParameter } from '../config-parameters.js';
import { globMatcher } from '../glob.js';
import type { ConfigParameter, Setter } from '../parameters/parameter.js';
import { isPermitted } from '../permission.js';
import { fail, MapReply, OK, type Reply } from '../resp/reply.js';
import type { Permission } from '../settings.js';

export const configCommands: readonly CommandDeclaration[] = [
  {
    name: 'config',
    arity: -2,
    flags: [],
    summary: 'A container for server configuration commands',
    since: '2.0.0',
    group: 'server',
    complexity: 'Depends on subcommand.',
    subcommands: [
      {
        name: 'get',
        arity: -3,
        flags: ['admin', 'noscript', 'loading', 'stale'],
        summary: 'Get the values of configuration parameters',
        since: '2.0.0',
        group: 'server',
        complexity: 'O(N) when N is the number of configuration parameters provided',
        arguments: [block('parameter', [argument('parameter', 'string')], multiple)],
        run: get,
      },
      {
        name: 'set',
        arity: -4,
        flags: ['admin', 'noscript', 'loading', 'stale'],
        tips: ['request_policy:all_nodes', 'response_policy:all_succeeded'],
        summary: 'Set configuration parameters to the given values',
        since: '2.0.0',
        group: 'server',
        complexity: 'O(N) when N is the number of configuration parameters provided',
        arguments: [
          block('parameter_value', [argument('parameter', 'string'), argument('value', 'string')], multiple),
        ],
        run: set,
      },
      {
        name: 'rewrite',
        arity: 2,
        flags: ['admin', 'noscript', 'loading', 'stale'],
        summary: 'Rewrite the configuration file with the in memory configuration',
        since: '2.8.0',
        group: 'server',
        complexity: 'O(1)',
        run: rewrite,
      },
      {
        name: 'resetstat',
        arity: 2,
        flags: ['admin', 'noscript', 'loading', 'stale'],
        summary: 'Reset the stats returned by INFO',
        since: '2.0.0',
        group: 'server',
        complexity: 'O(1)',
        run: resetstat,
      },
      {
        name: 'help',
        arity: 2,
        flags: ['loading', 'stale'],
        summary: 'Show helpful text about the different subcommands',
        since: '5.0.0',
        group: 'server',
        complexity: 'O(1)',
        run: help,
      },
    ],
  },
];

function get({ args, server }: Call): Reply {
  const patterns = args.slice(2).map((arg) => globMatcher(byteString(arg), { ignoreCase: true }));
  const flat: Reply[] = [];
  for (const { name, aliases = [], get } of configParameters)
    for (const each of [name, ...aliases])
      if (patterns.some((matches) => matches(each))) flat.push(each, byteStringOfText(get(server)));
  return new MapReply(flat);
}

interface Change {
  readonly parameter: ConfigParameter;
  readonly set: Setter;
  readonly value: string;
}

/** All or nothing: what was set before a refusal is set back. */
function set({ args, client, server }: Call): Reply {
  if (args.length % 2 === 1) return SYNTAX_ERROR;
  const changes: Change[] = [];
  for (let index = 2; index < args.length; index += 2) {
    const name = byteString(argumentAt(args, index));
    const parameter = findParameter(name);
    if (parameter === undefined)
      return fail(`Unknown option or number of arguments for CONFIG SET - '${name}'`);
    if (parameter.set === 'immutable') return refused(name, "can't set immutable config");
    if (
      parameter.set === 'protected' &&
      !mayChangeProtected(server.settings.protection.protectedConfigs, client)
    )
      return refused(name, "can't set protected config");
    const setter = parameter.set === 'protected' ? parameter.start : parameter.set;
    if (setter === undefined) return refused(name, "can't set protected config");
    if (changes.some((change) => change.parameter === parameter)) return refused(name, 'duplicate parameter');
    changes.push({ parameter, set: setter, value: textOf(argumentAt(args, index + 1)) });
  }
  const undo: (() => void)[] = [];
  for (const { parameter, set, value } of changes) {
    const old = parameter.get(server);
    const problem = set(server, value);
    if (problem !== null) {
      for (const step of undo.reverse()) step();
      return refused(parameter.name, problem);
    }
    undo.push(() => void set(server, old));
  }
  return OK;
}

/** The application's own calls have no more rights here than anybody: it can start its server with other values. */
function mayChangeProtected(permission: Permission, client: Client): boolean {
  return permission !== 'no' && isPermitted(permission, client);
}

function refused(name: string, reason: string): Reply {
  return fail(`CONFIG SET failed (possibly related to argument '${name}') - ${reason}`);
}

function rewrite({ server }: Call): Reply {
  const { configFile } = server.settings;
  if (configFile === null) return fail('The server is running without a config file');
  const problem = rewriteFile(configFile, wishesOf(server));
  if (problem === null) return OK;
  server.log('warning', `CONFIG REWRITE failed: ${problem}`);
  return fail(`Rewriting config file: ${problem}`);
}

function resetstat({ server }: Call): Reply {
  server.statistics.reset();
  server.journal.errors.clear();
  for (const command of server.commands.withSubcommands) command.counters.reset();
  Object.assign(server.keyspace.statistics, { hits: 0, misses: 0, expired: 0, evicted: 0 });
  return OK;
}

function help({ server }: Call): Reply {
  const container = server.commands.find('config');
  return container === undefined ? [] : helpOf(container);
}
