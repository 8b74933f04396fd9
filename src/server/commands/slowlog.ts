/** Decides what can be asked about slow commands: SLOWLOG. Knows not what is slow. */
import { argumentAt, cString } from '../call.js';
import type { Call, CommandDeclaration } from '../command.js';
import { argument, optional } from '../command-arguments.js';
import { helpOf } from '../command-help.js';
import { integerOf } from '../integers.js';
import { fail, OK, type Reply } from '../resp/reply.js';

export const slowlogCommands: readonly CommandDeclaration[] = [
  {
    name: 'slowlog',
    arity: -2,
    flags: [],
    summary: 'A container for slow log commands',
    since: '2.2.12',
    group: 'server',
    complexity: 'Depends on subcommand.',
    subcommands: [
      {
        name: 'len',
        arity: 2,
        flags: ['admin', 'loading', 'stale'],
        tips: ['request_policy:all_nodes', 'response_policy:agg_sum', 'nondeterministic_output'],
        summary: "Get the slow log's length",
        since: '2.2.12',
        group: 'server',
        complexity: 'O(1)',
        run: len,
      },
      {
        name: 'reset',
        arity: 2,
        flags: ['admin', 'loading', 'stale'],
        tips: ['request_policy:all_nodes', 'response_policy:all_succeeded'],
        summary: 'Clear all entries from the slow log',
        since: '2.2.12',
        group: 'server',
        complexity: 'O(N) where N is the number of entries in the slowlog',
        run: reset,
      },
      {
        name: 'help',
        arity: 2,
        flags: ['loading', 'stale'],
        summary: 'Show helpful text about the different subcommands',
        since: '6.2.0',
        group: 'server',
        complexity: 'O(1)',
        run: help,
      },
      {
        name: 'get',
        arity: -2,
        flags: ['admin', 'loading', 'stale'],
        tips: ['request_policy:all_nodes', 'nondeterministic_output'],
        summary: "Get the slow log's entries",
        since: '2.2.12',
        group: 'server',
        complexity: 'O(N) where N is the number of entries returned',
        arguments: [argument('count', 'integer', optional)],
        run: get,
      },
    ],
  },
];

const COUNT_DEFAULT = 10;

function get({ args, server }: Call): Reply {
  if (args.length > 3)
    return fail(
      `unknown subcommand or wrong number of arguments for '${cString(argumentAt(args, 1))}'. Try SLOWLOG HELP.`,
    );
  const count = args.length === 3 ? integerOf(argumentAt(args, 2)) : COUNT_DEFAULT;
  if (count === null || count < -1) return fail('count should be greater than or equal to -1');
  return server.journal.slowLog
    .latest(Number(count))
    .map(({ id, atSeconds, micros, args, address, name }) => [
      id,
      atSeconds,
      micros,
      [...args],
      address,
      name,
    ]);
}

function len({ server }: Call): Reply {
  return server.journal.slowLog.length;
}

function reset({ server }: Call): Reply {
  server.journal.slowLog.clear();
  return OK;
}

function help({ server }: Call): Reply {
  const container = server.commands.find('slowlog');
  return container === undefined ? [] : helpOf(container);
}
