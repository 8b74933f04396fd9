/** Decides what can be asked about latency: spikes per event, durations per command. Measures nothing. */
import { byteString } from '../byte-string.js';
import { argumentAt, cString, keyAt } from '../call.js';
import type { Call, Command, CommandDeclaration, ServerContext } from '../command.js';
import { argument, multiple, optional } from '../command-arguments.js';
import { helpOf } from '../command-help.js';
import { latencyGraph, latencyReport } from '../introspection/latency-text.js';
import { fail, MapReply, type Reply, VerbatimReply } from '../resp/reply.js';

export const latencyCommands: readonly CommandDeclaration[] = [
  {
    name: 'latency',
    arity: -2,
    flags: [],
    summary: 'A container for latency diagnostics commands',
    since: '2.8.13',
    group: 'server',
    complexity: 'Depends on subcommand.',
    subcommands: [
      {
        name: 'histogram',
        arity: -2,
        flags: ['admin', 'noscript', 'loading', 'stale'],
        tips: ['nondeterministic_output', 'request_policy:all_nodes', 'response_policy:special'],
        summary: 'Return the cumulative distribution of latencies of a subset of commands or all.',
        since: '7.0.0',
        group: 'server',
        complexity: 'O(N) where N is the number of commands with latency information being retrieved.',
        arguments: [argument('command', 'string', { ...optional, ...multiple })],
        run: histogram,
      },
      {
        name: 'doctor',
        arity: 2,
        flags: ['admin', 'noscript', 'loading', 'stale'],
        tips: ['nondeterministic_output', 'request_policy:all_nodes', 'response_policy:special'],
        summary: 'Return a human readable latency analysis report.',
        since: '2.8.13',
        group: 'server',
        complexity: 'O(1)',
        run: doctor,
      },
      {
        name: 'latest',
        arity: 2,
        flags: ['admin', 'noscript', 'loading', 'stale'],
        tips: ['nondeterministic_output', 'request_policy:all_nodes', 'response_policy:special'],
        summary: 'Return the latest latency samples for all events.',
        since: '2.8.13',
        group: 'server',
        complexity: 'O(1)',
        run: latest,
      },
      {
        name: 'graph',
        arity: 3,
        flags: ['admin', 'noscript', 'loading', 'stale'],
        tips: ['nondeterministic_output', 'request_policy:all_nodes', 'response_policy:special'],
        summary: 'Return a latency graph for the event.',
        since: '2.8.13',
        group: 'server',
        complexity: 'O(1)',
        arguments: [argument('event', 'string')],
        run: graph,
      },
      {
        name: 'history',
        arity: 3,
        flags: ['admin', 'noscript', 'loading', 'stale'],
        tips: ['nondeterministic_output', 'request_policy:all_nodes', 'response_policy:special'],
        summary: 'Return timestamp-latency samples for the event.',
        since: '2.8.13',
        group: 'server',
        complexity: 'O(1)',
        arguments: [argument('event', 'string')],
        run: history,
      },
      {
        name: 'help',
        arity: 2,
        flags: ['loading', 'stale'],
        summary: 'Show helpful text about the different subcommands.',
        since: '2.8.13',
        group: 'server',
        complexity: 'O(1)',
        run: help,
      },
      {
        name: 'reset',
        arity: -2,
        flags: ['admin', 'noscript', 'loading', 'stale'],
        tips: ['request_policy:all_nodes', 'response_policy:all_succeeded'],
        summary: 'Reset latency data for one or more events.',
        since: '2.8.13',
        group: 'server',
        complexity: 'O(1)',
        arguments: [argument('event', 'string', { ...optional, ...multiple })],
        run: reset,
      },
    ],
  },
];

function nowSeconds({ clock }: ServerContext): number {
  return Math.floor(clock.wallMs() / 1000);
}

function doctor({ server }: Call): Reply {
  const { latency, slowLog } = server.journal;
  return new VerbatimReply(
    latencyReport({
      events: latency.events,
      nowSeconds: nowSeconds(server),
      thresholdMs: latency.thresholdMs,
      slowLogThresholdMicros: slowLog.thresholdMicros,
    }),
  );
}

function graph({ args, server }: Call): Reply {
  const name = keyAt(args, 2);
  const event = server.journal.latency.events.get(name);
  return event === undefined
    ? fail(`No samples available for event '${cString(argumentAt(args, 2))}'`)
    : new VerbatimReply(latencyGraph(name, event, nowSeconds(server)));
}

function history({ args, server }: Call): Reply {
  const samples = server.journal.latency.events.get(keyAt(args, 2))?.samples ?? [];
  return samples.map(({ atSeconds, ms }) => [atSeconds, ms]);
}

function latest({ server }: Call): Reply {
  return [...server.journal.latency.events].map(([name, { samples, maxMs }]) => {
    const last = samples.at(-1);
    return [name, last?.atSeconds ?? 0, last?.ms ?? 0, maxMs];
  });
}

function reset({ args, server }: Call): Reply {
  return server.journal.latency.reset(args.slice(2).map(byteString));
}

/** Of the commands named, or of all; a container stands for what it contains. Those never called are left out. */
function histogram({ args, server }: Call): Reply {
  const { commands } = server;
  const wanted =
    args.length === 2
      ? commands.withSubcommands
      : args.slice(2).flatMap((arg) => {
          const command = commands.original(byteString(arg));
          return command === undefined ? [] : [command, ...command.subcommands.values()];
        });
  return new MapReply(wanted.flatMap(histogramOf));
}

function histogramOf({ fullName, counters }: Command): Reply[] {
  const { histogram } = counters;
  if (histogram === null) return [];
  return [
    fullName,
    new MapReply(['calls', histogram.total, 'histogram_usec', new MapReply(histogram.doublings().flat())]),
  ];
}

function help({ server }: Call): Reply {
  const container = server.commands.find('latency');
  return container === undefined ? [] : helpOf(container);
}
