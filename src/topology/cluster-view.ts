/**
 * Decides what one node of a cluster says about who serves which slot, and since when it says so, from its CLUSTER
 * NODES (https://redis.io/docs/latest/commands/cluster-nodes). Knows no connections.
 */
import type { Endpoint } from './lease.js';
import { SLOT_COUNT } from './slots.js';

/** A node, as another or itself describes it. */
export interface ClusterNode extends Endpoint {
  readonly id: string;
  /** Primaries and replicas both are witnesses; who is being forgotten or met is not. */
  readonly isMember: boolean;
  readonly isPrimary: boolean;
  readonly configEpoch: number;
  /** First and last. */
  readonly ranges: readonly (readonly [number, number])[];
  /** Of the node that was asked: slot to the id of the node it is moved to. */
  readonly migrating: ReadonlyMap<number, string>;
  readonly isMyself: boolean;
}

/** @throws TypeError when it is not what CLUSTER NODES says */
export function parseClusterNodes(text: string): readonly ClusterNode[] {
  const nodes = text.split('\n').filter((line) => line !== '');
  return nodes.map(parseLine);
}

function parseLine(line: string): ClusterNode {
  const [id, address, flagText, , , , epoch, , ...slots] = line.split(' ');
  const place = /^(.*):(\d+)(?:@\d+)?(?:,.*)?$/.exec(address ?? '');
  if (id === undefined || place === null || flagText === undefined || !/^\d+$/.test(epoch ?? ''))
    throw new TypeError(`CLUSTER NODES is not understood: ${line}`);
  const flags = flagText.split(',');
  const migrating = new Map<number, string>();
  const ranges: (readonly [number, number])[] = [];
  for (const slot of slots) {
    const move = /^\[(\d+)->-([0-9a-f]+)\]$/.exec(slot);
    if (move !== null)
      migrating.set(Number(move[1]), move[2] as string); // two groups
    else if (!slot.startsWith('[')) ranges.push(rangeOf(slot));
  }
  return {
    id,
    host: hostOf(place[1] as string, address as string), // the groups of a match
    port: Number(place[2]),
    isMember: !flags.includes('handshake') && !flags.includes('noaddr'),
    isPrimary: flags.includes('master'),
    configEpoch: Number(epoch),
    ranges,
    migrating,
    isMyself: flags.includes('myself'),
  };
}

/** Redis 7 appends the announced name, which is there for those who cannot use the address: TLS names, proxies. */
function hostOf(host: string, address: string): string {
  const announced = address.split(',')[1];
  return announced === undefined || announced === '' || announced.includes('=') ? host : announced;
}

function rangeOf(text: string): readonly [number, number] {
  const [first = '', last = first] = text.split('-');
  return [Number(first), Number(last)];
}

/** What a view says of one primary: who, and in which epoch it became one. */
export const claimOf = ({ id, configEpoch }: ClusterNode): string => `${id}@${configEpoch}`;

/** What one witness says of all slots. */
export class ClusterView {
  askedAtMs = 0;
  nodes: readonly ClusterNode[] = [];
  /** Per slot, what the witness claims of its owner: an index into `claims`; 0 is nobody. */
  private readonly claimed = new Uint16Array(SLOT_COUNT);
  private readonly since = new Float64Array(SLOT_COUNT);
  private claims: string[] = [''];
  private signature = '';

  /** @returns whether it says anything new */
  update(nodes: readonly ClusterNode[], times: { askedAtMs: number; answeredAtMs: number }): boolean {
    this.askedAtMs = times.askedAtMs;
    const signature = signatureOf(nodes);
    if (signature === this.signature) return false;
    this.signature = signature;
    this.nodes = nodes;
    this.restate(nodes, times.answeredAtMs);
    return true;
  }

  /** By when the witness surely claimed this of the slot, or infinity when it does not. */
  claimedSinceMs(slot: number, claim: string): number {
    return this.claims[this.claimed[slot] as number] === claim ? (this.since[slot] as number) : Infinity; // slot < SLOT_COUNT
  }

  /** Slots that change hands begin anew, also for a primary of before in a later epoch. */
  private restate(nodes: readonly ClusterNode[], answeredAtMs: number): void {
    const before = this.claims;
    const claims = [''];
    const owners = new Uint16Array(SLOT_COUNT);
    for (const node of nodes) {
      if (!node.isPrimary || node.ranges.length === 0) continue;
      claims.push(claimOf(node));
      for (const [first, last] of node.ranges) owners.fill(claims.length - 1, first, last + 1);
    }
    const same = claims.map((claim) => before.indexOf(claim)); // where it stood before, or -1
    for (let slot = 0; slot < SLOT_COUNT; slot++) {
      const owner = owners[slot] as number; // slot < SLOT_COUNT
      if (same[owner] !== this.claimed[slot]) this.since[slot] = answeredAtMs;
      this.claimed[slot] = owner;
    }
    this.claims = claims;
  }
}

const signatureOf = (nodes: readonly ClusterNode[]): string =>
  nodes
    .map(
      (node) =>
        `${claimOf(node)} ${node.host}:${node.port} ${node.isMember} ${node.isPrimary} ` +
        `${node.ranges.join(' ')} ${[...node.migrating].join(' ')}`,
    )
    .join('\n');
