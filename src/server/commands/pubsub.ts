/** Decides who subscribes and publishes, and what each is answered. Knows nothing of how messages reach anybody. */
import { byteString } from '../byte-string.js';
import { argumentAt } from '../call.js';
import type { Client } from '../client.js';
import type { Call, CommandDeclaration } from '../command.js';
import { argument, block, multiple, optional } from '../command-arguments.js';
import { helpOf } from '../command-help.js';
import type { SubscriptionKind } from '../pubsub.js';
import { fail, PushReply, type Reply, SeveralReplies } from '../resp/reply.js';

/** What is pushed back for each channel begins with this word. */
interface Subscribing {
  readonly kind: SubscriptionKind;
  readonly word: string;
}

const toChannels = {
  subscribe: { kind: 'channel', word: 'subscribe' },
  unsubscribe: { kind: 'channel', word: 'unsubscribe' },
} as const;
const toPatterns = {
  subscribe: { kind: 'pattern', word: 'psubscribe' },
  unsubscribe: { kind: 'pattern', word: 'punsubscribe' },
} as const;
const toShards = {
  subscribe: { kind: 'shard', word: 'ssubscribe' },
  unsubscribe: { kind: 'shard', word: 'sunsubscribe' },
} as const;

export const pubsubCommands: readonly CommandDeclaration[] = [
  {
    name: 'subscribe',
    channels: { isPattern: false, last: -1 },
    arity: -2,
    flags: ['pubsub', 'noscript', 'loading', 'stale'],
    summary: 'Listen for messages published to the given channels',
    since: '2.0.0',
    group: 'pubsub',
    complexity: 'O(N) where N is the number of channels to subscribe to.',
    arguments: [argument('channel', 'string', multiple)],
    run: subscribeTo(toChannels.subscribe),
  },
  {
    name: 'unsubscribe',
    arity: -1,
    flags: ['pubsub', 'noscript', 'loading', 'stale'],
    summary: 'Stop listening for messages posted to the given channels',
    since: '2.0.0',
    group: 'pubsub',
    complexity: 'O(N) where N is the number of clients already subscribed to a channel.',
    arguments: [argument('channel', 'string', { ...optional, ...multiple })],
    run: unsubscribeFrom(toChannels.unsubscribe),
  },
  {
    name: 'psubscribe',
    channels: { isPattern: true, last: -1 },
    arity: -2,
    flags: ['pubsub', 'noscript', 'loading', 'stale'],
    summary: 'Listen for messages published to channels matching the given patterns',
    since: '2.0.0',
    group: 'pubsub',
    complexity: 'O(N) where N is the number of patterns the client is already subscribed to.',
    arguments: [block('pattern', [argument('pattern', 'pattern')], multiple)],
    run: subscribeTo(toPatterns.subscribe),
  },
  {
    name: 'punsubscribe',
    arity: -1,
    flags: ['pubsub', 'noscript', 'loading', 'stale'],
    summary: 'Stop listening for messages posted to channels matching the given patterns',
    since: '2.0.0',
    group: 'pubsub',
    complexity:
      'O(N+M) where N is the number of patterns the client is already subscribed and M is the number of total patterns subscribed in the system (by any client).',
    arguments: [argument('pattern', 'pattern', { ...optional, ...multiple })],
    run: unsubscribeFrom(toPatterns.unsubscribe),
  },
  {
    name: 'ssubscribe',
    channels: { isPattern: false, last: -1 },
    arity: -2,
    flags: ['pubsub', 'noscript', 'loading', 'stale'],
    keys: [{ flags: ['not_key'], begin: 1, last: -1, step: 1 }],
    summary: 'Listen for messages published to the given shard channels',
    since: '7.0.0',
    group: 'pubsub',
    complexity: 'O(N) where N is the number of shard channels to subscribe to.',
    arguments: [argument('shardchannel', 'string', multiple)],
    run: subscribeTo(toShards.subscribe),
  },
  {
    name: 'sunsubscribe',
    arity: -1,
    flags: ['pubsub', 'noscript', 'loading', 'stale'],
    keys: [{ flags: ['not_key'], begin: 1, last: -1, step: 1 }],
    summary: 'Stop listening for messages posted to the given shard channels',
    since: '7.0.0',
    group: 'pubsub',
    complexity: 'O(N) where N is the number of clients already subscribed to a shard channel.',
    arguments: [argument('shardchannel', 'string', { ...optional, ...multiple })],
    run: unsubscribeFrom(toShards.unsubscribe),
  },
  {
    name: 'publish',
    channels: { isPattern: false, last: 1 },
    arity: 3,
    flags: ['pubsub', 'loading', 'stale', 'fast'],
    summary: 'Post a message to a channel',
    since: '2.0.0',
    group: 'pubsub',
    complexity:
      'O(N+M) where N is the number of clients subscribed to the receiving channel and M is the total number of subscribed patterns (by any client).',
    arguments: [argument('channel', 'string'), argument('message', 'string')],
    run: publish,
  },
  {
    name: 'spublish',
    channels: { isPattern: false, last: 1 },
    arity: 3,
    flags: ['pubsub', 'loading', 'stale', 'fast'],
    keys: [{ flags: ['not_key'], begin: 1, last: 0, step: 1 }],
    summary: 'Post a message to a shard channel',
    since: '7.0.0',
    group: 'pubsub',
    complexity: 'O(N) where N is the number of clients subscribed to the receiving shard channel.',
    arguments: [argument('shardchannel', 'string'), argument('message', 'string')],
    run: spublish,
  },
  {
    name: 'pubsub',
    arity: -2,
    flags: [],
    summary: 'A container for Pub/Sub commands',
    since: '2.8.0',
    group: 'pubsub',
    complexity: 'Depends on subcommand.',
    subcommands: [
      {
        name: 'numpat',
        arity: 2,
        flags: ['pubsub', 'loading', 'stale'],
        summary: 'Get the count of unique patterns pattern subscriptions',
        since: '2.8.0',
        group: 'pubsub',
        complexity: 'O(1)',
        run: numpat,
      },
      {
        name: 'numsub',
        arity: -2,
        flags: ['pubsub', 'loading', 'stale'],
        summary: 'Get the count of subscribers for channels',
        since: '2.8.0',
        group: 'pubsub',
        complexity: 'O(N) for the NUMSUB subcommand, where N is the number of requested channels',
        arguments: [argument('channel', 'string', { ...optional, ...multiple })],
        run: countSubscribers('channel'),
      },
      {
        name: 'channels',
        arity: -2,
        flags: ['pubsub', 'loading', 'stale'],
        summary: 'List active channels',
        since: '2.8.0',
        group: 'pubsub',
        complexity:
          'O(N) where N is the number of active channels, and assuming constant time pattern matching (relatively short channels and patterns)',
        arguments: [argument('pattern', 'pattern', optional)],
        run: listNames('channel'),
      },
      {
        name: 'shardnumsub',
        arity: -2,
        flags: ['pubsub', 'loading', 'stale'],
        summary: 'Get the count of subscribers for shard channels',
        since: '7.0.0',
        group: 'pubsub',
        complexity: 'O(N) for the SHARDNUMSUB subcommand, where N is the number of requested shard channels',
        arguments: [argument('shardchannel', 'string', { ...optional, ...multiple })],
        run: countSubscribers('shard'),
      },
      {
        name: 'help',
        arity: 2,
        flags: ['loading', 'stale'],
        summary: 'Show helpful text about the different subcommands',
        since: '6.2.0',
        group: 'pubsub',
        complexity: 'O(1)',
        run: help,
      },
      {
        name: 'shardchannels',
        arity: -2,
        flags: ['pubsub', 'loading', 'stale'],
        summary: 'List active shard channels',
        since: '7.0.0',
        group: 'pubsub',
        complexity:
          'O(N) where N is the number of active shard channels, and assuming constant time pattern matching (relatively short shard channels).',
        arguments: [argument('pattern', 'pattern', optional)],
        run: listNames('shard'),
      },
    ],
  },
];

function subscribeTo({ kind, word }: Subscribing): (call: Call) => Reply {
  return ({ args, client, server }) => {
    // Redis lets EXEC subscribe to channels, and not to shard channels.
    const isInExec = client.execReplies !== null;
    if (!client.origin.transport.takesPushes || (kind === 'shard' && isInExec))
      return fail(`${word.toUpperCase()} isn't allowed for a DENY BLOCKING client`);
    const receipts: Reply[] = [];
    for (let index = 1; index < args.length; index++) {
      const name = byteString(argumentAt(args, index));
      server.pubsub.subscribe(client, kind, name);
      receipts.push(new PushReply([word, name, countFor(client, kind)]));
    }
    return new SeveralReplies(receipts);
  };
}

function unsubscribeFrom({ kind, word }: Subscribing): (call: Call) => Reply {
  return ({ args, client, server }) => {
    const names = args.length === 1 ? [...client.subscriptions[kind]] : args.slice(1).map(byteString);
    const receipts = names.map((name) => {
      server.pubsub.unsubscribe(client, kind, name);
      return new PushReply([word, name, countFor(client, kind)]);
    });
    return new SeveralReplies(
      receipts.length === 0 ? [new PushReply([word, null, countFor(client, kind)])] : receipts,
    );
  };
}

/** Channels and patterns are counted together, shard channels by themselves. */
function countFor({ subscriptions }: Client, kind: SubscriptionKind): number {
  return kind === 'shard'
    ? subscriptions.shard.size
    : subscriptions.channel.size + subscriptions.pattern.size;
}

function publish({ args, server }: Call): Reply {
  return server.pubsub.publish(byteString(argumentAt(args, 1)), argumentAt(args, 2));
}

function spublish({ args, server }: Call): Reply {
  return server.pubsub.publishToShard(byteString(argumentAt(args, 1)), argumentAt(args, 2));
}

function listNames(kind: 'channel' | 'shard'): (call: Call) => Reply {
  return ({ args, server }) => {
    if (args.length > 3) {
      const word = kind === 'channel' ? 'channels' : 'shardchannels';
      return fail(
        `unknown subcommand or wrong number of arguments for '${byteString(args[1] ?? word)}'. Try PUBSUB HELP.`,
      );
    }
    return server.pubsub.names(kind, args[2]);
  };
}

function countSubscribers(kind: 'channel' | 'shard'): (call: Call) => Reply {
  return ({ args, server }) =>
    args
      .slice(2)
      .map(byteString)
      .flatMap((name) => [name, server.pubsub.subscribersOf(kind, name)]);
}

function numpat({ server }: Call): Reply {
  return server.pubsub.patternCount;
}

function help({ server }: Call): Reply {
  const container = server.commands.find('pubsub');
  return container === undefined ? [] : helpOf(container);
}
