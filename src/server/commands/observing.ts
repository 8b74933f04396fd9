/** Decides MONITOR, ROLE and LOLWUT. Knows nothing of what is monitored. */
import { wordAt } from '../call.js';
import type { Call, CommandDeclaration } from '../command.js';
import { argument, optional } from '../command-arguments.js';
import { integerOf } from '../integers.js';
import { schotter } from '../introspection/schotter.js';
import { fail, OK, type Reply, VerbatimReply } from '../resp/reply.js';
import { REDIS_VERSION } from '../version.js';

export const observingCommands: readonly CommandDeclaration[] = [
  {
    name: 'monitor',
    arity: 1,
    flags: ['admin', 'noscript', 'loading', 'stale'],
    summary: 'Listen for all requests received by the server in real time',
    since: '1.0.0',
    group: 'server',
    complexity: '',
    run: monitor,
  },
  {
    name: 'lolwut',
    arity: -1,
    flags: ['readonly', 'fast'],
    summary: 'Display some computer art and the Redis version',
    since: '5.0.0',
    group: 'server',
    complexity: '',
    arguments: [argument('version', 'integer', { token: 'VERSION', ...optional })],
    run: lolwut,
  },
  {
    name: 'role',
    arity: 1,
    flags: ['noscript', 'loading', 'stale', 'fast'],
    categories: ['admin', 'dangerous'],
    summary: 'Return the role of the instance in the context of replication',
    since: '2.8.12',
    group: 'server',
    complexity: 'O(1)',
    run: role,
  },
];

function monitor({ client, server }: Call): Reply {
  const isDenied = client.execReplies !== null || !client.origin.transport.takesPushes;
  if (isDenied) return fail("MONITOR isn't allowed for DENY BLOCKING client");
  client.isMonitor = true;
  server.journal.monitors.add(client);
  return OK;
}

/** There are no replicas. */
function role(): Reply {
  return ['master', 0, []];
}

/** Version 5 is a drawing of its own; any other says the version only, as Redis 7 does. */
function lolwut({ args, server }: Call): Reply {
  const version = `Redis ver. ${REDIS_VERSION}\n`;
  if (args.length < 3 || wordAt(args, 1) !== 'VERSION') return new VerbatimReply(version);
  const numbers = args.slice(2).map(integerOf);
  const [wanted, columns = 66, squares = 8, rows = 12] = numbers;
  if (wanted === null) return fail('value is not an integer or out of range');
  if (wanted !== 5) return new VerbatimReply(version);
  if (columns === null || squares === null || rows === null)
    return fail('value is not an integer or out of range');
  const drawing = schotter(server.random, Number(columns), Number(squares), Number(rows));
  return new VerbatimReply(`${drawing}\nGeorg Nees - schotter, plotter on paper, 1968. ${version}`);
}
