/** Decides who is subscribed to what and who is told of a message. Knows neither commands nor sockets. */
import { type Bytes, byteString, copyOf } from './byte-string.js';
import type { Client } from './client.js';
import { channelMatcher } from './glob.js';
import { PushReply } from './resp/reply.js';

/** Each kind is a namespace of its own. */
export type SubscriptionKind = 'channel' | 'pattern' | 'shard';

interface Pattern {
  readonly matches: (channel: string) => boolean;
  readonly clients: Set<Client>;
}

/** A message is copied once, for it outlives the request it came with. */
export class PubSub {
  private readonly channels = new Map<string, Set<Client>>();
  private readonly shards = new Map<string, Set<Client>>();
  private readonly patterns = new Map<string, Pattern>();

  /** Nothing happens when it was subscribed already. */
  subscribe(client: Client, kind: SubscriptionKind, name: string): void {
    const own = client.subscriptions[kind];
    if (own.has(name)) return;
    own.add(name);
    if (kind === 'pattern') {
      const known = this.patterns.get(name);
      if (known === undefined)
        this.patterns.set(name, { matches: channelMatcher(name), clients: new Set([client]) });
      else known.clients.add(client);
      return;
    }
    const table = this.tableOf(kind);
    const clients = table.get(name);
    if (clients === undefined) table.set(name, new Set([client]));
    else clients.add(client);
  }

  unsubscribe(client: Client, kind: SubscriptionKind, name: string): void {
    if (!client.subscriptions[kind].delete(name)) return;
    const clients = kind === 'pattern' ? this.patterns.get(name)?.clients : this.tableOf(kind).get(name);
    clients?.delete(client);
    if (clients?.size !== 0) return;
    if (kind === 'pattern') this.patterns.delete(name);
    else this.tableOf(kind).delete(name);
  }

  /** Everything: the client leaves or asked for RESET. */
  forget(client: Client): void {
    for (const kind of ['channel', 'pattern', 'shard'] as const)
      for (const name of client.subscriptions[kind]) this.unsubscribe(client, kind, name);
  }

  /** Returns how many times the message was told. */
  publish(channel: string, message: Bytes): number {
    let receivers = 0;
    const clients = this.channels.get(channel);
    if (clients !== undefined) {
      const push = new PushReply(['message', channel, copyOf(message)]);
      for (const client of clients) client.send(push);
      receivers = clients.size;
    }
    for (const [pattern, { matches, clients }] of this.patterns) {
      if (!matches(channel)) continue;
      const push = new PushReply(['pmessage', pattern, channel, copyOf(message)]);
      for (const client of clients) client.send(push);
      receivers += clients.size;
    }
    return receivers;
  }

  publishToShard(channel: string, message: Bytes): number {
    const clients = this.shards.get(channel);
    if (clients === undefined) return 0;
    const push = new PushReply(['smessage', channel, copyOf(message)]);
    for (const client of clients) client.send(push);
    return clients.size;
  }

  /** Names of channels somebody is subscribed to. */
  names(kind: 'channel' | 'shard', pattern: Bytes | undefined): string[] {
    const matches = pattern === undefined ? () => true : channelMatcher(byteString(pattern));
    return [...this.tableOf(kind).keys()].filter(matches);
  }

  subscribersOf(kind: 'channel' | 'shard', name: string): number {
    return this.tableOf(kind).get(name)?.size ?? 0;
  }

  get patternCount(): number {
    return this.patterns.size;
  }

  get channelCount(): number {
    return this.channels.size;
  }

  get shardCount(): number {
    return this.shards.size;
  }

  private tableOf(kind: 'channel' | 'shard'): Map<string, Set<Client>> {
    return kind === 'channel' ? this.channels : this.shards;
  }
}
