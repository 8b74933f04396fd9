/**
 * Decides who is in a cluster, who of them serves which slot, and whether a majority of them all still says so.
 * Knows no commands but those it asks for that.
 *
 * Witnesses are all nodes, replicas included: promoting one changes who is primary, never who is a witness, so
 * majorities of before and after share one.
 */
import { type Reply, ReplyError } from '../cache/executor.js';
import type { Clock, Random } from '../clock.js';
import { LookasideError } from '../errors.js';
import { type ClusterNode, ClusterView, claimOf, parseClusterNodes } from './cluster-view.js';
import type { Connection, ConnectionEvents } from './connection.js';
import { counts, type Endpoint, LEASE_MS, majorityOf } from './lease.js';
import { Watch } from './lease-watch.js';
import { type Finding, factsFrom, judgeServer, type ServerFacts } from './server-facts.js';
import { SLOT_COUNT } from './slots.js';

export interface ClusterMembersOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly nodes: readonly Endpoint[];
  readonly reconnectMsMax: number;
  /** How often each node is asked at least. Default: as often as a lease asks for. */
  readonly heartbeatMs?: number;
  readonly open: (node: Endpoint, events: ConnectionEvents) => Promise<Connection>;
  readonly onChange: () => void;
  readonly onTrouble: (error: Error) => void;
}

export interface Member {
  readonly address: Endpoint;
  readonly watch: Watch;
  readonly view: ClusterView;
  /** Null until it has told. */
  id: string | null;
}

/** A primary as somebody claims it: who, since which epoch. */
export interface Owner {
  readonly id: string;
  /** Its address, as it is told. */
  readonly place: string;
  readonly claim: string;
  readonly epoch: number;
}

/** Redis' own limit of a cluster that works. */
const MEMBERS_MAX = 1_000;

export class ClusterMembers {
  /** By address, as the nodes tell it. */
  private readonly members = new Map<string, Member>();
  private byId = new Map<string, Member>();
  private listed = 1;
  private closed = false;
  private readonly farewells = new Set<Promise<void>>();
  /** The claims that are believed for routing, and per slot which; 0 is none. */
  owners: readonly (Owner | null)[] = [null];
  routes = new Uint16Array(SLOT_COUNT);
  /** Slots on their way, to the id of the node that they are moved to. */
  migrating: ReadonlyMap<number, string> = new Map();

  constructor(private readonly options: ClusterMembersOptions) {
    for (const node of options.nodes) this.add(node);
  }

  /** Also one that has not told its id, because it cannot be reached or is not fit. */
  member({ id, place }: Pick<Owner, 'id' | 'place'>): Member | undefined {
    return this.byId.get(id) ?? this.members.get(place);
  }

  /** Why nothing is known of any slot. */
  get trouble(): Error | null {
    if (this.owners.length > 1) return null;
    const troubles = [...this.members.values()].map(({ watch }) => watch.trouble);
    return troubles.find((trouble) => trouble !== null) ?? away('no node has told yet who serves which slot');
  }

  /** Whether a majority of all nodes says now that this claim on the slot holds. */
  confirms(slot: number, owner: Owner): boolean {
    const nowMs = this.options.clock.monotonicMs();
    let agreeing = 0;
    for (const { view } of this.byId.values())
      if (counts(view.askedAtMs, view.claimedSinceMs(slot, owner.claim), nowMs)) agreeing++;
    return agreeing >= majorityOf(this.listed);
  }

  /** Whether the node is what it was when this connection was made. */
  isFresh({ watch }: Member, connection: Connection): boolean {
    const nowMs = this.options.clock.monotonicMs();
    return connection.error === null && nowMs < watch.confirmedAtMs(connection) + LEASE_MS;
  }

  /** When this node was last asked who serves what, as far as it answered. */
  askedAtMs(id: string): number {
    return this.byId.get(id)?.view.askedAtMs ?? 0;
  }

  hurry(): void {
    for (const { watch } of this.members.values()) watch.hurry();
  }

  async close(): Promise<void> {
    this.closed = true;
    await Promise.all([...[...this.members.values()].map(({ watch }) => watch.close()), ...this.farewells]);
  }

  private add(address: Endpoint): void {
    const name = nameOf(address);
    if (this.closed || this.members.has(name) || this.members.size >= MEMBERS_MAX) return;
    const { clock, random, reconnectMsMax, heartbeatMs, open, onChange, onTrouble } = this.options;
    const member: Member = {
      address,
      watch: new Watch({
        clock,
        random,
        reconnectMsMax,
        ...(heartbeatMs === undefined ? {} : { heartbeatMs }),
        open: (events) => open(address, events),
        judge: judgeMember,
        ask: (connection, askedAtMs) => this.hear(member, connection, askedAtMs),
        onChange,
        onTrouble: (error) => {
          onTrouble(error);
          this.hurry();
        },
      }),
      view: new ClusterView(),
      id: null,
    };
    this.members.set(name, member);
  }

  private async hear(member: Member, connection: Connection, askedAtMs: number): Promise<void> {
    const replies = await connection.run([
      ['CLUSTER', 'NODES'],
      ['INFO', 'replication'],
    ]);
    const answeredAtMs = this.options.clock.monotonicMs();
    const [view, info] = replies.map(understood);
    expectSame(connection, factsFrom(info as string)); // one per command
    const nodes = parseClusterNodes(view as string);
    const isFirst = member.id === null;
    member.id = nodes.find(({ isMyself }) => isMyself)?.id ?? null;
    if (member.view.update(nodes, { askedAtMs, answeredAtMs }) || isFirst) this.learn();
  }

  /** Somebody says something new. */
  private learn(): void {
    if (this.closed) return;
    const listed = new Map<string, ClusterNode>();
    for (const { view } of this.members.values())
      for (const node of view.nodes) if (node.isMember) listed.set(node.id, node);
    for (const node of listed.values()) this.add(node);
    this.listed = Math.max(1, listed.size);
    this.forget(listed);
    this.byId = new Map();
    for (const member of this.members.values()) if (member.id !== null) this.byId.set(member.id, member);
    this.route();
  }

  /** A node that nobody else lists has left; one that is known by two addresses goes by the one it tells. */
  private forget(listed: ReadonlyMap<string, ClusterNode>): void {
    for (const [name, member] of this.members) {
      if (member.id === null) continue;
      const node = listed.get(member.id);
      const isListed = [...this.members.values()].some(
        ({ id, view }) => id !== member.id && view.nodes.some((one) => one.id === member.id && one.isMember),
      );
      const isAlias = node !== undefined && nameOf(node) !== name && this.members.has(nameOf(node));
      if (!isAlias && (isListed || listed.size === 1)) continue;
      if (!isAlias && node?.isMyself === true && !this.othersAreKnown(member)) continue;
      this.members.delete(name);
      const closing = member.watch.close();
      this.farewells.add(closing);
      void closing.then(() => this.farewells.delete(closing));
    }
  }

  private othersAreKnown(member: Member): boolean {
    return [...this.members.values()].some(({ id }) => id !== null && id !== member.id);
  }

  /** The claim of the latest epoch counts, as among the nodes themselves. */
  private route(): void {
    const owners: (Owner | null)[] = [null];
    const routes = new Uint16Array(SLOT_COUNT);
    const migrating = new Map<number, string>();
    const known = new Map<string, number>();
    for (const { view } of this.byId.values())
      for (const node of view.nodes) {
        if (!node.isPrimary) continue;
        if (node.isMyself) for (const [slot, to] of node.migrating) migrating.set(slot, to);
        const claim = claimOf(node);
        let index = known.get(claim);
        if (index === undefined) {
          const { id, configEpoch: epoch } = node;
          index = owners.push({ id, place: nameOf(node), claim, epoch }) - 1;
          known.set(claim, index);
        }
        for (const [first, last] of node.ranges)
          for (let slot = first; slot <= last; slot++) {
            const rival = owners[routes[slot] as number]; // a slot, and an index into owners
            if (rival === null || rival === undefined || rival.epoch < node.configEpoch) routes[slot] = index;
          }
      }
    this.owners = owners;
    this.routes = routes;
    this.migrating = migrating;
  }
}

/** A replica is as good a witness. */
const judgeMember = (facts: ServerFacts): readonly Finding[] => [
  ...judgeServer(facts).filter(({ name }) => name !== 'role'),
  ...(facts.isCluster
    ? []
    : [
        {
          severity: 'error',
          name: 'cluster',
          text: 'the server is not in cluster mode: use kind single',
        } as const,
      ]),
];

function understood(reply: Reply): string {
  if (typeof reply === 'string') return reply;
  throw away(reply instanceof ReplyError ? reply.message : 'the node answered with something else');
}

function expectSame(connection: Connection, { role, replicationId }: ServerFacts): void {
  const { facts } = connection;
  if (role !== facts.role || replicationId !== facts.replicationId)
    throw away('the node was promoted, demoted or began anew since the connection was made');
}

const nameOf = ({ host, port }: Endpoint): string => `${host}:${port}`;

const away = (detail: string): LookasideError => new LookasideError('STORE_AWAY', detail);
