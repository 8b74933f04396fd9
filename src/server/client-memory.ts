/**
 * Decides what clients are counted to weigh and which are hung up on when all of them together weigh too much
 * (`maxmemory-clients`). Costs nothing while there is no limit. Knows no sockets.
 */
import type { Client, ClientRegistry } from './client.js';

/** A connection, its parser and its state, as measured with ten thousand idle ones on Node 20, rounded up. */
const BASE_BYTES = 6 * 1024;
/** Of a name in a table of subscriptions. */
const NAME_BYTES = 100;

export function clientBytes({ origin, transaction, subscriptions, tracking, name }: Client): number {
  const { inputBytes, outputBytes } = origin.transport;
  let bytes = BASE_BYTES + name.length + inputBytes + outputBytes + (transaction?.bytes ?? 0);
  for (const names of [subscriptions.channel, subscriptions.pattern, subscriptions.shard])
    if (names.size > 0) for (const each of names) bytes += each.length + NAME_BYTES;
  for (const prefix of tracking?.prefixes ?? []) bytes += prefix.length + NAME_BYTES;
  return bytes;
}

export class ClientMemory {
  private readonly known = new Map<Client, number>();
  private total = 0;

  constructor(
    private readonly clients: ClientRegistry,
    /** 0 is no limit. */
    private readonly limitBytes: () => number,
    private readonly evicted: () => void,
  ) {}

  /** The limit was set anew. */
  limitChanged(): void {
    this.known.clear();
    this.total = 0;
    if (this.limitBytes() === 0) return;
    for (const client of this.clients) this.count(client);
    this.evict();
  }

  /** The client's buffers may have changed. */
  changed(client: Client): void {
    if (this.limitBytes() === 0 || client.origin.transport.isInProcess) return;
    this.count(client);
    this.evict();
  }

  forget(client: Client): void {
    this.total -= this.known.get(client) ?? 0;
    this.known.delete(client);
  }

  /** What all of them weigh now. */
  static sum(clients: ClientRegistry): number {
    let bytes = 0;
    for (const client of clients) bytes += clientBytes(client);
    return bytes;
  }

  private count(client: Client): void {
    const bytes = clientBytes(client);
    this.total += bytes - (this.known.get(client) ?? 0);
    this.known.set(client, bytes);
  }

  /** The heaviest go first. */
  private evict(): void {
    const limit = this.limitBytes();
    while (this.total > limit) {
      let heaviest: Client | undefined;
      let most = -1;
      for (const [client, bytes] of this.known)
        if (bytes > most && client.isEvictable) {
          heaviest = client;
          most = bytes;
        }
      if (heaviest === undefined) return;
      this.forget(heaviest);
      this.evicted();
      heaviest.origin.transport.destroy();
    }
  }
}
