/** Decides what can be asked about memory: MEMORY. Counts nothing itself. */
import { keyAt, NOT_AN_INTEGER, SYNTAX_ERROR, wordAt } from '../call.js';
import type { Call, CommandDeclaration } from '../command.js';
import { argument, keyArgument, optional } from '../command-arguments.js';
import { helpOf } from '../command-help.js';
import { integerOf } from '../integers.js';
import { memoryDoctor, memoryFacts } from '../introspection/memory-report.js';
import { DoubleReply, MapReply, OK, type Reply, VerbatimReply } from '../resp/reply.js';

export const memoryCommands: readonly CommandDeclaration[] = [
  {
    name: 'memory',
    arity: -2,
    flags: [],
    summary: 'A container for memory diagnostics commands',
    since: '4.0.0',
    group: 'server',
    complexity: 'Depends on subcommand.',
    subcommands: [
      {
        name: 'doctor',
        arity: 2,
        flags: [],
        tips: ['nondeterministic_output', 'request_policy:all_shards', 'response_policy:special'],
        summary: 'Outputs memory problems report',
        since: '4.0.0',
        group: 'server',
        complexity: 'O(1)',
        run: doctor,
      },
      {
        name: 'purge',
        arity: 2,
        flags: [],
        tips: ['request_policy:all_shards', 'response_policy:all_succeeded'],
        summary: 'Ask the allocator to release memory',
        since: '4.0.0',
        group: 'server',
        complexity: 'Depends on how much memory is allocated, could be slow',
        run: purge,
      },
      {
        name: 'stats',
        arity: 2,
        flags: [],
        tips: ['nondeterministic_output', 'request_policy:all_shards', 'response_policy:special'],
        summary: 'Show memory usage details',
        since: '4.0.0',
        group: 'server',
        complexity: 'O(1)',
        run: stats,
      },
      {
        name: 'usage',
        arity: -3,
        flags: ['readonly'],
        keys: [{ flags: ['RO'], begin: 2, last: 0, step: 1 }],
        summary: 'Estimate the memory usage of a key',
        since: '4.0.0',
        group: 'server',
        complexity: 'O(N) where N is the number of samples.',
        arguments: [keyArgument(), argument('count', 'integer', { token: 'SAMPLES', ...optional })],
        run: usage,
      },
      {
        name: 'help',
        arity: 2,
        flags: ['loading', 'stale'],
        summary: 'Show helpful text about the different subcommands',
        since: '4.0.0',
        group: 'server',
        complexity: 'O(1)',
        run: help,
      },
      {
        name: 'malloc-stats',
        arity: 2,
        flags: [],
        tips: ['nondeterministic_output', 'request_policy:all_shards', 'response_policy:special'],
        summary: 'Show allocator internal stats',
        since: '4.0.0',
        group: 'server',
        complexity: 'Depends on how much memory is allocated, could be slow',
        run: mallocStats,
      },
    ],
  },
];

/** Containers know what they weigh, so that nothing has to be sampled. */
function usage({ args, db }: Call): Reply {
  for (let index = 3; index < args.length; index += 2) {
    const count = args[index + 1];
    if (wordAt(args, index) !== 'SAMPLES' || count === undefined) return SYNTAX_ERROR;
    const samples = integerOf(count);
    if (samples === null) return NOT_AN_INTEGER;
    if (samples < 0) return SYNTAX_ERROR;
  }
  const entry = db.peek(keyAt(args, 2));
  return entry === undefined ? null : db.weightOf(entry);
}

function stats({ server }: Call): Reply {
  const facts = memoryFacts(server);
  const databases = server.keyspace.databases
    .filter(({ size }) => size > 0)
    .map(({ index }): [string, Reply] => [
      `db.${index}`,
      new MapReply(['overhead.hashtable.main', 0, 'overhead.hashtable.expires', 0]),
    ]);
  const fields: Record<string, Reply> = {
    'peak.allocated': facts.peakBytes,
    'total.allocated': facts.totalBytes,
    'startup.allocated': facts.startupBytes,
    'replication.backlog': 0,
    'clients.slaves': 0,
    'clients.normal': facts.clientsBytes,
    'cluster.links': 0,
    'aof.buffer': 0,
    'lua.caches': 0,
    'functions.caches': 0,
    ...Object.fromEntries(databases),
    'overhead.total': facts.totalBytes - facts.datasetBytes,
    'keys.count': facts.keys,
    'keys.bytes-per-key': facts.keys === 0 ? 0 : Math.floor(facts.datasetBytes / facts.keys),
    'dataset.bytes': facts.datasetBytes,
    'dataset.percentage': new DoubleReply((facts.datasetBytes / facts.totalBytes) * 100),
    'peak.percentage': new DoubleReply((facts.totalBytes / facts.peakBytes) * 100),
    'allocator.allocated': facts.totalBytes,
    'allocator.active': facts.totalBytes,
    'allocator.resident': facts.residentBytes,
    fragmentation: new DoubleReply(facts.residentBytes / facts.totalBytes),
    'fragmentation.bytes': facts.residentBytes - facts.totalBytes,
  };
  return new MapReply(Object.entries(fields).flat());
}

function doctor({ server }: Call): Reply {
  return new VerbatimReply(memoryDoctor(memoryFacts(server)));
}

function mallocStats(): Reply {
  return new VerbatimReply('Stats not supported for the current allocator');
}

/** The collector gives memory back by itself. */
function purge(): Reply {
  return OK;
}

function help({ server }: Call): Reply {
  const container = server.commands.find('memory');
  return container === undefined ? [] : helpOf(container);
}
