/**
 * Decides how a pipeline is spread over the primaries of a Redis Cluster: to each, in parallel and in order, what is
 * about its slots. Knows neither how they were found nor what is kept.
 *
 * A slot on its way from one node to another is asked for step by step, the old node first, as its redirects say.
 * Both vouch for it then, so that a table is taken over when its slot sets out and again when it has arrived.
 */
import { type Command, type Replies, type Reply, ReplyError, type Session } from '../cache/executor.js';
import { detailOf, LookasideError } from '../errors.js';
import type { ClusterMembers, Member, Owner } from './cluster-members.js';
import type { Connection } from './connection.js';
import { slotOf } from './slots.js';

export interface SlotWatch {
  /** Whether the owner was asked again since it last sent somebody elsewhere. */
  readonly isSettled: (slot: number) => boolean;
  readonly redirected: (slot: number, owner: Owner) => void;
}

/** A primary and the connection to it, as they are in one session. */
interface Shard {
  readonly owner: Owner;
  readonly member: Member | undefined;
  readonly connection: Connection | null;
}

/** Where the commands of one pipeline go. */
interface Part {
  readonly commands: Command[];
  /** Their places in the pipeline. */
  readonly places: number[];
}

/** The node has nothing to say about this key now; the connection is fine. */
const REDIRECT = /^(MOVED|ASK|TRYAGAIN|CLUSTERDOWN) /;

/** The connections to all primaries as they are at one moment. */
export class ClusterSession implements Session {
  private readonly routes: Uint16Array;
  private readonly migrating: ReadonlyMap<number, string>;
  private readonly shards: readonly (Shard | null)[];
  /** One of each primary. */
  private readonly firstSlots: readonly number[];

  constructor(
    private readonly members: ClusterMembers,
    private readonly slots: SlotWatch,
  ) {
    this.routes = members.routes;
    this.migrating = members.migrating;
    this.shards = members.owners.map((owner) => (owner === null ? null : this.shardOf(owner)));
    this.firstSlots = this.shards.map((_, shard) => this.routes.indexOf(shard)).filter((slot) => slot >= 0);
  }

  /** Whether the members still say the same and the connections are still these. */
  isCurrent(): boolean {
    if (this.routes !== this.members.routes) return false;
    return this.shards.every(
      (shard) => shard === null || shard.connection === (shard.member?.watch.connection ?? null),
    );
  }

  run(commands: readonly Command[]): Promise<Replies> {
    return this.spread(commands, (connection, part) => connection.run(part));
  }

  runBinary(commands: readonly Command[]): Promise<Replies> {
    return this.spread(commands, (connection, part) => connection.runBinary(part));
  }

  voucher(key: string): string {
    const slot = slotOf(key);
    const id = connectionOf(this.shardAt(slot)).facts.replicationId ?? ''; // judged: it has one
    const target = this.targetOf(slot);
    return target === null ? id : `${id}>${connectionOf(target).facts.replicationId ?? ''}`;
  }

  isConnected(key: string): boolean {
    return this.shards[this.routes[slotOf(key)] as number]?.connection?.error === null; // both are in range
  }

  answeredAtMs(key: string): number {
    const slot = slotOf(key);
    const shards = [this.shards[this.routes[slot] as number] ?? null, this.targetOf(slot)]; // both are in range
    const told = shards.map((shard) => shard?.connection?.answeredAtMs ?? Number.NEGATIVE_INFINITY);
    return shards[1] === null ? (told[0] as number) : Math.min(...told); // one per shard
  }

  isTrusted(key: string): boolean {
    return this.isSlotTrusted(slotOf(key));
  }

  /** A first slot of each primary says so for all. */
  untrustedSlot(): number | null {
    return this.firstSlots.find((slot) => this.routes[slot] !== 0 && !this.isSlotTrusted(slot)) ?? null;
  }

  /** Why a slot is not trusted. */
  troubleOf(slot: number): Error {
    const shard = this.shards[this.routes[slot] as number] ?? null; // both are in range
    if (shard === null) return away(`nobody serves slot ${slot}`);
    const { member, connection } = shard;
    const reason = connection === null ? member?.watch.trouble : connection.error;
    const { place } = shard.owner;
    if (reason !== null && reason !== undefined) return away(`${place}: ${detailOf(reason)}`);
    return away(
      `a majority of the nodes does not confirm yet, or not any more, that ${place} serves slot ${slot}`,
    );
  }

  perNode(): readonly Session[] {
    return this.shards.flatMap((shard) => {
      const connection = shard?.connection ?? null;
      if (connection === null) return [];
      return [
        {
          run: (commands: readonly Command[]) => connection.run(commands),
          runBinary: (commands: readonly Command[]) => connection.runBinary(commands),
          voucher: () => connection.facts.replicationId ?? '', // judged: it has one
          isTrusted: () => true,
        },
      ];
    });
  }

  private isSlotTrusted(slot: number): boolean {
    const shard = this.shards[this.routes[slot] as number] ?? null; // both are in range
    if (shard === null || !this.isFresh(shard) || !this.slots.isSettled(slot)) return false;
    const target = this.targetOf(slot);
    return (target === null || this.isFresh(target)) && this.members.confirms(slot, shard.owner);
  }

  private isFresh({ member, connection }: Shard): boolean {
    if (member === undefined || connection?.facts.role !== 'primary') return false;
    return this.members.isFresh(member, connection);
  }

  private shardOf(owner: Owner): Shard {
    const member = this.members.member(owner);
    return { owner, member, connection: member?.watch.connection ?? null };
  }

  private shardAt(slot: number): Shard {
    const shard = this.shards[this.routes[slot] as number] ?? null; // both are in range
    if (shard === null) throw away(`nobody serves slot ${slot}`);
    return shard;
  }

  /** Where the slot is on its way to, or null. */
  private targetOf(slot: number): Shard | null {
    const id = this.migrating.get(slot);
    if (id === undefined) return null;
    const known = this.shards.find((shard) => shard?.owner.id === id);
    return known ?? this.shardOf({ id, place: '', claim: '', epoch: 0 });
  }

  private async spread(commands: readonly Command[], runOn: RunOn): Promise<Replies> {
    const parts = new Map<Connection, Part>();
    const onTheirWay = new Map<number, Part>();
    const slots = commands.map((command) => slotOf(String(command[1]))); // every command names its key first
    commands.forEach((command, place) => {
      const slot = slots[place] as number; // one per command
      const part = this.migrating.has(slot)
        ? partOf(onTheirWay, slot)
        : partOf(parts, connectionOf(this.shardAt(slot)));
      part.commands.push(command);
      part.places.push(place);
    });
    const replies: Reply[] = Array.from({ length: commands.length }, () => null);
    const collect = async (part: Part, running: Promise<Replies>): Promise<void> => {
      (await running).forEach((reply, index) => {
        const place = part.places[index] as number; // one per reply
        if (reply instanceof ReplyError && REDIRECT.test(reply.message))
          throw this.refused(slots[place] as number, reply);
        replies[place] = reply;
      });
    };
    await Promise.all([
      ...[...parts].map(([connection, part]) => collect(part, runOn(connection, part.commands))),
      ...[...onTheirWay].map(([slot, part]) => collect(part, this.runOnTheWay(slot, part.commands, runOn))),
    ]);
    return replies;
  }

  private refused(slot: number, reply: ReplyError): LookasideError {
    this.slots.redirected(slot, this.shardAt(slot).owner);
    return new LookasideError('STORE_AWAY', `a node of the cluster answered: ${reply.message}`, {
      cause: reply,
    });
  }

  /** One command after the other: each waits until the one before it was answered, wherever its key is by now. */
  private async runOnTheWay(slot: number, commands: readonly Command[], runOn: RunOn): Promise<Replies> {
    const from = connectionOf(this.shardAt(slot));
    const target = this.targetOf(slot);
    if (target === null) throw away(`slot ${slot} is on its way to nobody`);
    const to = connectionOf(target);
    const runOne = async (command: Command): Promise<Reply> => {
      const [reply = null] = await runOn(from, [command]);
      if (!(reply instanceof ReplyError) || !reply.message.startsWith('ASK ')) return reply;
      const [, followed = null] = await runOn(to, [['ASKING'], command]);
      return followed;
    };
    const replies: Reply[] = [];
    for (const command of commands) replies.push(await this.oneKeyAtATime(command, runOne));
    return replies;
  }

  /** Keys of one slot can be on both sides: DEL and MGET, which alone name several, are done to each. */
  private async oneKeyAtATime(
    command: Command,
    runOne: (command: Command) => Promise<Reply>,
  ): Promise<Reply> {
    if (command[0] === 'MGET') {
      const values: Reply[] = [];
      for (const key of command.slice(1)) {
        const reply = await runOne(['GET', key]);
        if (reply instanceof ReplyError) return reply;
        values.push(reply);
      }
      return values;
    }
    if (command[0] !== 'DEL' || command.length <= 2) return runOne(command);
    let deleted = 0;
    for (const key of command.slice(1)) {
      const reply = await runOne(['DEL', key]);
      if (typeof reply !== 'number') return reply;
      deleted += reply;
    }
    return deleted;
  }
}

type RunOn = (connection: Connection, commands: readonly Command[]) => Promise<Replies>;

function partOf<K>(parts: Map<K, Part>, key: K): Part {
  let part = parts.get(key);
  if (part === undefined) parts.set(key, (part = { commands: [], places: [] }));
  return part;
}

function connectionOf({ connection, member }: Shard): Connection {
  if (connection?.error === null) return connection;
  throw connection?.error ?? member?.watch.trouble ?? away('a node of the cluster is not known');
}

const away = (detail: string): LookasideError => new LookasideError('STORE_AWAY', detail);
